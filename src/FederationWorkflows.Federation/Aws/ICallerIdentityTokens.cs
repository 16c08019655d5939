using FederationWorkflows.Engine;

namespace FederationWorkflows.Federation.Aws;

/// <summary>
/// Proves an AWS identity to Google: a request for sts:GetCallerIdentity that is signed and not sent; Google sends it to learn from AWS who signed
/// ("Configure Workload Identity Federation with AWS"). Nothing goes over the network here.
/// </summary>
public interface ICallerIdentityTokens
{
    /// <summary>
    /// The subject token of an exchange at a pool's AWS provider: URL, method and headers in JSON, URL-encoded. AWS takes it for a few minutes (15 at most).
    /// Whoever has it can log in as this identity at that provider, and do nothing else with it.
    /// </summary>
    /// <param name="credentials">Whose identity.</param>
    /// <param name="provider">The provider's full resource name, which is part of what is signed; see <c>PoolTokenRequest.Provider</c>.</param>
    /// <param name="region">The region whose STS is asked; null for that of the credentials' partition (<see cref="FederationOptions.AwsRegion"/>).</param>
    /// <exception cref="FederationException">An input is wrong.</exception>
    Sensitive<string> Sign(AwsCredentials credentials, string provider, string? region = null);
}
