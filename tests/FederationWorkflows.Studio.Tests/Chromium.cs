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

    /// <summary>A browser session of its own: cookies, cache and all.</summary>
    internal async Task<IBrowserContext> NewSessionAsync(Uri address)
    {
        var session = await Browser.NewContextAsync(new() { BaseURL = address.ToString(), ViewportSize = new() { Width = 1500, Height = 900 }, IgnoreHTTPSErrors = true });
        session.SetDefaultTimeout(Designer.Patience);
        return session;
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
