using FederationWorkflows.Engine;

namespace FederationWorkflows.Federation.Google.Activities;

/// <summary>
/// Exchanges the proof of an AWS identity, made by <c>Aws.SignCallerIdentity</c>, at a workload identity pool's AWS provider; then, where a service account is named, becomes
/// that account. The result is the access token.
/// </summary>
[Activity("Google", "Google Cloud", "Exchanges a signed AWS request for a Google access token, at a workload identity pool.")]
public sealed class ExchangeAwsToken : PoolExchange
{
    private protected override SubjectTokenType SubjectTokenType => SubjectTokenType.Aws4Request;
}
