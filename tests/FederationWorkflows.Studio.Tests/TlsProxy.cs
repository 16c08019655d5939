using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Yarp.ReverseProxy.Configuration;

namespace FederationWorkflows.Studio.Tests;

/// <summary>
/// A proxy as they stand in front of servers: it ends TLS, takes the path's first part away, calls the server by the server's own address, and says
/// all that in X-Forwarded headers.
/// </summary>
internal sealed class TlsProxy : IAsyncDisposable
{
    private readonly WebApplication app;

    private readonly X509Certificate2 certificate;

    private TlsProxy(WebApplication app, X509Certificate2 certificate, string prefix)
    {
        this.app = app;
        this.certificate = certificate;
        Site = new Uri($"{app.Urls.Single().Replace("127.0.0.1", "localhost", StringComparison.Ordinal)}{prefix}/");
    }

    /// <summary>What people call.</summary>
    public Uri Site { get; }

    public static async Task<TlsProxy> StartAsync(Uri server, string prefix, CancellationToken cancellationToken)
    {
        var certificate = SelfSigned();
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseKestrelHttpsConfiguration();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.ConfigureHttpsDefaults(https => https.ServerCertificate = certificate));
        builder.WebHost.UseUrls("https://127.0.0.1:0");
        builder.Services.AddReverseProxy().LoadFromMemory(
            [new RouteConfig { RouteId = "all", ClusterId = "server", Match = new RouteMatch { Path = "{**path}" } }],
            [new ClusterConfig { ClusterId = "server", Destinations = new Dictionary<string, DestinationConfig> { ["server"] = new() { Address = server.ToString() } } }]);
        var app = builder.Build();
        app.UsePathBase(prefix);
        app.UseRouting();
        app.MapReverseProxy();
        await app.StartAsync(cancellationToken);
        return new TlsProxy(app, certificate, prefix);
    }

    public async ValueTask DisposeAsync()
    {
        await app.DisposeAsync();
        certificate.Dispose();
    }

    private static X509Certificate2 SelfSigned()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var now = DateTimeOffset.UtcNow;
        using var made = new CertificateRequest("CN=localhost", key, HashAlgorithmName.SHA256).CreateSelfSigned(now.AddDays(-1), now.AddDays(1));
        return X509CertificateLoader.LoadPkcs12(made.Export(X509ContentType.Pfx), password: null);
    }
}
