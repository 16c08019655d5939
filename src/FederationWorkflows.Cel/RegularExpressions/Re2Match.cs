namespace FederationWorkflows.Cel.RegularExpressions;

/// <summary>Where a pattern matched, in UTF-16 units of the text.</summary>
/// <param name="text">The text searched.</param>
/// <param name="slots">The start and end of the match and of each group, -1 for a group that took no part.</param>
/// <param name="lookAhead">How much text behind the match was read to be sure of it.</param>
internal sealed class Re2Match(string text, int[] slots, int lookAhead)
{
    /// <summary>How much text behind the match was read to be sure of it: a search that goes on at its end reads that again.</summary>
    public int LookAhead => lookAhead;

    public int Index => slots[0];

    public int Length => slots[1] - slots[0];

    /// <summary>Where the whole match (0) or a group is, or null for a group that took no part.</summary>
    public (int Index, int Length)? Place(int group) =>
        slots[2 * group] < 0 || slots[(2 * group) + 1] < 0 ? null : (slots[2 * group], slots[(2 * group) + 1] - slots[2 * group]);

    /// <summary>The text of the whole match (0) or of a group, or null for a group that took no part.</summary>
    public string? this[int group] => Place(group) is var (index, length) ? text.Substring(index, length) : null;
}
