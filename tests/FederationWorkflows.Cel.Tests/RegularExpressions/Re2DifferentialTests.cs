using System.Text;
using System.Text.RegularExpressions;
using FederationWorkflows.Cel.RegularExpressions;

namespace FederationWorkflows.Cel.Tests.RegularExpressions;

/// <summary>Where RE2 and .NET's backtracking engine mean the same (ASCII text of one line), they find the same.</summary>
public sealed class Re2DifferentialTests
{
    private const int Seed = 20260214;

    // .NET's backtracking engine makes the loop of \W+\B or \W+?\B atomic and so misses matches in '--'.
    private static readonly Regex LosesBoundaries = new(@"\\[bB]");

    [Fact]
    public void Random_patterns_find_the_same_places_and_groups_as_the_backtracking_engine()
    {
        var random = new Random(Seed);
        var matched = 0;
        for (var i = 0; i < 8_000; i++)
        {
            var pattern = new PatternSource(random).Next();
            var plain = new Regex(pattern, RegexOptions.CultureInvariant, TimeSpan.FromSeconds(10));
            var ours = Re2Pattern.Compile(pattern);
            for (var j = 0; j < 5; j++)
            {
                var text = string.Create(random.Next(12), random, (span, source) => source.GetItems("abAB01 _-]", span));
                var found = ours.Find(text);
                var details = $"seed {Seed}, pattern {pattern}, text '{text}'";
                ours.IsMatch(text).ShouldBe(found is not null, details);
                if (!LosesBoundaries.IsMatch(pattern))
                {
                    Describe(found, ours.GroupCount).ShouldBe(Describe(plain.Match(text)), details);
                }

                matched += found is null ? 0 : 1;
            }
        }

        matched.ShouldBeGreaterThan(8_000);
    }

    [Fact]
    public void Random_patterns_are_found_in_text_outside_ASCII_by_both_engines_or_by_none()
    {
        var random = new Random(Seed);
        string[] letters = ["a", "é", "\u212A", "\U0001F600", "\U00010428", "٣", "\n", "-", "k"];
        for (var i = 0; i < 5_000; i++)
        {
            var pattern = (random.Next(2) == 0 ? "(?i)" : "(?m)") + new PatternSource(random).Next().Replace("b", random.GetItems(letters, 1)[0], StringComparison.Ordinal);
            var text = string.Concat(random.GetItems(letters, random.Next(8)));
            Re2Pattern compiled;
            try
            {
                compiled = Re2Pattern.Compile(pattern);
            }
            catch (Re2PatternException)
            {
                // The replacement may have made an escape that RE2 does not have.
                continue;
            }

            compiled.IsMatch(text).ShouldBe(compiled.Find(text) is not null, $"seed {Seed}, pattern {pattern}, text '{text}'");
        }
    }

    [Fact]
    public void Random_text_as_a_pattern_is_taken_or_refused_with_a_place_inside_it()
    {
        var random = new Random(Seed);
        var taken = 0;
        for (var i = 0; i < 20_000; i++)
        {
            var pattern = string.Create(random.Next(1, 16), random, (span, source) => source.GetItems(@"ab01()[]{}*+?|\^$.-,:<>=!PpLQEdwimsUxé", span));
            try
            {
                Re2Pattern.Compile(pattern).IsMatch("ab01 é");
                taken++;
            }
            catch (Re2PatternException refused)
            {
                refused.Position.ShouldBeInRange(0, pattern.Length, $"seed {Seed}, pattern {pattern}");
            }
        }

        taken.ShouldBeInRange(500, 19_500);
    }

    private static string Describe(Re2Match? match, int groups) => match is null
        ? "none"
        : string.Join(' ', Enumerable.Range(0, groups + 1).Select(group => match.Place(group) is var (index, length) ? $"{index}+{length}" : "-"));

    private static string Describe(Match match) => !match.Success
        ? "none"
        : string.Join(' ', match.Groups.Values.Select(group => group.Success ? $"{group.Index}+{group.Length}" : "-"));

    private sealed class PatternSource(Random random)
    {
        private readonly StringBuilder text = new();

        public string Next()
        {
            Branches(3);
            return text.ToString();
        }

        private void Branches(int depth)
        {
            Sequence(depth);
            while (random.Next(4) == 0)
            {
                text.Append('|');
                Sequence(depth);
            }
        }

        private void Sequence(int depth)
        {
            for (var parts = random.Next(4); parts > 0; parts--)
            {
                // A loop whose body may be empty keeps other captures in other engines, so what repeats takes at least one character.
                var (repeats, captures) = (random.Next(3) == 0, depth > 0 && random.Next(4) == 0);
                if (captures && !repeats)
                {
                    text.Append(random.Next(2) == 0 ? "(" : "(?:");
                    Branches(depth - 1);
                    text.Append(')');
                }
                else if (captures)
                {
                    text.Append("(?:");
                    text.Append(random.GetItems(Atoms, 1)[0]);
                    Sequence(depth - 1);
                    text.Append(')');
                }
                else
                {
                    text.Append(repeats ? random.GetItems(Atoms, 1)[0] : random.GetItems(Anything, 1)[0]);
                }

                if (repeats)
                {
                    text.Append(random.GetItems(Repetitions, 1)[0]);
                }
            }
        }

        private static readonly string[] Atoms = ["a", "b", "A", "0", ".", @"\d", @"\w", @"\W", @"\s", @"\D", "[ab]", "[^a]", "[a-b0]", "[]a]", "[b-]", @"\x61", @"\-", "(?i:a)"];
        private static readonly string[] Anything = [.. Atoms, "^", @"\b", @"\B", @"\A", @"\z", "(?:)"];
        private static readonly string[] Repetitions = ["*", "+", "?", "*?", "+?", "??", "{2}", "{1,2}", "{0,2}?", "{2,}", "{1,}?"];
    }
}
