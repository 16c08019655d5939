using System.Buffers.Text;
using System.Diagnostics.CodeAnalysis;
using System.Text;
using System.Text.Json;
using FederationWorkflows.Engine;

namespace FederationWorkflows.Federation.Trust;

/// <summary>
/// A compact JWS (RFC 7515 section 7.1) taken apart, with nothing verified yet. <see cref="OidcTokenValidator"/> says whether its claims may be believed.
/// </summary>
public sealed class OidcToken
{
    /// <summary>The longest token read, in characters: the limit of STS's <c>WebIdentityToken</c> (AWS STS API Reference, AssumeRoleWithWebIdentity).</summary>
    public const int MaximumLength = 20_000;

    private const int MaximumDepth = 16;

    private OidcToken(string algorithm, string? keyId, bool hasCriticalHeader, OidcClaims claims, byte[] signingInput, byte[] signature)
    {
        Algorithm = algorithm;
        KeyId = keyId;
        HasCriticalHeader = hasCriticalHeader;
        UnverifiedClaims = claims;
        SigningInput = signingInput;
        Signature = signature;
    }

    /// <summary><c>alg</c> of the header.</summary>
    public string Algorithm { get; }

    /// <summary><c>kid</c> of the header; null when it has none.</summary>
    public string? KeyId { get; }

    /// <summary>What the token claims. Nobody has checked the signature: good for choosing keys and for explaining, not for deciding.</summary>
    public OidcClaims UnverifiedClaims { get; }

    internal bool HasCriticalHeader { get; }

    internal byte[] SigningInput { get; }

    internal byte[] Signature { get; }

    /// <summary>Takes a token apart. False, with the reason, when it is too long, no compact JWS, or its claims are not those of an ID token.</summary>
    public static bool TryParse(Sensitive<string> token, [NotNullWhen(true)] out OidcToken? parsed, [NotNullWhen(false)] out OidcTokenFailure? failure)
    {
        parsed = null;
        if (!TrySplit(token, out var parts, out failure))
        {
            return false;
        }

        try
        {
            parsed = new OidcToken(parts.Algorithm, parts.KeyId, parts.HasCriticalHeader, OidcClaims.FromJson(parts.Payload), parts.SigningInput, parts.Signature);
            return true;
        }
        catch (MissingClaimException exception)
        {
            failure = new OidcTokenFailure(OidcTokenError.MissingClaim, exception.Message);
        }
        catch (FormatException exception)
        {
            failure = new OidcTokenFailure(OidcTokenError.Malformed, exception.Message);
        }

        return false;
    }

    /// <summary>Takes a token apart whatever it claims. False, with the reason, when it is too long or no compact JWS of a JSON object.</summary>
    internal static bool TrySplit(Sensitive<string> token, [NotNullWhen(true)] out OidcTokenParts? split, [NotNullWhen(false)] out OidcTokenFailure? failure)
    {
        split = null;
        failure = null;
        var text = token.Reveal();
        if (text.Length > MaximumLength)
        {
            failure = new OidcTokenFailure(OidcTokenError.TooLarge, $"The token has {text.Length} characters; {MaximumLength} are read at most.");
            return false;
        }

        try
        {
            var parts = text.Split('.');
            if (parts.Length != 3)
            {
                throw new FormatException($"A compact JWS has three parts separated by dots; this text has {parts.Length}.");
            }

            using var header = StrictJson.Parse(Decode(parts[0], "header"), MaximumDepth);
            using var payload = StrictJson.Parse(Decode(parts[1], "payload"), MaximumDepth);
            if (header.RootElement.ValueKind != JsonValueKind.Object)
            {
                throw new FormatException("The token's header is not a JSON object.");
            }

            if (payload.RootElement.ValueKind != JsonValueKind.Object)
            {
                throw new FormatException("The token's payload is not a JSON object.");
            }

            split = new OidcTokenParts(
                HeaderText(header.RootElement, "alg") ?? throw new FormatException("The token's header has no \"alg\"."),
                HeaderText(header.RootElement, "kid"),
                header.RootElement.TryGetProperty("crit", out _),
                payload.RootElement.Clone(),
                Encoding.ASCII.GetBytes($"{parts[0]}.{parts[1]}"),
                Decode(parts[2], "signature"));
            return true;
        }
        catch (FormatException exception)
        {
            failure = new OidcTokenFailure(OidcTokenError.Malformed, exception.Message);
        }
        catch (JsonException)
        {
            // The parser's message may quote the token.
            failure = new OidcTokenFailure(OidcTokenError.Malformed, "The token's header or payload is not valid JSON (no duplicate names, at most 16 levels).");
        }

        return false;
    }

    private static byte[] Decode(string part, string name)
    {
        try
        {
            return Base64Url.DecodeFromChars(part);
        }
        catch (FormatException)
        {
            throw new FormatException($"The token's {name} is not base64url.");
        }
    }

    private static string? HeaderText(JsonElement header, string name) =>
        !header.TryGetProperty(name, out var value) ? null
        : value.ValueKind == JsonValueKind.String ? value.GetString()
        : throw new FormatException($"The token header's \"{name}\" is not text.");
}

/// <summary>The parts of a compact JWS, decoded; nothing is verified.</summary>
internal sealed record OidcTokenParts(string Algorithm, string? KeyId, bool HasCriticalHeader, JsonElement Payload, byte[] SigningInput, byte[] Signature);

/// <summary>Why a token is refused.</summary>
public enum OidcTokenError
{
    /// <summary>It is longer than <see cref="OidcToken.MaximumLength"/>.</summary>
    TooLarge,

    /// <summary>It is no compact JWS with a JSON header and payload.</summary>
    Malformed,

    /// <summary>A claim every ID token has (iss, sub, aud, exp, iat) is missing or of the wrong type.</summary>
    MissingClaim,

    /// <summary>Its <c>alg</c> is <c>none</c>, symmetric or unknown, or it has a <c>crit</c> header.</summary>
    AlgorithmRefused,

    /// <summary>The issuer publishes no keys that are known here.</summary>
    UnknownIssuer,

    /// <summary>The issuer's keys could not be fetched.</summary>
    KeysUnavailable,

    /// <summary>None of the issuer's keys has the token's <c>kid</c>.</summary>
    UnknownKey,

    /// <summary>The signature is not the key's.</summary>
    BadSignature,

    /// <summary>The time in <c>exp</c> has come.</summary>
    Expired,

    /// <summary>The time in <c>nbf</c> or <c>iat</c> has not come.</summary>
    NotYetValid,
}

/// <summary>Why a token is refused, for a program and for a person.</summary>
/// <param name="Error">The kind of failure.</param>
/// <param name="Message">What is wrong, without the token's own text.</param>
public sealed record OidcTokenFailure(OidcTokenError Error, string Message);
