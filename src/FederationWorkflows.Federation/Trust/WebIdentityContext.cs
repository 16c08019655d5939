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
    public static ConditionContext Of(OidcClaims claims)
    {
        var provider = ProviderName(claims.Issuer);
        var context = ConditionContext.Empty
            .With($"{provider}:aud", Audience(claims))
            .With($"{provider}:oaud", claims.Audiences)
            .With($"{provider}:sub", claims.Subject)
            .With($"{provider}:amr", claims.Values("amr"))
            .With($"{provider}:email", claims.Values("email"));
        foreach (var claim in OwnClaims(provider))
        {
            context = context.With($"{provider}:{claim}", claims.Values(claim));
        }

        return provider == "accounts.google.com" ? context.With($"{provider}:google/organization_number", OrganizationNumber(claims)) : context;
    }

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
