using System.Collections.Concurrent;
using System.Text;
using FederationWorkflows.Cel.RegularExpressions;
using FederationWorkflows.Cel.Values;
using static FederationWorkflows.Cel.CelFunction;

namespace FederationWorkflows.Cel.Functions;

/// <summary><c>matches</c> and the extension "regex", with RE2's syntax, in time linear in the text.</summary>
internal static class RegexFunctions
{
    private const int CacheSize = 256;

    private static readonly ConcurrentDictionary<string, Re2Pattern> Cache = new();

    public static IReadOnlyList<CelFunction> All { get; } =
    [
        Global("matches", "string, string", "bool", Matches),
        Member("matches", "string, string", "bool", Matches),
        Global("regex.extract", "string, string", "optional(string)", static (evaluation, args) => With(evaluation, args, static (_, regex, text) =>
            Groups(regex) is { } problem ? problem : regex.Find(text) is { } match && Captured(regex, match) is { } value ? CelValue.Some(CelValue.Of(value)) : CelValue.None)),
        Global("regex.extractAll", "string, string", "list(string)", static (evaluation, args) => With(evaluation, args, static (evaluation, regex, text) =>
            Groups(regex) is { } problem ? problem : CelValue.ListOf([.. Found(evaluation, regex, text, -1).Select(match => Captured(regex, match)).OfType<string>().Select(value => CelValue.Of(value))]))),
        Global("regex.replace", "string, string, string", "string", static (evaluation, args) => Replace(evaluation, args, args[2].Text, -1)),
        Global("regex.replace", "string, string, string, int", "string", static (evaluation, args) => Replace(evaluation, args, args[2].Text, args[3].Int)),
    ];

    private delegate CelValue Use(CelEvaluation evaluation, Re2Pattern regex, string text);

    private static CelValue Matches(CelEvaluation evaluation, ReadOnlySpan<CelValue> args) =>
        With(evaluation, args, static (_, regex, text) => CelValue.Of(regex.IsMatch(text)));

    private static CelValue With(CelEvaluation evaluation, ReadOnlySpan<CelValue> args, Use use)
    {
        var (text, pattern) = (args[0].Text, args[1].Text);
        evaluation.ChargeLength(text.Length + (8L * pattern.Length));
        if (!Cache.TryGetValue(pattern, out var regex))
        {
            try
            {
                regex = Re2Pattern.Compile(pattern);
            }
            catch (Re2PatternException e)
            {
                return CelValue.Error($"the regular expression is not valid: {e.Message}", pattern);
            }

            if (Cache.Count >= CacheSize)
            {
                Cache.Clear();
            }

            Cache.TryAdd(pattern, regex);
        }

        return use(evaluation, regex, text);
    }

    private static CelValue? Groups(Re2Pattern regex) => regex.GroupCount > 1
        ? CelValue.Error("a regular expression that extracts has at most one group; write (?:...) for groups that are not extracted")
        : null;

    private static string? Captured(Re2Pattern regex, Re2Match match) => match[regex.GroupCount];

    private static IEnumerable<Re2Match> Found(CelEvaluation evaluation, Re2Pattern regex, string text, long limit)
    {
        var count = 0L;
        foreach (var match in regex.FindAll(text))
        {
            if (limit >= 0 && count++ >= limit)
            {
                yield break;
            }

            evaluation.Charge(1);
            yield return match;
        }
    }

    private static CelValue Replace(CelEvaluation evaluation, ReadOnlySpan<CelValue> args, string replacement, long limit)
    {
        return With(evaluation, args, (evaluation, regex, text) =>
        {
            var result = new StringBuilder();
            var copied = 0;
            foreach (var match in Found(evaluation, regex, text, limit))
            {
                result.Append(text, copied, match.Index - copied);
                if (Expand(result, replacement, regex.GroupCount, match) is { } problem)
                {
                    return problem;
                }

                evaluation.ChargeLength(replacement.Length + match.Length);
                copied = match.Index + match.Length;
            }

            result.Append(text, copied, text.Length - copied);
            evaluation.ChargeLength(result.Length);
            return CelValue.Of(result.ToString());
        });
    }

    /// <summary><c>\1</c> is what the first group matched, <c>\0</c> everything, <c>\\</c> a backslash.</summary>
    private static CelValue? Expand(StringBuilder result, string replacement, int groups, Re2Match match)
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
                if (group > groups)
                {
                    return CelValue.Error($"the replacement names group {group}, which the regular expression does not have");
                }

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
