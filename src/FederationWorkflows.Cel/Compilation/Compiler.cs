using System.Runtime.CompilerServices;
using FederationWorkflows.Cel.Checking;
using FederationWorkflows.Cel.Syntax;
using FederationWorkflows.Cel.Types;
using FederationWorkflows.Cel.Values;

namespace FederationWorkflows.Cel.Compilation;

/// <summary>Makes delegates of a checked expression, once; nothing of the tree is looked at when it runs.</summary>
internal sealed partial class Compiler(CheckedTree tree)
{
    public static Evaluator Compile(CheckedTree tree) => new Compiler(tree).Compile(tree.Tree.Root);

    private Evaluator Compile(Expr expr) => expr switch
    {
        LiteralExpr literal => Constant(literal.Value),
        IdentExpr ident => Reference(ident) ?? Missing(ident, $"there is no '{ident.Name}' here"),
        SelectExpr select => Reference(select) ?? Select(select),
        HasExpr has => Has(has),
        IndexExpr index => Reference(index) ?? Index(index),
        UnaryExpr unary => Unary(unary),
        BinaryExpr binary => Binary(binary),
        LogicalExpr logical => Logical(logical),
        ConditionalExpr conditional => Conditional(conditional),
        CallExpr call => Call(call),
        ListExpr list => List(list),
        MapExpr map => Map(map),
        ComprehensionExpr comprehension => Comprehension(comprehension),
        BindExpr bind => Bind(bind),
        OptionalMapExpr optional => OptionalMap(optional),
        DefaultExpr standIn => Default(standIn),
        _ => throw new InvalidOperationException($"{expr.GetType().Name} is no expression."),
    };

    private static Evaluator Constant(CelValue value) => _ => value;

    /// <summary>An error knows its place before anybody outside sees it.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static CelValue At(in CelValue value, int position)
    {
        if (value.IsError)
        {
            value.Fault.At(position);
        }

        return value;
    }

    private static CelValue Error(int position, string message) => At(CelValue.Error(message), position);

    private static Evaluator Missing(Expr expr, string message)
    {
        var position = expr.Position;
        return _ => Error(position, message);
    }

    private Evaluator? Reference(Expr expr)
    {
        switch (tree.ReferenceOf(expr))
        {
            case CelVariable variable:
                var position = expr.Position;
                return evaluation => At(evaluation.Adapt(evaluation.Activation.Read(variable)), position);
            case CelType type:
                return Constant(CelValue.Of(type));
            case LocalSlot { First: var slot } when expr is IdentExpr:
                return evaluation => evaluation.Locals[slot];
            default:
                return null;
        }
    }

    private Evaluator Select(SelectExpr select)
    {
        var (operand, field, position) = (Compile(select.Operand), new FieldName(select.Field), select.Position);
        return select.IsOptional
            ? evaluation => At(Access.OptionalField(evaluation, operand(evaluation), field), position)
            : evaluation => At(Access.Field(evaluation, operand(evaluation), field), position);
    }

    private Evaluator Has(HasExpr has)
    {
        var (operand, field, position) = (Compile(has.Operand), new FieldName(has.Field), has.Position);
        return evaluation => At(Access.Has(evaluation, operand(evaluation), field), position);
    }

    private Evaluator Index(IndexExpr expr)
    {
        var (operand, index, optional, position) = (Compile(expr.Operand), Compile(expr.Index), expr.IsOptional, expr.Position);
        return evaluation =>
        {
            var container = operand(evaluation);
            if (container.IsError)
            {
                return container;
            }

            var key = index(evaluation);
            return key.IsError ? key : At(optional ? Access.OptionalIndex(evaluation, container, key) : Access.Index(evaluation, container, key), position);
        };
    }

    private Evaluator Call(CallExpr call)
    {
        var resolved = (ResolvedCall)tree.ReferenceOf(call)!;
        var position = call.Position;
        var arguments = (resolved.OnTarget ? call.Arguments.Prepend(call.Target!) : call.Arguments).Select(Compile).ToArray();
        var (candidates, function) = (resolved.Candidates, call.Function);
        if (candidates.Length == 0)
        {
            return Missing(call, $"no such overload: there is no function '{function}' that could be called here");
        }

        if (function is "or" or "orValue" && arguments is [var optional, var other] && Array.TrueForAll(candidates, candidate => candidate.Parameters[0].IsOptional))
        {
            return Otherwise(optional, other, function, position);
        }

        return evaluation =>
        {
            var buffer = default(ArgumentBuffer);
            Span<CelValue> values = arguments.Length <= ArgumentBuffer.Length ? buffer : new CelValue[arguments.Length];
            values = values[..arguments.Length];
            for (var i = 0; i < arguments.Length; i++)
            {
                values[i] = arguments[i](evaluation);
                if (values[i].IsError)
                {
                    return values[i];
                }

                evaluation.ChargeReading(values[i]);
            }

            evaluation.Charge(1);
            foreach (var candidate in candidates)
            {
                if (candidate.Accepts(values))
                {
                    return At(candidate.Implementation(evaluation, values), position);
                }
            }

            return At(CelValue.NoOverload(function + "()"), position);
        };
    }

    /// <summary><c>or</c> and <c>orValue</c> ask for the other only when there is no value, so it may fail where there is one (extension "optionals").</summary>
    private static Evaluator Otherwise(Evaluator optional, Evaluator other, string function, int position)
    {
        var unwraps = function == "orValue";
        return evaluation =>
        {
            var value = optional(evaluation);
            if (value.Kind == CelKind.Optional && !value.HasValue)
            {
                value = other(evaluation);
                return unwraps || value.IsError || value.Kind == CelKind.Optional ? value : At(CelValue.NoOverload(function + "()"), position);
            }

            return value.IsError ? value
                : value.Kind != CelKind.Optional ? At(CelValue.NoOverload(function + "()"), position)
                : unwraps ? value.OptionalValue : value;
        };
    }

    [InlineArray(Length)]
    private struct ArgumentBuffer
    {
        public const int Length = 4;

        private CelValue first;
    }

    private Evaluator List(ListExpr list)
    {
        var elements = list.Elements.Select(element => (Value: Compile(element.Value), element.IsOptional, element.Value.Position)).ToArray();
        return evaluation =>
        {
            evaluation.Charge(1 + elements.Length);
            var items = new CelValue[elements.Length];
            var count = 0;
            foreach (var (element, optional, position) in elements)
            {
                var value = element(evaluation);
                if (value.IsError)
                {
                    return value;
                }

                if (!optional)
                {
                    items[count++] = value;
                }
                else if (value.Kind != CelKind.Optional)
                {
                    return Error(position, "an optional value should stand behind '?'");
                }
                else if (value.HasValue)
                {
                    items[count++] = value.OptionalValue;
                }
            }

            return CelValue.Of(new ArrayList(items, count));
        };
    }

    private Evaluator Map(MapExpr map)
    {
        var entries = map.Entries.Select(entry => (Key: Compile(entry.Key), Value: Compile(entry.Value), entry.IsOptional, entry.Key.Position)).ToArray();
        return evaluation =>
        {
            evaluation.Charge(1 + entries.Length);
            var result = new EntryMap();
            foreach (var (keyOf, valueOf, optional, position) in entries)
            {
                var key = keyOf(evaluation);
                var value = key.IsError ? key : valueOf(evaluation);
                if (value.IsError)
                {
                    return value;
                }

                if (optional)
                {
                    if (value.Kind != CelKind.Optional)
                    {
                        return Error(position, "an optional value should stand behind '?'");
                    }

                    if (!value.HasValue)
                    {
                        continue;
                    }

                    value = value.OptionalValue;
                }

                evaluation.ChargeKey(key);
                if (Add(result, key, value) is { } problem)
                {
                    return At(problem, position);
                }
            }

            return CelValue.Of(result);
        };
    }

    private static CelValue? Add(EntryMap map, in CelValue key, in CelValue value) =>
        key.Kind is not (CelKind.String or CelKind.Int or CelKind.Uint or CelKind.Bool)
            ? CelValue.Error($"unsupported key type: a {key.Type} cannot be a key; use text, a whole number or a bool")
            : map.TryAdd(key, value) ? null : CelValue.Error("repeated key: the map has this key already");

    private Evaluator Bind(BindExpr bind)
    {
        var (value, body, slot) = (Compile(bind.Value), Compile(bind.Body), ((LocalSlot)tree.ReferenceOf(bind)!).First);
        return evaluation =>
        {
            evaluation.Locals[slot] = value(evaluation);
            return body(evaluation);
        };
    }

    private Evaluator Default(DefaultExpr expr)
    {
        var (valueOf, otherwise) = (Compile(expr.Value), Compile(expr.Otherwise));
        return evaluation => valueOf(evaluation) switch
        {
            { Kind: CelKind.Null } => otherwise(evaluation),
            { Kind: CelKind.Optional } value => value.HasValue && value.OptionalValue.Kind != CelKind.Null ? value.OptionalValue : otherwise(evaluation),
            { IsError: true, Fault.IsMissing: true } => otherwise(evaluation),
            var value => value,
        };
    }

    private Evaluator OptionalMap(OptionalMapExpr optional)
    {
        var (target, body, slot, flat, position) = (Compile(optional.Target), Compile(optional.Body), ((LocalSlot)tree.ReferenceOf(optional)!).First, optional.IsFlat, optional.Position);
        return evaluation =>
        {
            var value = target(evaluation);
            if (value.Kind != CelKind.Optional)
            {
                return value.IsError ? value : At(CelValue.NoOverload(flat ? "optFlatMap()" : "optMap()"), position);
            }

            if (!value.HasValue)
            {
                return value;
            }

            evaluation.Locals[slot] = value.OptionalValue;
            var result = body(evaluation);
            return result.IsError ? result
                : !flat ? CelValue.Some(result)
                : result.Kind == CelKind.Optional ? result
                : At(CelValue.NoOverload("optFlatMap()"), position);
        };
    }
}
