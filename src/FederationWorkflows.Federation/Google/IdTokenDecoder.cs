using System.Buffers;
using System.Buffers.Text;
using System.Text.Json;
using System.Text.Unicode;

namespace FederationWorkflows.Federation.Google;

/// <summary>
/// Reads the claims of an ID token (a JWS in compact form, RFC 7515 section 3.1) <b>without verifying</b> its signature, its issuer or its times.
/// For showing and for messages; never for a decision about access.
/// </summary>
public static class IdTokenDecoder
{
    /// <summary>The longest token that is read, in characters. AWS STS takes up to 20000.</summary>
    public const int MaxLength = 20_000;

    private const int MaxDepth = 16;
    private const long MaxUnixSeconds = 253_402_300_799; // 9999-12-31T23:59:59Z

    private static readonly SearchValues<char> Base64UrlCharacters =
        SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_");

    /// <summary>The claims of <paramref name="token"/>, unverified.</summary>
    /// <exception cref="FederationException"><see cref="FailureCodes.MalformedToken"/>, saying which part is wrong, without showing it.</exception>
    public static IdTokenClaims DecodeUnverified(string token)
    {
        if (token.Length > MaxLength)
        {
            throw Malformed($"it is longer than {MaxLength} characters");
        }

        var parts = token.Split('.');
        if (parts.Length != 3)
        {
            throw Malformed(
                $"it has {parts.Length} part(s) between dots where a signed JSON web token has three",
                parts.Length == 1 ? "Give an ID token; an access token is opaque and has no claims." : "");
        }

        try
        {
            using var header = Parse(parts[0], "header");
            using var payload = Parse(parts[1], "payload");
            RequireBase64Url(parts[2], "signature");
            return Read(header.RootElement, payload.RootElement);
        }
        catch (InvalidOperationException)
        {
            // GetString refuses unpaired surrogates.
            throw Malformed("it has text that is not valid Unicode");
        }
    }

    private static IdTokenClaims Read(JsonElement header, JsonElement payload) => new()
    {
        Issuer = Text(payload, "iss"),
        Audience = Texts(payload, "aud"),
        AuthorizedParty = Text(payload, "azp"),
        Subject = Text(payload, "sub"),
        Email = Text(payload, "email"),
        EmailVerified = Flag(payload, "email_verified"),
        IssuedAt = Time(payload, "iat"),
        ExpiresAt = Time(payload, "exp"),
        Algorithm = Text(header, "alg"),
        KeyId = Text(header, "kid"),
        Payload = payload.Clone(),
    };

    private static JsonDocument Parse(string part, string name)
    {
        RequireBase64Url(part, name);
        byte[] bytes;
        try
        {
            bytes = Base64Url.DecodeFromChars(part);
        }
        catch (FormatException)
        {
            throw Malformed($"its {name} is not base64url");
        }

        if (!Utf8.IsValid(bytes))
        {
            throw Malformed($"its {name} is not UTF-8");
        }

        JsonDocument document;
        try
        {
            document = JsonDocument.Parse(bytes, new JsonDocumentOptions { MaxDepth = MaxDepth, AllowDuplicateProperties = false });
        }
        catch (JsonException)
        {
            throw Malformed($"its {name} is not JSON, is nested deeper than {MaxDepth} or has a property twice");
        }

        if (document.RootElement.ValueKind != JsonValueKind.Object)
        {
            document.Dispose();
            throw Malformed($"its {name} is not a JSON object");
        }

        return document;
    }

    // The decoder of the framework skips white space and takes padding; RFC 7515 section 2 allows neither.
    private static void RequireBase64Url(string part, string name)
    {
        if (part.AsSpan().ContainsAnyExcept(Base64UrlCharacters))
        {
            throw Malformed($"its {name} is not base64url");
        }
    }

    private static string? Text(JsonElement from, string claim)
    {
        if (!from.TryGetProperty(claim, out var value) || value.ValueKind == JsonValueKind.Null)
        {
            return null;
        }

        return value.ValueKind == JsonValueKind.String ? value.GetString() : throw Malformed($"its {claim} is not a string");
    }

    private static string[] Texts(JsonElement from, string claim)
    {
        if (!from.TryGetProperty(claim, out var value) || value.ValueKind == JsonValueKind.Null)
        {
            return [];
        }

        return value.ValueKind switch
        {
            JsonValueKind.String => [value.GetString()!],
            JsonValueKind.Array when value.EnumerateArray().All(item => item.ValueKind == JsonValueKind.String) => [.. value.EnumerateArray().Select(item => item.GetString()!)],
            _ => throw Malformed($"its {claim} is neither a string nor an array of strings"),
        };
    }

    private static bool? Flag(JsonElement from, string claim)
    {
        if (!from.TryGetProperty(claim, out var value) || value.ValueKind == JsonValueKind.Null)
        {
            return null;
        }

        return value.ValueKind is JsonValueKind.True or JsonValueKind.False ? value.GetBoolean() : throw Malformed($"its {claim} is neither true nor false");
    }

    // NumericDate, RFC 7519 section 2: seconds since 1970, which may have a fraction.
    private static DateTimeOffset? Time(JsonElement from, string claim)
    {
        if (!from.TryGetProperty(claim, out var value) || value.ValueKind == JsonValueKind.Null)
        {
            return null;
        }

        return value.ValueKind == JsonValueKind.Number && value.TryGetDouble(out var seconds) && seconds is >= 0 and <= MaxUnixSeconds
            ? DateTimeOffset.UnixEpoch.AddSeconds(Math.Floor(seconds))
            : throw Malformed($"its {claim} is not a time in seconds since 1970");
    }

    private static FederationException Malformed(string detail, string advice = "") =>
        Failure.Input(null, "ID token decoder", "the ID token cannot be read", detail, advice, FailureCodes.MalformedToken);
}
