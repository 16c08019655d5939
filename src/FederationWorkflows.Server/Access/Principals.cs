using System.Net;
using System.Security.Claims;

namespace FederationWorkflows.Server.Access;

/// <summary>The server itself, where nobody asked.</summary>
internal static class SystemPrincipal
{
    public static ClaimsPrincipal Instance { get; } = new(new ClaimsIdentity([new Claim(ClaimTypes.Name, "system")], "system"));
}

/// <summary>
/// Where the host's configuration says so (<see cref="SignInOptions.TrustLocalCallers"/>), whoever calls from this machine is its administrator.
/// Requests for other host names are refused before, so no web page can get here by a name of its own. Two kinds of requests come from
/// this machine and are still somebody else's: those a proxy passes on, and those a web page makes the browser of its visitor send.
/// </summary>
internal static class LocalCaller
{
    private static readonly string[] ProxyHeaders = ["Forwarded", "X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto", "X-Forwarded-Prefix", "X-Original-For", "X-Original-Host", "X-Original-Proto", "X-Original-Prefix", "X-Real-IP", "Via"];

    private static readonly ClaimsPrincipal Administrator = new(new ClaimsIdentity([new Claim(ClaimTypes.Name, "local"), new Claim(ClaimTypes.Role, Roles.Administrator)], "local"));

    /// <summary>The administrator; null for a request that does not come from here.</summary>
    public static ClaimsPrincipal? Find(HttpContext context) =>
        context.Connection.RemoteIpAddress is { } address && IPAddress.IsLoopback(address) && !IsPassedOn(context.Request) && !SameOrigin.IsFromAnotherSite(context.Request)
            ? Administrator
            : null;

    private static bool IsPassedOn(HttpRequest request) => ProxyHeaders.Any(request.Headers.ContainsKey);
}
