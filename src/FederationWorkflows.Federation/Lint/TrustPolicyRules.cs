using System.Globalization;
using System.Text.Json;
using FederationWorkflows.Federation.Trust;

namespace FederationWorkflows.Federation.Lint;

/// <summary>Looks through the policies that say who may become a role (IAM User Guide, "Create a role for OpenID Connect federation").</summary>
internal static class TrustPolicyRules
{
    private const string AssumeWithWebIdentity = "sts:AssumeRoleWithWebIdentity";
    private const string OidcProvider = ":oidc-provider/";
    private const int Hour = 3600;

    // Keys that say whose the caller is. sts:ExternalId is not among them: it is no secret and proves nothing.
    private static readonly string[] RestrictingKeys =
        ["aws:PrincipalOrgID", "aws:PrincipalOrgPaths", "aws:PrincipalArn", "aws:PrincipalAccount", "aws:SourceArn", "aws:SourceAccount", "aws:SourceOrgID", "aws:userid"];

    /// <summary>Looks through a trust policy, or the part about principals of a resource's policy.</summary>
    public static void Check(LintDocument document, LintNode policy, PolicyKind kind)
    {
        PolicyDocument parsed;
        try
        {
            parsed = PolicyDocument.Parse(policy.Value.GetRawText(), kind);
        }
        catch (PolicyFormatException exception)
        {
            document.Report(LintRules.MalformedPolicy, policy.Path + exception.Path[1..], exception.Problem);
            return;
        }

        var paths = Paths(policy, parsed);
        for (var i = 0; i < parsed.Statements.Count; i++)
        {
            CheckPrincipals(document, parsed.Statements[i], paths[i]);
            if (kind == PolicyKind.Trust && parsed.Statements[i].Effect == PolicyEffect.Allow)
            {
                CheckActions(document, parsed.Statements[i], paths[i]);
                CheckProviders(document, parsed, parsed.Statements[i], paths[i]);
            }
        }
    }

    /// <summary>Looks at how long a session may last.</summary>
    /// <param name="document">Where findings go.</param>
    /// <param name="seconds">The duration, in seconds; null when none is given.</param>
    public static void CheckDuration(LintDocument document, LintNode? seconds)
    {
        if (seconds is { } node && node.TryGetNumber(out var duration) && duration > Hour)
        {
            var time = TimeSpan.FromSeconds(duration).ToString("c", CultureInfo.InvariantCulture);
            document.Report(duration > 4 * Hour ? LintRules.SessionFarTooLong : LintRules.SessionTooLong, node.Path, $"Sessions may last {duration} seconds ({time}).");
        }
    }

    /// <summary>The paths of a policy's statements, of which one alone need not be in a list.</summary>
    public static List<string> Paths(LintNode policy, PolicyDocument parsed)
    {
        var statement = policy.Child("Statement")!.Value;
        return statement.Value.ValueKind == JsonValueKind.Array
            ? [.. parsed.Statements.Select((_, index) => JsonPath.Below(statement.Path, index))]
            : [statement.Path];
    }

    private static void CheckPrincipals(LintDocument document, PolicyStatement statement, string path)
    {
        var principals = statement.Principals!;
        if (statement.Effect == PolicyEffect.Deny)
        {
            return;
        }

        if (principals.Negated)
        {
            document.Report(LintRules.NotPrincipal, $"{path}.NotPrincipal", "An Allow with NotPrincipal trusts everybody who is not named.");
            return;
        }

        foreach (var entry in principals.Entries)
        {
            if (entry.Value == "*" && entry.Kind is "AWS" or "Federated")
            {
                var restricts = statement.Conditions.FirstOrDefault(condition => RestrictingKeys.Contains(condition.Key, StringComparer.OrdinalIgnoreCase) && ConditionPins.Weakness(condition) is null);
                document.Report(
                    restricts is null || entry.Kind == "Federated" ? LintRules.Anyone : LintRules.AnyoneConditioned,
                    $"{path}.Principal",
                    restricts is null ? $"The principal is {entry.Kind} *, and no condition says whose." : $"The principal is {entry.Kind} *; only {restricts.Key} takes it back.");
            }
            else if (entry.Kind == "AWS" && AccountOf(entry.Value) is { } account
                && !statement.Conditions.Any(condition => (RestrictingKeys.Contains(condition.Key, StringComparer.OrdinalIgnoreCase) || condition.Key.Equals("sts:ExternalId", StringComparison.OrdinalIgnoreCase))
                    && ConditionPins.Weakness(condition) is null))
            {
                document.Report(LintRules.WholeAccount, $"{path}.Principal.AWS", $"All of account {account} is trusted.");
            }
        }
    }

    private static string? AccountOf(string principal) =>
        principal.Length == 12 && principal.All(char.IsAsciiDigit) ? principal
        : principal.Split(':') is ["arn", _, "iam", "", var account, "root"] ? account
        : null;

    private static void CheckActions(LintDocument document, PolicyStatement statement, string path)
    {
        if (statement.Actions.Negated)
        {
            document.Report(LintRules.NotAction, $"{path}.NotAction", $"Everything but {string.Join(", ", statement.Actions.Patterns)} is allowed.");
        }
        else if (statement.Actions.Patterns.FirstOrDefault(static action => action.Contains('*', StringComparison.Ordinal)) is { } wildcard)
        {
            document.Report(LintRules.ActionWildcard, $"{path}.Action", $"The action is {wildcard}.");
        }
    }

    private static void CheckProviders(LintDocument document, PolicyDocument policy, PolicyStatement statement, string path)
    {
        if (statement.Principals!.Negated || !Allows(statement, AssumeWithWebIdentity))
        {
            return;
        }

        foreach (var entry in statement.Principals.Entries.Where(static entry => entry.Kind == "Federated"))
        {
            var arn = entry.Value.IndexOf(OidcProvider, StringComparison.Ordinal);
            if (arn >= 0 && WebIdentityContext.IsBuiltIn(entry.Value[(arn + OidcProvider.Length)..]))
            {
                document.Report(LintRules.OidcProviderForGoogle, $"{path}.Principal.Federated", $"The principal is {entry.Value}: Google's tokens come as accounts.google.com and do not match it.");
            }
            else if (WebIdentityContext.IsBuiltIn(entry.Value))
            {
                Require(LintRules.GoogleSubMissing, entry.Value, "sub");
                Require(LintRules.GoogleOaudMissing, entry.Value, "oaud");
                Require(LintRules.GoogleAudMissing, entry.Value, "aud");
                CheckKeys(document, statement, path, entry.Value);
                CheckGoogleValues(document, statement, path);
            }
            else if (arn >= 0)
            {
                var provider = entry.Value[(arn + OidcProvider.Length)..];
                Require(LintRules.OidcSubMissing, provider, "sub");
                Require(LintRules.OidcAudMissing, provider, "aud");
                CheckKeys(document, statement, path, provider);
            }
        }

        void Require(LintRule missing, string provider, string claim)
        {
            var key = $"{provider}:{claim}";
            var conditions = ConditionPins.On(statement, path, key);
            if (conditions.Exists(static on => ConditionPins.Weakness(on.Condition) is null)
                || policy.Statements.Any(other => ConditionPins.KeepsOutOthers(other, key) && Allows(other, AssumeWithWebIdentity)))
            {
                return;
            }

            if (conditions.Count == 0)
            {
                document.Report(missing, statement.Conditions.Count == 0 ? path : $"{path}.Condition", $"No condition reads {key}.");
            }

            foreach (var (condition, at) in conditions)
            {
                document.Report(ConditionPins.Weakness(condition)!, at, $"{condition.Operator} on {key} with {Quote(condition.Values)} does not pin it.");
            }
        }
    }

    private static void CheckKeys(LintDocument document, PolicyStatement statement, string path, string provider)
    {
        foreach (var condition in statement.Conditions.Where(condition => condition.Key.StartsWith(provider + ":", StringComparison.OrdinalIgnoreCase)))
        {
            var at = JsonPath.Below(JsonPath.Below($"{path}.Condition", condition.Operator.Name), condition.Key);
            var claim = condition.Key[(provider.Length + 1)..];
            var known = WebIdentityContext.ClaimsOf(provider);
            if (!known.Contains(claim, StringComparer.OrdinalIgnoreCase))
            {
                document.Report(LintRules.UnknownKey, at, $"AWS makes no key {condition.Key}.", $"The keys of {provider} are {string.Join(", ", known)}.");
            }

            if (condition.Operator.Comparison is ValueComparison.Text or ValueComparison.TextIgnoreCase
                && condition.Values.FirstOrDefault(static value => value.Contains('*', StringComparison.Ordinal) && !value.Contains("${*}", StringComparison.Ordinal)) is { } literal)
            {
                document.Report(LintRules.WildcardNotRead, at, $"{condition.Operator} compares '{literal}' letter by letter, the * too.");
            }
        }
    }

    private static void CheckGoogleValues(LintDocument document, PolicyStatement statement, string path)
    {
        foreach (var (condition, at) in ConditionPins.On(statement, path, "accounts.google.com:aud"))
        {
            if (condition.Values.FirstOrDefault(static value => value.Contains("://", StringComparison.Ordinal)) is { } audience)
            {
                document.Report(LintRules.GoogleAudIsAudience, at, $"aud is compared with '{audience}'; it reads the token's azp, which is a numeric id or an address.");
            }
        }

        foreach (var (condition, at) in ConditionPins.On(statement, path, "accounts.google.com:sub"))
        {
            if (condition.Values.FirstOrDefault(static value => value.Contains('@', StringComparison.Ordinal)) is { } address)
            {
                document.Report(LintRules.GoogleSubIsEmail, at, $"sub is compared with '{address}'; it is a numeric id.");
            }
        }
    }

    private static bool Allows(PolicyStatement statement, string action) =>
        statement.Actions.Patterns.Any(pattern => PolicyPattern.TryResolve(pattern, wildcards: true, variables: false, ConditionContext.Empty, out var resolved) && resolved.Matches(action, ignoreCase: true))
            != statement.Actions.Negated;

    private static string Quote(IReadOnlyList<string> values) => string.Join(", ", values.Select(static value => $"'{value}'"));
}
