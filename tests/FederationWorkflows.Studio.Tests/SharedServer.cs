using System.Text.Json.Nodes;
using FederationWorkflows.Server.Tests.Support;
using Microsoft.Playwright;

namespace FederationWorkflows.Studio.Tests;

/// <summary>
/// One server and one browser session for all tests of a class: the browser loads the designer's files once, and has them from then on. Each test
/// has stories of its own.
/// </summary>
public sealed class SharedServer(Chromium chromium) : IAsyncLifetime
{
    private ServerUnderTest? server;

    private IBrowserContext? session;

    internal ServerUnderTest Server => server!;

    public async ValueTask InitializeAsync()
    {
        server = await ServerUnderTest.StartAsync();
        session = await chromium.NewSessionAsync(server.Address);
    }

    public async ValueTask DisposeAsync()
    {
        if (session is not null)
        {
            await session.DisposeAsync();
        }

        if (server is not null)
        {
            await server.DisposeAsync();
        }
    }

    /// <summary>Publishes the stories and opens a page.</summary>
    internal async Task<Designer> OpenAsync(string path, params JsonObject[] stories)
    {
        foreach (var story in stories)
        {
            await Server.PublishAsync(story);
        }

        return await Designer.OpenAsync(Server, session!, path);
    }
}
