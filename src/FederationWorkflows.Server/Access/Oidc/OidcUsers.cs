using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using FederationWorkflows.Federation.Trust;
using FederationWorkflows.Runtime.Storage;
using FederationWorkflows.Server.Access.Users;
using FederationWorkflows.Server.Audit;
using Microsoft.Extensions.Options;

namespace FederationWorkflows.Server.Access.Oidc;

/// <summary>Makes users of people the provider vouches for. Their roles are what the provider's claims give them, anew at each sign-in.</summary>
internal sealed class OidcUsers(UserDirectory users, IOptions<OidcOptions> options, AuditLog audit, TimeProvider timeProvider)
{
    /// <exception cref="RefusedException">This person is not let in.</exception>
    public async ValueTask<User> SignInAsync(HttpContext context, OidcClaims claims)
    {
        var name = claims.Values(options.Value.NameClaim) is [var only] ? only : null;
        if (UserRules.CheckName(name) is { } problem)
        {
            throw new RefusedException($"The provider's claim '{options.Value.NameClaim}' is no name for a user here. {problem}");
        }

        CheckDomain(claims);
        if (options.Value.NameClaim == "email" && !HasVerifiedEmail(claims))
        {
            throw new RefusedException("The provider does not say that your e-mail address is verified (email_verified), so it is no name for you here. Verify it there, or ask an administrator.");
        }

        var roles = RolesOf(claims);
        if (roles.Length == 0)
        {
            throw new RefusedException("You have no role here. Ask an administrator.");
        }

        var user = await StoreAsync(context, Id(claims), name!, roles);
        await audit.WriteAsync(user.ToCaller("oidc"), context.Connection.RemoteIpAddress?.ToString(), "session.begin", user.Name, null, null, succeeded: true);
        return user;
    }

    private static string Id(OidcClaims claims) => "oidc-" + Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes($"{claims.Issuer}\n{claims.Subject}")).AsSpan(0, 16));

    /// <summary>Whoever can write any address into his profile could otherwise come as somebody else.</summary>
    private static bool HasVerifiedEmail(OidcClaims claims) => claims.Json.TryGetProperty("email_verified", out var verified) && verified.ValueKind == JsonValueKind.True;

    private void CheckDomain(OidcClaims claims)
    {
        if (options.Value.AllowedDomains.Count == 0)
        {
            return;
        }

        var domain = claims.Email is { } email && email.LastIndexOf('@') is > 0 and var at ? email[(at + 1)..] : null;
        if (!HasVerifiedEmail(claims) || domain is null || !options.Value.AllowedDomains.Contains(domain, StringComparer.OrdinalIgnoreCase))
        {
            throw new RefusedException("Only people with a verified e-mail address of certain domains are let in, and yours is none of them.");
        }
    }

    private string[] RolesOf(OidcClaims claims)
    {
        var values = claims.Values(options.Value.RoleClaim);
        var given = options.Value.Roles.Where(role => role.Value.Any(value => values.Contains(value, StringComparer.Ordinal))).Select(role => role.Key);
        return [.. Roles.All.Intersect(given.Concat(options.Value.DefaultRoles), StringComparer.Ordinal)];
    }

    private async ValueTask<User> StoreAsync(HttpContext context, string id, string name, string[] roles)
    {
        var known = await users.FindAsync(id, context.RequestAborted);
        if (known?.IsDisabled is true)
        {
            throw new RefusedException("You may not sign in here any more. Ask an administrator.");
        }

        if (known is not null && known.Name == name && known.Roles.SequenceEqual(roles, StringComparer.Ordinal))
        {
            return known;
        }

        var user = (known ?? new User { Id = id, Name = name, Roles = roles, Stamp = "", CreatedAt = timeProvider.GetUtcNow(), Provider = options.Value.Name }) with
        {
            Name = name,
            Roles = roles,
            Stamp = UserDirectory.NewStamp(),
        };
        try
        {
            user = await users.PutAsync(user, context.RequestAborted);
        }
        catch (DocumentConflictException)
        {
            throw new RefusedException($"There is another user called {name}, or you are signing in twice at this moment. Try again, or ask an administrator.");
        }

        await audit.WriteAsync(user.ToCaller("oidc"), context.Connection.RemoteIpAddress?.ToString(), known is null ? "user.create" : "user.change", name, known?.ToPublic(), user.ToPublic(), succeeded: true);
        return user;
    }
}
