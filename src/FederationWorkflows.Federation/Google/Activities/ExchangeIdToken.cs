using FederationWorkflows.Engine;

namespace FederationWorkflows.Federation.Google.Activities;

/// <summary>
/// Exchanges an ID token of another issuer - a cluster, a CI system, an identity provider - at a workload identity pool's OIDC provider; then, where a service account is
/// named, becomes that account. The result is the access token.
/// </summary>
[Activity("Google", "Google Cloud", "Exchanges another issuer's ID token for a Google access token, at a workload identity pool.")]
public sealed class ExchangeIdToken : PoolExchange
{
    private protected override SubjectTokenType SubjectTokenType => SubjectTokenType.Jwt;
}
