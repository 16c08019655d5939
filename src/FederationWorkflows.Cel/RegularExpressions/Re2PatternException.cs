namespace FederationWorkflows.Cel.RegularExpressions;

/// <summary>A regular expression that RE2 would not take, or that is beyond the limits here.</summary>
/// <param name="message">What is wrong, where, and where it helps, what to write instead.</param>
/// <param name="position">Where in the pattern, in UTF-16 units from 0.</param>
internal sealed class Re2PatternException(string message, int position) : FormatException($"{message} (character {position + 1} of the pattern)")
{
    public int Position { get; } = position;
}
