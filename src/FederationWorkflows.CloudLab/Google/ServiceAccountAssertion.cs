using System.Buffers.Text;
using System.Globalization;
using System.Text;
using System.Text.Json;
using FederationWorkflows.Federation.Trust;

namespace FederationWorkflows.CloudLab.Google;

/// <summary>
/// A JWT with which a service account asks for a token (RFC 7523; Google Identity documentation, "Using OAuth 2.0 for server to server applications").
/// The order of the checks and their messages are those seen at oauth2.googleapis.com: form, signature, account, presence of iat and exp,
/// time window, scope, audience. An <c>alg</c> other than RS256, <c>none</c> included, counts there as a wrong signature.
/// </summary>
internal sealed record ServiceAccountAssertion(ServiceAccountEntry Account, IReadOnlyList<string> Scopes, string? TargetAudience)
{
    private const string BadSignature = "Invalid JWT Signature.";
    private const string BadTimes =
        "Invalid JWT: Token must be a short-lived token (60 minutes) and in a reasonable timeframe. Check your iat and exp values in the JWT claim.";

    // Google was seen to take an iat five minutes ahead.
    private const long ClockSkewSeconds = 300;
    private const long LongestLifetimeSeconds = 3600;

    /// <summary>Reads and checks an assertion.</summary>
    /// <param name="assertion">The compact JWS.</param>
    /// <param name="directory">Knows accounts and keys.</param>
    /// <param name="isTokenEndpoint">Whether a text is an address of this token endpoint.</param>
    /// <param name="now">The time of the request.</param>
    /// <param name="audit">Takes what the assertion says of itself, also when it is refused.</param>
    /// <exception cref="OAuthException">The assertion is refused.</exception>
    public static ServiceAccountAssertion Verify(
        string assertion, GoogleDirectory directory, Func<string, bool> isTokenEndpoint, DateTimeOffset now, GoogleAuditEntry audit)
    {
        var parts = assertion.Split('.', 4);
        if (parts.Length != 3)
        {
            throw OAuthException.InvalidRequest("Bad Request");
        }

        var header = ReadSegment(parts[0]);
        var claims = ReadSegment(parts[1]);
        var issuer = Text(claims, "iss") ?? "";
        audit.Asked["iss"] = issuer;
        audit.Asked["aud"] = Text(claims, "aud") ?? "";
        audit.Asked["kid"] = Text(header, "kid") ?? "";

        var account = Authenticate(parts, header, issuer, directory);
        audit.Principal = account.Principal;
        CheckTimes(claims, now.ToUnixTimeSeconds());

        // Acting for a user needs domain-wide delegation, which no account of a lab has.
        if (Text(claims, "sub") is { } subject && subject != account.Email)
        {
            throw new OAuthException(
                "unauthorized_client",
                "Client is unauthorized to retrieve access tokens using this method, or client not authorized for any of the scopes requested.",
                401);
        }

        var scopes = (Text(claims, "scope") ?? "").Split(' ', StringSplitOptions.RemoveEmptyEntries);
        var targetAudience = Text(claims, "target_audience");
        if (scopes.Length == 0 == string.IsNullOrEmpty(targetAudience))
        {
            throw new OAuthException("invalid_scope", "Invalid OAuth scope or ID token audience provided.");
        }

        if (Text(claims, "aud") is not { } audience || !isTokenEndpoint(audience))
        {
            throw OAuthException.InvalidGrant("Invalid JWT: Failed audience check.");
        }

        return new ServiceAccountAssertion(account, scopes, targetAudience);
    }

    // A key id names its owner. So a bad signature under a known key is reported before an unknown issuer, an unknown issuer before an unknown key.
    private static ServiceAccountEntry Authenticate(string[] parts, JsonElement header, string issuer, GoogleDirectory directory)
    {
        var account = directory.FindServiceAccount(issuer);
        var keyId = Text(header, "kid");
        var owner = keyId is null ? account : directory.FindByKeyId(keyId);
        if (owner is not null && !IsSignedBy(owner, keyId, parts, Text(header, "alg")))
        {
            throw OAuthException.InvalidGrant(BadSignature);
        }

        // The account's address is needed; its numeric id is no issuer. A disabled account answers as a deleted one.
        if (account is null || account.Disabled || !string.Equals(account.Email, issuer, StringComparison.OrdinalIgnoreCase))
        {
            throw OAuthException.InvalidGrant("Invalid grant: account not found");
        }

        return ReferenceEquals(owner, account) ? account : throw OAuthException.InvalidGrant(BadSignature);
    }

    private static bool IsSignedBy(ServiceAccountEntry owner, string? keyId, string[] parts, string? algorithm)
    {
        var signature = DecodeSegment(parts[2]);
        var signed = Encoding.ASCII.GetBytes(parts[0] + "." + parts[1]);
        IEnumerable<JsonWebKey> candidates = keyId is null ? owner.PublicKeys : [owner.FindKey(keyId)!];
        return algorithm == "RS256" && candidates.Any(key => key.Verify(algorithm, signed, signature));
    }

    private static void CheckTimes(JsonElement claims, long now)
    {
        var issuedAt = Seconds(claims, "iat") ?? throw OAuthException.InvalidGrant("Invalid JWT: iat (issued at) is not set.");
        var expires = Seconds(claims, "exp") ?? throw OAuthException.InvalidGrant("Invalid JWT: exp (expiration time) is not set.");
        if (issuedAt > now + ClockSkewSeconds || expires < now || expires <= issuedAt || expires - issuedAt > LongestLifetimeSeconds)
        {
            throw OAuthException.InvalidGrant(BadTimes);
        }
    }

    private static JsonElement ReadSegment(string segment) =>
        BoundedJson.TryParseObject(DecodeSegment(segment), out var json) ? json : throw OAuthException.InvalidRequest("Bad Request");

    private static byte[] DecodeSegment(string segment)
    {
        try
        {
            return Base64Url.DecodeFromChars(segment);
        }
        catch (FormatException exception)
        {
            throw new OAuthException("invalid_request", "Bad Request", cause: exception);
        }
    }

    private static string? Text(JsonElement json, string name) =>
        json.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;

    // Google takes a time in quotes too.
    private static long? Seconds(JsonElement json, string name) => !json.TryGetProperty(name, out var value) ? null : value.ValueKind switch
    {
        JsonValueKind.Number when value.TryGetInt64(out var number) && number >= 0 => number,
        JsonValueKind.String when long.TryParse(value.GetString(), NumberStyles.None, CultureInfo.InvariantCulture, out var number) => number,
        _ => null,
    };
}
