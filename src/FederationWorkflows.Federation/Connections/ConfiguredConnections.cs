using FederationWorkflows.Federation.Google;
using Microsoft.Extensions.Options;

namespace FederationWorkflows.Federation.Connections;

/// <summary>The connections of the host's configuration. Files are read at each use: a rotated key takes effect at once, and no key is kept.</summary>
internal sealed class ConfiguredConnections(ConnectionCatalog catalog, IOptionsMonitor<FederationOptions> options, ApplicationDefault applicationDefault) : IConnectionStore
{
    public IReadOnlyList<string> Names => [.. catalog.All.Keys.Order(StringComparer.OrdinalIgnoreCase)];

    public async Task<Connection> GetAsync(string name, CancellationToken cancellationToken = default)
    {
        var definition = catalog.Get(name);
        return definition.Kind!.Name switch
        {
            ConnectionKinds.ApplicationDefault => await applicationDefault.ResolveAsync(name, cancellationToken),
            ConnectionKinds.MetadataServer => new MetadataServerConnection(name),
            ConnectionKinds.ServiceAccountKey => CredentialJson.ServiceAccountKey(name, await CredentialAsync(name, definition.Options, cancellationToken)),
            ConnectionKinds.AuthorizedUser => CredentialJson.AuthorizedUser(name, await CredentialAsync(name, definition.Options, cancellationToken)),
            ConnectionKinds.ExternalAccount => CredentialJson.ExternalAccount(name, await CredentialAsync(name, definition.Options, cancellationToken), options.CurrentValue.Endpoints),
            ConnectionKinds.WorkloadIdentityPool => throw CredentialJson.Unusable(name, "it is reached from another identity, and has no credential of its own", "Get its tokens from the token broker."),
            ConnectionKinds.ProjectedToken => throw OfCluster(name),
            _ => throw OfAws(name),
        };
    }

    /// <summary>A connection is of a cluster, and asked for what only Google gives.</summary>
    public static FederationException OfCluster(string name) => CredentialJson.Unusable(
        name,
        "it is an identity of a Kubernetes cluster and has no Google tokens",
        "Read its token with Kubernetes.GetServiceAccountToken, or name a Google connection, such as one of kind workloadIdentityPool with the same TokenFile.");

    /// <summary>A connection is of the other cloud than what is asked of it.</summary>
    public static FederationException OfAws(string name) => CredentialJson.Unusable(
        name, "it is an identity of AWS and has no Google tokens", "Get its credentials with Aws.GetCredentials, or name a Google connection.");

    private static async ValueTask<string> CredentialAsync(string name, ConnectionOptions definition, CancellationToken cancellationToken) =>
        definition.Json is { } json && !string.IsNullOrWhiteSpace(json.Reveal()) ? json.Reveal() : await CredentialFile.ReadAsync(name, definition.File!, cancellationToken);
}
