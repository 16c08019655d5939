using System.Net;
using System.Security.Claims;

namespace FederationWorkflows.Server.Hosting;

/// <summary>The server itself, where nobody asked.</summary>
internal static class SystemPrincipal
{
    public static ClaimsPrincipal Instance { get; } = new(new ClaimsIdentity([new Claim(ClaimTypes.Name, "system")], "system"));
}

/// <summary>
/// As long as nobody can sign in, whoever calls from this machine is its administrator, and nobody else is anybody.
/// Requests for other host names are refused before, so no web page can get here by a name of its own.
/// </summary>
internal sealed class LocalSignIn(RequestDelegate next)
{
    private static readonly ClaimsPrincipal LocalAdministrator = new(new ClaimsIdentity([new Claim(ClaimTypes.Name, "local"), new Claim(ClaimTypes.Role, "administrator")], "local"));

    public Task InvokeAsync(HttpContext context)
    {
        if (context.Connection.RemoteIpAddress is { } address && IPAddress.IsLoopback(address))
        {
            context.User = LocalAdministrator;
        }

        return next(context);
    }
}
