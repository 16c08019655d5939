using System.Collections.Concurrent;
using System.Text;
using FederationWorkflows.Cel.RegularExpressions;
using FederationWorkflows.Cel.Values;
using static FederationWorkflows.Cel.CelFunction;

namespace FederationWorkflows.Cel.Functions;

/// <summary><c>matches</c> and the extension "regex", with RE2's syntax, in time linear in the text.</summary>
internal static class RegexFunctions
{
    /// <summary>An automaton grows with the texts it sees, to some megabytes.</summary>
    private const int CacheSize = 128;

    /// <summary>Units for each character of a pattern that is not in the cache: classes of characters make automata of thousands of steps.</summary>
    private const long CompileCost = 64;

    private static readonly ConcurrentDictionary<string, Re2Pattern> Cache = new();

    public static IReadOnlyList<CelFunction> All { get; } =
    [
        Global("matches", "string, string", "bool", Matches),
        Member("matches", "string, string", "bool", Matches),
        Global("regex.extract", "string, string", "optional(string)", static (evaluation, args) => Extract(evaluation, args, static (_, pattern, text) =>
            pattern.Find(text) is { } match && Captured(pattern, match) is { } value ? CelValue.Some(CelValue.Of(value)) : CelValue.None)),
        Global("regex.extractAll", "string, string", "list(string)", static (evaluation, args) => Extract(evaluation, args, static (evaluation, pattern, text) =>
            CelValue.ListOf([.. Found(evaluation, pattern, text, -1).Select(match => Captured(pattern, match)).OfType<string>().Select(value => CelValue.Of(value))]))),
        Global("regex.replace", "string, string, string", "string", static (evaluation, args) => Replace(evaluation, args, args[2].Text, -1)),
        Global("regex.replace", "string, string, string, int", "string", static (evaluation, args) => Replace(evaluation, args, args[2].Text, args[3].Int)),
    ];

    private delegate CelValue Use(CelEvaluation evaluation, Re2Pattern pattern, string text);

    private static CelValue Matches(CelEvaluation evaluation, ReadOnlySpan<CelValue> args) =>
        With(evaluation, args, static (evaluation, pattern, text) =>
        {
            // Mostly it costs a step for a character; where a pattern has too many states for a table, one for each step of the automaton.
            evaluation.Charge((long)text.Length * pattern.Size >> 8);
            return CelValue.Of(pattern.IsMatch(text));
        });

    private static CelValue With(CelEvaluation evaluation, ReadOnlySpan<CelValue> args, Use use)
    {
        var (text, expression) = (args[0].Text, args[1].Text);
        evaluation.ChargeLength(text.Length + (8L * expression.Length));
        if (!Cache.TryGetValue(expression, out var pattern))
        {
            evaluation.Charge(CompileCost * expression.Length);
            try
            {
                pattern = Re2Pattern.Compile(expression);
            }
            catch (Re2PatternException e)
            {
                return CelValue.Error("the regular expression is not valid", e.Message);
            }

            if (Cache.Count >= CacheSize)
            {
                Cache.Clear();
            }

            Cache.TryAdd(expression, pattern);
        }

        return use(evaluation, pattern, text);
    }

    private static CelValue Extract(CelEvaluation evaluation, ReadOnlySpan<CelValue> args, Use use) => Search(evaluation, args, (evaluation, pattern, text) => pattern.GroupCount > 1
        ? CelValue.Error("a regular expression that extracts has at most one group; write (?:...) for groups that are not extracted")
        : use(evaluation, pattern, text));

    /// <summary>Finding where a match lies costs steps of the automaton for every character.</summary>
    private static CelValue Search(CelEvaluation evaluation, ReadOnlySpan<CelValue> args, Use use) => With(evaluation, args, (evaluation, pattern, text) =>
    {
        evaluation.Charge((long)text.Length * pattern.Size >> 6);
        return use(evaluation, pattern, text);
    });

    private static string? Captured(Re2Pattern pattern, Re2Match match) => match[pattern.GroupCount];

    private static IEnumerable<Re2Match> Found(CelEvaluation evaluation, Re2Pattern pattern, string text, long limit)
    {
        var count = 0L;
        foreach (var match in pattern.FindAll(text))
        {
            if (count++ == limit)
            {
                yield break;
            }

            evaluation.Charge(1 + ((long)match.LookAhead * pattern.Size >> 6));
            yield return match;
        }
    }

    private static CelValue Replace(CelEvaluation evaluation, ReadOnlySpan<CelValue> args, string replacement, long limit) => Search(evaluation, args, (evaluation, pattern, text) =>
    {
        var result = new StringBuilder();
        var copied = 0;
        foreach (var match in Found(evaluation, pattern, text, limit))
        {
            result.Append(text, copied, match.Index - copied);
            evaluation.ChargeLength(replacement.Length + match.Length);
            if (Expand(evaluation, result, replacement, pattern, match) is { } problem)
            {
                return problem;
            }

            copied = match.Index + match.Length;
        }

        result.Append(text, copied, text.Length - copied);
        evaluation.ChargeLength(result.Length);
        return CelValue.Of(result.ToString());
    });

    /// <summary><c>\1</c> is what the first group matched, <c>\0</c> everything, <c>\\</c> a backslash.</summary>
    private static CelValue? Expand(CelEvaluation evaluation, StringBuilder result, string replacement, Re2Pattern pattern, Re2Match match)
    {
        for (var i = 0; i < replacement.Length; i++)
        {
            if (replacement[i] != '\\')
            {
                result.Append(replacement[i]);
                continue;
            }

            i++;
            if (i < replacement.Length && replacement[i] == '\\')
            {
                result.Append('\\');
            }
            else if (i < replacement.Length && char.IsAsciiDigit(replacement[i]))
            {
                var group = replacement[i] - '0';
                if (group > pattern.GroupCount)
                {
                    return CelValue.Error("the replacement names a group that the regular expression does not have", $"\\{group}");
                }

                evaluation.ChargeLength(match.Place(group)?.Length ?? 0);
                result.Append(match[group]);
            }
            else
            {
                return CelValue.Error(@"behind a backslash in a replacement stands a group's number, 0 to 9, or another backslash");
            }
        }

        return null;
    }
}
