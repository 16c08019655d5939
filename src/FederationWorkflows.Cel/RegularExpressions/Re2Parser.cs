namespace FederationWorkflows.Cel.RegularExpressions;

/// <summary>Reads RE2's syntax ("RE2 regular expression syntax reference"), in its Perl-like form that RE2 itself and Go's regexp take by default.</summary>
internal sealed class Re2Parser(string pattern)
{
    private readonly HashSet<string> names = new(StringComparer.Ordinal);
    private readonly Re2Classes classes = new(pattern);
    private Flags flags;
    private int at;
    private int groups;
    private int depth;
    private bool asksForWords;

    [System.Flags]
    private enum Flags
    {
        None = 0,
        IgnoreCase = 1,
        MultipleLines = 2,
        DotTakesNewline = 4,
        PreferFewer = 8,
    }

    public Re2Syntax Parse()
    {
        if (UnicodeText.FindHalfPair(pattern) is var half and >= 0)
        {
            throw Error("the pattern is not well-formed Unicode text", half);
        }

        var node = ParseBranches();
        if (at < pattern.Length)
        {
            throw Error("there is no '(' for this ')'; write '\\)' for the character", at);
        }

        Re2Limits.CheckRepetitions(node);
        return new Re2Syntax(node, groups, asksForWords);
    }

    private static Re2PatternException Error(string message, int position) => new(message, position);

    private Re2Node ParseBranches()
    {
        var branches = new List<Re2Node> { ParseSequence() };
        while (at < pattern.Length && pattern[at] == '|')
        {
            at++;
            branches.Add(ParseSequence());
        }

        return branches is [var only] ? only : new Re2Alternation(branches);
    }

    private Re2Node ParseSequence()
    {
        var parts = new List<Re2Node>();
        var repeated = -1;
        while (at < pattern.Length && pattern[at] is not ('|' or ')'))
        {
            var start = at;
            if (TryReadRepetition(out var minimum, out var maximum))
            {
                Repeat(parts, start, repeated, minimum, maximum);
                repeated = start;
                continue;
            }

            repeated = -1;
            switch (pattern[at])
            {
                case '(':
                    ParseParenthesis(parts);
                    break;
                case '\\':
                    ParseBackslash(parts);
                    break;
                case '[':
                    parts.Add(Set(classes.ReadBrackets(ref at, Has(Flags.IgnoreCase))));
                    break;
                case '.':
                    at++;
                    parts.Add(Set(Has(Flags.DotTakesNewline) ? CodePointSet.Of(0, CodePointSet.Maximum) : CodePointSet.Of('\n').Complement()));
                    break;
                case '^':
                    at++;
                    parts.Add(new Re2Assertion(Has(Flags.MultipleLines) ? Re2Place.LineStart : Re2Place.TextStart));
                    break;
                case '$':
                    at++;
                    parts.Add(new Re2Assertion(Has(Flags.MultipleLines) ? Re2Place.LineEnd : Re2Place.TextEnd));
                    break;
                default:
                    parts.Add(Literal(classes.ReadCodePoint(ref at)));
                    break;
            }
        }

        return parts is [var only] ? only : new Re2Sequence(parts);
    }

    private void Repeat(List<Re2Node> parts, int start, int repeated, int minimum, int? maximum)
    {
        var fewer = Has(Flags.PreferFewer);
        if (at < pattern.Length && pattern[at] == '?')
        {
            at++;
            fewer = !fewer;
        }

        if (repeated >= 0)
        {
            throw Error($"'{pattern[repeated..at]}' repeats a repetition, which is no possessive or nested one in RE2; put what is repeated into (?:...)", start);
        }

        if (parts.Count == 0)
        {
            throw Error($"'{pattern[start..at]}' has nothing before it to repeat; write '\\{pattern[start]}' for the character", start);
        }

        var node = new Re2Repetition(parts[^1], minimum, maximum, !fewer);
        parts[^1] = node.Height <= Re2Pattern.MaximumDepth ? node : throw TooDeep(start);
    }

    private bool TryReadRepetition(out int minimum, out int? maximum)
    {
        (minimum, maximum) = (0, null);
        switch (pattern[at])
        {
            case '*':
                at++;
                return true;
            case '+':
                minimum = 1;
                at++;
                return true;
            case '?':
                maximum = 1;
                at++;
                return true;
            case '{':
                return TryReadCounts(out minimum, out maximum);
            default:
                return false;
        }
    }

    /// <summary>Reads {n}, {n,} or {n,m}; anything else in braces is text, as in RE2.</summary>
    private bool TryReadCounts(out int minimum, out int? maximum)
    {
        maximum = null;
        var end = at + 1;
        if (!TryReadCount(ref end, out minimum))
        {
            return false;
        }

        maximum = minimum;
        if (end < pattern.Length && pattern[end] == ',')
        {
            end++;
            maximum = TryReadCount(ref end, out var bound) ? bound : null;
        }

        if (end >= pattern.Length || pattern[end] != '}')
        {
            return false;
        }

        if (minimum > Re2Pattern.MaximumRepetition || maximum > Re2Pattern.MaximumRepetition)
        {
            throw Error($"'{pattern[at..(end + 1)]}' repeats more than {Re2Pattern.MaximumRepetition} times, RE2's limit", at);
        }

        if (maximum < minimum)
        {
            throw Error($"'{pattern[at..(end + 1)]}' has a maximum below its minimum", at);
        }

        at = end + 1;
        return true;
    }

    private bool TryReadCount(ref int next, out int count)
    {
        var start = next;
        long value = 0;
        while (next < pattern.Length && char.IsAsciiDigit(pattern[next]))
        {
            // Beyond the limit the exact number does not matter.
            value = Math.Min((value * 10) + (pattern[next++] - '0'), int.MaxValue);
        }

        count = (int)value;
        return next > start && (next == start + 1 || pattern[start] != '0');
    }

    private void ParseParenthesis(List<Re2Node> parts)
    {
        var start = at;
        var outer = flags;
        var number = 0;
        if (!pattern.AsSpan(at).StartsWith("(?"))
        {
            at++;
            number = NextGroup(start);
        }
        else if (pattern.AsSpan(at).StartsWith("(?P<") || (pattern.AsSpan(at).StartsWith("(?<") && !IsLookBehind(at)))
        {
            ReadGroupName();
            number = NextGroup(start);
        }
        else if (!ReadFlags())
        {
            return;
        }

        if (++depth > Re2Pattern.MaximumDepth)
        {
            throw TooDeep(start);
        }

        var body = ParseBranches();
        depth--;
        if (at >= pattern.Length)
        {
            throw Error("there is no ')' for this '('; write '\\(' for the character", start);
        }

        at++;
        flags = outer;
        var node = number > 0 ? new Re2Group(number, body) : body;
        parts.Add(node.Height <= Re2Pattern.MaximumDepth ? node : throw TooDeep(start));
    }

    private bool IsLookBehind(int start) => start + 3 < pattern.Length && pattern[start + 3] is '=' or '!';

    private int NextGroup(int start) => ++groups <= Re2Pattern.MaximumGroups
        ? groups
        : throw Error($"the pattern has more than {Re2Pattern.MaximumGroups} capturing groups; write (?:...) where the text is not needed", start);

    private void ReadGroupName()
    {
        var start = at;
        var open = pattern.IndexOf('<', at);
        var close = pattern.IndexOf('>', at);
        if (close < 0)
        {
            throw Error("the name of this group has no '>' at its end", start);
        }

        var name = pattern[(open + 1)..close];
        if (name.Length == 0 || !name.All(c => char.IsAsciiLetterOrDigit(c) || c == '_'))
        {
            throw Error($"'{name}' is no name for a group: letters, digits and _ make one", open + 1);
        }

        if (!names.Add(name))
        {
            throw Error($"two groups are named '{name}'", open + 1);
        }

        at = close + 1;
    }

    /// <summary>Reads (?flags) and (?flags:.</summary>
    /// <returns>True when a group follows; false when the flags hold from here to the end of the group around them.</returns>
    private bool ReadFlags()
    {
        var start = at;
        at += 2;
        var changed = flags;
        var (off, named) = (false, false);
        while (at < pattern.Length)
        {
            var c = pattern[at++];
            var flag = c switch { 'i' => Flags.IgnoreCase, 'm' => Flags.MultipleLines, 's' => Flags.DotTakesNewline, 'U' => Flags.PreferFewer, _ => Flags.None };
            if (flag != Flags.None)
            {
                named = true;
                changed = off ? changed & ~flag : changed | flag;
            }
            else if (c == '-' && !off)
            {
                (off, named) = (true, false);
            }
            else if (c is ':' or ')' && (!off || named))
            {
                flags = changed;
                return c == ':';
            }
            else
            {
                break;
            }
        }

        throw Error(Re2Refusals.OfGroup(pattern[start..Math.Min(pattern.Length, start + 4)]), start);
    }

    private void ParseBackslash(List<Re2Node> parts)
    {
        var start = at;
        var next = start + 1 < pattern.Length ? pattern[start + 1] : '\0';
        switch (next)
        {
            case 'A':
                parts.Add(new Re2Assertion(Re2Place.TextStart));
                break;
            case 'z':
                parts.Add(new Re2Assertion(Re2Place.TextEnd));
                break;
            case 'b':
                asksForWords = true;
                parts.Add(new Re2Assertion(Re2Place.WordBoundary));
                break;
            case 'B':
                asksForWords = true;
                parts.Add(new Re2Assertion(Re2Place.NoWordBoundary));
                break;
            case 'Q':
                ReadQuoted(parts);
                return;
            case 'C':
                throw Error("\\C, a single byte, cannot be had: text is matched by code points; write (?s:.) for any one of them", start);
            case 'Z' or 'G':
                throw Error($"\\{next} is not in RE2; write \\z for the end of the text and \\A for its start", start);
            default:
                parts.Add(classes.TryReadClassEscape(ref at, Has(Flags.IgnoreCase)) is { } set ? Set(set) : Literal(classes.ReadEscape(ref at)));
                return;
        }

        at += 2;
    }

    private void ReadQuoted(List<Re2Node> parts)
    {
        at += 2;
        var end = pattern.IndexOf("\\E", at, StringComparison.Ordinal);
        var last = end < 0 ? pattern.Length : end;
        while (at < last)
        {
            parts.Add(Literal(classes.ReadCodePoint(ref at)));
        }

        at = end < 0 ? last : end + 2;
    }

    private bool Has(Flags flag) => (flags & flag) != 0;

    private static Re2Set Set(CodePointSet codePoints) => new(codePoints);

    private Re2Set Literal(int codePoint)
    {
        var set = CodePointSet.Of(codePoint);
        if (Has(Flags.IgnoreCase))
        {
            CaseFolding.Close(set);
        }

        return new Re2Set(set);
    }

    private static Re2PatternException TooDeep(int start) => Error($"groups and repetitions are nested deeper than {Re2Pattern.MaximumDepth}", start);
}
