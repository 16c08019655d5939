using System.Globalization;
using System.Text.Json;
using FederationWorkflows.Federation.Aws;

namespace FederationWorkflows.Federation.Trust;

/// <summary>What is asked of a role's trust policy.</summary>
public sealed record WebIdentityQuestion
{
    /// <summary>The token's claims.</summary>
    public required OidcClaims Claims { get; init; }

    /// <summary>The account of the role: twelve digits.</summary>
    public required string AccountId { get; init; }

    /// <summary>When it is asked.</summary>
    public required DateTimeOffset Time { get; init; }

    /// <summary>The session's name; null when it is not known.</summary>
    public string? SessionName { get; init; }

    /// <summary>Claims that are made up because the token does not exist yet, for example <c>sub</c>: what hangs on them is not known.</summary>
    public IReadOnlyCollection<string> UnknownClaims { get; init; } = [];

    /// <summary>Condition keys of the request that are known besides, for example <c>aws:SourceIp</c>.</summary>
    public ConditionContext Request { get; init; } = ConditionContext.Empty;
}

/// <summary>
/// Says what a role's trust policy makes of an ID token, by the evaluator that the CloudLab decides with. The token's signature is not looked at.
/// </summary>
public static class WebIdentityTrust
{
    private const string Action = "sts:AssumeRoleWithWebIdentity";
    private const string Token = "token";

    // IAM User Guide, "Pass session tags in AWS STS" and "Monitor and control actions taken with assumed roles".
    private const string TagsClaim = "https://aws.amazon.com/tags";
    private const string SourceIdentityClaim = "https://aws.amazon.com/source_identity";

    /// <summary>Explains what the policy says.</summary>
    public static TrustExplanation Explain(PolicyDocument trustPolicy, WebIdentityQuestion question)
    {
        var claims = question.Claims;
        var principal = WebIdentityContext.FederatedPrincipal(claims.Issuer, question.AccountId);
        var tags = TagKeys(claims);
        var request = new PolicyRequest(RequestPrincipal.Federated(principal), Action, "*", Context(question, tags));
        var readers = WebIdentityContext.KeysOf(claims).ToDictionary(static key => key.Key, static key => key.Claim, StringComparer.OrdinalIgnoreCase);
        var evaluation = PolicyEvaluator.Evaluate(trustPolicy, request);
        var statements = evaluation.Statements
            .Select(trace => new StatementChecks(trace, Checks(trace, trustPolicy.Statements[trace.Index], principal, question, request.Context, readers)))
            .ToList();

        var (verdict, summary, deciding) = Decide(statements);
        var time = TimeChecks(question).ToList();
        if (time.Exists(static check => check.Verdict == TrustVerdict.Fails))
        {
            verdict = TrustVerdict.Fails;
            summary = "Denied: STS refuses the token for its times, before it looks at the trust policy.";
        }

        return new TrustExplanation(
            verdict,
            summary,
            [.. time, .. statements.SelectMany(statement => statement.Checks.Select(check => check with { Decides = deciding.Contains(statement) }))]);
    }

    /// <summary>The keys that trust policies can compare with this token, when the policy itself is not known.</summary>
    internal static string DescribeKeys(OidcClaims claims, RoleArn role)
    {
        var keys = WebIdentityContext.KeysOf(claims)
            .Where(static key => key.Values.Count > 0)
            .Select(static key => $"{key.Key} is {Quote(key.Values)}{(key.Key.EndsWith(':' + key.Claim, StringComparison.Ordinal) ? "" : $" (the token's {key.Claim})")}");
        return $"For its conditions {string.Join(", ", keys)}; Principal.Federated must be {WebIdentityContext.FederatedPrincipal(claims.Issuer, role.Account).Replace("arn:aws:", $"arn:{role.Partition}:", StringComparison.Ordinal)}; the token expires at {claims.Expires.UtcDateTime:yyyy-MM-dd'T'HH:mm:ss'Z'}.";
    }

    private static ConditionContext Context(WebIdentityQuestion question, IReadOnlyList<string> tags)
    {
        var context = WebIdentityContext.Of(question.Claims)
            .With("sts:RoleSessionName", question.SessionName is null ? [] : [question.SessionName])
            .With("sts:SourceIdentity", question.Claims.Values(SourceIdentityClaim))
            .With("aws:TagKeys", tags)
            .With("aws:CurrentTime", question.Time.UtcDateTime.ToString("yyyy-MM-ddTHH:mm:ssZ", CultureInfo.InvariantCulture))
            .With("aws:EpochTime", question.Time.ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture));
        foreach (var key in question.Request.Keys)
        {
            context = context.With(key, question.Request.TryGet(key, out var values) ? values : []);
        }

        return context;
    }

    private static IEnumerable<TrustCheck> TimeChecks(WebIdentityQuestion question)
    {
        var expires = question.Claims.Expires;
        yield return new TrustCheck(
            Token, "not expired", "exp", $"after {question.Time.UtcDateTime:u}", $"{expires.UtcDateTime:u}",
            expires > question.Time ? TrustVerdict.Holds : TrustVerdict.Fails,
            expires > question.Time ? "" : "Mint a new token just before the call.");
        var begins = question.Claims.NotBefore is { } notBefore && notBefore > question.Claims.IssuedAt ? notBefore : question.Claims.IssuedAt;
        if (begins > question.Time + OidcTokenValidator.ClockSkew)
        {
            yield return new TrustCheck(
                Token, "begun", question.Claims.NotBefore == begins ? "nbf" : "iat", $"before {question.Time.UtcDateTime:u}", $"{begins.UtcDateTime:u}", TrustVerdict.Fails,
                "Set the clock of the machine that made the token, or of this one.");
        }
    }

    private static List<TrustCheck> Checks(
        StatementTrace trace, PolicyStatement statement, string principal, WebIdentityQuestion question, ConditionContext context, Dictionary<string, string> readers)
    {
        var where = trace.Effect == PolicyEffect.Deny ? $"{trace.Label} (Deny)" : trace.Label;
        var named = string.Join(", ", statement.Principals!.Entries.Select(static entry => $"{entry.Kind} {entry.Value}"));
        var checks = new List<TrustCheck>
        {
            new(
                where, statement.Principals.Negated ? "NotPrincipal" : "Principal", "iss", named, $"Federated {principal}",
                trace.Principal == PrincipalMatch.None ? TrustVerdict.Fails : TrustVerdict.Holds,
                trace.Principal == PrincipalMatch.None ? TrustMending.Principal(statement.Principals, principal) : ""),
        };
        if (trace.Principal == PrincipalMatch.None)
        {
            return checks;
        }

        checks.Add(new TrustCheck(
            where, statement.Actions.Negated ? "NotAction" : "Action", null, string.Join(", ", statement.Actions.Patterns), Action,
            trace.ActionMatched ? TrustVerdict.Holds : TrustVerdict.Fails,
            trace.ActionMatched ? "" : $"Let the statement's Action be {Action}; sts:AssumeRole is for callers who have AWS credentials already."));
        checks.AddRange(trace.Conditions.Select(condition => new TrustCheck(
            where,
            $"{condition.Operator} {condition.Key}",
            readers.GetValueOrDefault(condition.Key),
            Quote(condition.Expected),
            IsUnknown(condition, readers, question) ? "not known yet" : condition.Found.Count == 0 ? "nothing" : Quote(condition.Found),
            Verdict(condition, context, readers, question),
            Verdict(condition, context, readers, question) switch
            {
                TrustVerdict.Fails => TrustMending.Condition(condition, question.Claims),
                TrustVerdict.Unknown when IsUnknown(condition, readers, question) => $"Only the token will tell its {readers[condition.Key]}: give it, or the token.",
                TrustVerdict.Unknown => $"Only the request to AWS has {condition.Key}: give what it will be.",
                _ => "",
            })));
        return checks;
    }

    private static bool IsUnknown(ConditionTrace condition, Dictionary<string, string> readers, WebIdentityQuestion question) =>
        readers.TryGetValue(condition.Key, out var claim) && question.UnknownClaims.Contains(claim);

    // Keys of other providers and tags are known to be absent; what the request itself brings along, such as aws:SourceIp, is not.
    private static TrustVerdict Verdict(ConditionTrace condition, ConditionContext context, Dictionary<string, string> readers, WebIdentityQuestion question) =>
        IsUnknown(condition, readers, question) || (!context.TryGet(condition.Key, out _) && IsOfTheRequest(condition.Key)) ? TrustVerdict.Unknown
        : condition.Satisfied ? TrustVerdict.Holds
        : TrustVerdict.Fails;

    private static bool IsOfTheRequest(string key) =>
        key.Equals("sts:RoleSessionName", StringComparison.OrdinalIgnoreCase)
        || (key.StartsWith("aws:", StringComparison.OrdinalIgnoreCase)
            && !key.StartsWith("aws:RequestTag/", StringComparison.OrdinalIgnoreCase)
            && !key.Equals("aws:TagKeys", StringComparison.OrdinalIgnoreCase)
            && !key.StartsWith("aws:Principal", StringComparison.OrdinalIgnoreCase)); // Nobody is signed in.

    private static (TrustVerdict Verdict, string Summary, IReadOnlyList<StatementChecks> Deciding) Decide(List<StatementChecks> statements)
    {
        var denies = statements.Where(static statement => statement.Trace.Effect == PolicyEffect.Deny).ToList();
        var allows = statements.Where(static statement => statement.Trace.Effect == PolicyEffect.Allow).ToList();
        if (denies.Find(static statement => statement.Verdict == TrustVerdict.Holds) is { } deny)
        {
            return (TrustVerdict.Fails, $"Denied: {deny.Trace.Label} denies it, whatever else allows it.", [deny]);
        }

        var best = allows.MaxBy(static statement => statement.Verdict);
        if (best is null || best.Verdict == TrustVerdict.Fails)
        {
            // Of several, the one that misses the least is probably the one that is meant; statements for other kinds of callers are not.
            var closest = allows.Where(static statement => statement.Trace.Principal != PrincipalMatch.None).MinBy(static statement => statement.Failures);
            return closest is null
                ? (TrustVerdict.Fails, "Denied: no statement names the token's issuer.", allows)
                : (TrustVerdict.Fails, $"Denied: {closest.Trace.Label} comes closest, and {closest.Failures} of its {closest.Checks.Count} checks fail{(closest.Failures == 1 ? "s" : "")}.", [closest]);
        }

        var unknown = best.Verdict == TrustVerdict.Unknown ? best : denies.Find(static statement => statement.Verdict == TrustVerdict.Unknown);
        return unknown is null
            ? (TrustVerdict.Holds, $"Allowed by {best.Trace.Label}.", [best])
            : (TrustVerdict.Unknown, $"Not to be told from here: {unknown.Trace.Label} reads what only the request to AWS has.", [unknown]);
    }

    private static List<string> TagKeys(OidcClaims claims) =>
        claims.Json.TryGetProperty(TagsClaim, out var claim) && claim.ValueKind == JsonValueKind.Object
            && claim.TryGetProperty("principal_tags", out var pairs) && pairs.ValueKind == JsonValueKind.Object
            ? [.. pairs.EnumerateObject().Select(static pair => pair.Name)]
            : [];

    private static string Quote(IReadOnlyList<string> values) => string.Join(" or ", values.Select(static value => $"'{CloudText.Message(value)}'"));

    private sealed record StatementChecks(StatementTrace Trace, List<TrustCheck> Checks)
    {
        public int Failures => Checks.Count(static check => check.Verdict == TrustVerdict.Fails);

        public TrustVerdict Verdict => Checks.Min(static check => check.Verdict);
    }
}
