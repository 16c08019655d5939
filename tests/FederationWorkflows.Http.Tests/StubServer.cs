using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace FederationWorkflows.Http.Tests;

/// <summary>A real HTTP server on a free loopback port that answers as the test says.</summary>
public sealed class StubServer : IAsyncDisposable
{
    private readonly WebApplication app;

    private StubServer(WebApplication app)
    {
        this.app = app;
        Url = new Uri(app.Urls.First());
    }

    public Uri Url { get; }

    public int Port => Url.Port;

    public static async Task<StubServer> StartAsync(RequestDelegate answer)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0));
        var app = builder.Build();
        app.Run(answer);
        await app.StartAsync(TestContext.Current.CancellationToken);
        return new StubServer(app);
    }

    public Uri At(string path) => new(Url, path);

    public ValueTask DisposeAsync() => app.DisposeAsync();
}
