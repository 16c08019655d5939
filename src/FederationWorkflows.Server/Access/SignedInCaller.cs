using System.Security.Claims;
using FederationWorkflows.Server.Access.Keys;
using FederationWorkflows.Server.Access.Sessions;
using Microsoft.AspNetCore.Authentication;
using Microsoft.Extensions.Options;

namespace FederationWorkflows.Server.Access;

/// <summary>
/// Finds out who calls: by API key, by session, or, where that is configured, because he calls from this machine. Whoever brings a key is who
/// the key says, or nobody. What a browser sends by itself, a session, does not count for what another site's page wants to change.
/// </summary>
internal sealed class SignedInCaller(RequestDelegate next, ApiKeyAuthenticator keys, IOptions<SignInOptions> options)
{
    private readonly bool trustsLocalCallers = options.Value.TrustLocalCallers;

    public async Task InvokeAsync(HttpContext context)
    {
        // Nobody, until something says who.
        context.User = new ClaimsPrincipal(new ClaimsIdentity());
        var authorization = context.Request.Headers.Authorization.ToString();
        if (ApiKeyAuthenticator.Brings(authorization))
        {
            context.User = await keys.AuthenticateAsync(authorization, context.RequestAborted) ?? context.User;
        }
        else if (context.Request.Cookies.ContainsKey(SessionCookie.Name) && await context.AuthenticateAsync(SessionCookie.Scheme) is { Succeeded: true })
        {
            if (context.Features.Get<SessionCaller>() is { } session && (!SameOrigin.MayChange(context.Request) || !SameOrigin.IsFromAnotherSite(context.Request)))
            {
                context.User = session.Caller;
            }
        }
        else if (trustsLocalCallers)
        {
            context.User = LocalCaller.Find(context) ?? context.User;
        }

        await next(context);
    }
}
