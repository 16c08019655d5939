using System.Collections.Frozen;
using System.Globalization;
using System.Text;

namespace FederationWorkflows.Cel.RegularExpressions;

/// <summary>Reads the parts of a pattern that stand for code points: characters, escapes and character classes.</summary>
internal sealed class Re2Classes(string pattern)
{
    // Perl's and POSIX's classes are ASCII in RE2; \s leaves out the vertical tab.
    private static readonly FrozenDictionary<string, (int First, int Last)[]> Posix = new Dictionary<string, (int, int)[]>
    {
        ["alnum"] = [('0', '9'), ('A', 'Z'), ('a', 'z')],
        ["alpha"] = [('A', 'Z'), ('a', 'z')],
        ["ascii"] = [(0, 0x7F)],
        ["blank"] = [('\t', '\t'), (' ', ' ')],
        ["cntrl"] = [(0, 0x1F), (0x7F, 0x7F)],
        ["digit"] = [('0', '9')],
        ["graph"] = [('!', '~')],
        ["lower"] = [('a', 'z')],
        ["print"] = [(' ', '~')],
        ["punct"] = [('!', '/'), (':', '@'), ('[', '`'), ('{', '~')],
        ["space"] = [('\t', '\r'), (' ', ' ')],
        ["upper"] = [('A', 'Z')],
        ["word"] = [('0', '9'), ('A', 'Z'), ('_', '_'), ('a', 'z')],
        ["xdigit"] = [('0', '9'), ('A', 'F'), ('a', 'f')],
    }.ToFrozenDictionary(StringComparer.Ordinal);

    private static readonly (int, int)[] PerlSpace = [('\t', '\n'), ('\f', '\r'), (' ', ' ')];

    public int ReadCodePoint(ref int at)
    {
        var codePoint = char.ConvertToUtf32(pattern, at);
        at += codePoint > char.MaxValue ? 2 : 1;
        return codePoint;
    }

    /// <summary>Reads an escape that is one code point: \n, \x41, \x{10FFFF}, \123, \*.</summary>
    public int ReadEscape(ref int at)
    {
        var start = at;
        if (at + 1 >= pattern.Length)
        {
            throw new Re2PatternException("the pattern ends with a lone backslash; write '\\\\' for the character", start);
        }

        var c = pattern[at + 1];
        at += 2;
        switch (c)
        {
            case 'a':
                return '\a';
            case 'f':
                return '\f';
            case 'n':
                return '\n';
            case 'r':
                return '\r';
            case 't':
                return '\t';
            case 'v':
                return '\v';
            case 'x':
                return ReadHexadecimal(ref at, start);
            case '0':
                return ReadOctal(ref at, 0);
            case >= '1' and <= '7' when at < pattern.Length && pattern[at] is >= '0' and <= '7':
                return ReadOctal(ref at, c - '0');
            case >= '1' and <= '9':
                throw new Re2PatternException(
                    $"\\{c} is a back-reference, which is not in RE2, since it cannot be matched in linear time; extract the text and compare it", start);
            case < (char)0x80 when !char.IsAsciiLetter(c):
                return c;
            default:
                at = start + 1;
                throw new Re2PatternException($"\\{char.ConvertFromUtf32(ReadCodePoint(ref at))} is no escape in RE2; leave the backslash out for the character", start);
        }
    }

    /// <summary>Reads \d, \S, \pN, \p{Greek} and the like; null, and nothing read, when something else stands there.</summary>
    public CodePointSet? TryReadClassEscape(ref int at, bool ignoreCase)
    {
        var start = at;
        switch (at + 1 < pattern.Length ? pattern[at + 1] : '\0')
        {
            case var c and ('d' or 'D' or 's' or 'S' or 'w' or 'W'):
                at += 2;
                var ranges = c switch { 'd' or 'D' => Posix["digit"], 's' or 'S' => PerlSpace, _ => Posix["word"] };
                return Finish(ranges, char.IsAsciiLetterUpper(c), ignoreCase);

            case var c and ('p' or 'P'):
                at += 2;
                return ReadProperty(ref at, start, c == 'P', ignoreCase);

            default:
                return null;
        }
    }

    /// <summary>Reads a class in brackets.</summary>
    public CodePointSet ReadBrackets(ref int at, bool ignoreCase)
    {
        var start = at++;
        var negated = at < pattern.Length && pattern[at] == '^';
        at += negated ? 1 : 0;
        var set = new CodePointSet();
        for (var first = true; at >= pattern.Length || pattern[at] != ']' || first; first = false)
        {
            if (at >= pattern.Length)
            {
                throw new Re2PatternException("there is no ']' for this '['; write '\\[' for the character", start);
            }

            if (TryReadPosix(ref at, ignoreCase) is { } posix)
            {
                set.Add(posix);
            }
            else if (pattern[at] == '\\' && TryReadClassEscape(ref at, ignoreCase) is { } escaped)
            {
                set.Add(escaped);
            }
            else
            {
                AddRange(set, ref at, start, ignoreCase);
            }
        }

        at++;
        return negated ? set.Complement() : set;
    }

    private static CodePointSet Finish((int First, int Last)[] ranges, bool negated, bool ignoreCase)
    {
        var set = new CodePointSet();
        foreach (var (first, last) in ranges)
        {
            set.Add(first, last);
        }

        return Finish(set, negated, ignoreCase);
    }

    private static CodePointSet Finish(CodePointSet set, bool negated, bool ignoreCase)
    {
        if (ignoreCase)
        {
            CaseFolding.Close(set);
        }

        return negated ? set.Complement() : set;
    }

    private void AddRange(CodePointSet set, ref int at, int start, bool ignoreCase)
    {
        var from = at;
        var first = ReadMember(ref at, start);
        var last = first;
        if (at + 1 < pattern.Length && pattern[at] == '-' && pattern[at + 1] != ']')
        {
            at++;
            last = ReadMember(ref at, start);
            if (last < first)
            {
                throw new Re2PatternException($"the range '{pattern[from..at]}' ends before it starts", from);
            }
        }

        set.Add(Finish([(first, last)], negated: false, ignoreCase));
    }

    private int ReadMember(ref int at, int start)
    {
        if (at >= pattern.Length)
        {
            throw new Re2PatternException("there is no ']' for this '['; write '\\[' for the character", start);
        }

        return pattern[at] == '\\' ? ReadEscape(ref at) : ReadCodePoint(ref at);
    }

    private CodePointSet? TryReadPosix(ref int at, bool ignoreCase)
    {
        if (!pattern.AsSpan(at).StartsWith("[:"))
        {
            return null;
        }

        var end = pattern.IndexOf(":]", at + 2, StringComparison.Ordinal);
        if (end < 0)
        {
            return null;
        }

        var negated = pattern[at + 2] == '^';
        var name = pattern[(at + (negated ? 3 : 2))..end];
        if (!Posix.TryGetValue(name, out var ranges))
        {
            throw new Re2PatternException($"[:{name}:] is no class: {string.Join(", ", Posix.Keys.Order(StringComparer.Ordinal))} are", at);
        }

        at = end + 2;
        return Finish(ranges, negated, ignoreCase);
    }

    private CodePointSet ReadProperty(ref int at, int start, bool negated, bool ignoreCase)
    {
        if (at >= pattern.Length)
        {
            throw new Re2PatternException("\\p needs the name of a Unicode class after it, as in \\pL or \\p{Greek}", start);
        }

        string name;
        if (pattern[at] == '{')
        {
            var end = pattern.IndexOf('}', at);
            if (end < 0)
            {
                throw new Re2PatternException("the name of this Unicode class has no '}' at its end", start);
            }

            name = pattern[(at + 1)..end];
            at = end + 1;
        }
        else
        {
            name = char.ConvertFromUtf32(ReadCodePoint(ref at));
        }

        if (name.StartsWith('^'))
        {
            (name, negated) = (name[1..], !negated);
        }

        var known = name == "Any" ? CodePointSet.Of(0, CodePointSet.Maximum) : UnicodeCategories.Find(name) ?? UnicodeScripts.Find(name);
        if (known is null)
        {
            throw new Re2PatternException(
                $"\\p{{{name}}} is not known here: general categories such as L, Lu, Nd and the scripts {string.Join(", ", UnicodeScripts.Names)} are", start);
        }

        var set = new CodePointSet();
        set.Add(known);
        return Finish(set, negated, ignoreCase);
    }

    private int ReadOctal(ref int at, int value)
    {
        for (var digits = 0; digits < 2 && at < pattern.Length && pattern[at] is >= '0' and <= '7'; digits++)
        {
            value = (value * 8) + (pattern[at++] - '0');
        }

        return value;
    }

    private int ReadHexadecimal(ref int at, int start)
    {
        var end = at + 2;
        var digits = at;
        if (at < pattern.Length && pattern[at] == '{')
        {
            digits = at + 1;
            end = pattern.IndexOf('}', at);
            at = end + 1;
        }
        else
        {
            at = end;
        }

        if (end < digits || end > pattern.Length || end - digits > 8
            || !int.TryParse(pattern.AsSpan(digits, end - digits), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var value)
            || !Rune.IsValid(value))
        {
            throw new Re2PatternException("\\x needs two hexadecimal digits, or the number of a Unicode character in braces as in \\x{1F600}", start);
        }

        return value;
    }
}
