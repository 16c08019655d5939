using FederationWorkflows.Cel.Syntax;

namespace FederationWorkflows.Cel.Checking;

/// <summary>The types that operators take and give (CEL specification: "List of Standard Definitions").</summary>
internal static class Operators
{
    private static readonly string[] Ordered = ["bool", "int", "uint", "double", "string", "bytes", "timestamp", "duration"];
    private static readonly string[] Numbers = ["int", "uint", "double"];

    private static readonly CelFunction[] Order =
    [
        .. Ordered.Select(type => Declare("compare", $"{type}, {type}", "bool")),
        .. from left in Numbers from right in Numbers where left != right select Declare("compare", $"{left}, {right}", "bool"),
    ];

    private static readonly CelFunction[] Equality = [Declare("equals", "A, A", "bool")];

    public static CelFunction[] Not { get; } = [Declare("!", "bool", "bool")];

    public static CelFunction[] Negate { get; } = [Declare("-", "int", "int"), Declare("-", "double", "double")];

    public static CelFunction[] Conditional { get; } = [Declare("?:", "bool, A, A", "A")];

    public static CelFunction[] Index { get; } =
    [
        Declare("[]", "list(A), int", "A"),
        Declare("[]", "map(A, B), A", "B"),
        Declare("[]", "optional(list(A)), int", "optional(A)"),
        Declare("[]", "optional(map(A, B)), A", "optional(B)"),
    ];

    public static CelFunction[] OptionalIndex { get; } =
    [
        Declare("[?]", "list(A), int", "optional(A)"),
        Declare("[?]", "map(A, B), A", "optional(B)"),
        Declare("[?]", "optional(list(A)), int", "optional(A)"),
        Declare("[?]", "optional(map(A, B)), A", "optional(B)"),
    ];

    private static readonly Dictionary<BinaryOperator, CelFunction[]> Binary = new()
    {
        [BinaryOperator.Equal] = Equality,
        [BinaryOperator.NotEqual] = Equality,
        [BinaryOperator.Less] = Order,
        [BinaryOperator.LessOrEqual] = Order,
        [BinaryOperator.Greater] = Order,
        [BinaryOperator.GreaterOrEqual] = Order,
        [BinaryOperator.In] = [Declare("in", "A, list(A)", "bool"), Declare("in", "A, map(A, B)", "bool")],
        [BinaryOperator.Add] =
        [
            .. Same("+", "int", "uint", "double", "string", "bytes", "duration", "list(A)"),
            Declare("+", "timestamp, duration", "timestamp"),
            Declare("+", "duration, timestamp", "timestamp"),
        ],
        [BinaryOperator.Subtract] =
        [
            .. Same("-", "int", "uint", "double", "duration"),
            Declare("-", "timestamp, timestamp", "duration"),
            Declare("-", "timestamp, duration", "timestamp"),
        ],
        [BinaryOperator.Multiply] = [.. Same("*", "int", "uint", "double")],
        [BinaryOperator.Divide] = [.. Same("/", "int", "uint", "double")],
        [BinaryOperator.Modulo] = [.. Same("%", "int", "uint")],
    };

    public static CelFunction[] Of(BinaryOperator op) => Binary[op];

    public static string SymbolOf(BinaryOperator op) => op switch
    {
        BinaryOperator.Equal => "==",
        BinaryOperator.NotEqual => "!=",
        BinaryOperator.Less => "<",
        BinaryOperator.LessOrEqual => "<=",
        BinaryOperator.Greater => ">",
        BinaryOperator.GreaterOrEqual => ">=",
        BinaryOperator.In => "in",
        BinaryOperator.Add => "+",
        BinaryOperator.Subtract => "-",
        BinaryOperator.Multiply => "*",
        BinaryOperator.Divide => "/",
        _ => "%",
    };

    private static IEnumerable<CelFunction> Same(string symbol, params string[] types) => types.Select(type => Declare(symbol, $"{type}, {type}", type));

    /// <summary>Only the types count: the compiler knows what operators do.</summary>
    private static CelFunction Declare(string symbol, string parameters, string result) =>
        CelFunction.Global(symbol, parameters, result, (_, _) => throw new InvalidOperationException($"The operator {symbol} is not called."));
}
