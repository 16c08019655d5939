using System.Text;

namespace FederationWorkflows.Cel;

/// <summary>Turns places in an expression's text into what people look for.</summary>
internal static class SourceText
{
    private const int ExcerptWidth = 100;

    public static (int Line, int Column, string Excerpt) Locate(string text, int position)
    {
        position = Math.Clamp(position, 0, text.Length);
        var before = text.AsSpan(0, position);
        var line = before.Count('\n') + 1;
        var start = before.LastIndexOf('\n') + 1;
        var end = text.AsSpan(position).IndexOfAny('\r', '\n');
        end = end < 0 ? text.Length : position + end;

        // A long line is cut around the place; the caret counts code points, as the column does.
        var from = Math.Max(start, position - (ExcerptWidth / 2));
        var to = Math.Min(end, from + ExcerptWidth);
        var shown = text[from..to].Replace('\t', ' ');
        var caret = CodePoints(text.AsSpan(from, position - from));
        var excerpt = new StringBuilder("  | ").Append(from > start ? "..." : "").Append(shown).Append(to < end ? "..." : "")
            .Append("\n  | ").Append(' ', caret + (from > start ? 3 : 0)).Append('^');
        return (line, CodePoints(text.AsSpan(start, position - start)) + 1, excerpt.ToString());
    }

    private static int CodePoints(ReadOnlySpan<char> text)
    {
        var count = 0;
        foreach (var _ in text.EnumerateRunes())
        {
            count++;
        }

        return count;
    }
}
