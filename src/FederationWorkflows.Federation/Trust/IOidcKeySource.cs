namespace FederationWorkflows.Federation.Trust;

/// <summary>Where the public keys of an OpenID Connect issuer come from: the network, a cache, or the issuer itself.</summary>
public interface IOidcKeySource
{
    /// <summary>The keys that <paramref name="issuer"/> signs with now; empty when this source does not know the issuer.</summary>
    /// <param name="issuer">The token's <c>iss</c> claim, as it stands there.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <exception cref="HttpRequestException">The issuer's keys could not be fetched.</exception>
    ValueTask<IReadOnlyList<JsonWebKey>> GetKeysAsync(string issuer, CancellationToken cancellationToken);
}
