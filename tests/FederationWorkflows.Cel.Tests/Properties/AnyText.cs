using System.Text;
using FederationWorkflows.Cel.RegularExpressions;

namespace FederationWorkflows.Cel.Tests.Properties;

/// <summary>Text that may be no expression at all: whatever it is, it works or is refused with the library's own error.</summary>
internal static class AnyText
{
    // Making an automaton of a long pattern takes milliseconds.
    private const int LongestPattern = 16;

    private static readonly string[] Pieces =
    [
        "(", ")", "[", "]", "{", "}", ".", ",", ":", "?", "!", "-", "+", "*", "/", "%", "==", "!=", "<", "<=", ">", ">=", "&&", "||", "in", "&", "|", "=", " ", "\n", "//",
        "'", "\"", "'''", "\"\"\"", "r'", "b'", "\\", "\\u", "\\U0001", "\\x4", "\\777", "`", "0", "1", "9223372036854775808", "0x", "1u", "1.5", "1e", "1e400", ".5", "é", "\uD83D",
        "\0", "x", "data", "items", "text", "number", "anything", "true", "null", "has(", "size(", "all(", "exists(", "map(", "filter(", "cel.bind(", "math.greatest(", "optional.of(",
        ".map(x, x)", ".all(x, true)", ".?a", "[?0]", ".orValue(", "matches('(", "'%s'.format([", "timestamp(", "duration('", "ip('", "cidr('", "type(", "dyn(", ".sort()", ".split('",
        "lists.range(", "int(", "string(", "bytes(", "b'\\xff'", ".getHours('+99:99')", ".extract('{x}')", ".substring(", ".flatten(", "sortBy(x, x)", "groupBy(x, x)", "default(",
    ];

    public static string Next(Random random)
    {
        var text = new StringBuilder();
        for (var pieces = random.Next(1, 14); pieces > 0; pieces--)
        {
            text.Append(random.GetItems(Pieces, 1)[0]);
        }

        return text.ToString();
    }

    /// <summary>Takes something out, doubles or moves it, or puts something in.</summary>
    public static string Mutate(string text, Random random)
    {
        for (var changes = random.Next(1, 3); changes > 0; changes--)
        {
            var from = random.Next(text.Length + 1);
            var part = text.Substring(from, random.Next(Math.Min(8, text.Length - from) + 1));
            text = random.Next(3) switch
            {
                0 => text.Remove(from, part.Length),
                1 => text.Insert(random.Next(text.Length + 1), part),
                _ => text.Insert(from, random.GetItems(Pieces, 1)[0]),
            };
        }

        return text;
    }

    /// <summary>What was thrown that should not be, or null.</summary>
    public static string? Problem(string text, PlainVariables variables)
    {
        try
        {
            var environment = new CelEnvironment(variables.Input, options: new CelOptions { CostLimit = 100_000 });
            Evaluate(() => environment.Compile(text).Evaluate(variables.Input));
            Evaluate(() =>
            {
                foreach (var part in environment.CompileTemplate(text).Parts)
                {
                    part.Program?.Evaluate(variables.Input);
                }
            });
            if (text.Length <= LongestPattern)
            {
                Evaluate(() => Re2Pattern.Compile(text).IsMatch("ab 1é"));
            }

            return null;
        }
        catch (Exception e)
        {
            return e.ToString();
        }
    }

    /// <summary>The shortest text found that shows the same problem.</summary>
    public static string Shrink(string text, PlainVariables variables)
    {
        for (var length = text.Length / 2; length > 0; length /= 2)
        {
            for (var at = 0; at + length <= text.Length;)
            {
                var shorter = text.Remove(at, length);
                if (Problem(shorter, variables) is null)
                {
                    at++;
                }
                else
                {
                    text = shorter;
                }
            }
        }

        return text;
    }

    private static void Evaluate(Action action)
    {
        try
        {
            action();
        }
        catch (CelException e)
        {
            _ = e.Explain();
        }
        catch (Re2PatternException)
        {
        }
    }
}
