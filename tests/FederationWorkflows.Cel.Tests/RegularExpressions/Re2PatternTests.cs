using FederationWorkflows.Cel.RegularExpressions;

namespace FederationWorkflows.Cel.Tests.RegularExpressions;

public sealed class Re2PatternTests
{
    private const string Grin = "\U0001F600";

    // What RE2 finds: the text of the match, or null for none. A leading and trailing part shows where it begins and ends.
    [Theory]
    [InlineData("a+", "caaat", "aaa")]
    [InlineData("a+?", "caaat", "a")]
    [InlineData("(?U)a+", "caaat", "a")]
    [InlineData("(?U)a+?", "caaat", "aaa")]
    [InlineData("(?U:a+)a+", "caaat", "aaa")]
    [InlineData("a{2}", "aaaaa", "aa")]
    [InlineData("a{2,}", "aaaaa", "aaaaa")]
    [InlineData("a{1,3}?", "aaaaa", "a")]
    [InlineData("a{,2}", "a{,2}", "a{,2}")]
    [InlineData("a{", "a{", "a{")]
    [InlineData("a{01}", "a{01}", "a{01}")]
    [InlineData("a|ab", "ab", "a")]
    [InlineData("(?:a|ab)(?:c|bcd)", "abcd", "abcd")]
    [InlineData("(?:ab|a)(?:c|bcd)", "abcd", "abc")]
    [InlineData("|a", "a", "")]
    [InlineData("a||b", "b", "")]
    [InlineData("(|a)*", "aa", "")]
    [InlineData("(?:)", "x", "")]
    [InlineData("()", "x", "")]
    [InlineData("", "x", "")]
    public void The_first_match_that_the_alternatives_prefer_is_found(string pattern, string text, string? expected) => Find(pattern, text).ShouldBe(expected);

    [Theory]
    [InlineData("a$", "a\n", null)]
    [InlineData("a$", "ba", "a")]
    [InlineData("(?m)a$", "a\nb", "a")]
    [InlineData("(?m)^b", "a\nb", "b")]
    [InlineData("^b", "a\nb", null)]
    [InlineData("(?m)$^", "", "")]
    [InlineData(@"\Ab\z", "b", "b")]
    [InlineData(@"(?m)\Ab", "a\nb", null)]
    [InlineData(@"(?m)a\z", "a\nb", null)]
    [InlineData("a^", "a", null)]
    [InlineData("^*a", "a", "a")]
    [InlineData("(?m-m)^b", "a\nb", null)]
    public void The_dollar_sign_is_the_very_end_unless_lines_are_asked_for(string pattern, string text, string? expected) => Find(pattern, text).ShouldBe(expected);

    [Theory]
    [InlineData(".", "\n", null)]
    [InlineData("(?s).", "\n", "\n")]
    [InlineData("(?s:.).", "\na", "\na")]
    [InlineData("(?s:.).", "\n\n", null)]
    [InlineData(".", "\r", "\r")]
    [InlineData("[^a]", "\n", "\n")]
    [InlineData(@"\x41\x{42}\103\n\t\f\r\v\a\0", "ABC\n\t\f\r\v\a\0", "ABC\n\t\f\r\v\a\0")]
    [InlineData(@"\.\*\_\-\/\ ", ".*_-/ ", ".*_-/ ")]
    [InlineData(@"\Qa.b*\E+", "a.b***", "a.b***")]
    [InlineData(@"\Qa.b", "a.b", "a.b")]
    [InlineData(@"a\Q\E*", "aaa", "aaa")]
    [InlineData(@"\Q\n\E", @"\n", @"\n")]
    [InlineData(" #", "a #", " #")]
    public void Characters_and_escapes_mean_what_RE2_says(string pattern, string text, string? expected) => Find(pattern, text).ShouldBe(expected);

    [Theory]
    [InlineData("[a-c]+", "xabcd", "abc")]
    [InlineData("[]a]+", "x]a]", "]a]")]
    [InlineData("[^]a]", "]ab", "b")]
    [InlineData("[a-]+", "x-a-", "-a-")]
    [InlineData("[-a]+", "x-a-", "-a-")]
    [InlineData("[a-c-e]+", "b-e", "b-e")]
    [InlineData("[+--]+", "x+,-.", "+,-")]
    [InlineData("[[:alpha:]]+", "1aZé", "aZ")]
    [InlineData("[[:^alpha:]]+", "a1é", "1é")]
    [InlineData("[[:word:][:space:]]+", "-a_1 \v-", "a_1 \v")]
    [InlineData("[[:alpha]+", "x[:al", "[:al")]
    [InlineData("[a[]+", "a[", "a[")]
    [InlineData(@"[\d\-x]+", "a1-x", "1-x")]
    [InlineData(@"[\D]+", "1ab2", "ab")]
    [InlineData(@"[^\D]+", "a12", "12")]
    [InlineData(@"[\x41-\x{43}\]]+", "ABC]", "ABC]")]
    [InlineData(@"[^\x00-\x{10FFFF}]", "a", null)]
    [InlineData(@"[^\x00-\x{10FFFF}]|b", "ab", "b")]
    [InlineData("[a&&b]+", "a&b", "a&b")]
    [InlineData("[a-z-[aeiou]]", "b]", "b]")]
    public void Classes_in_brackets_are_read_as_RE2_reads_them(string pattern, string text, string? expected) => Find(pattern, text).ShouldBe(expected);

    [Theory]
    [InlineData(@"\d", "٣", null)]
    [InlineData(@"\D", "٣", "٣")]
    [InlineData(@"\w", "é", null)]
    [InlineData(@"\W", "é", "é")]
    [InlineData(@"\s", "\u00A0", null)]
    [InlineData(@"\s", "\v", null)]
    [InlineData(@"[[:space:]]", "\v", "\v")]
    [InlineData(@"\bcd\b", "ab cd", "cd")]
    [InlineData(@"\bb", "ab", null)]
    [InlineData(@"\Bb", "ab", "b")]
    [InlineData(@"\pN+", "a٣Ⅷ", "٣Ⅷ")]
    [InlineData(@"\p{Lu}", "éÉ", "É")]
    [InlineData(@"\PL", "é1", "1")]
    [InlineData(@"\P{Lu}", "Éé", "é")]
    [InlineData(@"\p{^Lu}", "Éé", "é")]
    [InlineData(@"\P{^Lu}", "éÉ", "É")]
    [InlineData(@"[\pL_]+", "1é_", "é_")]
    [InlineData(@"[^\pL]+", "é12", "12")]
    [InlineData(@"\p{Greek}+", "abγδ", "γδ")]
    [InlineData(@"\P{Greek}", "γa", "a")]
    [InlineData(@"\p{Han}+", "a漢字𠀀", "漢字𠀀")]
    [InlineData(@"\p{Any}", "\n", "\n")]
    public void Classes_are_of_ASCII_unless_Unicode_is_named(string pattern, string text, string? expected) => Find(pattern, text).ShouldBe(expected);

    [Theory]
    [InlineData("^.$", Grin, Grin)]
    [InlineData("^..$", Grin, null)]
    [InlineData("[^a]", "a" + Grin, Grin)]
    [InlineData(Grin + "*x", Grin + Grin + "x", Grin + Grin + "x")]
    [InlineData(@"\x{1F600}", Grin, Grin)]
    [InlineData(@"[\x{1F5FF}-\x{1F601}]", Grin, Grin)]
    [InlineData(@"[\x{1F601}-\x{1F64F}]", Grin, null)]
    [InlineData(@"[\x{10000}-\x{10FFFF}]+", "a" + Grin + "\U00010000\U0010FFFF", Grin + "\U00010000\U0010FFFF")]
    [InlineData(@"[^\x{10000}-\x{10FFFF}]+", Grin + "ab" + Grin, "ab")]
    [InlineData("[a😀]+", "x😀a", "😀a")]
    [InlineData(@"\w|\W", Grin, Grin)]
    [InlineData(@"\p{So}", Grin, Grin)]
    public void A_code_point_above_FFFF_is_one_character(string pattern, string text, string? expected) => Find(pattern, text).ShouldBe(expected);

    [Theory]
    [InlineData("(?i)straße", "STRAßE", "STRAßE")]
    [InlineData("(?i)k", "\u212A", "\u212A")]
    [InlineData("(?i)s", "ſ", "ſ")]
    [InlineData("(?i)[a-z]+", "ſ\u212A", "ſ\u212A")]
    [InlineData("(?i)[^k]", "\u212A", null)]
    [InlineData("(?i)σ", "ς", "ς")]
    [InlineData("(?i)ǆ", "ǅ", "ǅ")]
    [InlineData("(?i)i", "İ", null)]
    [InlineData("(?i)ss", "ß", null)]
    [InlineData("(?i)\U00010400", "\U00010428", "\U00010428")]
    [InlineData("(?i)[[:lower:]]", "A", "A")]
    [InlineData(@"(?i)\p{Lu}", "a", "a")]
    [InlineData("a(?i)b", "aB", "aB")]
    [InlineData("a(?i)b", "AB", null)]
    [InlineData("a(?i:b)c", "aBc", "aBc")]
    [InlineData("a(?i:b)c", "aBC", null)]
    [InlineData("(a(?i)b)c", "aBC", null)]
    [InlineData("a(?i)b|c", "C", "C")]
    [InlineData("(?i)a(?-i)b", "Ab", "Ab")]
    [InlineData("(?i)a(?-i)b", "AB", null)]
    [InlineData("(?ims)^A.", "x\na\n", "a\n")]
    [InlineData("(?i-s:A.)", "a\n", null)]
    public void Ignoring_case_is_Unicodes_simple_folding(string pattern, string text, string? expected) => Find(pattern, text).ShouldBe(expected);

    [Theory]
    [InlineData("(a)(?P<x>b)(c)", "abc", "a,b,c")]
    [InlineData("(?<y>a)(b)(?<x>c)", "abc", "a,b,c")]
    [InlineData("(?P<1a>a)", "a", "a")]
    [InlineData("((a)|(b))+", "ab", "b,a,b")]
    [InlineData("(a)|(b)", "b", "-,b")]
    [InlineData("(a*)(a*)", "aa", "aa,")]
    [InlineData("(?:a)(b)", "ab", "b")]
    public void Groups_are_numbered_from_the_left_whether_named_or_not(string pattern, string text, string expected)
    {
        var compiled = Re2Pattern.Compile(pattern);
        var match = compiled.Find(text).ShouldNotBeNull();
        string.Join(',', Enumerable.Range(1, compiled.GroupCount).Select(group => match[group] ?? "-")).ShouldBe(expected);
    }

    [Theory]
    [InlineData("a**", "'**' repeats a repetition, which is no possessive or nested one in RE2; put what is repeated into (?:...) (character 3 of the pattern)")]
    [InlineData("a*+", "'*+' repeats a repetition, which is no possessive or nested one in RE2; put what is repeated into (?:...) (character 3 of the pattern)")]
    [InlineData("a{2}{3}", "'{2}{3}' repeats a repetition, which is no possessive or nested one in RE2; put what is repeated into (?:...) (character 5 of the pattern)")]
    [InlineData("a*??", "'*??' repeats a repetition, which is no possessive or nested one in RE2; put what is repeated into (?:...) (character 4 of the pattern)")]
    [InlineData("*a", "'*' has nothing before it to repeat; write '\\*' for the character (character 1 of the pattern)")]
    [InlineData("(+)", "'+' has nothing before it to repeat; write '\\+' for the character (character 2 of the pattern)")]
    [InlineData("a|?", "'?' has nothing before it to repeat; write '\\?' for the character (character 3 of the pattern)")]
    [InlineData("(?i)*", "'*' has nothing before it to repeat; write '\\*' for the character (character 5 of the pattern)")]
    [InlineData("a{1001}", "'{1001}' repeats more than 1000 times, RE2's limit (character 2 of the pattern)")]
    [InlineData("a{0,99999999999}", "'{0,99999999999}' repeats more than 1000 times, RE2's limit (character 2 of the pattern)")]
    [InlineData("a{3,2}", "'{3,2}' has a maximum below its minimum (character 2 of the pattern)")]
    [InlineData("(?:a{100}){11}", "nested repetitions multiply to more than 1000, RE2's limit (character 1 of the pattern)")]
    [InlineData("(a", "there is no ')' for this '('; write '\\(' for the character (character 1 of the pattern)")]
    [InlineData("a)", "there is no '(' for this ')'; write '\\)' for the character (character 2 of the pattern)")]
    [InlineData("a[b", "there is no ']' for this '['; write '\\[' for the character (character 2 of the pattern)")]
    [InlineData("[]", "there is no ']' for this '['; write '\\[' for the character (character 1 of the pattern)")]
    [InlineData("[a-", "there is no ']' for this '['; write '\\[' for the character (character 1 of the pattern)")]
    [InlineData("[z-a]", "the range 'z-a' ends before it starts (character 2 of the pattern)")]
    [InlineData(@"[a-\d]", @"\d is no escape in RE2; leave the backslash out for the character (character 4 of the pattern)")]
    [InlineData(@"[\b]", @"\b is no escape in RE2; leave the backslash out for the character (character 2 of the pattern)")]
    [InlineData(
        "[[:foo:]]",
        "[:foo:] is no class: alnum, alpha, ascii, blank, cntrl, digit, graph, lower, print, punct, space, upper, word, xdigit are (character 2 of the pattern)")]
    [InlineData("a\\", "the pattern ends with a lone backslash; write '\\\\' for the character (character 2 of the pattern)")]
    [InlineData(@"\q", @"\q is no escape in RE2; leave the backslash out for the character (character 1 of the pattern)")]
    [InlineData(@"\é", @"\é is no escape in RE2; leave the backslash out for the character (character 1 of the pattern)")]
    [InlineData(@"a\E", @"\E is no escape in RE2; leave the backslash out for the character (character 2 of the pattern)")]
    [InlineData(@"a\Z", @"\Z is not in RE2; write \z for the end of the text and \A for its start (character 2 of the pattern)")]
    [InlineData(@"\C", @"\C, a single byte, cannot be had: text is matched by code points; write (?s:.) for any one of them (character 1 of the pattern)")]
    [InlineData(
        @"(a)\1",
        @"\1 is a back-reference, which is not in RE2, since it cannot be matched in linear time; extract the text and compare it (character 4 of the pattern)")]
    [InlineData(
        "(?P<a>a)(?P=a)",
        "back-references are not in RE2, since they cannot be matched in linear time; extract the text and compare it (character 9 of the pattern)")]
    [InlineData(
        "a(?=b)",
        "look-ahead and look-behind are not in RE2, since they cannot be matched in linear time; test for the surrounding text with a second expression (character 2 of the pattern)")]
    [InlineData(
        "(?<!b)a",
        "look-ahead and look-behind are not in RE2, since they cannot be matched in linear time; test for the surrounding text with a second expression (character 1 of the pattern)")]
    [InlineData("(?>a)", "atomic groups are not in RE2, which never backtracks; write (?:...) (character 1 of the pattern)")]
    [InlineData("(?#a)", "comments are not in RE2; leave them out (character 1 of the pattern)")]
    [InlineData(
        "(?x)a", "'(?x)' opens no group that RE2 knows: (...), (?:...), (?P<name>...), (?<name>...) and the flags i, m, s and U do (character 1 of the pattern)")]
    [InlineData(
        "(?i-)a", "'(?i-' opens no group that RE2 knows: (...), (?:...), (?P<name>...), (?<name>...) and the flags i, m, s and U do (character 1 of the pattern)")]
    [InlineData("(?P<a", "the name of this group has no '>' at its end (character 1 of the pattern)")]
    [InlineData("(?P<a-b>c)", "'a-b' is no name for a group: letters, digits and _ make one (character 5 of the pattern)")]
    [InlineData("(?<a>c)(?P<a>d)", "two groups are named 'a' (character 12 of the pattern)")]
    [InlineData(@"\x{110000}", @"\x needs two hexadecimal digits, or the number of a Unicode character in braces as in \x{1F600} (character 1 of the pattern)")]
    [InlineData(@"\x4", @"\x needs two hexadecimal digits, or the number of a Unicode character in braces as in \x{1F600} (character 1 of the pattern)")]
    [InlineData(@"\x{", @"\x needs two hexadecimal digits, or the number of a Unicode character in braces as in \x{1F600} (character 1 of the pattern)")]
    [InlineData(@"\p", @"\p needs the name of a Unicode class after it, as in \pL or \p{Greek} (character 1 of the pattern)")]
    [InlineData(@"\p{L", "the name of this Unicode class has no '}' at its end (character 1 of the pattern)")]
    public void A_pattern_that_RE2_does_not_take_is_refused_with_the_place_and_the_way_out(string pattern, string message) =>
        Should.Throw<Re2PatternException>(() => Re2Pattern.Compile(pattern)).Message.ShouldBe(message);

    [Fact]
    public void A_pattern_with_half_a_surrogate_pair_is_refused() =>
        Should.Throw<Re2PatternException>(() => Re2Pattern.Compile("a\uD83D")).Message.ShouldBe("the pattern is not well-formed Unicode text (character 2 of the pattern)");

    // Go's regexp package finds these (FindAllString).
    [Theory]
    [InlineData("a*", "baaac", "0+0 1+3 5+0")]
    [InlineData("a", "banana", "1+1 3+1 5+1")]
    [InlineData("", "ab", "0+0 1+0 2+0")]
    [InlineData("x*", "\U0001F600", "0+0 2+0")]
    [InlineData("^a", "aa", "0+1")]
    [InlineData(@"\ba", "aa a", "0+1 3+1")]
    [InlineData("a?0", "]b1a 00b0-", "5+1 6+1 8+1")]
    [InlineData(" ?, ?", " a,,", "2+1 3+1")]
    public void All_matches_are_found_without_overlap(string pattern, string text, string expected) =>
        string.Join(' ', Re2Pattern.Compile(pattern).FindAll(text).Select(match => $"{match.Index}+{match.Length}")).ShouldBe(expected);

    [Theory]
    [InlineData(@"\bfoo", "éfoo", true)]
    [InlineData(@"\Bfoo", "éfoo", false)]
    [InlineData(@"foo\b", "fooé", true)]
    [InlineData(@"é\b", "é", false)]
    public void A_word_is_of_ASCII_beside_other_letters_too(string pattern, string text, bool matches)
    {
        Re2Pattern.Compile(pattern).IsMatch(text).ShouldBe(matches);
        (Find(pattern, text) is not null).ShouldBe(matches);
    }

    [Fact]
    public void An_unknown_Unicode_class_is_refused_with_the_ones_there_are() =>
        Should.Throw<Re2PatternException>(() => Re2Pattern.Compile(@"a\p{Klingon}")).Message
            .ShouldStartWith(@"\p{Klingon} is not known here: general categories such as L, Lu, Nd and the scripts Arabic, Armenian, Bengali");

    [Fact]
    public void Deep_nesting_is_an_error_and_not_a_crash()
    {
        const string Message = "groups and repetitions are nested deeper than 200 (character 201 of the pattern)";
        Should.Throw<Re2PatternException>(() => Re2Pattern.Compile(Nest("(?:", 1000))).Message.ShouldBe("groups and repetitions are nested deeper than 200 (character 601 of the pattern)");
        Should.Throw<Re2PatternException>(() => Re2Pattern.Compile(new string('(', 4000))).Message.ShouldBe("the pattern has more than 100 capturing groups; write (?:...) where the text is not needed (character 101 of the pattern)");
        Should.Throw<Re2PatternException>(() => Re2Pattern.Compile("a" + string.Concat(Enumerable.Repeat("*(?i)", 500)))).Message.ShouldStartWith(Message[..50]);
        Find(Nest("(?:", 200), "a").ShouldBe("a");

        static string Nest(string open, int times) => string.Concat(Enumerable.Repeat(open, times)) + "a" + new string(')', times);
    }

    [Fact]
    public void A_pattern_beyond_the_limits_of_size_is_refused()
    {
        Should.Throw<Re2PatternException>(() => Re2Pattern.Compile(new string('a', 4097))).Message
            .ShouldBe("the pattern has 4097 characters, and 4096 is the limit (character 4097 of the pattern)");
        Should.Throw<Re2PatternException>(() => Re2Pattern.Compile("(?:abcdefghij){1000}")).Message
            .ShouldBe("the pattern has 10000 steps when its repetitions are written out, and 5000 is the limit; lower its repetition counts (character 1 of the pattern)");
        Find("a{1000}", new string('a', 1001)).ShouldBe(new string('a', 1000));
        Find("(?:a{10}){100}", new string('a', 1001)).ShouldBe(new string('a', 1000));
    }

    [Theory]
    [InlineData("(a+)+$", 'a')]
    [InlineData("(?:a*)*b", 'a')]
    [InlineData("(?:a|aa)+b", 'a')]
    [InlineData("(?:.*?a){20}b", 'a')]
    public void A_pattern_that_ruins_a_backtracking_engine_ends(string pattern, char letter) =>
        Re2Pattern.Compile(pattern).IsMatch(new string(letter, 20_000) + "!").ShouldBeFalse();

    private static string? Find(string pattern, string text)
    {
        var compiled = Re2Pattern.Compile(pattern);
        var match = compiled.Find(text);
        compiled.IsMatch(text).ShouldBe(match is not null);
        return match?[0];
    }
}
