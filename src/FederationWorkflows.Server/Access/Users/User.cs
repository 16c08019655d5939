using System.Security.Claims;
using System.Text.Json.Serialization;

namespace FederationWorkflows.Server.Access.Users;

/// <summary>Somebody who can sign in.</summary>
public sealed record User
{
    /// <summary>Stays the same for ever.</summary>
    public required string Id { get; init; }

    /// <summary>What he signs in with, and what he is called everywhere; unique without regard to case.</summary>
    public required string Name { get; init; }

    /// <summary>ASP.NET Core's hash of his password; null for who signs in by a provider only.</summary>
    public string? PasswordHash { get; init; }

    /// <summary>One or several of the roles there are.</summary>
    public required IReadOnlyList<string> Roles { get; init; }

    /// <summary>He is not let in, and his keys and sessions do not count.</summary>
    public bool IsDisabled { get; init; }

    /// <summary>Changes with password, roles and state: sessions that began with another one have ended.</summary>
    public required string Stamp { get; init; }

    /// <summary>Since when he can sign in.</summary>
    public required DateTimeOffset CreatedAt { get; init; }

    /// <summary>The provider that vouches for him; null for who signs in by password.</summary>
    public string? Provider { get; init; }

    /// <summary>Sessions he ended before their time, until no copy of their cookies would count anyway.</summary>
    public IReadOnlyList<EndedSession> EndedSessions { get; init; } = [];

    /// <summary>The stored revision he was read at.</summary>
    [JsonIgnore]
    public long Revision { get; init; }

    /// <summary>He may do everything, and is let in.</summary>
    [JsonIgnore]
    public bool IsAdministrator => !IsDisabled && Roles.Contains(Access.Roles.Administrator, StringComparer.Ordinal);

    /// <summary>Him as the caller of a request.</summary>
    /// <param name="signedInBy">How he proved who he is.</param>
    /// <param name="more">Claims beside name, id and roles.</param>
    internal ClaimsPrincipal ToCaller(string signedInBy, params IEnumerable<Claim> more) => new(new ClaimsIdentity(
        [new Claim(ClaimTypes.NameIdentifier, Id), new Claim(ClaimTypes.Name, Name), .. Roles.Select(role => new Claim(ClaimTypes.Role, role)), .. more], signedInBy));

    /// <summary>What may be told of him, and goes into the audit log.</summary>
    internal object ToPublic() => new { Id, Name, Roles, IsDisabled, CreatedAt, Provider, HasPassword = PasswordHash is not null, Revision };
}

/// <summary>A session that was signed out.</summary>
/// <param name="Id">The id in the session's ticket. Who knows it cannot make the ticket.</param>
/// <param name="Until">From then on the session would be over anyway, and need not be remembered.</param>
public sealed record EndedSession(string Id, DateTimeOffset Until);

/// <summary>The user a caller is.</summary>
internal static class CallerIdentity
{
    /// <summary>His id; null for the server itself and for trusted callers of this machine, who are no users.</summary>
    public static string? UserId(this ClaimsPrincipal caller) => caller.FindFirstValue(ClaimTypes.NameIdentifier);
}
