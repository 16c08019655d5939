namespace FederationWorkflows.Cel;

/// <summary>.NET strings can hold half of a surrogate pair, which is no Unicode text.</summary>
internal static class UnicodeText
{
    /// <summary>Where the first half stands that has no other beside it; -1 when the text is well-formed.</summary>
    public static int FindHalfPair(ReadOnlySpan<char> text)
    {
        for (var i = 0; i < text.Length; i++)
        {
            var next = text[i..].IndexOfAnyInRange('\uD800', '\uDFFF');
            if (next < 0)
            {
                return -1;
            }

            i += next;
            if (i + 1 == text.Length || !char.IsSurrogatePair(text[i], text[i + 1]))
            {
                return i;
            }

            i++;
        }

        return -1;
    }
}
