using System.Text.Json;

namespace FederationWorkflows.Federation.Trust;

/// <summary>The claims of an ID token (OpenID Connect Core 1.0 section 2). Immutable.</summary>
public sealed class OidcClaims
{
    private OidcClaims(JsonElement json)
    {
        Json = json;
        Issuer = RequiredText("iss");
        Subject = RequiredText("sub");
        Audiences = Values("aud");
        if (Audiences.Count == 0)
        {
            throw new MissingClaimException("The token has no audience: \"aud\" is missing or empty.");
        }

        Expires = Time("exp") ?? throw new MissingClaimException("The token has no expiry: \"exp\" is missing.");
        IssuedAt = Time("iat") ?? throw new MissingClaimException("The token has no time of issue: \"iat\" is missing.");
        NotBefore = Time("nbf");
    }

    /// <summary>All claims as they stand in the token.</summary>
    public JsonElement Json { get; }

    /// <summary><c>iss</c>.</summary>
    public string Issuer { get; }

    /// <summary><c>sub</c>.</summary>
    public string Subject { get; }

    /// <summary><c>aud</c>, one or several.</summary>
    public IReadOnlyList<string> Audiences { get; }

    /// <summary><c>azp</c>: the party the token was issued to.</summary>
    public string? AuthorizedParty => Values("azp") is [var party] ? party : null;

    /// <summary><c>email</c>.</summary>
    public string? Email => Values("email") is [var email] ? email : null;

    /// <summary><c>exp</c>: from then on the token must be refused.</summary>
    public DateTimeOffset Expires { get; }

    /// <summary><c>iat</c>.</summary>
    public DateTimeOffset IssuedAt { get; }

    /// <summary><c>nbf</c>: before then the token must be refused.</summary>
    public DateTimeOffset? NotBefore { get; }

    /// <summary>Reads the claims of an ID token's payload.</summary>
    /// <exception cref="FormatException">A claim that every ID token has (iss, sub, aud, exp, iat) is missing or of the wrong type.</exception>
    public static OidcClaims FromJson(JsonElement payload) =>
        payload.ValueKind == JsonValueKind.Object
            ? new OidcClaims(payload.Clone())
            : throw new FormatException("The token's payload is not a JSON object.");

    /// <summary>A claim as condition keys see it: text as it is, numbers and booleans in their JSON form, a list's items one by one; empty when there is none.</summary>
    public IReadOnlyList<string> Values(string claim) => Json.TryGetProperty(claim, out var value) ? Texts(value) : [];

    /// <summary>A JSON value as condition keys see it; see <see cref="Values"/>.</summary>
    public static IReadOnlyList<string> Texts(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.String => [value.GetString()!],
        JsonValueKind.Number or JsonValueKind.True or JsonValueKind.False => [value.GetRawText()],
        JsonValueKind.Array => [.. value.EnumerateArray().Where(item => item.ValueKind is not JsonValueKind.Array).SelectMany(Texts)],
        _ => [],
    };

    private string RequiredText(string claim) =>
        Json.TryGetProperty(claim, out var value) && value.ValueKind == JsonValueKind.String && value.GetString() is { Length: > 0 } text
            ? text
            : throw new MissingClaimException($"The token has no \"{claim}\", or it is not text.");

    private DateTimeOffset? Time(string claim)
    {
        if (!Json.TryGetProperty(claim, out var value))
        {
            return null;
        }

        // RFC 7519 section 2: NumericDate may have a fraction. The bounds are those of DateTimeOffset.
        return value.ValueKind == JsonValueKind.Number && value.TryGetDouble(out var seconds) && seconds is > 0 and < 253_402_300_800
            ? DateTimeOffset.UnixEpoch.AddSeconds(seconds)
            : throw new MissingClaimException($"The token's \"{claim}\" is not a time in seconds since 1970.");
    }
}

/// <summary>A claim every ID token has is not there.</summary>
internal sealed class MissingClaimException(string message) : FormatException(message);
