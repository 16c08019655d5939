using FederationWorkflows.Federation.Aws;
using FederationWorkflows.Federation.Clusters;
using FederationWorkflows.Federation.Connections;
using FederationWorkflows.Federation.Google;
using Microsoft.Extensions.Options;

namespace FederationWorkflows.Federation.Broker;

/// <summary>Says whether somebody may have what he asks for, and looks it up.</summary>
internal sealed class TokenBroker : ITokenBroker, IDisposable
{
    private readonly ConnectionCatalog connections;

    private readonly ConnectionExchanges exchanges;

    private readonly TokenCache cache;

    public TokenBroker(ConnectionCatalog connections, ConnectionExchanges exchanges, IOptions<FederationOptions> options, TimeProvider time)
    {
        this.connections = connections;
        this.exchanges = exchanges;
#pragma warning disable CA5394 // It spreads refreshing in time; nobody need not guess it.
        cache = new TokenCache((key, user, cancellationToken) => exchanges.MakeAsync(key, user, cache!, cancellationToken), options.Value.Broker, time, Random.Shared.NextDouble);
#pragma warning restore CA5394
        connections.Replaced += OnReplaced;
    }

    public ValueTask<GoogleAccessToken> GetAccessTokenAsync(string connection, IReadOnlyList<string> scopes, ConnectionUser user, CancellationToken cancellationToken = default)
    {
        var definition = Require(connection, Cloud.Google, user);
        return definition.RefusedScope(scopes) is { } refused
            ? throw Narrow.Scope(definition, refused)
            : cache.GetAsync<GoogleAccessToken>(ExchangeKey.AccessToken(definition, scopes), user, cancellationToken);
    }

    public ValueTask<GoogleIdToken> GetIdTokenAsync(string connection, string audience, ConnectionUser user, CancellationToken cancellationToken = default) =>
        cache.GetAsync<GoogleIdToken>(ExchangeKey.IdToken(Require(connection, Cloud.Google, user), audience, null), user, cancellationToken);

    public ValueTask<GoogleIdToken> GetMetadataIdTokenAsync(string connection, string audience, MetadataTokenFormat format, ConnectionUser user, CancellationToken cancellationToken = default) =>
        cache.GetAsync<GoogleIdToken>(ExchangeKey.MetadataToken(Require(connection, Cloud.Google, user), audience, format), user, cancellationToken);

    public ValueTask<ProjectedToken> GetProjectedTokenAsync(string connection, ConnectionUser user, CancellationToken cancellationToken = default) =>
        cache.GetAsync<ProjectedToken>(ExchangeKey.ProjectedToken(Require(connection, null, user)), user, cancellationToken);

    public ValueTask<AwsCredentials> GetAwsCredentialsAsync(string connection, AwsNarrowing narrowing, ConnectionUser user, CancellationToken cancellationToken = default)
    {
        var definition = Require(connection, Cloud.Aws, user);
        return cache.GetAsync<AwsCredentials>(Narrow.Aws(definition, narrowing, user), user, cancellationToken);
    }

    /// <summary>Another token in place of one that a cloud refused as expired, revoked or unknown, for whoever may use the connection that gave it.</summary>
    /// <param name="mark">The <see cref="TokenMark"/> of the refused one.</param>
    /// <param name="user">Who has it.</param>
    /// <param name="cancellationToken">Ends waiting for it.</param>
    /// <returns>Null when no connection of his gave it, as far as is known, or when it was given in place of another one a moment ago.</returns>
    /// <exception cref="FederationException">The exchange failed.</exception>
    public async Task<object?> ReplaceAsync(string mark, ConnectionUser user, CancellationToken cancellationToken)
    {
        foreach (var key in cache.GiversOf(mark))
        {
            if (ConnectionAccess.Allows(key.Connection, user))
            {
                return await cache.ReplaceAsync(key, mark, user, cancellationToken);
            }
        }

        return null;
    }

    public async Task<ExchangeReport> CheckAsync(string connection, CancellationToken cancellationToken = default)
    {
        var definition = connections.Get(connection);
        var key = definition.Kind!.Cloud switch
        {
            Cloud.Aws => Narrow.Check(definition),
            Cloud.Google => ExchangeKey.AccessToken(definition, definition.Options.Scopes is { Count: > 0 } own ? [.. own] : [GoogleScopes.CloudPlatform]),
            _ => ExchangeKey.ProjectedToken(definition),
        };
        var made = await exchanges.MakeAndReportAsync(key, ConnectionUser.Administrator, cache, cancellationToken);
        return made.Report;
    }

    public DateTimeOffset? LastUse(string connection) => cache.LastUse(connection);

    public void Dispose()
    {
        connections.Replaced -= OnReplaced;
        cache.Dispose();
    }

    /// <param name="connection">The connection's name.</param>
    /// <param name="cloud">Whose identity it must be; null for a cluster's.</param>
    /// <param name="user">Who uses it.</param>
    private ConnectionDefinition Require(string connection, Cloud? cloud, ConnectionUser user)
    {
        var definition = connections.Get(connection);
        ConnectionAccess.Require(definition, user);
        return definition.Kind!.Cloud == cloud ? definition : throw Elsewhere(definition, cloud);
    }

    private static FederationException Elsewhere(ConnectionDefinition definition, Cloud? wanted) => (wanted, definition.Kind!.Cloud) switch
    {
        (Cloud.Google, Cloud.Aws) => ConfiguredConnections.OfAws(definition.Name),
        (Cloud.Google, _) => ConfiguredConnections.OfCluster(definition.Name),
        (Cloud.Aws, var has) => CredentialJson.Unusable(
            definition.Name,
            $"it is an identity of {(has is null ? "a Kubernetes cluster" : "Google")} and has no AWS credentials",
            "Name an AWS connection, such as one of kind awsRole that is reached from it."),
        _ => CredentialJson.Unusable(definition.Name, $"its kind is {definition.Kind.Name}, and it has no token of a cluster", $"Name a connection of kind {ConnectionKinds.ProjectedToken}."),
    };

    private void OnReplaced() => cache.Retain(connections.All.Values);
}
