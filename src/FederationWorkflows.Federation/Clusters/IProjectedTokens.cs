using FederationWorkflows.Engine;
using FederationWorkflows.Federation.Google;

namespace FederationWorkflows.Federation.Clusters;

/// <summary>
/// Service account tokens that a Kubernetes cluster projects into a pod's file system (Kubernetes documentation, "ServiceAccount token volume projection"):
/// ID tokens of the cluster's issuer, for one audience, which the kubelet replaces when four fifths of their life are over.
/// </summary>
public interface IProjectedTokens
{
    /// <summary>The token in the file as it is now. It is read each time, so that a rotated one takes effect at once.</summary>
    /// <param name="connection">The connection that an administrator defined, for messages.</param>
    /// <param name="path">The file's path.</param>
    /// <param name="issuer">The issuer that the token must be of; null for any.</param>
    /// <param name="cancellationToken">Cancels reading.</param>
    /// <exception cref="FederationException">
    /// <see cref="FailureCodes.UnusableConnection"/>: the file cannot be read, is no token or that of another issuer, or the token has expired (the kubelet does not
    /// replace it any more).
    /// </exception>
    Task<ProjectedToken> ReadAsync(string connection, string path, string? issuer, CancellationToken cancellationToken = default);
}

/// <summary>A service account token of a cluster.</summary>
/// <param name="Token">The token.</param>
/// <param name="Claims">What it says; nobody has verified it here.</param>
public sealed record ProjectedToken(Sensitive<string> Token, IdTokenClaims Claims);
