using FederationWorkflows.Engine;

namespace FederationWorkflows.Federation.Connections;

/// <summary>A source identity with what is needed to get tokens for it.</summary>
/// <param name="Name">The name stories know it by.</param>
public abstract record Connection(string Name);

/// <summary>A service account with its private key.</summary>
/// <param name="Name">The name stories know it by.</param>
/// <param name="ClientEmail">The service account's email address.</param>
/// <param name="PrivateKeyId">The key's id in IAM; null when the file does not say.</param>
/// <param name="PrivateKey">The RSA private key in PEM (PKCS#8 or PKCS#1).</param>
public sealed record ServiceAccountKeyConnection(string Name, string ClientEmail, string? PrivateKeyId, Sensitive<string> PrivateKey) : Connection(Name);

/// <summary>A person who logged in to an OAuth client.</summary>
/// <param name="Name">The name stories know it by.</param>
/// <param name="ClientId">The OAuth client.</param>
/// <param name="ClientSecret">The OAuth client's secret.</param>
/// <param name="RefreshToken">The person's refresh token.</param>
public sealed record AuthorizedUserConnection(string Name, string ClientId, Sensitive<string> ClientSecret, Sensitive<string> RefreshToken) : Connection(Name);

/// <summary>The service account that Google Cloud attached to the machine, pod or function this host runs on.</summary>
/// <param name="Name">The name stories know it by.</param>
public sealed record MetadataServerConnection(string Name) : Connection(Name)
{
    /// <summary>It is what Application Default Credentials come to where there is no file.</summary>
    internal bool IsByDefault { get; init; }
}

/// <summary>A workload outside Google Cloud that exchanges its own proof of identity at Google's security token service.</summary>
/// <param name="Name">The name stories know it by.</param>
/// <param name="Configuration">The <c>external_account</c> JSON.</param>
public sealed record ExternalAccountConnection(string Name, Sensitive<string> Configuration) : Connection(Name);

/// <summary>A service account reached from another identity, as <c>gcloud auth application-default login --impersonate-service-account</c> sets it up.</summary>
/// <param name="Name">The name stories know it by.</param>
/// <param name="Source">The identity that impersonates.</param>
/// <param name="ServiceAccount">The service account it becomes.</param>
/// <param name="Delegates">The service accounts between the two, in order.</param>
public sealed record ImpersonatedConnection(string Name, Connection Source, string ServiceAccount, IReadOnlyList<string> Delegates) : Connection(Name);
