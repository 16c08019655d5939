namespace FederationWorkflows.Cel.Syntax;

/// <summary>
/// Calls that are forms of the language (CEL specification: "Macros"; extensions "two-variable comprehensions", "bindings", "optionals", "math", "lists";
/// <c>groupBy</c> and <c>default</c> are ours).
/// <c>cel.block</c> is for optimizers, not for people, and is not among them.
/// </summary>
internal static class Macros
{
    /// <summary>The names of the macros that are called on a list, map or optional.</summary>
    public static IReadOnlyList<string> OnLists { get; } =
    [
        "all", "exists", "exists_one", "existsOne", "map", "filter", "sortBy", "groupBy", "transformList", "transformMap", "transformMapEntry", "optMap", "optFlatMap",
    ];

    /// <summary>Null when the call is no macro.</summary>
    public static Expr? Expand(Expr? target, in Token name, List<Expr> arguments, MacroContext context) => (name.Text, target, arguments) switch
    {
        ("has", null, [var argument]) => Has(name.Position, argument, context),
        ("default", null, [var value, var otherwise]) => new DefaultExpr(name.Position, value, otherwise) { Id = context.NewId() },
        ("bind", IdentExpr { Name: "cel", IsAbsolute: false }, [var variable, var value, var body]) =>
            new BindExpr(name.Position, Variable(variable, context), value, body) { Id = context.NewId() },
        ("optMap" or "optFlatMap", not null, [var variable, var body]) =>
            new OptionalMapExpr(name.Position, target, Variable(variable, context), body, name.Text == "optFlatMap") { Id = context.NewId() },
        ("greatest" or "least", IdentExpr { Name: "math" }, { Count: > 2 }) =>
            new CallExpr(name.Position, target, name.Text, [new ListExpr(name.Position, [.. arguments.Select(argument => new ListElement(argument, false))]) { Id = context.NewId() }]) { Id = context.NewId() },
        (_, not null, [var variable, var body]) => One(name, target, variable, body, context),
        (_, not null, [var first, var second, var third]) => Three(name, target, first, second, third, context),
        (_, not null, [var first, var second, var filter, var body]) => Four(name, target, first, second, filter, body, context),
        _ => null,
    };

    private static HasExpr Has(int position, Expr argument, MacroContext context) => argument is SelectExpr select
        ? new HasExpr(position, select.Operand, select.Field, select.IsOptional) { Id = context.NewId() }
        : throw context.Error(argument.Position, "has() takes a field selection, such as has(trigger.body.name).");

    private static ComprehensionExpr? One(in Token name, Expr range, Expr variable, Expr body, MacroContext context)
    {
        ComprehensionKind? kind = name.Text switch
        {
            "all" => ComprehensionKind.All,
            "exists" => ComprehensionKind.Exists,
            "exists_one" or "existsOne" => ComprehensionKind.ExistsOne,
            "map" => ComprehensionKind.Map,
            "filter" => ComprehensionKind.Filter,
            "sortBy" => ComprehensionKind.SortBy,
            "groupBy" => ComprehensionKind.GroupBy,
            _ => null,
        };
        return kind is not { } known
            ? null
            : known is ComprehensionKind.Map or ComprehensionKind.SortBy or ComprehensionKind.GroupBy
                ? new(name.Position, name.Text, known, range, Variable(variable, context), null, null, body) { Id = context.NewId() }
                : new(name.Position, name.Text, known, range, Variable(variable, context), null, body, null) { Id = context.NewId() };
    }

    private static ComprehensionExpr? Three(in Token name, Expr range, Expr first, Expr second, Expr third, MacroContext context) => name.Text switch
    {
        "map" => new(name.Position, name.Text, ComprehensionKind.Map, range, Variable(first, context), null, second, third) { Id = context.NewId() },
        "all" => Test(name, ComprehensionKind.All, range, first, second, third, context),
        "exists" => Test(name, ComprehensionKind.Exists, range, first, second, third, context),
        "existsOne" or "exists_one" => Test(name, ComprehensionKind.ExistsOne, range, first, second, third, context),
        "transformList" => Transform(name, ComprehensionKind.Map, range, first, second, null, third, context),
        "transformMap" => Transform(name, ComprehensionKind.TransformMap, range, first, second, null, third, context),
        "transformMapEntry" => Transform(name, ComprehensionKind.TransformMapEntry, range, first, second, null, third, context),
        _ => null,
    };

    private static ComprehensionExpr? Four(in Token name, Expr range, Expr first, Expr second, Expr filter, Expr body, MacroContext context) => name.Text switch
    {
        "transformList" => Transform(name, ComprehensionKind.Map, range, first, second, filter, body, context),
        "transformMap" => Transform(name, ComprehensionKind.TransformMap, range, first, second, filter, body, context),
        "transformMapEntry" => Transform(name, ComprehensionKind.TransformMapEntry, range, first, second, filter, body, context),
        _ => null,
    };

    private static ComprehensionExpr Test(in Token name, ComprehensionKind kind, Expr range, Expr first, Expr second, Expr test, MacroContext context) =>
        Transform(name, kind, range, first, second, test, null, context);

    private static ComprehensionExpr Transform(
        in Token name, ComprehensionKind kind, Expr range, Expr first, Expr second, Expr? filter, Expr? body, MacroContext context)
    {
        var (one, two) = (Variable(first, context), Variable(second, context));
        return one != two
            ? new(name.Position, name.Text, kind, range, one, two, filter, body) { Id = context.NewId() }
            : throw context.Error(second.Position, $"The two variables of {name.Text} need different names.");
    }

    private static string Variable(Expr expr, MacroContext context) => expr is IdentExpr { IsAbsolute: false } name
        ? name.Name
        : throw context.Error(expr.Position, "A variable's name should stand here, such as x.");
}

/// <param name="NewId">Numbers a node.</param>
/// <param name="Error">Makes the error for a place.</param>
internal readonly record struct MacroContext(Func<int> NewId, Func<int, string, CelException> Error);
