using System.Text;
using System.Text.RegularExpressions;

namespace FederationWorkflows.Cel.RegularExpressions;

/// <summary>
/// A regular expression with the syntax and meaning of RE2 (RE2 wiki, "Syntax"), matched in time linear in the text. Safe to share between threads.
/// </summary>
/// <remarks>
/// Two engines answer. Whether a text matches is asked of .NET's non-backtracking automaton, with the pattern written anew for it. Where a match begins
/// and what its groups hold comes from <see cref="Re2Machine"/>: on .NET 10 the automaton finds the wrong place for patterns such as <c>a?0</c>
/// (dotnet/runtime pull request 130176), though it is right about there being one. Word boundaries are ASCII in RE2 and Unicode in .NET, so a pattern
/// that has one is matched in text outside ASCII by the machine too.
/// </remarks>
internal sealed class Re2Pattern
{
    /// <summary>The longest pattern taken, in UTF-16 units.</summary>
    public const int MaximumLength = 4096;

    /// <summary>The most capturing groups.</summary>
    public const int MaximumGroups = 100;

    /// <summary>The highest bound of a counted repetition, and of the product of nested ones: RE2's own limit.</summary>
    public const int MaximumRepetition = 1000;

    /// <summary>How deep groups and repetitions may be nested.</summary>
    public const int MaximumDepth = 200;

    /// <summary>The most steps of the automaton once counted repetitions are written out; matching costs at most this much for each character.</summary>
    public const int MaximumSize = 5000;

    private readonly Regex automaton;
    private readonly Lazy<Re2Machine> machine;
    private readonly bool asksForWords;

    private Re2Pattern(Regex automaton, Re2Syntax syntax, int size)
    {
        this.automaton = automaton;
        asksForWords = syntax.AsksForWordBoundaries;
        machine = new Lazy<Re2Machine>(() => new Re2Machine(syntax));
        GroupCount = syntax.GroupCount;
        Size = size;
    }

    /// <summary>How many capturing groups the pattern has; they are numbered from 1, from the left, whether named or not.</summary>
    public int GroupCount { get; }

    /// <summary>The steps of the automaton: finding a match costs at most so many for each character.</summary>
    public int Size { get; }

    /// <summary>Reads a pattern.</summary>
    /// <exception cref="Re2PatternException">The pattern is not RE2's, or is beyond a limit.</exception>
    public static Re2Pattern Compile(string pattern)
    {
        if (pattern.Length > MaximumLength)
        {
            throw new Re2PatternException($"the pattern has {pattern.Length} characters, and {MaximumLength} is the limit", MaximumLength);
        }

        var syntax = new Re2Parser(pattern).Parse();
        var (translated, size) = Re2Translator.Translate(syntax.Root);
        try
        {
            return new Re2Pattern(new Regex(translated, RegexOptions.NonBacktracking | RegexOptions.CultureInvariant), syntax, size);
        }
        catch (NotSupportedException)
        {
            throw new Re2PatternException("the pattern is too large to be matched in linear time; shorten it or lower its repetition counts", 0);
        }
    }

    /// <summary>Whether the pattern matches anywhere in the text.</summary>
    public bool IsMatch(string text) => asksForWords && !Ascii.IsValid(text) ? Find(text) is not null : automaton.IsMatch(text);

    /// <summary>The first match at or after <paramref name="start"/>, or null. Of several that begin at one place it is the one that Perl would find.</summary>
    public Re2Match? Find(string text, int start = 0) => Re2Machine.Find(machine.Value.Begin(text), start);

    /// <summary>All matches that do not overlap, from the left. As in RE2 and Go an empty one that touches the match before it is left out.</summary>
    public IEnumerable<Re2Match> FindAll(string text)
    {
        var (start, previous) = (0, -1);
        var run = machine.Value.Begin(text);
        while (start <= text.Length && Re2Machine.Find(run, start) is { } match)
        {
            var end = match.Index + match.Length;
            if (match.Length > 0 || match.Index != previous)
            {
                yield return match;
            }

            previous = end;
            start = match.Length > 0 ? end : end + (end + 1 < text.Length && char.IsSurrogatePair(text[end], text[end + 1]) ? 2 : 1);
        }
    }
}
