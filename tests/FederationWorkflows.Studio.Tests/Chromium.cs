using Microsoft.Playwright;

[assembly: AssemblyFixture(typeof(FederationWorkflows.Studio.Tests.Chromium))]

// Each page is a .NET runtime of its own in the browser: several at once make each other late.
[assembly: CollectionBehavior(DisableTestParallelization = true)]

namespace FederationWorkflows.Studio.Tests;

/// <summary>The browser, Debian's own.</summary>
public sealed class Chromium : IAsyncLifetime
{
    private const string Program = "/usr/bin/chromium";

    private IPlaywright? playwright;

    private IBrowser? browser;

    public IBrowser Browser => browser!;

    public async ValueTask InitializeAsync()
    {
        playwright = await Playwright.CreateAsync();
        browser = await playwright.Chromium.LaunchAsync(new()
        {
            ExecutablePath = Program,
            Args = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"],
        });
    }

    public async ValueTask DisposeAsync()
    {
        if (browser is not null)
        {
            await browser.DisposeAsync();
        }

        playwright?.Dispose();
    }
}
