using FederationWorkflows.Cel.Syntax;
using FederationWorkflows.Cel.Types;
using FederationWorkflows.Cel.Values;

namespace FederationWorkflows.Cel.Checking;

/// <summary>
/// Resolves names and finds out types (CEL specification: "Gradual Type Checking"). What is known to be wrong is an error here, before
/// anything runs; what is not known stays <c>dyn</c>. Without strictness nothing is an error yet, and what is wrong fails when it runs.
/// </summary>
internal sealed class Checker
{
    private readonly SyntaxTree tree;
    private readonly NameResolution names;
    private readonly bool strict;
    private readonly Scope scope = new();
    private readonly TypeInference inference = new();
    private readonly CelType[] types;
    private readonly object?[] references;

    private Checker(SyntaxTree tree, NameResolution names, bool strict)
    {
        this.tree = tree;
        this.names = names;
        this.strict = strict;
        types = new CelType[tree.NodeCount];
        references = new object?[tree.NodeCount];
        Array.Fill(types, CelType.Dyn);
    }

    /// <exception cref="CelException">A name is not known, or types do not fit.</exception>
    public static CheckedTree Check(SyntaxTree tree, NameResolution names, bool strict = true)
    {
        var checker = new Checker(tree, names, strict);
        checker.Visit(tree.Root);
        for (var i = 0; i < checker.types.Length; i++)
        {
            checker.types[i] = checker.inference.Resolve(checker.types[i], final: true);
        }

        return new CheckedTree(tree, checker.types, checker.references, checker.scope.MaxCount);
    }

    private CelType Visit(Expr expr) => types[expr.Id] = expr switch
    {
        LiteralExpr literal => literal.Value.Type,
        IdentExpr ident => Ident(ident),
        SelectExpr select => Select(select),
        HasExpr has => Has(has),
        IndexExpr index => Index(index),
        UnaryExpr { Operator: UnaryOperator.Not } not => Operator(not, "!", Operators.Not, [Visit(not.Operand)]),
        UnaryExpr negate => Operator(negate, "-", Operators.Negate, [Visit(negate.Operand)]),
        BinaryExpr binary => Operator(binary, Operators.SymbolOf(binary.Operator), Operators.Of(binary.Operator), [Visit(binary.Left), Visit(binary.Right)]),
        LogicalExpr logical => Logical(logical),
        ConditionalExpr conditional => Operator(
            conditional, "? :", Operators.Conditional, [Visit(conditional.Condition), Visit(conditional.Then), Visit(conditional.Otherwise)]),
        CallExpr call => Call(call),
        ListExpr list => List(list),
        MapExpr map => Map(map),
        ComprehensionExpr comprehension => Comprehension(comprehension),
        BindExpr bind => Bind(bind),
        OptionalMapExpr optional => OptionalMap(optional),
        DefaultExpr standIn => inference.Join(Visit(standIn.Value), Visit(standIn.Otherwise)),
        _ => throw new InvalidOperationException($"{expr.GetType().Name} is no expression."),
    };

    private CelType Fail(int position, string message) => strict ? throw new CelException(message, tree.Text, position) : CelType.Dyn;

    /// <summary>The names that a chain of selections spells, e.g. <c>a.b['c']</c>; null when it does not begin with a name or begins with a macro's variable.</summary>
    private List<string>? Path(Expr expr, out bool absolute)
    {
        absolute = false;
        switch (expr)
        {
            case IdentExpr ident when ident.IsAbsolute || scope.Find(ident.Name) is null:
                absolute = ident.IsAbsolute;
                return [ident.Name];
            case SelectExpr { IsOptional: false } select when Path(select.Operand, out absolute) is { } path:
                path.Add(select.Field);
                return path;
            case IndexExpr { IsOptional: false, Index: LiteralExpr { Value.Kind: CelKind.String } literal } index when Path(index.Operand, out absolute) is { } path:
                path.Add(literal.Value.Text);
                return path;
            default:
                return null;
        }
    }

    /// <summary>Whether the whole expression is one name; if so its type.</summary>
    private CelType? Named(Expr expr)
    {
        if (Path(expr, out var absolute) is not { } path)
        {
            return null;
        }

        if (names.FindVariable(path, absolute) is { } variable)
        {
            references[expr.Id] = variable;
            return variable.OnlyMembers is null ? variable.Type : Fail(expr.Position, variable.OnlyMembers);
        }

        if (names.FindType(path, absolute) is { } type)
        {
            references[expr.Id] = type;
            return CelType.TypeOf(type);
        }

        return null;
    }

    private CelType Ident(IdentExpr ident)
    {
        if (!ident.IsAbsolute && scope.Find(ident.Name) is { } local)
        {
            references[ident.Id] = new LocalSlot(local.Slot);
            return local.Type;
        }

        return Named(ident)
            ?? Fail(ident.Position, $"There is no '{ident.Name}' here. {Suggestion.Among(ident.Name, [.. scope.Names, .. names.Roots], "Text needs quotes: 'text'")}");
    }

    private CelType Select(SelectExpr select)
    {
        if (!select.IsOptional && Named(select) is { } named)
        {
            return named;
        }

        var operand = VisitOwner(select.Operand, select.Field, select.Position);
        var field = FieldType(select, operand, select.Field);
        return select.IsOptional && !field.IsOptional ? CelType.OptionalOf(field) : field;
    }

    private CelType Has(HasExpr has)
    {
        FieldType(has, VisitOwner(has.Operand, has.Field, has.Position), has.Field);
        return CelType.Bool;
    }

    /// <summary>Visits what a member is taken of; a member that cannot be there is an error.</summary>
    private CelType VisitOwner(Expr operand, string member, int position)
    {
        if (Path(operand, out var absolute) is { } path && names.FindVariable(path, absolute) is { Members: { } members } owner && !members.Contains(member))
        {
            Fail(position, $"'{owner.Name}' has no '{member}'. {Suggestion.Among(member, members, "Check the name")}");
        }

        return Visit(operand);
    }

    private CelType FieldType(Expr expr, CelType operand, string field)
    {
        var type = inference.Resolve(operand);
        switch (type.Kind)
        {
            case CelTypeKind.Opaque when type.IsOptional:
                var inner = FieldType(expr, type.Parameters[0], field);
                return inner.IsOptional ? inner : CelType.OptionalOf(inner);
            case CelTypeKind.Map:
                return type.Parameters[1];
            case CelTypeKind.Parameter:
                inference.TryAssign(CelType.Dyn, type);
                return CelType.Dyn;
            case CelTypeKind.Dyn:
                return CelType.Dyn;
            default:
                return Fail(expr.Position, $"A value of type {inference.Resolve(type, final: true)} has no field '{field}'.");
        }
    }

    private CelType Index(IndexExpr index)
    {
        if (!index.IsOptional && Named(index) is { } named)
        {
            return named;
        }

        var operand = index.Index is LiteralExpr { Value.Kind: CelKind.String } literal
            ? VisitOwner(index.Operand, literal.Value.Text, index.Position)
            : Visit(index.Operand);
        return Operator(index, index.IsOptional ? "[?]" : "[]", index.IsOptional ? Operators.OptionalIndex : Operators.Index, [operand, Visit(index.Index)]);
    }

    private CelType Operator(Expr expr, string symbol, CelFunction[] overloads, CelType[] arguments)
    {
        var (_, result) = Match(overloads, arguments);
        if (result is not null)
        {
            return result;
        }

        var given = string.Join(" and ", arguments.Select(type => inference.Resolve(type, final: true)));
        return Fail(expr.Position, symbol switch
        {
            "? :" => $"The condition must be a bool and both results of one type; these are {given}.",
            "==" or "!=" => $"{given} are never equal. Convert one of them, or write dyn(x) to compare anyway.",
            "[]" or "[?]" => $"{given} do not go together as a value and its index.",
            _ => $"'{symbol}' has no meaning for {given}. Convert what does not fit, e.g. with int(x), double(x) or string(x).",
        });
    }

    /// <summary>The functions that can be meant, and the type they give; null when there is none.</summary>
    private (List<CelFunction> Candidates, CelType? Result) Match(IEnumerable<CelFunction> overloads, IReadOnlyList<CelType> arguments)
    {
        var candidates = new List<CelFunction>();
        CelType? result = null;
        foreach (var overload in overloads)
        {
            var (parameters, gives) = inference.Instantiate(overload);
            if (!inference.TryAssign(arguments, parameters))
            {
                continue;
            }

            candidates.Add(overload);
            var resolved = inference.Resolve(gives);
            result = result is null || result.Equals(resolved) ? resolved : CelType.Dyn;
        }

        return (candidates, result);
    }

    private CelType Logical(LogicalExpr logical)
    {
        foreach (var operand in logical.Operands)
        {
            Expect(operand, CelType.Bool, Visit(operand), $"'{(logical.IsAnd ? "&&" : "||")}' joins bools");
        }

        return CelType.Bool;
    }

    private void Expect(Expr expr, CelType wanted, CelType actual, string rule)
    {
        if (!inference.TryAssign(actual, wanted))
        {
            Fail(expr.Position, $"{rule}; this is {inference.Resolve(actual, final: true)}.");
        }
    }

    private CelType Call(CallExpr call)
    {
        var path = call.Target is null ? [] : Path(call.Target, out _);
        var arguments = new List<CelType>();
        var overloads = path is null ? [] : names.FindFunctions([.. path, call.Function], call.IsAbsolute || IsAbsolute(call.Target));
        var onTarget = overloads.Count == 0 && call.Target is not null;
        if (onTarget)
        {
            if (path is not null && names.IsNamespace(path))
            {
                return Fail(call.Position, $"There is no function '{string.Join('.', path)}.{call.Function}'. {Suggestion.Among(call.Function, names.FunctionsIn(path), "See the list of functions in docs/expressions.md")}");
            }

            arguments.Add(Visit(call.Target!));
            overloads = names.FindMembers(call.Function);
        }

        if (overloads.Count == 0)
        {
            // Before the arguments: those of a misspelt macro name a variable that is none.
            references[call.Id] = new ResolvedCall([], onTarget);
            Fail(call.Position, UnknownFunction(call, onTarget));
        }

        arguments.AddRange(call.Arguments.Select(Visit));
        if (overloads.Count == 0)
        {
            return CelType.Dyn;
        }

        var (candidates, result) = Match(overloads, arguments);

        // What fits the known types is tried first; data of unknown type may turn out to fit another.
        references[call.Id] = new ResolvedCall([.. candidates.Union(overloads)], onTarget);
        return result ?? Fail(
            call.Position,
            $"{call.Function}() does not take ({string.Join(", ", arguments.Select(type => inference.Resolve(type, final: true)))}). It can be called as {string.Join(", ", overloads)}.");
    }

    private static bool IsAbsolute(Expr? expr) => expr switch
    {
        IdentExpr ident => ident.IsAbsolute,
        SelectExpr select => IsAbsolute(select.Operand),
        _ => false,
    };

    private string UnknownFunction(CallExpr call, bool onTarget)
    {
        var (elsewhere, form) = onTarget ? (names.FindFunctions([call.Function], false), $"{call.Function}(x)") : (names.FindMembers(call.Function), $"x.{call.Function}()");
        return elsewhere.Count > 0 ? $"'{call.Function}' is called as {form}."
            : onTarget && Macros.OnLists.Contains(call.Function) ? $"'{call.Function}' does not take {call.Arguments.Count} arguments. See the list of macros in docs/expressions.md."
            : $"There is no function '{call.Function}'. {Suggestion.Among(call.Function, onTarget ? names.Members.Concat(Macros.OnLists) : names.Functions, "See the list of functions in docs/expressions.md")}";
    }

    private CelType List(ListExpr list)
    {
        CelType? element = null;
        foreach (var item in list.Elements)
        {
            var type = Visit(item.Value);
            element = inference.Join(element, item.IsOptional ? Unwrap(item.Value, type) : type);
        }

        return CelType.ListOf(element ?? inference.NewParameter());
    }

    private CelType Map(MapExpr map)
    {
        CelType? key = null;
        CelType? value = null;
        foreach (var entry in map.Entries)
        {
            key = inference.Join(key, Visit(entry.Key));
            var type = Visit(entry.Value);
            value = inference.Join(value, entry.IsOptional ? Unwrap(entry.Value, type) : type);
        }

        return CelType.MapOf(key ?? inference.NewParameter(), value ?? inference.NewParameter());
    }

    /// <summary>The type in an optional.</summary>
    private CelType Unwrap(Expr expr, CelType type)
    {
        var inner = inference.NewParameter();
        Expect(expr, CelType.OptionalOf(inner), type, "An optional value should stand here");
        return inference.Resolve(inner);
    }

    private CelType Comprehension(ComprehensionExpr comprehension)
    {
        var range = inference.Resolve(Visit(comprehension.Range));
        var (key, element) = range.Kind switch
        {
            CelTypeKind.List => (CelType.Int, range.Parameters[0]),
            CelTypeKind.Map => (range.Parameters[0], range.Parameters[1]),
            CelTypeKind.Dyn or CelTypeKind.Parameter => (CelType.Dyn, CelType.Dyn),
            _ => (CelType.Dyn, Fail(comprehension.Range.Position, $"{comprehension.Macro}() goes through a list or a map; this is {range}.")),
        };
        var single = range.Kind == CelTypeKind.Map ? key : element;
        var first = scope.Push(comprehension.First, comprehension.Second is null ? single : key);
        var second = comprehension.Second is null ? -1 : scope.Push(comprehension.Second, element);
        references[comprehension.Id] = new LocalSlot(first, second);
        if (comprehension.Filter is { } filter)
        {
            Expect(filter, CelType.Bool, Visit(filter), $"The condition of {comprehension.Macro}() is a bool");
        }

        var body = comprehension.Body is null ? CelType.Bool : Visit(comprehension.Body);
        if (comprehension.Second is not null)
        {
            scope.Pop();
        }

        scope.Pop();
        return comprehension.Kind switch
        {
            ComprehensionKind.Map => CelType.ListOf(body),
            ComprehensionKind.Filter or ComprehensionKind.SortBy => CelType.ListOf(single),
            ComprehensionKind.GroupBy => CelType.MapOf(body, CelType.ListOf(single)),
            ComprehensionKind.TransformMap => CelType.MapOf(key, body),
            ComprehensionKind.TransformMapEntry => Entry(comprehension.Body!, body),
            _ => CelType.Bool,
        };
    }

    private CelType Entry(Expr expr, CelType body)
    {
        var entry = CelType.MapOf(inference.NewParameter(), inference.NewParameter());
        Expect(expr, entry, body, "transformMapEntry() makes maps of one entry");
        return inference.Resolve(entry);
    }

    private CelType Bind(BindExpr bind)
    {
        var value = Visit(bind.Value);
        references[bind.Id] = new LocalSlot(scope.Push(bind.Name, value));
        var body = Visit(bind.Body);
        scope.Pop();
        return body;
    }

    private CelType OptionalMap(OptionalMapExpr optional)
    {
        var inner = Unwrap(optional.Target, Visit(optional.Target));
        references[optional.Id] = new LocalSlot(scope.Push(optional.Name, inner));
        var body = Visit(optional.Body);
        scope.Pop();
        return CelType.OptionalOf(optional.IsFlat ? Unwrap(optional.Body, body) : body);
    }
}
