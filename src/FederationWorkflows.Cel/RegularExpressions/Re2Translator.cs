using System.Globalization;
using System.Text;

namespace FederationWorkflows.Cel.RegularExpressions;

/// <summary>
/// Writes a parsed expression in .NET's syntax. .NET matches UTF-16 units, so a code point above U+FFFF becomes its two surrogates, and nothing written here
/// matches half of a pair.
/// </summary>
internal static class Re2Translator
{
    private const int FirstSupplementary = 0x10000;

    /// <summary>The pattern for .NET, and how many steps its automaton has.</summary>
    public static (string Pattern, int Size) Translate(Re2Node node)
    {
        var text = new StringBuilder();
        var size = Write(node, text);
        return size <= Re2Pattern.MaximumSize
            ? (text.ToString(), (int)size + 1)
            : throw new Re2PatternException(
                $"the pattern has {size} steps when its repetitions are written out, and {Re2Pattern.MaximumSize} is the limit; lower its repetition counts", 0);
    }

    /// <summary>Appends the node and returns how many steps its automaton has.</summary>
    private static long Write(Re2Node node, StringBuilder text)
    {
        switch (node)
        {
            case Re2Set set:
                return WriteSet(set.CodePoints, text);

            case Re2Assertion assertion:
                text.Append(assertion.Place switch
                {
                    Re2Place.TextStart => @"\A",
                    Re2Place.TextEnd => @"\z",
                    Re2Place.LineStart => "(?m:^)",
                    Re2Place.LineEnd => "(?m:$)",
                    Re2Place.WordBoundary => @"\b",
                    _ => @"\B",
                });
                return 1;

            case Re2Sequence sequence:
                return sequence.Parts.Sum(part => Write(part, text));

            case Re2Alternation alternation:
                return WriteBranches(alternation, text);

            case Re2Group group:
                text.Append(CultureInfo.InvariantCulture, $"(?<{group.Number}>");
                var inside = Write(group.Body, text);
                text.Append(')');
                return inside + 1;

            case Re2Repetition repetition:
                return WriteRepetition(repetition, text);

            default:
                throw new InvalidOperationException($"No translation for {node.GetType().Name}.");
        }
    }

    private static long WriteBranches(Re2Alternation alternation, StringBuilder text)
    {
        long size = 0;
        var separator = "(?:";
        foreach (var branch in alternation.Branches)
        {
            text.Append(separator);
            size += Write(branch, text) + 1;
            separator = "|";
        }

        text.Append(')');
        return size;
    }

    private static long WriteRepetition(Re2Repetition repetition, StringBuilder text)
    {
        text.Append("(?:");
        var body = Write(repetition.Body, text);
        text.Append(')');
        text.Append((repetition.Minimum, repetition.Maximum) switch
        {
            (0, null) => "*",
            (1, null) => "+",
            (0, 1) => "?",
            (var minimum, null) => string.Create(CultureInfo.InvariantCulture, $"{{{minimum},}}"),
            var (minimum, maximum) => string.Create(CultureInfo.InvariantCulture, $"{{{minimum},{maximum}}}"),
        });
        text.Append(repetition.Greedy ? "" : "?");

        // Written out: the body as often as it may come, and a fork for each time that it may be left out or begin again.
        var forks = repetition.Maximum is { } most ? most - repetition.Minimum : 1;
        return (body * Math.Max(1, repetition.Maximum ?? repetition.Minimum)) + forks;
    }

    private static long WriteSet(CodePointSet set, StringBuilder text)
    {
        if (set.Ranges is [var (only, last)] && only == last)
        {
            AppendCharacters(text, only);
            return only < FirstSupplementary ? 1 : 2;
        }

        var basic = new StringBuilder();
        foreach (var (first, end) in set.Ranges.Where(range => range.First < FirstSupplementary))
        {
            AppendRange(basic, first, Math.Min(end, FirstSupplementary - 1));
        }

        var pairs = SurrogatePairs(set);
        if (pairs.Count == 0)
        {
            // A class without members matches nothing.
            text.Append(basic.Length == 0 ? @"[^\s\S]" : $"[{basic}]");
            return 1;
        }

        var choices = pairs.Select(pair => $"[{pair.High}][{pair.Low}]");
        text.Append("(?:").AppendJoin('|', basic.Length == 0 ? choices : choices.Prepend($"[{basic}]")).Append(')');
        return (2 * pairs.Count) + (basic.Length == 0 ? 0 : 1);
    }

    /// <summary>The supplementary members as classes of high and low surrogates; high surrogates with the same low ones share a class.</summary>
    private static List<(string High, string Low)> SurrogatePairs(CodePointSet set)
    {
        var lows = new SortedDictionary<int, StringBuilder>();
        foreach (var (first, last) in set.Ranges.Where(range => range.Last >= FirstSupplementary))
        {
            var from = Math.Max(first, FirstSupplementary);
            for (var block = from & ~0x3FF; block <= last; block += 0x400)
            {
                var high = 0xD800 + ((block - FirstSupplementary) >> 10);
                var low = lows.TryGetValue(high, out var known) ? known : lows[high] = new StringBuilder();
                AppendRange(low, 0xDC00 + (Math.Max(from, block) & 0x3FF), 0xDC00 + (Math.Min(last, block + 0x3FF) & 0x3FF));
            }
        }

        return
        [
            .. lows.GroupBy(pair => pair.Value.ToString(), pair => pair.Key).Select(group =>
            {
                var high = UnitRanges(group);
                return (high, group.Key);
            }),
        ];
    }

    private static string UnitRanges(IEnumerable<int> ascending)
    {
        var text = new StringBuilder();
        int? first = null;
        var last = 0;
        foreach (var unit in ascending)
        {
            if (first is { } start && unit != last + 1)
            {
                AppendRange(text, start, last);
                first = unit;
            }

            first ??= unit;
            last = unit;
        }

        AppendRange(text, first!.Value, last);
        return text.ToString();
    }

    private static void AppendCharacters(StringBuilder text, int codePoint)
    {
        foreach (var unit in char.ConvertFromUtf32(codePoint))
        {
            if (char.IsAsciiLetterOrDigit(unit))
            {
                text.Append(unit);
            }
            else
            {
                text.Append(CultureInfo.InvariantCulture, $"\\u{(int)unit:X4}");
            }
        }
    }

    private static void AppendRange(StringBuilder text, int first, int last) =>
        text.Append(CultureInfo.InvariantCulture, $"\\u{first:X4}").Append(last == first ? "" : string.Create(CultureInfo.InvariantCulture, $"-\\u{last:X4}"));
}
