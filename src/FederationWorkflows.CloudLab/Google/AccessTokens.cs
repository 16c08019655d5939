using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using System.Text;
using FederationWorkflows.Engine;

namespace FederationWorkflows.CloudLab.Google;

/// <summary>What an access token stands for.</summary>
/// <param name="Principal">Who it speaks for.</param>
/// <param name="Scopes">The OAuth scopes.</param>
/// <param name="ClientId">The <c>azp</c> and <c>aud</c> of tokeninfo: a user's OAuth client, else the service account's numeric id.</param>
/// <param name="ExpiresAt">When it ends.</param>
/// <param name="DelegationChain">Who obtained it by impersonation, the first caller first; empty for a token got with the principal's own credential.</param>
public sealed record AccessTokenGrant(
    GooglePrincipal Principal,
    IReadOnlyList<string> Scopes,
    string ClientId,
    DateTimeOffset ExpiresAt,
    IReadOnlyList<GooglePrincipal> DelegationChain);

/// <summary>The access tokens in circulation. Keeps no token, only its digest, which also makes a look-up's time say nothing about another token.</summary>
/// <param name="time">Says when tokens end.</param>
/// <param name="capacity">How many are kept; beyond that the ones that end first are forgotten.</param>
internal sealed class AccessTokens(TimeProvider time, int capacity = 10_000)
{
    private const string Alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-";

    private readonly ConcurrentDictionary<string, AccessTokenGrant> grants = new();
    private readonly Lock eviction = new();

    public Sensitive<string> Issue(AccessTokenGrant grant)
    {
        // Google's opaque tokens begin with ya29.; secret scanners know them by it.
        var token = "ya29.c." + RandomNumberGenerator.GetString(Alphabet, 180);
        grants[Digest(token)] = grant;
        if (grants.Count > capacity)
        {
            Evict();
        }

        return Sensitive.Of(token);
    }

    /// <summary>The token's grant, also when it has ended; null for a text that is no token of this lab.</summary>
    public AccessTokenGrant? Find(string token) => grants.GetValueOrDefault(Digest(token));

    /// <summary>Whether the token is in force now.</summary>
    public bool TryIntrospect(string token, [NotNullWhen(true)] out AccessTokenGrant? grant)
    {
        grant = Find(token);
        if (grant is not null && IsExpired(grant))
        {
            grant = null;
        }

        return grant is not null;
    }

    public bool IsExpired(AccessTokenGrant grant) => grant.ExpiresAt <= time.GetUtcNow();

    private void Evict()
    {
        lock (eviction)
        {
            // A tenth at once, so that a full store does not sort itself at every token.
            var surplus = grants.Count - capacity + (capacity / 10);
            foreach (var (digest, _) in grants.OrderBy(grant => grant.Value.ExpiresAt).Take(surplus))
            {
                grants.TryRemove(digest, out _);
            }
        }
    }

    private static string Digest(string token) => Convert.ToHexString(SHA256.HashData(Encoding.UTF8.GetBytes(token)));
}
