using FederationWorkflows.Server.Access.Users;
using FederationWorkflows.Server.Audit;

namespace FederationWorkflows.Server.Access.Sessions;

/// <summary>Signs people in by name and password. What is wrong is not told: neither a name that is unknown, nor one that is kept out.</summary>
internal sealed class PasswordSignIn(UserDirectory users, Passwords passwords, SignInThrottle throttle, AuditLog audit)
{
    public const string Refusal = "Name or password is wrong.";

    /// <summary>Checks name and password, and begins a session.</summary>
    public async ValueTask<PasswordSignInResult> SignInAsync(HttpContext context, string? name, string? password)
    {
        name ??= "";
        password ??= "";
        var address = context.Connection.RemoteIpAddress;
        if (name.Length > 100 || password.Length > UserRules.LongestPassword)
        {
            return new(null, null);
        }

        if (throttle.Begin(name, address) is { } wait)
        {
            return new(null, wait);
        }

        var user = await users.FindByNameAsync(name, context.RequestAborted);
        if (!passwords.Matches(user, password) || user is null || user.IsDisabled)
        {
            // A name that is unknown may be a password in the wrong field.
            await audit.WriteAsync(context, "session.begin", user?.Name ?? "unknown user", succeeded: false);
            return new(null, null);
        }

        throttle.Succeeded(name, address);
        await audit.WriteAsync(user.ToCaller("password"), address?.ToString(), "session.begin", user.Name, null, null, succeeded: true);
        await SessionCookie.BeginAsync(context, user);
        return new(user, null);
    }
}

/// <summary>How it ended.</summary>
/// <param name="User">Who is signed in now; null for nobody.</param>
/// <param name="Wait">How long to wait before the next attempt, where there were too many.</param>
internal sealed record PasswordSignInResult(User? User, TimeSpan? Wait)
{
    /// <summary>What the person is told when he is not signed in.</summary>
    public string Problem => Wait is { } wait
        ? $"There were too many attempts. Try again in {Math.Ceiling(wait.TotalMinutes):0} min; sessions and API keys go on working."
        : PasswordSignIn.Refusal;
}
