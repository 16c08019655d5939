using System.Security.Claims;
using FederationWorkflows.Runtime.Storage;
using FederationWorkflows.Server.Access.Keys;
using FederationWorkflows.Server.Access.Sessions;
using FederationWorkflows.Server.Audit;

namespace FederationWorkflows.Server.Access.Users;

/// <summary>What administrators do with users, and users with their passwords. What is refused is told, and changes nothing.</summary>
internal sealed class UserAdministration(UserDirectory users, Passwords passwords, ApiKeys keys, SignInThrottle throttle, AuditLog audit, TimeProvider timeProvider)
{
    /// <exception cref="RefusedException">A rule is broken.</exception>
    /// <exception cref="DocumentConflictException">The name is taken.</exception>
    public async ValueTask<User> CreateAsync(HttpContext context, string? name, string? password, IReadOnlyCollection<string>? roles)
    {
        RefusedException.ThrowIf(CheckKey(context.User) ?? UserRules.CheckName(name) ?? UserRules.CheckPassword(name!, password) ?? UserRules.CheckRoles(roles));
        var user = await users.PutAsync(New(UserDirectory.NewId(), name!, password!, roles!), context.RequestAborted);
        await audit.WriteAsync(context, "user.create", user.Name, after: user.ToPublic());
        return user;
    }

    /// <summary>Makes the first administrator, and only while there is none who may sign in.</summary>
    /// <exception cref="RefusedException">A rule is broken.</exception>
    /// <exception cref="DocumentConflictException">Somebody else makes one at this moment, or another user has the name.</exception>
    public async ValueTask<User> CreateFirstAsync(HttpContext context, string? name, string? password)
    {
        RefusedException.ThrowIf(UserRules.CheckName(name) ?? UserRules.CheckPassword(name!, password));

        // The id first: who comes in between with the same one is told apart by the store, and who came before is seen here.
        var id = await users.NextFirstIdAsync(context.RequestAborted);
        RefusedException.ThrowIf(await users.AnyAdministratorAsync(context.RequestAborted) ? "There is an administrator already. Sign in." : null);
        var user = await users.PutAsync(New(id, name!, password!, [Roles.Administrator]), context.RequestAborted);
        await audit.WriteAsync(user.ToCaller("set-up"), context.Connection.RemoteIpAddress?.ToString(), "user.create", user.Name, null, user.ToPublic(), succeeded: true);
        return user;
    }

    /// <summary>Changes what is given, and ends the user's sessions; with another password also his API keys.</summary>
    /// <param name="context">The administrator's request.</param>
    /// <param name="user">The user as he was read.</param>
    /// <param name="roles">His roles from now on; null to leave them.</param>
    /// <param name="isDisabled">Whether he is kept out; null to leave it.</param>
    /// <param name="password">His new password; null to leave it.</param>
    /// <exception cref="RefusedException">A rule is broken.</exception>
    /// <exception cref="DocumentConflictException">Somebody else changed him meanwhile.</exception>
    public async ValueTask<User> ChangeAsync(HttpContext context, User user, IReadOnlyCollection<string>? roles, bool? isDisabled, string? password)
    {
        RefusedException.ThrowIf((roles is null && password is null ? null : CheckKey(context.User)) ?? (roles is null ? null : UserRules.CheckRoles(roles)) ?? (password is null ? null : UserRules.CheckPassword(user.Name, password)));
        if (password is not null && user.Provider is not null)
        {
            throw new RefusedException($"{user.Name} signs in by {user.Provider}, and so has no password here.");
        }

        var changed = user with
        {
            Roles = roles is null ? user.Roles : Ordered(roles),
            IsDisabled = isDisabled ?? user.IsDisabled,
            PasswordHash = password is null ? user.PasswordHash : passwords.Hash(password),
            Stamp = UserDirectory.NewStamp(),
        };
        await EnsureAdministratorRemainsAsync(user, changed, context.RequestAborted);
        changed = await users.PutAsync(changed, context.RequestAborted);
        await audit.WriteAsync(context, password is null ? "user.change" : "user.password", user.Name, user.ToPublic(), changed.ToPublic());
        if (password is not null)
        {
            // Whoever had the old password may have made keys of his own with it.
            await keys.RevokeOfAsync(context, user.Id);
        }

        return changed;
    }

    /// <exception cref="RefusedException">The old password is wrong or was tried too often, or the new one breaks a rule.</exception>
    public async ValueTask<User> ChangeOwnPasswordAsync(HttpContext context, User user, string? old, string? password)
    {
        var address = context.Connection.RemoteIpAddress;
        if (throttle.Begin(user.Name, address) is { } wait)
        {
            throw new RefusedException($"There were too many attempts. Try again in {Math.Ceiling(wait.TotalMinutes):0} min.", wait);
        }

        if (old is null || old.Length > UserRules.LongestPassword || !passwords.Matches(user, old))
        {
            await audit.WriteAsync(context, "user.password", user.Name, succeeded: false);
            throw new RefusedException("The present password is wrong.");
        }

        throttle.Succeeded(user.Name, address);
        RefusedException.ThrowIf(UserRules.CheckPassword(user.Name, password));
        var changed = await users.PutAsync(user with { PasswordHash = passwords.Hash(password!), Stamp = UserDirectory.NewStamp() }, context.RequestAborted);
        await audit.WriteAsync(context, "user.password", user.Name);
        return changed;
    }

    /// <exception cref="RefusedException">He is the last administrator.</exception>
    /// <exception cref="DocumentConflictException">Somebody else changed him meanwhile.</exception>
    public async ValueTask DeleteAsync(HttpContext context, User user)
    {
        await EnsureAdministratorRemainsAsync(user, null, context.RequestAborted);
        if (!await users.DeleteAsync(user, context.RequestAborted))
        {
            throw DocumentConflictException.Changed(new Document("user", user.Id, null, default, user.Revision));
        }

        await audit.WriteAsync(context, "user.delete", user.Name, before: user.ToPublic());
    }

    /// <summary>With roles and passwords to give, a key would have whatever it was made without.</summary>
    private static string? CheckKey(ClaimsPrincipal caller) => caller.KeyId() is null || Permissions.All.All(caller.May)
        ? null
        : "An API key creates no users and changes no roles and passwords, unless it has every scope: it would give itself what it lacks. Sign in by password or provider.";

    private static string[] Ordered(IEnumerable<string> roles) => [.. Roles.All.Intersect(roles, StringComparer.Ordinal)];

    private User New(string id, string name, string password, IEnumerable<string> roles) => new()
    {
        Id = id,
        Name = name,
        PasswordHash = passwords.Hash(password),
        Roles = Ordered(roles),
        Stamp = UserDirectory.NewStamp(),
        CreatedAt = timeProvider.GetUtcNow(),
    };

    private async ValueTask EnsureAdministratorRemainsAsync(User before, User? after, CancellationToken cancellationToken)
    {
        if (before.IsAdministrator && after?.IsAdministrator is not true && !(await users.ListAsync(cancellationToken)).Any(other => other.Id != before.Id && other.IsAdministrator))
        {
            throw new RefusedException($"{before.Name} is the last administrator who can sign in. Make somebody else one first.");
        }
    }
}

/// <summary>What was asked for is refused, and the message says why and what to do.</summary>
internal sealed class RefusedException(string message, TimeSpan? wait = null) : Exception(message)
{
    /// <summary>How long to wait before the next attempt, where there were too many; null otherwise.</summary>
    public TimeSpan? Wait => wait;

    public static void ThrowIf(string? problem)
    {
        if (problem is not null)
        {
            throw new RefusedException(problem);
        }
    }
}
