using System.Collections.Immutable;

namespace FederationWorkflows.Cel.Tests.Oracle;

/// <summary>What an expression that fails gives; why does not matter here.</summary>
internal sealed class Failure
{
    public static readonly Failure Instance = new();

    private Failure()
    {
    }

    public override string ToString() => "an error";
}

/// <summary>
/// Evaluates expressions the slow and obvious way, as the specification says it ("Language Definition": evaluation, logical operators, macros, equality),
/// to compare the library with. A failure is a value.
/// </summary>
internal sealed class Interpreter(ImmutableDictionary<string, object?> variables)
{
    private static readonly object Failed = Failure.Instance;

    public static object? Evaluate(Node node, IReadOnlyDictionary<string, object?> variables) =>
        new Interpreter(variables.ToImmutableDictionary()).Evaluate(node);

    private object? Evaluate(Node node) => node.Kind switch
    {
        NodeKind.Literal => node.Value,
        NodeKind.Name => variables.TryGetValue(node.Name, out var value) ? value : TypeNamed(node.Name),
        NodeKind.Select => Strict(node.Children, values => Select(values[0], node.Name, node.IsOptional)),
        NodeKind.Has => Strict(node.Children, values => Has(values[0], node.Name)),
        NodeKind.Index => Strict(node.Children, values => Index(values[0], values[1], node.IsOptional)),
        NodeKind.Unary => Strict(node.Children, values => Operations.Unary(node.Name, values[0])),
        NodeKind.Binary => Strict(node.Children, values => Operations.Binary(node.Name, values[0], values[1])),
        NodeKind.Logical => Logical(node.Name == "||", node.Children.Select(Evaluate)),
        NodeKind.Conditional => Evaluate(node.Children[0]) is bool condition ? Evaluate(node.Children[condition ? 1 : 2]) : Failed,
        NodeKind.Call => Strict(node.Children, values => Library.Call(node.Name, values)),
        NodeKind.Member when node.Name is "or" or "orValue" => Or(node),
        NodeKind.Member => Strict(node.Children, values => Library.Member(node.Name, values)),
        NodeKind.List => List(node),
        NodeKind.Map => Map(node),
        NodeKind.Macro => Macro(node),
        _ => With(node.Variables[0], Evaluate(node.Children[0])).Evaluate(node.Children[1]),
    };

    private Interpreter With(string name, object? value) => new(variables.SetItem(name, value));

    private static object? TypeNamed(string name) => name is "int" or "uint" or "double" or "string" or "bytes" or "bool" or "list" or "map" or "null_type" or "type" ? new PlainType(name) : Failed;

    /// <summary>Most operations fail when an operand does.</summary>
    private object? Strict(IReadOnlyList<Node> operands, Func<object?[], object?> operation)
    {
        var values = new object?[operands.Count];
        for (var i = 0; i < values.Length; i++)
        {
            values[i] = Evaluate(operands[i]);
            if (values[i] is Failure)
            {
                return Failed;
            }
        }

        return operation(values);
    }

    private static object? Logical(bool deciding, IEnumerable<object?> operands)
    {
        var failed = false;
        foreach (var operand in operands)
        {
            if (operand is bool value && value == deciding)
            {
                return deciding;
            }

            failed |= operand is not bool;
        }

        return failed ? Failed : !deciding;
    }

    private static object? Select(object? operand, string field, bool optional) => operand switch
    {
        PlainMap map when Operations.Find(map, field) is { } entry => optional ? new PlainOptional(true, entry.Value) : entry.Value,
        PlainMap => optional ? new PlainOptional(false, null) : Failed,
        PlainOptional { HasValue: false } => operand,
        PlainOptional { Value: var inner } => Select(inner, field, true),
        _ => Failed,
    };

    private static object? Has(object? operand, string field) => operand switch
    {
        PlainMap map => Operations.Find(map, field) is not null,
        PlainOptional { HasValue: false } => false,
        PlainOptional { Value: var inner } => Has(inner, field),
        _ => Failed,
    };

    private static object? Index(object? operand, object? index, bool optional)
    {
        switch (operand)
        {
            case PlainOptional { HasValue: false }:
                return operand;
            case PlainOptional { Value: var inner }:
                return Index(inner, index, true);
            case PlainMap map when index is string or bool or long or ulong or double:
                return Operations.Find(map, index) is { } entry ? optional ? new PlainOptional(true, entry.Value) : entry.Value
                    : optional ? new PlainOptional(false, null) : Failed;
            case PlainList list when Operations.AsInteger(index) is { } at:
                return at >= 0 && at < list.Items.Count ? optional ? new PlainOptional(true, list.Items[(int)at]) : list.Items[(int)at]
                    : optional ? new PlainOptional(false, null) : Failed;
            default:
                return Failed;
        }
    }

    private object? Or(Node node) => Evaluate(node.Children[0]) is not PlainOptional optional || node.Children.Count != 2 ? Failed
        : optional.HasValue ? node.Name == "or" ? optional : optional.Value
        : Evaluate(node.Children[1]) is var other && (other is Failure || (node.Name == "or" && other is not PlainOptional)) ? Failed : other;

    private object? List(Node node)
    {
        var items = new List<object?>();
        foreach (var child in node.Children)
        {
            var optional = child is { Kind: NodeKind.Call, Name: "?" };
            switch (Evaluate(optional ? child.Children[0] : child))
            {
                case Failure:
                    return Failed;
                case PlainOptional { HasValue: false } when optional:
                    break;
                case PlainOptional { Value: var inner } when optional:
                    items.Add(inner);
                    break;
                case not PlainOptional when optional:
                    return Failed;
                case var value:
                    items.Add(value);
                    break;
            }
        }

        return new PlainList(items);
    }

    private object? Map(Node node)
    {
        var map = new PlainMap([]);
        foreach (var entry in node.Children.Chunk(2))
        {
            var optional = entry[1] is { Kind: NodeKind.Call, Name: "?" };
            var (key, value) = (Evaluate(entry[0]), Evaluate(optional ? entry[1].Children[0] : entry[1]));
            if (key is Failure || value is Failure || (optional && value is not PlainOptional))
            {
                return Failed;
            }

            if (optional && !((PlainOptional)value!).HasValue)
            {
                continue;
            }

            if (key is not (string or bool or long or ulong) || Operations.Find(map, key) is not null)
            {
                return Failed;
            }

            map = new PlainMap([.. map.Entries, (key, optional ? ((PlainOptional)value!).Value : value)]);
        }

        return map;
    }

    private object? Macro(Node node)
    {
        var range = Evaluate(node.Children[0]);
        if (node.Name is "optMap" or "optFlatMap")
        {
            return range is not PlainOptional optional ? Failed
                : !optional.HasValue ? optional
                : With(node.Variables[0], optional.Value).Evaluate(node.Children[1]) is var mapped && mapped is Failure ? Failed
                : node.Name == "optMap" ? new PlainOptional(true, mapped)
                : mapped as PlainOptional ?? Failed;
        }

        var two = node.Variables.Count == 2;
        IEnumerable<(object? First, object? Second)>? elements = range switch
        {
            PlainList list => list.Items.Select((item, index) => two ? ((object?)(long)index, item) : (item, null)),
            PlainMap map => map.Entries.Select(entry => (entry.Key, entry.Value)),
            _ => null,
        };
        if (elements is null)
        {
            return Failed;
        }

        var last = node.Children[^1];
        var filter = node.Children.Count == 3 ? node.Children[1] : null;
        var inner = elements.Select(element => (element.First, Scope: two ? With(node.Variables[0], element.First).With(node.Variables[1], element.Second) : With(node.Variables[0], element.First)));
        switch (node.Name)
        {
            case "all" or "exists":
                return Logical(node.Name == "exists", inner.Select(element => element.Scope.Evaluate(last)));
            case "exists_one" or "existsOne":
                var tests = inner.Select(element => element.Scope.Evaluate(last)).ToList();
                return tests.All(test => test is bool) ? tests.Count(test => test is true) == 1 : Failed;
            case "filter":
                return Collect(inner, last, element => element.First);
            case "map" or "transformList":
                return Collect(inner, filter, element => element.Scope.Evaluate(last));
            case "transformMap":
                return Collect(inner, filter, element => element.Scope.Evaluate(last) is var value && value is Failure ? Failed : new PlainMap([(element.First, value)])) is PlainList maps
                    ? new PlainMap([.. maps.Items.Cast<PlainMap>().SelectMany(map => map.Entries)])
                    : Failed;
            default:
                return Failed;
        }
    }

    private static object? Collect(
        IEnumerable<(object? First, Interpreter Scope)> elements, Node? filter, Func<(object? First, Interpreter Scope), object?> body)
    {
        var items = new List<object?>();
        foreach (var element in elements)
        {
            var accepted = filter is null ? true : element.Scope.Evaluate(filter);
            if (accepted is not bool yes)
            {
                return Failed;
            }

            if (yes)
            {
                var item = body(element);
                if (item is Failure)
                {
                    return Failed;
                }

                items.Add(item);
            }
        }

        return new PlainList(items);
    }
}
