using System.Text.Json;

namespace FederationWorkflows.Federation.Google;

/// <summary>What an ID token says. Nobody has checked that it is true: see <see cref="IdTokenDecoder"/>.</summary>
public sealed record IdTokenClaims
{
    /// <summary><c>iss</c>: who issued it, e.g. <c>https://accounts.google.com</c>.</summary>
    public string? Issuer { get; init; }

    /// <summary><c>aud</c>: for whom. One in Google's tokens.</summary>
    public IReadOnlyList<string> Audience { get; init; } = [];

    /// <summary><c>azp</c>: the authorized party, for service accounts their numeric id or email.</summary>
    public string? AuthorizedParty { get; init; }

    /// <summary><c>sub</c>: of whom it speaks, for service accounts their numeric id.</summary>
    public string? Subject { get; init; }

    /// <summary><c>email</c>.</summary>
    public string? Email { get; init; }

    /// <summary><c>email_verified</c>.</summary>
    public bool? EmailVerified { get; init; }

    /// <summary><c>iat</c>.</summary>
    public DateTimeOffset? IssuedAt { get; init; }

    /// <summary><c>exp</c>.</summary>
    public DateTimeOffset? ExpiresAt { get; init; }

    /// <summary><c>alg</c> of the header.</summary>
    public string? Algorithm { get; init; }

    /// <summary><c>kid</c> of the header.</summary>
    public string? KeyId { get; init; }

    /// <summary>The whole payload, a JSON object.</summary>
    public JsonElement Payload { get; init; }
}
