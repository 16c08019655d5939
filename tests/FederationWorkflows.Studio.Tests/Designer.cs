using System.Collections.Concurrent;
using System.Text.Json.Nodes;
using FederationWorkflows.Server.Tests.Support;
using Microsoft.Playwright;

namespace FederationWorkflows.Studio.Tests;

/// <summary>The designer in a browser, on the real server. It keeps what goes wrong on the page, and a picture of how it ended.</summary>
internal sealed class Designer : IAsyncDisposable
{
    /// <summary>What a page may take on a machine that has other things to do.</summary>
    public const float Patience = 90_000;

    private readonly ConcurrentQueue<string> wrong = new();

    private readonly IBrowserContext context;

    private Designer(ServerUnderTest server, IBrowserContext context, IPage page)
    {
        Server = server;
        this.context = context;
        Page = page;
        page.Console += (_, message) => Keep(message.Type == "error", message.Text);
        page.PageError += (_, error) => Keep(true, error);
        page.Request += (_, request) => Keep(new Uri(request.Url) is { Scheme: "http" or "https" or "ws" or "wss" } url && url.Authority != server.Address.Authority, $"a request to {request.Url}");
    }

    public ServerUnderTest Server { get; }

    public IPage Page { get; }

    public ILocator Nodes => Page.Locator(".x6-node");

    /// <summary>The badges of activities that ran to their end.</summary>
    public ILocator Completed => Page.Locator(".x6-node .mud-badge.mud-theme-success");

    public static async Task<Designer> OpenAsync(Chromium chromium, string path, params JsonObject[] stories)
    {
        var server = await ServerUnderTest.StartAsync(stories);
        var context = await chromium.Browser.NewContextAsync(new() { BaseURL = server.Address.ToString(), ViewportSize = new() { Width = 1500, Height = 900 } });
        context.SetDefaultTimeout(Patience);
        var designer = new Designer(server, context, await context.NewPageAsync());
        await designer.Page.GotoAsync(path);
        return designer;
    }

    /// <summary>Waits for an element, with the patience this takes.</summary>
    public static Task ShowsAsync(ILocator locator) => locator.First.WaitForAsync();

    /// <summary>Drags an activity from the palette to the diagram.</summary>
    public async Task DropAsync(string category, string activity, float x, float y)
    {
        await Page.GetByText(category, new() { Exact = true }).First.ClickAsync();
        await Page.GetByText(activity, new() { Exact = true }).First.DragToAsync(Page.Locator(".x6-graph").First, new() { TargetPosition = new() { X = x, Y = y } });
    }

    /// <summary>The input of the selected activity, found by the help below it.</summary>
    public ILocator Input(string help) => Page.Locator(".mud-input-control", new() { HasText = help }).Locator("input, textarea").First;

    /// <summary>Waits for the answer to the next saving.</summary>
    public Task<IResponse> SavingAsync(Func<Task> change) =>
        Page.RunAndWaitForResponseAsync(change, response => response.Request.Method == "POST" && response.Url.EndsWith("/elsa/api/workflow-definitions", StringComparison.Ordinal), new() { Timeout = Patience });

    /// <summary>Nothing went wrong on the page, and nothing left this server.</summary>
    public void ShouldBeClean() => wrong.ShouldBeEmpty();

    public async ValueTask DisposeAsync()
    {
        var name = string.Concat((TestContext.Current.Test?.TestDisplayName ?? "page").Split(Path.GetInvalidFileNameChars()));
        await Page.ScreenshotAsync(new() { Path = Path.Combine(AppContext.BaseDirectory, "TestResults", $"{name}.png") });
        await context.DisposeAsync();
        await Server.DisposeAsync();
    }

    private void Keep(bool isWrong, string what)
    {
        if (isWrong)
        {
            wrong.Enqueue(what);
        }
    }
}
