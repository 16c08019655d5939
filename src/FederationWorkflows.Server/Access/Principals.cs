using System.Net;
using System.Security.Claims;

namespace FederationWorkflows.Server.Access;

/// <summary>The server itself, where nobody asked.</summary>
internal static class SystemPrincipal
{
    public static ClaimsPrincipal Instance { get; } = new(new ClaimsIdentity([new Claim(ClaimTypes.Name, "system")], "system"));
}

/// <summary>
/// As long as nobody can sign in, whoever calls from this machine is its administrator, and nobody else is anybody.
/// Requests for other host names are refused before, so no web page can get here by a name of its own. Two kinds of requests come from
/// this machine and are still somebody else's: those a proxy passes on, and those a web page makes the browser of its visitor send.
/// </summary>
internal sealed class LocalSignIn(RequestDelegate next)
{
    private static readonly string[] ProxyHeaders = ["Forwarded", "X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto", "X-Real-IP", "Via"];

    private static readonly ClaimsPrincipal LocalAdministrator = new(new ClaimsIdentity([new Claim(ClaimTypes.Name, "local"), new Claim(ClaimTypes.Role, "administrator")], "local"));

    public Task InvokeAsync(HttpContext context)
    {
        if (context.Connection.RemoteIpAddress is { } address && IPAddress.IsLoopback(address) && !IsPassedOn(context.Request) && !IsFromAnotherSite(context.Request))
        {
            context.User = LocalAdministrator;
        }

        return next(context);
    }

    private static bool IsPassedOn(HttpRequest request) => ProxyHeaders.Any(request.Headers.ContainsKey);

    /// <summary>Fetch Metadata (W3C) where the browser sends it, and Origin (RFC 6454) otherwise. Programs send neither.</summary>
    private static bool IsFromAnotherSite(HttpRequest request)
    {
        var site = request.Headers["Sec-Fetch-Site"].ToString();
        var origin = request.Headers.Origin.ToString();
        return site is not ("" or "same-origin" or "none")
            || (origin.Length > 0 && !string.Equals(origin, $"{request.Scheme}://{request.Host}", StringComparison.OrdinalIgnoreCase));
    }
}
