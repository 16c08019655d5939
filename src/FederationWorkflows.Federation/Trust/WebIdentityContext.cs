using System.Text.Json;

namespace FederationWorkflows.Federation.Trust;

/// <summary>
/// Turns an ID token into the condition keys a role's trust policy sees (IAM User Guide, "IAM and AWS STS condition context keys",
/// section "Available keys for AWS OIDC federation").
/// </summary>
public static class WebIdentityContext
{
    /// <summary>The provider's name in condition keys: its issuer without <c>https://</c>. Google's two issuer spellings are one.</summary>
    public static string ProviderName(string issuer) =>
        issuer.StartsWith("https://", StringComparison.OrdinalIgnoreCase) ? issuer["https://".Length..] : issuer;

    /// <summary>Whether AWS knows the provider without an OIDC provider resource in the account, so that a trust policy names it by its bare name.</summary>
    public static bool IsBuiltIn(string providerName) => providerName == "accounts.google.com";

    /// <summary>
    /// What a trust policy names the provider by under <c>Federated</c>: the bare name of a built-in one, the ARN of the account's OIDC provider otherwise.
    /// </summary>
    /// <param name="issuer">The token's <c>iss</c>.</param>
    /// <param name="accountId">The account of the role.</param>
    public static string FederatedPrincipal(string issuer, string accountId) =>
        ProviderName(issuer) is var name && IsBuiltIn(name) ? name : $"arn:aws:iam::{accountId}:oidc-provider/{name}";

    /// <summary>
    /// The provider's keys: <c>aud</c> reads <c>azp</c> where the token has one and <c>aud</c> otherwise, <c>oaud</c> reads <c>aud</c>,
    /// <c>sub</c>, <c>amr</c> and <c>email</c> read the claims of that name; Google, GitHub and CircleCI have some of their own.
    /// No other claim becomes a key.
    /// </summary>
    public static ConditionContext Of(OidcClaims claims) =>
        KeysOf(claims).Aggregate(ConditionContext.Empty, static (context, key) => context.With(key.Key, key.Values));

    /// <summary>The provider's keys, in the order in which people write them, each with the claim it reads; those the token has no claim for too, without values.</summary>
    public static IReadOnlyList<WebIdentityKey> KeysOf(OidcClaims claims)
    {
        var provider = ProviderName(claims.Issuer);
        var keys = new List<WebIdentityKey>
        {
            new($"{provider}:aud", claims.AuthorizedParty is null ? "aud" : "azp", Audience(claims)),
            new($"{provider}:oaud", "aud", claims.Audiences),
            new($"{provider}:sub", "sub", [claims.Subject]),
            new($"{provider}:amr", "amr", claims.Values("amr")),
            new($"{provider}:email", "email", claims.Values("email")),
        };
        keys.AddRange(OwnClaims(provider).Select(claim => new WebIdentityKey($"{provider}:{claim}", claim, claims.Values(claim))));
        if (IsBuiltIn(provider))
        {
            keys.Add(new WebIdentityKey($"{provider}:google/organization_number", "google.organization_number", OrganizationNumber(claims)));
        }

        return keys;
    }

    /// <summary>The names of the keys that AWS can make of a provider's tokens, without the provider and the colon: <c>aud</c>, <c>sub</c>, ...</summary>
    public static IReadOnlyList<string> ClaimsOf(string provider) =>
        ["aud", "oaud", "sub", "amr", "email", .. OwnClaims(provider), .. (string[])(IsBuiltIn(provider) ? ["google/organization_number"] : [])];

    /// <summary>
    /// The keys an AssumeRoleWithWebIdentity request is decided by: those of <see cref="Of"/> and <c>sts:RoleSessionName</c>.
    /// </summary>
    public static ConditionContext OfRequest(OidcClaims claims, string roleSessionName) => Of(claims).With("sts:RoleSessionName", roleSessionName);

    /// <summary>
    /// The keys that stay with the session and are seen by later requests' policies: the provider's <c>aud</c>, <c>sub</c> and <c>amr</c>, and <c>aws:FederatedProvider</c>.
    /// </summary>
    /// <param name="claims">The verified token.</param>
    /// <param name="accountId">The account of the role.</param>
    public static ConditionContext OfSession(OidcClaims claims, string accountId)
    {
        var provider = ProviderName(claims.Issuer);
        return ConditionContext.Empty
            .With($"{provider}:aud", Audience(claims))
            .With($"{provider}:sub", claims.Subject)
            .With($"{provider}:amr", claims.Values("amr"))
            .With("aws:FederatedProvider", FederatedPrincipal(claims.Issuer, accountId));
    }

    /// <summary>What <c>:aud</c> reads, and what an OIDC provider's client ids are compared with.</summary>
    public static IReadOnlyList<string> Audience(OidcClaims claims) => claims.AuthorizedParty is { } party ? [party] : claims.Audiences;

    private static IReadOnlyList<string> OwnClaims(string provider) => provider switch
    {
        "token.actions.githubusercontent.com" =>
            ["actor", "actor_id", "job_workflow_ref", "repository", "repository_id", "repository_owner_id", "workflow", "ref", "environment", "enterprise_id"],
        _ when provider.StartsWith("oidc.circleci.com/org/", StringComparison.Ordinal) => ["oidc.circleci.com/project-id"],
        _ => [],
    };

    // Google puts the number into an object "google"; AWS's table writes the claim as "google:organization_number".
    private static IReadOnlyList<string> OrganizationNumber(OidcClaims claims) =>
        claims.Json.TryGetProperty("google", out var google) && google.ValueKind == JsonValueKind.Object && google.TryGetProperty("organization_number", out var number)
            ? OidcClaims.Texts(number)
            : claims.Values("google:organization_number");
}

/// <summary>A condition key that AWS makes of an ID token.</summary>
/// <param name="Key">The key, for example <c>accounts.google.com:aud</c>.</param>
/// <param name="Claim">The claim it reads of this token, for example <c>azp</c>.</param>
/// <param name="Values">Its values; empty when the token has no such claim.</param>
public sealed record WebIdentityKey(string Key, string Claim, IReadOnlyList<string> Values);
