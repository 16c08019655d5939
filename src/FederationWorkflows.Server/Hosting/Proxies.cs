using System.Net;
using Microsoft.AspNetCore.HttpOverrides;
using Microsoft.Extensions.Options;

namespace FederationWorkflows.Server.Hosting;

/// <summary>Believes the configured proxies, and nobody else, on where a request came from, and on what was called: by TLS or not, which host, which path before ours.</summary>
internal static class Proxies
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

    private sealed class Check : IValidateOptions<ServerOptions>
    {
        public ValidateOptionsResult Validate(string? name, ServerOptions options) =>
            options.TrustedProxies.FirstOrDefault(proxy => !IPAddress.TryParse(proxy, out _) && !System.Net.IPNetwork.TryParse(proxy, out _)) is { } wrong
                ? ValidateOptionsResult.Fail($"Server:TrustedProxies has '{wrong}', which is neither an IP address nor a network such as 10.1.0.0/16.")
                : ValidateOptionsResult.Success;
    }
}
