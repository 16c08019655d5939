using System.Globalization;
using System.Security.Claims;
using System.Security.Cryptography;
using FederationWorkflows.Server.Access.Users;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Authentication.Cookies;
using Microsoft.Extensions.Options;

namespace FederationWorkflows.Server.Access.Sessions;

/// <summary>
/// A session is a cookie that only the key ring can make: nothing of it is stored until it is signed out, and every node knows it. It names the
/// user, the stamp he had and the session; who the user is now, what he may, and which sessions he ended, is looked up with each request.
/// </summary>
internal static class SessionCookie
{
    public const string Scheme = "session";

    public const string Name = "fedflow-session";

    private const string StampClaim = "stamp";

    private const string SessionClaim = "session";

    private const string Began = "began";

    public static AuthenticationBuilder AddSessionCookie(this IServiceCollection services)
    {
        services.AddOptions<CookieAuthenticationOptions>(Scheme).Configure<IOptions<SignInOptions>>((cookie, signIn) =>
        {
            cookie.Cookie.Name = Name;
            cookie.Cookie.HttpOnly = true;
            cookie.Cookie.SecurePolicy = CookieSecurePolicy.SameAsRequest;

            // Links from elsewhere to a page open it signed in; what changes something is checked besides (SameOrigin).
            cookie.Cookie.SameSite = SameSiteMode.Lax;
            cookie.ExpireTimeSpan = signIn.Value.SessionIdle;
            cookie.SlidingExpiration = true;
            cookie.Events.OnValidatePrincipal = context => ValidateAsync(context, signIn.Value.SessionLifetime);
        });

        // Who calls is found out by SignedInCaller: nobody needs the cookie looked at before, least of all a webhook's caller, who has none.
        AppContext.SetSwitch("Microsoft.AspNetCore.Authentication.SuppressAutoDefaultScheme", true);
        return services.AddAuthentication().AddCookie(Scheme);
    }

    /// <summary>Begins a session: the answer sets the cookie.</summary>
    public static Task BeginAsync(HttpContext context, User user) => context.SignInAsync(Scheme, Ticket(user), Begin(context, new AuthenticationProperties()));

    /// <summary>Notes that a session begins now.</summary>
    public static AuthenticationProperties Begin(HttpContext context, AuthenticationProperties properties)
    {
        properties.Items[Began] = context.RequestServices.GetRequiredService<TimeProvider>().GetUtcNow().UtcTicks.ToString(CultureInfo.InvariantCulture);
        return properties;
    }

    /// <summary>What the cookie of a new session says.</summary>
    public static ClaimsPrincipal Ticket(User user) => new(new ClaimsIdentity(
        [new Claim(ClaimTypes.NameIdentifier, user.Id), new Claim(StampClaim, user.Stamp), new Claim(SessionClaim, Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(16)))], Scheme));

    /// <summary>Ends the session of the request, if it has one: a copy of the cookie counts no more. Takes the cookie away.</summary>
    public static async Task EndAsync(HttpContext context)
    {
        if (context.Features.Get<SessionCaller>() is { SessionId: var session, Caller: var caller } && caller.UserId() is { } user)
        {
            var services = context.RequestServices;
            var until = services.GetRequiredService<TimeProvider>().GetUtcNow() + services.GetRequiredService<IOptions<SignInOptions>>().Value.SessionLifetime;
            await services.GetRequiredService<UserDirectory>().EndSessionAsync(user, session, until, context.RequestAborted);
        }

        await context.SignOutAsync(Scheme);
    }

    private static async Task ValidateAsync(CookieValidatePrincipalContext context, TimeSpan lifetime)
    {
        var services = context.HttpContext.RequestServices;
        var isInTime = context.Properties.Items.TryGetValue(Began, out var ticks)
            && long.TryParse(ticks, CultureInfo.InvariantCulture, out var began)
            && services.GetRequiredService<TimeProvider>().GetUtcNow().UtcTicks - began < lifetime.Ticks;
        var user = isInTime && context.Principal?.UserId() is { } id ? await services.GetRequiredService<UserDirectory>().CurrentAsync(id, context.HttpContext.RequestAborted) : null;
        var session = context.Principal?.FindFirstValue(SessionClaim);
        if (user is null || user.IsDisabled || session is null || context.Principal?.FindFirstValue(StampClaim) != user.Stamp || user.EndedSessions.Any(ended => ended.Id == session))
        {
            context.RejectPrincipal();
            await context.HttpContext.SignOutAsync(Scheme);
            return;
        }

        context.HttpContext.Features.Set(new SessionCaller(user.ToCaller(Scheme), session));
    }
}

/// <summary>Who the session of a request belongs to, and its id. The cookie's own ticket stays small.</summary>
internal sealed record SessionCaller(ClaimsPrincipal Caller, string SessionId);
