using FederationWorkflows.Engine;
using FederationWorkflows.Federation.Aws;
using FederationWorkflows.Federation.Setup;

namespace FederationWorkflows.Federation.Trust;

/// <summary>
/// Says what a workload identity pool's provider makes of a proof of identity, and whether that lets it become a service account, as a table. The evaluation is that of
/// <see cref="PoolTrust"/>; signatures are not checked, and no cloud is asked.
/// </summary>
public static class PoolExplanation
{
    private const string Mapping = "attribute mapping";
    private const string AskAws = "Only AWS tells who signed the request: say who it will be.";

    /// <summary>Explains a token of another issuer.</summary>
    /// <param name="provider">The provider.</param>
    /// <param name="token">The token; its signature is not checked.</param>
    /// <param name="now">When it is used.</param>
    /// <param name="grant">Who may become the service account; null when that is not asked.</param>
    /// <exception cref="PoolProviderFormatException">Google would not take the provider.</exception>
    public static TrustExplanation OfToken(IdentityPoolProvider provider, Sensitive<string> token, DateTimeOffset now, PoolGrant? grant = null)
    {
        var trust = new PoolTrust(provider);
        var refusal = trust.Evaluate(token, keys: null, now).Refusal;
        if (provider.Oidc is not { } issuer || !OidcToken.TrySplit(token, out var parts, out _))
        {
            return Denied(refusal!, [new TrustCheck("provider", "kind of proof", null, provider.Oidc is null ? "a signed request of AWS" : "a token", provider.Oidc is null ? "a token" : "something else", TrustVerdict.Fails, $"{CloudText.Message(refusal!.Explanation)}.")]);
        }

        var claims = parts.Payload;
        var audiences = claims.TryGetProperty("aud", out var aud) ? OidcClaims.Texts(aud) : [];
        var taken = issuer.AudiencesFor(provider.Name);
        var stale = PoolTrust.Stale(claims, now);
        List<TrustCheck> checks =
        [
            Check("provider", "issuer", "iss", Quote([issuer.IssuerUri]), Quote(PoolTrust.Text(claims, "iss") is { } iss ? [iss] : []), PoolTrust.Text(claims, "iss") == issuer.IssuerUri,
                "The token's iss is not the provider's issuer, letter by letter (a slash at the end counts)."),
            Check("provider", "audience", "aud", Quote(taken), Quote(audiences), audiences.Any(taken.Contains),
                "Get the token for this audience, or allow its own at the provider (--allowed-audiences); with none allowed, it must be https: and the provider's full name."),
            Check("token", "time", "iat, exp, nbf", $"{now:yyyy-MM-dd'T'HH:mm:ss'Z'} within them, give or take {PoolTrust.ClockSkew.TotalSeconds:0} s", stale ?? "as expected", stale is null,
                "Get a new token just before the exchange, and check this host's clock."),
        ];
        return Conclude(trust, checks, refusal, trust.Map(claims), grant);
    }

    /// <summary>Explains a signed request for sts:GetCallerIdentity.</summary>
    /// <param name="provider">The provider.</param>
    /// <param name="token">The subject token; its signature is not checked.</param>
    /// <param name="caller">Who signed it; null when that is not known, which only AWS can tell.</param>
    /// <param name="now">When it is used.</param>
    /// <param name="grant">Who may become the service account; null when that is not asked.</param>
    /// <param name="standIn">The address of a stand-in for AWS STS; null for AWS alone.</param>
    /// <exception cref="PoolProviderFormatException">Google would not take the provider.</exception>
    public static TrustExplanation OfSignedRequest(
        IdentityPoolProvider provider, Sensitive<string> token, CallerIdentity? caller, DateTimeOffset now, PoolGrant? grant = null, Uri? standIn = null)
    {
        var trust = new PoolTrust(provider);
        if (provider.AwsAccountId is not { } account)
        {
            return Denied(
                new PoolRefusal("invalid_request", "Invalid value for \"subject_token_type\".", ""),
                [new TrustCheck("provider", "kind of proof", null, "a token of an OIDC issuer", "a signed request of AWS", TrustVerdict.Fails, "Name a provider of AWS, or exchange a token (Google.ExchangeIdToken).")]);
        }

        if (SignedCallerIdentity.TryParse(token) is not { } signed)
        {
            return Denied(
                new PoolRefusal("invalid_request", "Invalid format of AWS credentials.", ""),
                [new TrustCheck("signed request", "form", null, "URL-encoded JSON with url, method and headers", "something else", TrustVerdict.Fails, "Give the result of Aws.SignCallerIdentity.")]);
        }

        var checks = signed.Checks(provider.Name, now, standIn).ToList();
        checks.Add(caller is null
            ? new TrustCheck("provider", "AWS account", "assertion.account", $"'{account}'", "unknown", TrustVerdict.Unknown, AskAws)
            : Check("provider", "AWS account", "assertion.account", $"'{account}'", Quote([caller.Account]), caller.Account == account, "Use credentials of the provider's account, or a provider of that account."));
        var refusal = signed.Refusal(provider.Name, standIn)
            ?? (checks.Exists(static check => check.Verdict == TrustVerdict.Fails && check.Condition == "time") ? new PoolRefusal("invalid_grant", "Received invalid AWS response of type 403", "") : null)
            ?? (caller is null ? null : trust.Evaluate(caller).Refusal);
        return Conclude(trust, checks, refusal, caller is null ? null : trust.Map(PoolTrust.Assertion(caller)), grant);
    }

    private static TrustExplanation Conclude(PoolTrust trust, List<TrustCheck> checks, PoolRefusal? refusal, PoolEvaluation? mapped, PoolGrant? grant)
    {
        checks.AddRange(mapped is null ? Unmapped(trust.Provider) : Mapped(mapped));
        if (grant is not null)
        {
            checks.Add(Granted(mapped?.Identity, grant));
        }

        if (refusal is not null)
        {
            return Denied(refusal, checks);
        }

        return checks.Min(static check => check.Verdict) switch
        {
            TrustVerdict.Fails => new TrustExplanation(TrustVerdict.Fails, $"Denied: the identity is taken in, and may not become {grant!.ServiceAccount}.", checks),
            TrustVerdict.Unknown => new TrustExplanation(TrustVerdict.Unknown, $"It hangs on who signed the request. {AskAws}", checks),
            _ => new TrustExplanation(TrustVerdict.Holds, $"Allowed: taken in as {mapped!.Identity!.Principal}{(grant is null ? "" : $", which may become {grant.ServiceAccount}")}.", checks),
        };
    }

    private static IEnumerable<TrustCheck> Unmapped(IdentityPoolProvider provider)
    {
        foreach (var (attribute, expression) in (provider.AttributeMapping ?? AttributeMapping.AwsDefault).OrderBy(static pair => pair.Key, StringComparer.Ordinal))
        {
            yield return new TrustCheck(Mapping, attribute, expression, "text", "unknown", TrustVerdict.Unknown, AskAws);
        }

        if (provider.AttributeCondition is { } condition)
        {
            yield return new TrustCheck("attribute condition", condition, null, "true", "unknown", TrustVerdict.Unknown, AskAws);
        }
    }

    private static IEnumerable<TrustCheck> Mapped(PoolEvaluation mapped)
    {
        foreach (var trace in mapped.Attributes)
        {
            yield return Check(Mapping, trace.Attribute, trace.Expression, "text", Quote(trace.Values), trace.Problem is null, $"Every expression must give text of this identity: {CloudText.Message(trace.Problem)}.");
        }

        if (mapped.Condition is { } condition)
        {
            yield return Check(
                "attribute condition", condition.Expression, null, "true", condition.Problem is null ? condition.Satisfied ? "true" : "false" : "nothing", condition.Satisfied,
                condition.Problem is { } problem ? $"It cannot be decided: {CloudText.Message(problem)}." : "Compare it with the mapped values above: it names somebody else.");
        }

        if (mapped.Refusal is { } refusal && mapped.Condition is null or { Satisfied: true } && mapped.Attributes.All(static trace => trace.Problem is null))
        {
            yield return new TrustCheck(Mapping, "size", null, "google.subject of 1 to 127 bytes, all attributes of 8 KiB", "more or nothing", TrustVerdict.Fails, $"{CloudText.Message(refusal.Explanation)}: map it to something else.");
        }
    }

    private static TrustCheck Granted(PoolIdentity? identity, PoolGrant grant)
    {
        const string Where = "service account";
        const string Condition = AwsToGoogle.GrantedRole;
        const string Reads = "principal, principalSet";
        if (identity is null)
        {
            return new TrustCheck(Where, Condition, Reads, Quote(grant.Members), "unknown", TrustVerdict.Unknown, "Only an identity that is taken in has a principal.");
        }

        var member = grant.Members.FirstOrDefault(identity.IsMember);
        var narrowest = identity.Attributes.Count > 0 ? identity.PrincipalSets[^1] : identity.Principal;
        return Check(Where, Condition, Reads, Quote(grant.Members), member ?? identity.Principal, member is not null, $"Grant {Condition} on {grant.ServiceAccount} to {narrowest}.");
    }

    private static TrustExplanation Denied(PoolRefusal refusal, IReadOnlyList<TrustCheck> checks) =>
        new(TrustVerdict.Fails, $"Denied: Google answers {refusal.Error}: {CloudText.Message(refusal.Message)}", checks);

    private static TrustCheck Check(string where, string condition, string? reads, string expected, string found, bool holds, string mend) =>
        new(where, condition, reads, expected, found, holds ? TrustVerdict.Holds : TrustVerdict.Fails, holds ? "" : mend);

    // A provider's or an issuer's name is long enough to look like a secret, and is none; nothing here is.
    private static string Quote(IReadOnlyList<string> values) => values.Count == 0 ? "nothing" : string.Join(" or ", values.Select(static value => $"'{value.ReplaceLineEndings(" ")}'"));
}

/// <summary>Who may become a service account by a workload identity pool.</summary>
/// <param name="ServiceAccount">The account: its address or numeric id.</param>
/// <param name="Members">The members that have <c>roles/iam.workloadIdentityUser</c> on it.</param>
public sealed record PoolGrant(string ServiceAccount, IReadOnlyList<string> Members);
