using FederationWorkflows.Cel.Syntax;
using FederationWorkflows.Cel.Values;

namespace FederationWorkflows.Cel.Tests.Oracle;

/// <summary>Turns what the parser read into what the printer printed, to be compared.</summary>
internal static class TreeReader
{
    private static readonly Dictionary<BinaryOperator, string> Symbols = new()
    {
        [BinaryOperator.Equal] = "==", [BinaryOperator.NotEqual] = "!=", [BinaryOperator.Less] = "<", [BinaryOperator.LessOrEqual] = "<=",
        [BinaryOperator.Greater] = ">", [BinaryOperator.GreaterOrEqual] = ">=", [BinaryOperator.In] = "in", [BinaryOperator.Add] = "+",
        [BinaryOperator.Subtract] = "-", [BinaryOperator.Multiply] = "*", [BinaryOperator.Divide] = "/", [BinaryOperator.Modulo] = "%",
    };

    public static Node Read(Expr expr) => expr switch
    {
        LiteralExpr x => Node.Literal(Constant(x.Value)),
        IdentExpr x => new Node(NodeKind.Name, x.Name),
        SelectExpr x => new Node(NodeKind.Select, x.Field, Read(x.Operand)) { IsOptional = x.IsOptional },
        HasExpr x => new Node(NodeKind.Has, x.Field, Read(x.Operand)),
        IndexExpr x => new Node(NodeKind.Index, "", Read(x.Operand), Read(x.Index)) { IsOptional = x.IsOptional },
        UnaryExpr x => new Node(NodeKind.Unary, x.Operator == UnaryOperator.Not ? "!" : "-", Read(x.Operand)),
        BinaryExpr x => new Node(NodeKind.Binary, Symbols[x.Operator], Read(x.Left), Read(x.Right)),
        LogicalExpr x => new Node(NodeKind.Logical, x.IsAnd ? "&&" : "||", [.. x.Operands.Select(Read)]),
        ConditionalExpr x => new Node(NodeKind.Conditional, "", Read(x.Condition), Read(x.Then), Read(x.Otherwise)),
        CallExpr x => Call(x),
        ListExpr x => new Node(NodeKind.List, "", [.. x.Elements.Select(element => Optional(element.Value, element.IsOptional))]),
        MapExpr x => new Node(NodeKind.Map, "", [.. x.Entries.SelectMany(entry => new[] { Read(entry.Key), Optional(entry.Value, entry.IsOptional) })]),
        ComprehensionExpr x => new Node(NodeKind.Macro, x.Macro, [Read(x.Range), .. new[] { x.Filter, x.Body }.OfType<Expr>().Select(Read)])
        {
            Variables = x.Second is null ? [x.First] : [x.First, x.Second],
        },
        OptionalMapExpr x => new Node(NodeKind.Macro, x.IsFlat ? "optFlatMap" : "optMap", Read(x.Target), Read(x.Body)) { Variables = [x.Name] },
        DefaultExpr x => new Node(NodeKind.Call, "default", Read(x.Value), Read(x.Otherwise)),
        BindExpr x => new Node(NodeKind.Bind, "", Read(x.Value), Read(x.Body)) { Variables = [x.Name] },
        _ => throw new InvalidOperationException($"{expr.GetType().Name} is not known to the tests."),
    };

    /// <summary>A namespace before a function is part of its name for the tests: math.abs(x).</summary>
    private static Node Call(CallExpr call) => call switch
    {
        { Target: null } => new Node(NodeKind.Call, call.Function, [.. call.Arguments.Select(Read)]),
        { Target: IdentExpr { Name: "math", IsAbsolute: false } or IdentExpr { Name: "optional" } or IdentExpr { Name: "sets" } or IdentExpr { Name: "lists" } } =>
            new Node(NodeKind.Call, $"{((IdentExpr)call.Target).Name}.{call.Function}", [.. call.Arguments.Select(Read)]),
        _ => new Node(NodeKind.Member, call.Function, [Read(call.Target), .. call.Arguments.Select(Read)]),
    };

    private static Node Optional(Expr expr, bool optional) => optional ? new Node(NodeKind.Call, "?", Read(expr)) { IsOptional = true } : Read(expr);

    private static object? Constant(CelValue value) => value.Kind switch
    {
        CelKind.Null => null,
        CelKind.Bool => value.Bool,
        CelKind.Int => value.Int,
        CelKind.Uint => value.Uint,
        CelKind.Double => value.Double,
        CelKind.String => value.Text,
        _ => value.Bytes.ToArray(),
    };
}
