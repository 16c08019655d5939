using System.Net;
using System.Text.RegularExpressions;
using Microsoft.AspNetCore.HttpOverrides;
using Microsoft.Extensions.Options;

namespace FederationWorkflows.Server.Hosting;

/// <summary>Believes the configured proxies, and nobody else, on where a request came from, and on what was called: by TLS or not, which host, which path before ours.</summary>
internal static partial class Proxies
{
    public static IServiceCollection AddTrustedProxies(this IServiceCollection services)
    {
        services.AddSingleton<IValidateOptions<ServerOptions>, Check>();
        services.AddOptions<ForwardedHeadersOptions>().Configure<IOptions<ServerOptions>>((forwarded, server) =>
        {
            forwarded.ForwardedHeaders = ForwardedHeaders.XForwardedFor | ForwardedHeaders.XForwardedProto | ForwardedHeaders.XForwardedHost | ForwardedHeaders.XForwardedPrefix;

            // By default this machine is trusted; here it is only where it is listed.
            forwarded.KnownProxies.Clear();
            forwarded.KnownIPNetworks.Clear();
            foreach (var proxy in server.Value.TrustedProxies)
            {
                if (IPAddress.TryParse(proxy, out var address))
                {
                    forwarded.KnownProxies.Add(address);
                }
                else
                {
                    forwarded.KnownIPNetworks.Add(System.Net.IPNetwork.Parse(proxy));
                }
            }

            // One hop for each proxy that is known: a header can name more, and only those that are known count.
            forwarded.ForwardLimit = null;
        });
        return services;
    }

    /// <summary>Takes what the configured proxies say. A path before ours that none of theirs can be is refused: our links would begin with it, and <c>//evil.example</c> leads away.</summary>
    public static void UseTrustedProxies(this WebApplication app)
    {
        if (app.Services.GetRequiredService<IOptions<ServerOptions>>().Value.TrustedProxies.Count == 0)
        {
            return;
        }

        app.UseForwardedHeaders();
        app.Use(static (context, next) => Path().IsMatch(context.Request.PathBase.Value!)
            ? next(context)
            : Results.Problem(
                "The path in X-Forwarded-Prefix is none that a server can be reached by: it is /, letters, digits, _ and -, as in /flows. Let the proxy set the header, and pass on none that callers sent.",
                statusCode: StatusCodes.Status400BadRequest).ExecuteAsync(context));
    }

    [GeneratedRegex($@"\A{ServerOptions.PathForm}\z", RegexOptions.CultureInvariant | RegexOptions.NonBacktracking)]
    private static partial Regex Path();

    private sealed class Check : IValidateOptions<ServerOptions>
    {
        public ValidateOptionsResult Validate(string? name, ServerOptions options) =>
            options.TrustedProxies.FirstOrDefault(proxy => !IPAddress.TryParse(proxy, out _) && !System.Net.IPNetwork.TryParse(proxy, out _)) is { } wrong
                ? ValidateOptionsResult.Fail($"Server:TrustedProxies has '{wrong}', which is neither an IP address nor a network such as 10.1.0.0/16.")
                : ValidateOptionsResult.Success;
    }
}
