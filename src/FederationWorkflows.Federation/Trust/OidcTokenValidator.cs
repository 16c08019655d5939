using System.Diagnostics.CodeAnalysis;
using FederationWorkflows.Engine;

namespace FederationWorkflows.Federation.Trust;

/// <summary>
/// Says whether an ID token may be believed: signed by a key its issuer publishes, and valid now (RFC 7519, RFC 8725).
/// Whether it is meant for the reader - issuer, audience, subject - is for the reader's own policy to say.
/// </summary>
/// <param name="keySource">Where issuers' keys come from.</param>
/// <param name="time">The clock.</param>
public sealed class OidcTokenValidator(IOidcKeySource keySource, TimeProvider time)
{
    /// <summary>How far an issuer's clock may be ahead in <c>nbf</c> and <c>iat</c>. <c>exp</c> has no such leeway, as in AWS STS.</summary>
    public static readonly TimeSpan ClockSkew = TimeSpan.FromSeconds(60);

    /// <summary>Takes the token apart and checks it.</summary>
    public async ValueTask<OidcTokenValidation> ValidateAsync(Sensitive<string> token, CancellationToken cancellationToken) =>
        OidcToken.TryParse(token, out var parsed, out var failure)
            ? await ValidateAsync(parsed, cancellationToken)
            : new OidcTokenValidation(null, failure);

    /// <summary>Checks a token: algorithm, key, signature, then its times.</summary>
    public async ValueTask<OidcTokenValidation> ValidateAsync(OidcToken token, CancellationToken cancellationToken)
    {
        var claims = token.UnverifiedClaims;
        if (token.Algorithm is not ("RS256" or "RS384" or "RS512" or "ES256" or "ES384" or "ES512"))
        {
            return Refuse(OidcTokenError.AlgorithmRefused, "The token must be signed with RS256, RS384, RS512, ES256, ES384 or ES512.");
        }

        if (token.HasCriticalHeader)
        {
            return Refuse(OidcTokenError.AlgorithmRefused, "The token's header has \"crit\": it asks for extensions that are not understood here.");
        }

        IReadOnlyList<JsonWebKey> keys;
        try
        {
            keys = await keySource.GetKeysAsync(claims.Issuer, cancellationToken);
        }
        catch (HttpRequestException exception)
        {
            return Refuse(OidcTokenError.KeysUnavailable, $"The keys of {claims.Issuer} could not be fetched: {exception.Message}");
        }

        if (keys.Count == 0)
        {
            return Refuse(OidcTokenError.UnknownIssuer, $"No keys are known for the issuer {claims.Issuer}.");
        }

        if (token.KeyId is null || keys.FirstOrDefault(candidate => candidate.KeyId == token.KeyId) is not { } key)
        {
            return Refuse(OidcTokenError.UnknownKey, token.KeyId is null
                ? "The token's header names no key (\"kid\")."
                : $"The issuer {claims.Issuer} has no key '{token.KeyId}'.");
        }

        if (!key.Verify(token.Algorithm, token.SigningInput, token.Signature))
        {
            return Refuse(OidcTokenError.BadSignature, $"The token's signature is not that of key '{key.KeyId}' of {claims.Issuer}.");
        }

        var now = time.GetUtcNow();
        if (now >= claims.Expires)
        {
            return Refuse(OidcTokenError.Expired, $"The token expired at {claims.Expires:u}; it is {now:u}.");
        }

        if (claims.NotBefore is { } notBefore && notBefore > now + ClockSkew)
        {
            return Refuse(OidcTokenError.NotYetValid, $"The token is not valid before {notBefore:u}; it is {now:u}.");
        }

        return claims.IssuedAt > now + ClockSkew
            ? Refuse(OidcTokenError.NotYetValid, $"The token was issued in the future, at {claims.IssuedAt:u}; it is {now:u}.")
            : new OidcTokenValidation(claims, null);
    }

    private static OidcTokenValidation Refuse(OidcTokenError error, string message) => new(null, new OidcTokenFailure(error, message));
}

/// <summary>The claims of a token that may be believed, or why it may not.</summary>
public sealed class OidcTokenValidation
{
    internal OidcTokenValidation(OidcClaims? claims, OidcTokenFailure? failure)
    {
        Claims = claims;
        Failure = failure;
    }

    /// <summary>The verified claims.</summary>
    public OidcClaims? Claims { get; }

    /// <summary>Why the token is refused.</summary>
    public OidcTokenFailure? Failure { get; }

    /// <summary>Whether the token may be believed.</summary>
    [MemberNotNullWhen(true, nameof(Claims))]
    [MemberNotNullWhen(false, nameof(Failure))]
    public bool IsValid => Claims is not null;
}
