using System.Globalization;
using System.Text;

namespace FederationWorkflows.Cel.Tests.Oracle;

/// <summary>Writes expressions as text, with parentheses only where they are needed.</summary>
internal static class Printer
{
    private const int Unary = 6;
    private const int Primary = 7;

    public static string Print(Node node) => Print(node, 0);

    /// <summary>Prints an operand of something that binds as tight as <paramref name="above"/>; looser operands get parentheses.</summary>
    private static string Print(Node node, int above)
    {
        var (text, precedence) = node.Kind switch
        {
            NodeKind.Literal => (Literal(node.Value), IsNegative(node.Value) ? Unary : Primary),
            NodeKind.Name => (node.Name, Primary),
            NodeKind.Select => ($"{Print(node.Children[0], Primary)}.{(node.IsOptional ? "?" : "")}{Field(node.Name)}", Primary),
            NodeKind.Has => ($"has({Print(node.Children[0], Primary)}.{Field(node.Name)})", Primary),
            NodeKind.Index => ($"{Print(node.Children[0], Primary)}[{(node.IsOptional ? "?" : "")}{Print(node.Children[1])}]", Primary),

            NodeKind.Unary => (Prefixed(node.Name, Print(node.Children[0], Unary)), Unary),
            NodeKind.Binary => ($"{Print(node.Children[0], PrecedenceOf(node.Name))} {node.Name} {Print(node.Children[1], PrecedenceOf(node.Name) + 1)}", PrecedenceOf(node.Name)),
            NodeKind.Logical => (string.Join($" {node.Name} ", node.Children.Select(child => Print(child, PrecedenceOf(node.Name) + 1))), PrecedenceOf(node.Name)),
            NodeKind.Conditional => ($"{Print(node.Children[0], 1)} ? {Print(node.Children[1], 1)} : {Print(node.Children[2])}", 0),
            NodeKind.Call => ($"{node.Name}({Join(node.Children)})", Primary),
            NodeKind.Member => ($"{Print(node.Children[0], Primary)}.{node.Name}({Join(node.Children.Skip(1))})", Primary),
            NodeKind.List => ($"[{string.Join(", ", node.Children.Select(Element))}]", Primary),
            NodeKind.Map => ($"{{{string.Join(", ", node.Children.Chunk(2).Select(Entry))}}}", Primary),
            NodeKind.Macro => ($"{Print(node.Children[0], Primary)}.{node.Name}({string.Join(", ", node.Variables.Concat(node.Children.Skip(1).Select(child => Print(child))))})", Primary),
            _ => ($"cel.bind({node.Variables[0]}, {Join(node.Children)})", Primary),
        };
        return precedence < above ? $"({text})" : text;
    }

    /// <summary>A minus before a digit would be the number's own.</summary>
    private static string Prefixed(string symbol, string operand) => symbol == "-" && (char.IsAsciiDigit(operand[0]) || operand[0] == '-') ? $"-({operand})" : symbol + operand;

    private static string Join(IEnumerable<Node> nodes) => string.Join(", ", nodes.Select(node => Print(node)));

    private static string Element(Node node) => (node.IsOptional && node.Kind == NodeKind.Call && node.Name == "?" ? "?" + Print(node.Children[0]) : Print(node));

    private static string Entry(Node[] entry) => entry[1] is { Kind: NodeKind.Call, Name: "?" } optional
        ? $"?{Print(entry[0])}: {Print(optional.Children[0])}"
        : $"{Print(entry[0])}: {Print(entry[1])}";

    private static bool IsNegative(object? value) => value is < 0L || (value is double number && double.IsNegative(number));

    private static int PrecedenceOf(string symbol) => symbol switch
    {
        "||" => 1,
        "&&" => 2,
        "+" or "-" => 4,
        "*" or "/" or "%" => 5,
        _ => 3,
    };

    private static string Field(string name) => name.All(c => char.IsAsciiLetterOrDigit(c) || c == '_') && !char.IsAsciiDigit(name[0]) && name is not ("in" or "null") ? name : $"`{name}`";

    private static string Literal(object? value) => value switch
    {
        null => "null",
        bool x => x ? "true" : "false",
        ulong x => x.ToString(CultureInfo.InvariantCulture) + "u",
        double x => x.ToString("R", CultureInfo.InvariantCulture) is var text && text.AsSpan().ContainsAny('.', 'E') ? text : text + ".0",
        string x => Quote(x),
        byte[] x => $"b'{string.Concat(x.Select(b => $"\\x{b:X2}"))}'",
        _ => ((IFormattable)value).ToString(null, CultureInfo.InvariantCulture),
    };

    private static string Quote(string text)
    {
        var quoted = new StringBuilder("'");
        foreach (var rune in text.EnumerateRunes())
        {
            quoted.Append(rune.Value switch
            {
                '\'' or '\\' => $"\\{rune}",
                < 0x20 or 0x7F => $"\\u{rune.Value:X4}",
                _ => rune.ToString(),
            });
        }

        return quoted.Append('\'').ToString();
    }
}
