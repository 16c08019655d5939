using FederationWorkflows.Engine;
using FederationWorkflows.Federation.Broker;
using Microsoft.Extensions.Caching.Memory;

namespace FederationWorkflows.Federation.Google;

/// <summary>
/// Whose the access tokens are that stories got on this node, so that the journal can tell whom a call acted as: unlike AWS credentials, such a token says nothing of that. What
/// is kept is the token's <see cref="TokenMark"/>, for as long as it works, and of 10,000 tokens at most.
/// </summary>
internal sealed class TokenHolders(TimeProvider time) : IDisposable
{
    private readonly MemoryCache holders = new(new MemoryCacheOptions { SizeLimit = 10_000 });

    /// <summary>Takes note of a token that a story got.</summary>
    /// <param name="token">The token.</param>
    /// <param name="holder">Whose it is; null for what Google said of that.</param>
    public void Note(GoogleAccessToken token, string? holder = null)
    {
        var left = token.ExpiresAt - time.GetUtcNow();
        if ((holder ?? token.Principal) is { Length: > 0 } known && left > TimeSpan.Zero)
        {
            holders.Set(TokenMark.Of(token), known, new MemoryCacheEntryOptions { AbsoluteExpirationRelativeToNow = left, Size = 1 });
        }
    }

    /// <summary>Whose a token is; null when that is not known.</summary>
    public string? Find(Sensitive<string> token) => holders.Get<string>(TokenMark.Of(token));

    public void Dispose() => holders.Dispose();
}
