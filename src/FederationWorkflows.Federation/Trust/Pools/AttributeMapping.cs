using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using FederationWorkflows.Cel;
using FederationWorkflows.Cel.Types;

namespace FederationWorkflows.Federation.Trust;

/// <summary>The mapping and the condition of a provider, compiled ("Workload Identity Federation": attribute mappings, attribute conditions). Immutable, and safe on any thread.</summary>
public sealed partial class AttributeMapping
{
    private const string Subject = "google.subject";
    private const string Groups = "google.groups";
    private const string CustomPrefix = "attribute.";

    private const int MaxAttributes = 50;
    private const int MaxExpression = 2048;
    private const int MaxCondition = 4096;
    private const int MaxSubjectBytes = 127;
    private const int MaxTotalBytes = 8 * 1024;

    private static readonly CelOptions Limits = new() { CostLimit = 100_000, MaxExpressionLength = MaxCondition, MaxInputLength = 64 * 1024 };
    private static readonly CelVariable Assertion = new("assertion", CelType.Dyn);
    private static readonly CelVariable Google = new("google", CelType.MapOf(CelType.String, CelType.Dyn)) { Members = ["subject", "groups"] };
    private static readonly CelVariable Attribute = new("attribute", CelType.Dyn);
    private static readonly CelEnvironment OfMapping = new(new Names([Assertion]), options: Limits);
    private static readonly CelEnvironment OfCondition = new(new Names([Assertion, Google, Attribute]), options: Limits);

    private readonly SortedDictionary<string, CelProgram> programs = new(StringComparer.Ordinal);
    private readonly CelProgram? condition;

    private AttributeMapping(IReadOnlyDictionary<string, string> mapping, string? condition)
    {
        foreach (var (attribute, expression) in mapping)
        {
            programs.Add(attribute, Compile(OfMapping, expression, $"attributeMapping['{attribute}']", MaxExpression));
        }

        this.condition = condition is null ? null : Compile(OfCondition, condition, "attributeCondition", MaxCondition);
    }

    /// <summary>
    /// The mapping of an AWS provider that has none of its own: subject is the caller's ARN, <c>attribute.account</c> its account and <c>attribute.aws_role</c> the ARN
    /// without the session's name, so that it stays the same from session to session.
    /// </summary>
    public static IReadOnlyDictionary<string, string> AwsDefault { get; } = new Dictionary<string, string>
    {
        [Subject] = "assertion.arn",
        ["attribute.account"] = "assertion.account",
        ["attribute.aws_role"] =
            "assertion.arn.contains('assumed-role') ? assertion.arn.extract('{account_arn}assumed-role/') + 'assumed-role/' + assertion.arn.extract('assumed-role/{role_name}/') : assertion.arn",
    };

    /// <summary>Compiles the mapping and the condition.</summary>
    /// <exception cref="PoolProviderFormatException">Google would not take them.</exception>
    public static AttributeMapping Compile(IdentityPoolProvider provider)
    {
        var mapping = provider.AttributeMapping ?? (provider.AwsAccountId is null ? null : AwsDefault)
            ?? throw new PoolProviderFormatException("attributeMapping", "is missing: an OIDC provider has no default. Give at least google.subject, e.g. assertion.sub.");
        if (!mapping.ContainsKey(Subject))
        {
            throw new PoolProviderFormatException("attributeMapping", "has no google.subject: give it, e.g. assertion.sub.");
        }

        if (mapping.Count > MaxAttributes + 2)
        {
            throw new PoolProviderFormatException("attributeMapping", $"has {mapping.Count} attributes: {MaxAttributes} custom ones at most.");
        }

        if (mapping.Keys.FirstOrDefault(key => key is not (Subject or Groups) && !CustomAttribute().IsMatch(key)) is { } odd)
        {
            throw new PoolProviderFormatException(
                $"attributeMapping['{odd}']", "is no attribute: use google.subject, google.groups or attribute.NAME, where NAME is 1 to 100 of a-z, 0-9 and _.");
        }

        return new AttributeMapping(mapping, provider.AttributeCondition);
    }

    /// <summary>What the provider makes of an assertion that has been proved: mapping, then condition, then limits.</summary>
    /// <param name="provider">The provider this was compiled from.</param>
    /// <param name="assertion">A JSON object: the claims of a token; of AWS <c>arn</c>, <c>account</c> and <c>userid</c>.</param>
    public PoolEvaluation Evaluate(IdentityPoolProvider provider, JsonElement assertion)
    {
        var traces = programs.Select(program => Map(program.Key, program.Value, assertion)).ToList();
        var verdict = condition is null ? null : Decide(condition, assertion, traces);
        var refusal = verdict is { Satisfied: false }
            ? new PoolRefusal(
                "unauthorized_client",
                "The given credential is rejected by the attribute condition.",
                $"The condition {verdict.Expression} is {(verdict.Problem is null ? "false" : $"undecided: {verdict.Problem}")}")
            : Broken(traces);
        return new PoolEvaluation(provider.Name, traces, verdict, refusal is null ? Identity(provider, traces) : null, refusal);
    }

    private static PoolIdentity Identity(IdentityPoolProvider provider, List<AttributeTrace> traces) => new(
        provider.Name.PoolPath,
        traces.Single(trace => trace.Attribute == Subject).Values[0],
        traces.FirstOrDefault(trace => trace.Attribute == Groups)?.Values ?? [],
        traces.Where(trace => trace.Attribute.StartsWith(CustomPrefix, StringComparison.Ordinal)).ToDictionary(trace => trace.Attribute[CustomPrefix.Length..], trace => trace.Values[0]));

    private static PoolRefusal? Broken(List<AttributeTrace> traces)
    {
        foreach (var trace in traces.Where(trace => trace.Problem is not null))
        {
            return trace.Problem == NotText
                ? new PoolRefusal("unauthorized_client", $"The mapped attribute '{trace.Attribute}' must be of type {(trace.Attribute == Groups ? "LIST OF STRINGS" : "STRING")}.", $"{trace.Expression} gives something else")
                : new PoolRefusal("invalid_grant", $"Unable to evaluate the attribute mapping of '{trace.Attribute}'.", $"{trace.Expression}: {trace.Problem}");
        }

        var subject = traces.Single(trace => trace.Attribute == Subject).Values[0];
        if (subject.Length == 0)
        {
            return new PoolRefusal("invalid_grant", "The mapped attribute 'google.subject' must not be empty.", "google.subject is empty");
        }

        if (Encoding.UTF8.GetByteCount(subject) > MaxSubjectBytes)
        {
            return new PoolRefusal(
                "invalid_request",
                "The size of mapped attribute google.subject exceeds the 127 bytes limit. Either modify your attribute mapping or the incoming assertion to produce a mapped attribute that is less than 127 bytes.",
                $"google.subject is '{subject}'");
        }

        var total = traces.SelectMany(trace => trace.Values).Sum(Encoding.UTF8.GetByteCount);
        return total > MaxTotalBytes
            ? new PoolRefusal("invalid_request", "The total size of all mapped attributes exceeds the limit.", $"The mapped attributes have {total} bytes together; {MaxTotalBytes} are taken")
            : null;
    }

    private const string NotText = "not text";

    private static AttributeTrace Map(string attribute, CelProgram program, JsonElement assertion)
    {
        try
        {
            var value = program.Evaluate(new Values(assertion, [])).Value;
            var values = attribute == Groups ? Texts(value) : Text(value) is { } text ? [text] : null;
            return values is null ? new AttributeTrace(attribute, program.Text, [], NotText) : new AttributeTrace(attribute, program.Text, values, null);
        }
        catch (CelException exception)
        {
            return new AttributeTrace(attribute, program.Text, [], exception.Message);
        }
    }

    private static PoolConditionTrace Decide(CelProgram condition, JsonElement assertion, List<AttributeTrace> traces)
    {
        try
        {
            return condition.Evaluate(new Values(assertion, traces)).Value is bool verdict
                ? new PoolConditionTrace(condition.Text, verdict, null)
                : new PoolConditionTrace(condition.Text, false, "it is neither true nor false");
        }
        catch (CelException exception)
        {
            return new PoolConditionTrace(condition.Text, false, exception.Message);
        }
    }

    private static string? Text(object? value) => value switch
    {
        string text => text,
        JsonElement { ValueKind: JsonValueKind.String } json => json.GetString(),
        _ => null,
    };

    private static IReadOnlyList<string>? Texts(object? value)
    {
        var items = value switch
        {
            JsonElement { ValueKind: JsonValueKind.Array } json => json.EnumerateArray().Select(item => Text(item)),
            List<object?> list => list.Select(Text),
            _ => null,
        };
        return items?.ToList() is { } texts && !texts.Contains(null) ? [.. texts.OfType<string>()] : null;
    }

    private static CelProgram Compile(CelEnvironment environment, string expression, string part, int maxLength)
    {
        if (expression.Length > maxLength)
        {
            throw new PoolProviderFormatException(part, $"has {expression.Length} characters: {maxLength} at most.");
        }

        try
        {
            return environment.Compile(expression);
        }
        catch (CelException exception)
        {
            throw new PoolProviderFormatException(part, exception.Line == 0 ? exception.Message : $"{exception.Message} (line {exception.Line}, column {exception.Column})");
        }
    }

    [GeneratedRegex(@"\Aattribute\.[a-z0-9_]{1,100}\z", RegexOptions.CultureInvariant | RegexOptions.NonBacktracking)]
    private static partial Regex CustomAttribute();

    private sealed class Names(IReadOnlyList<CelVariable> variables) : ICelNames
    {
        public IEnumerable<string> Roots => variables.Select(variable => variable.Name);

        public CelVariable? Find(ReadOnlySpan<string> path)
        {
            if (path.Length == 1)
            {
                foreach (var variable in variables)
                {
                    if (variable.Name == path[0])
                    {
                        return variable;
                    }
                }
            }

            return null;
        }
    }

    private sealed class Values(JsonElement assertion, IReadOnlyList<AttributeTrace> traces) : ICelActivation
    {
        // What could not be mapped is absent: reading it fails, and with it the condition.
        public object? Read(CelVariable variable) => variable == Assertion ? assertion
            : variable == Google ? Members("google.", trace => trace.Attribute == Groups ? trace.Values.ToList<object?>() : trace.Values[0])
            : Members(CustomPrefix, trace => trace.Values[0]);

        private Dictionary<string, object?> Members(string prefix, Func<AttributeTrace, object?> value) => traces
            .Where(trace => trace.Problem is null && trace.Attribute.StartsWith(prefix, StringComparison.Ordinal))
            .ToDictionary(trace => trace.Attribute[prefix.Length..], value);
    }
}
