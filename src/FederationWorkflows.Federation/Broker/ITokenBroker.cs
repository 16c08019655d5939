using FederationWorkflows.Federation.Aws;
using FederationWorkflows.Federation.Clusters;
using FederationWorkflows.Federation.Connections;
using FederationWorkflows.Federation.Google;

namespace FederationWorkflows.Federation.Broker;

/// <summary>
/// Tokens and credentials of connections, for those who may use them. They are kept until shortly before their end, so that a thousand runs make one
/// exchange; each exchange that is made is told to every <see cref="IExchangeObserver"/>.
/// </summary>
public interface ITokenBroker
{
    /// <summary>An access token of a Google connection. It works for at least 5 minutes more, or a sixth of its life where that is less.</summary>
    /// <param name="connection">The connection's name; case does not matter.</param>
    /// <param name="scopes">1 to 100 OAuth scopes, of those that the connection allows.</param>
    /// <param name="user">Who uses it.</param>
    /// <param name="cancellationToken">Ends waiting for it. An exchange that others wait for, too, goes on.</param>
    /// <exception cref="FederationException">The connection is unknown, unusable or not for him, an input is wrong, no answer came, or the cloud refused.</exception>
    ValueTask<GoogleAccessToken> GetAccessTokenAsync(string connection, IReadOnlyList<string> scopes, ConnectionUser user, CancellationToken cancellationToken = default);

    /// <summary>An ID token of a Google connection's own identity.</summary>
    /// <param name="connection">The connection's name; case does not matter.</param>
    /// <param name="audience">The <c>aud</c> of the token: 1 to 2048 characters.</param>
    /// <param name="user">Who uses it.</param>
    /// <param name="cancellationToken">Ends waiting for it.</param>
    /// <exception cref="FederationException">As above; and <see cref="FailureCodes.UnusableConnection"/> when this kind of connection cannot do it.</exception>
    ValueTask<GoogleIdToken> GetIdTokenAsync(string connection, string audience, ConnectionUser user, CancellationToken cancellationToken = default);

    /// <summary>An identity token of the machine, pod or function that this host runs on, from Google Cloud's metadata server.</summary>
    /// <param name="connection">The connection's name; case does not matter.</param>
    /// <param name="audience">The <c>aud</c> of the token: 1 to 2048 characters.</param>
    /// <param name="format">What it tells of the machine.</param>
    /// <param name="user">Who uses it.</param>
    /// <param name="cancellationToken">Ends waiting for it.</param>
    /// <exception cref="FederationException">As above; and <see cref="FailureCodes.UnusableConnection"/> when the connection does not come to the metadata server.</exception>
    ValueTask<GoogleIdToken> GetMetadataIdTokenAsync(string connection, string audience, MetadataTokenFormat format, ConnectionUser user, CancellationToken cancellationToken = default);

    /// <summary>The token of a Kubernetes service account that a connection of kind <c>projectedToken</c> has, no older in its file than 5 minutes.</summary>
    /// <param name="connection">The connection's name; case does not matter.</param>
    /// <param name="user">Who uses it.</param>
    /// <param name="cancellationToken">Ends waiting for it.</param>
    /// <exception cref="FederationException">As above; and <see cref="FailureCodes.UnusableConnection"/> when the file has no current token of the cluster.</exception>
    ValueTask<ProjectedToken> GetProjectedTokenAsync(string connection, ConnectionUser user, CancellationToken cancellationToken = default);

    /// <summary>The credentials of an AWS connection.</summary>
    /// <param name="connection">The connection's name; case does not matter.</param>
    /// <param name="narrowing">How they are to be less than the connection allows.</param>
    /// <param name="user">Who uses it.</param>
    /// <param name="cancellationToken">Ends waiting for them.</param>
    /// <exception cref="FederationException">As above; and <see cref="FailureCodes.InvalidInput"/> when it would be more than the connection allows.</exception>
    ValueTask<AwsCredentials> GetAwsCredentialsAsync(string connection, AwsNarrowing narrowing, ConnectionUser user, CancellationToken cancellationToken = default);

    /// <summary>Makes an exchange now, whatever there is, and throws away what comes of it: of a role it asks for a session that may do nothing.</summary>
    /// <returns>What was learned of it.</returns>
    /// <exception cref="FederationException">It failed, and says why.</exception>
    Task<ExchangeReport> CheckAsync(string connection, CancellationToken cancellationToken = default);
}

/// <summary>How credentials are to be less than an AWS connection allows. Nothing in it can make them more.</summary>
public readonly record struct AwsNarrowing
{
    /// <summary>How long they work, in seconds: 900 and no more than the connection's longest session. Null for that.</summary>
    public int? DurationSeconds { get; init; }

    /// <summary>An IAM policy in JSON that they are narrowed by; null for none. A connection that has a session policy takes no other.</summary>
    public string? SessionPolicy { get; init; }

    /// <summary>The session's name; null for the connection's own. A connection that names its sessions takes no other.</summary>
    public string? SessionName { get; init; }
}
