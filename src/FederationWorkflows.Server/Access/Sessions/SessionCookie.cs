using System.Globalization;
using System.Security.Claims;
using FederationWorkflows.Server.Access.Users;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Authentication.Cookies;
using Microsoft.Extensions.Options;

namespace FederationWorkflows.Server.Access.Sessions;

/// <summary>
/// A session is a cookie that only the key ring can make: nothing of it is stored, and every node knows it. It names the user and the stamp he
/// had; who he is now, and what he may, is looked up with each request.
/// </summary>
internal static class SessionCookie
{
    public const string Scheme = "session";

    public const string Name = "fedflow-session";

    private const string StampClaim = "stamp";

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

    /// <summary>What the cookie says.</summary>
    public static ClaimsPrincipal Ticket(User user) =>
        new(new ClaimsIdentity([new Claim(ClaimTypes.NameIdentifier, user.Id), new Claim(StampClaim, user.Stamp)], Scheme));

    /// <summary>Takes the cookie away.</summary>
    public static Task EndAsync(HttpContext context) => context.SignOutAsync(Scheme);

    private static async Task ValidateAsync(CookieValidatePrincipalContext context, TimeSpan lifetime)
    {
        var services = context.HttpContext.RequestServices;
        var isInTime = context.Properties.Items.TryGetValue(Began, out var ticks)
            && long.TryParse(ticks, CultureInfo.InvariantCulture, out var began)
            && services.GetRequiredService<TimeProvider>().GetUtcNow().UtcTicks - began < lifetime.Ticks;
        var user = isInTime && context.Principal?.UserId() is { } id ? await services.GetRequiredService<UserDirectory>().CurrentAsync(id, context.HttpContext.RequestAborted) : null;
        if (user is null || user.IsDisabled || context.Principal?.FindFirstValue(StampClaim) != user.Stamp)
        {
            context.RejectPrincipal();
            await context.HttpContext.SignOutAsync(Scheme);
            return;
        }

        context.HttpContext.Features.Set(new SessionCaller(user.ToCaller(Scheme)));
    }
}

/// <summary>Who the session of a request belongs to. The cookie's own ticket stays small.</summary>
internal sealed record SessionCaller(ClaimsPrincipal Caller);
