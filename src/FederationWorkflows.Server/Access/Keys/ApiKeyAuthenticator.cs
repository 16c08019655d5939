using System.Security.Claims;
using System.Security.Cryptography;
using FederationWorkflows.Server.Access.Users;

namespace FederationWorkflows.Server.Access.Keys;

/// <summary>Says who comes with an API key: <c>Authorization: ApiKey fedflow_...</c>. For requests of every kind, webhooks too.</summary>
internal sealed class ApiKeyAuthenticator(ApiKeys keys, UserDirectory users, TimeProvider timeProvider)
{
    public const string Scheme = "ApiKey";

    private static readonly byte[] NoHash = new byte[SHA256.HashSizeInBytes];

    /// <summary>The header brings an API key, right or wrong.</summary>
    public static bool Brings(string authorization) => authorization.StartsWith(Scheme + " ", StringComparison.OrdinalIgnoreCase);

    /// <summary>The key's owner, with the roles he has now and the scopes of the key; null when the key does not count.</summary>
    /// <param name="authorization">The header, which <see cref="Brings"/> a key.</param>
    /// <param name="cancellationToken">Ends the look-up.</param>
    public async ValueTask<ClaimsPrincipal?> AuthenticateAsync(string authorization, CancellationToken cancellationToken)
    {
        if (!ApiKeyText.TryParse(authorization.AsSpan(Scheme.Length + 1).Trim(), out var text))
        {
            return null;
        }

        var key = await keys.CurrentAsync(text.Id, cancellationToken);
        var isRight = CryptographicOperations.FixedTimeEquals(text.Hash(), key?.Hash ?? NoHash);
        if (key is null || !isRight || key.ExpiresAt <= timeProvider.GetUtcNow())
        {
            return null;
        }

        var owner = await users.CurrentAsync(key.OwnerId, cancellationToken);
        if (owner is null || owner.IsDisabled)
        {
            return null;
        }

        await keys.NoteUseAsync(key.Id, cancellationToken);
        return owner.ToCaller($"api-key {key.Id}", [.. key.Scopes.Select(scope => new Claim(AccessClaims.Scope, scope)), new Claim(AccessClaims.Key, key.Id)]);
    }
}

/// <summary>The key a caller comes with.</summary>
internal static class CallerKey
{
    /// <summary>Its id; null for who came without.</summary>
    public static string? KeyId(this ClaimsPrincipal caller) => caller.FindFirstValue(AccessClaims.Key);
}
