using System.Text.Json.Nodes;
using FederationWorkflows.Engine;
using FederationWorkflows.Federation.Trust;

namespace FederationWorkflows.CloudLab.Google;

/// <summary>Signs ID tokens as <c>https://accounts.google.com</c> and publishes the keys.</summary>
internal sealed class GoogleIdTokenIssuer(TimeProvider time)
{
    public const string Issuer = "https://accounts.google.com";

    public static readonly TimeSpan Lifetime = TimeSpan.FromHours(1);

    private readonly Lock rotation = new();

    // The previous key stays published until the next rotation, so that tokens signed just before one keep their hour.
    private volatile KeyPair keys = new(new GoogleSigningKey(), new GoogleSigningKey());

    public IReadOnlyList<JsonWebKey> PublicKeys
    {
        get
        {
            var snapshot = keys;
            return [snapshot.Current.PublicKey, snapshot.Previous.PublicKey];
        }
    }

    /// <summary>Signs with a new key from now on.</summary>
    public void Rotate()
    {
        lock (rotation)
        {
            keys = new KeyPair(new GoogleSigningKey(), keys.Current);
        }
    }

    /// <summary>An ID token that lives for one hour.</summary>
    /// <param name="audience"><c>aud</c>.</param>
    /// <param name="presenter"><c>azp</c>.</param>
    /// <param name="subject"><c>sub</c>.</param>
    /// <param name="email"><c>email</c>, with <c>email_verified</c>; null leaves both out.</param>
    /// <param name="accessTokenHash"><c>at_hash</c>, for a token that comes beside an access token (OpenID Connect Core, section 3.1.3.6).</param>
    /// <param name="platform"><c>google</c>: the instance that the token comes from ("Verify VM identity").</param>
    public Sensitive<string> Issue(string audience, string presenter, string subject, string? email, string? accessTokenHash = null, JsonObject? platform = null)
    {
        var now = time.GetUtcNow().ToUnixTimeSeconds();
        var claims = new JsonObject { ["aud"] = audience, ["azp"] = presenter };
        if (accessTokenHash is not null)
        {
            claims["at_hash"] = accessTokenHash;
        }

        if (email is not null)
        {
            claims["email"] = email;
            claims["email_verified"] = true;
        }

        claims["exp"] = now + (long)Lifetime.TotalSeconds;
        if (platform is not null)
        {
            claims["google"] = platform;
        }

        claims["iat"] = now;
        claims["iss"] = Issuer;
        claims["sub"] = subject;
        return keys.Current.SignJwt(claims.ToJsonString());
    }

    private sealed record KeyPair(GoogleSigningKey Current, GoogleSigningKey Previous);
}
