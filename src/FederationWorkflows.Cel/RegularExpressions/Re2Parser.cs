namespace FederationWorkflows.Cel.RegularExpressions;

/// <summary>Reads RE2's syntax ("RE2 regular expression syntax reference"), in its Perl-like form that RE2 itself and Go's regexp take by default.</summary>
internal sealed class Re2Parser(string pattern)
{
    private readonly HashSet<string> _names = new(StringComparer.Ordinal);
    private readonly Re2Classes _classes = new(pattern);
    private Flags _flags;
    private int _at;
    private int _groups;
    private int _depth;
    private bool _asksForWords;

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
        for (var i = 0; i < pattern.Length; i++)
        {
            if (char.IsSurrogate(pattern[i]) && (i + 1 == pattern.Length || !char.IsSurrogatePair(pattern[i], pattern[++i])))
            {
                throw Error("the pattern is not well-formed Unicode text", i);
            }
        }

        var node = ParseBranches();
        if (_at < pattern.Length)
        {
            throw Error("there is no '(' for this ')'; write '\\)' for the character", _at);
        }

        Re2Limits.CheckRepetitions(node);
        return new Re2Syntax(node, _groups, _asksForWords);
    }

    private static Re2PatternException Error(string message, int position) => new(message, position);

    private Re2Node ParseBranches()
    {
        var branches = new List<Re2Node> { ParseSequence() };
        while (_at < pattern.Length && pattern[_at] == '|')
        {
            _at++;
            branches.Add(ParseSequence());
        }

        return branches is [var only] ? only : new Re2Alternation(branches);
    }

    private Re2Node ParseSequence()
    {
        var parts = new List<Re2Node>();
        var repeated = -1;
        while (_at < pattern.Length && pattern[_at] is not ('|' or ')'))
        {
            var start = _at;
            if (TryReadRepetition(out var minimum, out var maximum))
            {
                Repeat(parts, start, repeated, minimum, maximum);
                repeated = start;
                continue;
            }

            repeated = -1;
            switch (pattern[_at])
            {
                case '(':
                    ParseParenthesis(parts);
                    break;
                case '\\':
                    ParseBackslash(parts);
                    break;
                case '[':
                    parts.Add(Set(_classes.ReadBrackets(ref _at, Has(Flags.IgnoreCase))));
                    break;
                case '.':
                    _at++;
                    parts.Add(Set(Has(Flags.DotTakesNewline) ? CodePointSet.Of(0, CodePointSet.Maximum) : CodePointSet.Of('\n').Complement()));
                    break;
                case '^':
                    _at++;
                    parts.Add(new Re2Assertion(Has(Flags.MultipleLines) ? Re2Place.LineStart : Re2Place.TextStart));
                    break;
                case '$':
                    _at++;
                    parts.Add(new Re2Assertion(Has(Flags.MultipleLines) ? Re2Place.LineEnd : Re2Place.TextEnd));
                    break;
                default:
                    parts.Add(Literal(_classes.ReadCodePoint(ref _at)));
                    break;
            }
        }

        return parts is [var only] ? only : new Re2Sequence(parts);
    }

    private void Repeat(List<Re2Node> parts, int start, int repeated, int minimum, int? maximum)
    {
        var fewer = Has(Flags.PreferFewer);
        if (_at < pattern.Length && pattern[_at] == '?')
        {
            _at++;
            fewer = !fewer;
        }

        if (repeated >= 0)
        {
            throw Error($"'{pattern[repeated.._at]}' repeats a repetition, which is no possessive or nested one in RE2; put what is repeated into (?:...)", start);
        }

        if (parts.Count == 0)
        {
            throw Error($"'{pattern[start.._at]}' has nothing before it to repeat; write '\\{pattern[start]}' for the character", start);
        }

        var node = new Re2Repetition(parts[^1], minimum, maximum, !fewer);
        parts[^1] = node.Height <= Re2Pattern.MaximumDepth ? node : throw TooDeep(start);
    }

    private bool TryReadRepetition(out int minimum, out int? maximum)
    {
        (minimum, maximum) = (0, null);
        switch (pattern[_at])
        {
            case '*':
                _at++;
                return true;
            case '+':
                minimum = 1;
                _at++;
                return true;
            case '?':
                maximum = 1;
                _at++;
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
        var at = _at + 1;
        if (!TryReadCount(ref at, out minimum))
        {
            return false;
        }

        maximum = minimum;
        if (at < pattern.Length && pattern[at] == ',')
        {
            at++;
            maximum = TryReadCount(ref at, out var bound) ? bound : null;
        }

        if (at >= pattern.Length || pattern[at] != '}')
        {
            return false;
        }

        if (minimum > Re2Pattern.MaximumRepetition || maximum > Re2Pattern.MaximumRepetition)
        {
            throw Error($"'{pattern[_at..(at + 1)]}' repeats more than {Re2Pattern.MaximumRepetition} times, RE2's limit", _at);
        }

        if (maximum < minimum)
        {
            throw Error($"'{pattern[_at..(at + 1)]}' has a maximum below its minimum", _at);
        }

        _at = at + 1;
        return true;
    }

    private bool TryReadCount(ref int at, out int count)
    {
        var start = at;
        long value = 0;
        while (at < pattern.Length && char.IsAsciiDigit(pattern[at]))
        {
            // Beyond the limit the exact number does not matter.
            value = Math.Min((value * 10) + (pattern[at++] - '0'), int.MaxValue);
        }

        count = (int)value;
        return at > start && (at == start + 1 || pattern[start] != '0');
    }

    private void ParseParenthesis(List<Re2Node> parts)
    {
        var start = _at;
        var outer = _flags;
        var number = 0;
        if (!pattern.AsSpan(_at).StartsWith("(?"))
        {
            _at++;
            number = NextGroup(start);
        }
        else if (pattern.AsSpan(_at).StartsWith("(?P<") || (pattern.AsSpan(_at).StartsWith("(?<") && !IsLookBehind(_at)))
        {
            ReadGroupName();
            number = NextGroup(start);
        }
        else if (!ReadFlags())
        {
            return;
        }

        if (++_depth > Re2Pattern.MaximumDepth)
        {
            throw TooDeep(start);
        }

        var body = ParseBranches();
        _depth--;
        if (_at >= pattern.Length)
        {
            throw Error("there is no ')' for this '('; write '\\(' for the character", start);
        }

        _at++;
        _flags = outer;
        var node = number > 0 ? new Re2Group(number, body) : body;
        parts.Add(node.Height <= Re2Pattern.MaximumDepth ? node : throw TooDeep(start));
    }

    private bool IsLookBehind(int at) => at + 3 < pattern.Length && pattern[at + 3] is '=' or '!';

    private int NextGroup(int start) => ++_groups <= Re2Pattern.MaximumGroups
        ? _groups
        : throw Error($"the pattern has more than {Re2Pattern.MaximumGroups} capturing groups; write (?:...) where the text is not needed", start);

    private void ReadGroupName()
    {
        var start = _at;
        var open = pattern.IndexOf('<', _at);
        var close = pattern.IndexOf('>', _at);
        if (close < 0)
        {
            throw Error("the name of this group has no '>' at its end", start);
        }

        var name = pattern[(open + 1)..close];
        if (name.Length == 0 || !name.All(c => char.IsAsciiLetterOrDigit(c) || c == '_'))
        {
            throw Error($"'{name}' is no name for a group: letters, digits and _ make one", open + 1);
        }

        if (!_names.Add(name))
        {
            throw Error($"two groups are named '{name}'", open + 1);
        }

        _at = close + 1;
    }

    /// <summary>Reads (?flags) and (?flags:.</summary>
    /// <returns>True when a group follows; false when the flags hold from here to the end of the group around them.</returns>
    private bool ReadFlags()
    {
        var start = _at;
        _at += 2;
        var flags = _flags;
        var (off, named) = (false, false);
        while (_at < pattern.Length)
        {
            var c = pattern[_at++];
            var flag = c switch { 'i' => Flags.IgnoreCase, 'm' => Flags.MultipleLines, 's' => Flags.DotTakesNewline, 'U' => Flags.PreferFewer, _ => Flags.None };
            if (flag != Flags.None)
            {
                named = true;
                flags = off ? flags & ~flag : flags | flag;
            }
            else if (c == '-' && !off)
            {
                (off, named) = (true, false);
            }
            else if (c is ':' or ')' && (!off || named))
            {
                _flags = flags;
                return c == ':';
            }
            else
            {
                break;
            }
        }

        throw Error(WhyNot(pattern[start..Math.Min(pattern.Length, start + 4)]), start);
    }

    private static string WhyNot(string opening) => opening switch
    {
        ['(', '?', '=' or '!', ..] or ['(', '?', '<', ..] =>
            "look-ahead and look-behind are not in RE2, since they cannot be matched in linear time; test for the surrounding text with a second expression",
        ['(', '?', '>', ..] => "atomic groups are not in RE2, which never backtracks; write (?:...)",
        ['(', '?', 'P', '=', ..] => "back-references are not in RE2, since they cannot be matched in linear time; extract the text and compare it",
        ['(', '?', '#', ..] => "comments are not in RE2; leave them out",
        ['(', '?', '|', ..] => "groups that share numbers are not in RE2; write (?:...)",
        ['(', '?', '(', ..] => "conditional groups are not in RE2; write the alternatives out with |",
        _ => $"'{opening}' opens no group that RE2 knows: (...), (?:...), (?P<name>...), (?<name>...) and the flags i, m, s and U do",
    };

    private void ParseBackslash(List<Re2Node> parts)
    {
        var start = _at;
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
                _asksForWords = true;
                parts.Add(new Re2Assertion(Re2Place.WordBoundary));
                break;
            case 'B':
                _asksForWords = true;
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
                parts.Add(_classes.TryReadClassEscape(ref _at, Has(Flags.IgnoreCase)) is { } set ? Set(set) : Literal(_classes.ReadEscape(ref _at)));
                return;
        }

        _at += 2;
    }

    private void ReadQuoted(List<Re2Node> parts)
    {
        _at += 2;
        var end = pattern.IndexOf("\\E", _at, StringComparison.Ordinal);
        var last = end < 0 ? pattern.Length : end;
        while (_at < last)
        {
            parts.Add(Literal(_classes.ReadCodePoint(ref _at)));
        }

        _at = end < 0 ? last : end + 2;
    }

    private bool Has(Flags flag) => (_flags & flag) != 0;

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
