using FederationWorkflows.Engine;

namespace FederationWorkflows.Federation.Google;

/// <summary>
/// Workload identity federation: exchanges another cloud's or cluster's proof of identity at Google's security token service (REST v1, method token; RFC 8693).
/// Every call goes to Google.
/// </summary>
public interface IWorkloadIdentityPools
{
    /// <summary>
    /// A federated access token; with <see cref="PoolTokenRequest.ServiceAccount"/>, an access token of that service account, which needs
    /// <c>roles/iam.workloadIdentityUser</c> on it for the pool's principal.
    /// </summary>
    /// <exception cref="FederationException">An input is wrong, no answer came, or Google refused.</exception>
    Task<GoogleAccessToken> ExchangeAsync(PoolTokenRequest request, CancellationToken cancellationToken = default);
}

/// <summary>What <see cref="IWorkloadIdentityPools.ExchangeAsync"/> is asked for.</summary>
public sealed record PoolTokenRequest
{
    /// <summary>
    /// The provider: <c>//iam.googleapis.com/projects/NUMBER/locations/global/workloadIdentityPools/POOL/providers/PROVIDER</c>, also without <c>//iam.googleapis.com/</c>.
    /// The project's number, not its id.
    /// </summary>
    public required string Provider { get; init; }

    /// <summary>The proof of identity: what <see cref="Aws.ICallerIdentityTokens"/> signed, or an ID token of the provider's issuer.</summary>
    public required Sensitive<string> SubjectToken { get; init; }

    /// <summary>What <see cref="SubjectToken"/> is.</summary>
    public required SubjectTokenType SubjectTokenType { get; init; }

    /// <summary>1 to 100 OAuth scopes.</summary>
    public required IReadOnlyList<string> Scopes { get; init; }

    /// <summary>The service account to become: its email or its numeric id. Null for the federated token itself.</summary>
    public string? ServiceAccount { get; init; }

    /// <summary>How long the service account's token lives; see <see cref="AccessTokenRequest.Lifetime"/>. The federated token lives an hour, or as long as the proof.</summary>
    public TimeSpan Lifetime { get; init; } = TimeSpan.FromHours(1);

    /// <summary>Whose proof it is, for messages; e.g. <c>connection 'aws'</c>.</summary>
    public string? Caller { get; init; }
}

/// <summary>The proofs of identity that pools of this kind take.</summary>
public enum SubjectTokenType
{
    /// <summary>A signed request for sts:GetCallerIdentity: <c>urn:ietf:params:aws:token-type:aws4_request</c>.</summary>
    Aws4Request,

    /// <summary>An ID token or any other JWT of an OpenID Connect issuer: <c>urn:ietf:params:oauth:token-type:jwt</c>.</summary>
    Jwt,
}
