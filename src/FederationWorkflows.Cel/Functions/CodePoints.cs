namespace FederationWorkflows.Cel.Functions;

/// <summary>Text counted in Unicode code points, as the language does, over UTF-16, as .NET has it.</summary>
internal static class CodePoints
{
    public static int Count(ReadOnlySpan<char> text)
    {
        var count = text.Length;
        var from = text.IndexOfAnyInRange('\ud800', '\udbff');
        for (var i = from < 0 ? text.Length : from; i + 1 < text.Length; i++)
        {
            if (char.IsSurrogatePair(text[i], text[i + 1]))
            {
                count--;
                i++;
            }
        }

        return count;
    }

    /// <summary>Where in UTF-16 a code point begins; the text's length for the one behind the last, -1 beyond it.</summary>
    public static int Offset(string text, long index)
    {
        if (index < 0)
        {
            return -1;
        }

        if (!HasPairs(text))
        {
            return index <= text.Length ? (int)index : -1;
        }

        var at = 0;
        while (index > 0 && at < text.Length)
        {
            at += at + 1 < text.Length && char.IsSurrogatePair(text[at], text[at + 1]) ? 2 : 1;
            index--;
        }

        return index == 0 ? at : -1;
    }

    /// <summary>Each code point as a text of its own; a surrogate without its other half stands for itself.</summary>
    public static IEnumerable<string> Split(string text)
    {
        for (var i = 0; i < text.Length; i++)
        {
            var length = i + 1 < text.Length && char.IsSurrogatePair(text[i], text[i + 1]) ? 2 : 1;
            yield return text.Substring(i, length);
            i += length - 1;
        }
    }

    /// <summary>The code points in the opposite order.</summary>
    public static string Reverse(string text) => string.Create(text.Length, text, static (result, text) =>
    {
        for (var i = 0; i < text.Length; i++)
        {
            var last = text.Length - 1 - i;
            if (i + 1 < text.Length && char.IsSurrogatePair(text[i], text[i + 1]))
            {
                (result[last - 1], result[last]) = (text[i], text[i + 1]);
                i++;
            }
            else
            {
                result[last] = text[i];
            }
        }
    });

    private static bool HasPairs(string text) => text.AsSpan().ContainsAnyInRange('\ud800', '\udbff');
}
