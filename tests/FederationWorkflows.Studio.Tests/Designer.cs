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

    private readonly ConcurrentBag<string> refused = [];

    private Designer(ServerUnderTest server, IPage page, string authority)
    {
        Server = server;
        Page = page;
        page.Console += (_, message) => Keep(message.Type == "error" && !IsExpected(message), message.Text);
        page.PageError += (_, error) => Keep(true, error);
        page.Request += (_, request) => Keep(new Uri(request.Url) is { Scheme: "http" or "https" or "ws" or "wss" } url && url.Authority != authority, $"a request to {request.Url}");
    }

    public ServerUnderTest Server { get; }

    public IPage Page { get; }

    public ILocator Nodes => Page.Locator(".x6-node");

    /// <summary>The badges of activities that ran to their end.</summary>
    public ILocator Completed => Page.Locator(".x6-node .mud-badge.mud-theme-success");

    /// <summary>The rows of a list.</summary>
    public ILocator Rows => Page.Locator("tbody tr.mud-table-row");

    /// <summary>What this server says at the bottom of the page.</summary>
    public ILocator Told => Page.Locator("#blazor-error-text");

    /// <summary>What the designer itself says, for a few seconds.</summary>
    public ILocator Said => Page.Locator(".mud-snackbar");

    public static async Task<Designer> OpenAsync(ServerUnderTest server, IBrowserContext session, string path, Uri? site = null)
    {
        var designer = new Designer(server, await session.NewPageAsync(), (site ?? server.Address).Authority);
        await designer.Page.GotoAsync(path);
        return designer;
    }

    /// <summary>Waits for an element, with the patience this takes.</summary>
    public static Task ShowsAsync(ILocator locator) => locator.First.WaitForAsync();

    /// <summary>Waits until there are as many.</summary>
    public static Task CountsAsync(ILocator locator, int count) => Assertions.Expect(locator).ToHaveCountAsync(count, new() { Timeout = Patience });

    /// <summary>Waits for a text.</summary>
    public static Task ReadsAsync(ILocator locator, string text) => Assertions.Expect(locator).ToContainTextAsync(text, new() { Timeout = Patience });

    /// <summary>The row of a list that has a text.</summary>
    public ILocator Row(string text) => Rows.Filter(new() { HasText = text });

    /// <summary>Chooses an entry of the menu of a row.</summary>
    public async Task ChooseAsync(ILocator row, string entry)
    {
        await row.GetByRole(AriaRole.Button).Last.ClickAsync();
        await Entry(entry).ClickAsync();
    }

    /// <summary>An entry of the menu that is open.</summary>
    public ILocator Entry(string name) => Page.Locator(".mud-popover-open .mud-menu-item").Filter(new() { HasTextString = name }).First;

    /// <summary>Drags an activity from the palette to the diagram.</summary>
    public async Task DropAsync(string category, string activity, float x, float y)
    {
        var entry = Page.GetByText(activity, new() { Exact = true }).First;
        if (!await entry.IsVisibleAsync())
        {
            await Page.GetByText(category, new() { Exact = true }).First.ClickAsync();
        }

        await entry.DragToAsync(Page.Locator(".x6-graph").First, new() { TargetPosition = new() { X = x, Y = y } });
    }

    /// <summary>Runs the story in the editor.</summary>
    public Task RunAsync() => Page.Locator("button:has(path[d='M8 5v14l11-7z'])").First.ClickAsync();

    /// <summary>The editor's button that publishes.</summary>
    public ILocator PublishButton => Page.Locator("button:has(path[d^='M19.35 10.04'])");

    /// <summary>The input of the selected activity, found by the help below it.</summary>
    public ILocator Input(string help) => Page.Locator(".mud-input-control", new() { HasText = help }).Locator("input, textarea").First;

    /// <summary>Waits for the answer to the next saving.</summary>
    public Task<IResponse> SavingAsync(Func<Task> change) => AnswerAsync("/elsa/api/workflow-definitions", change);

    /// <summary>Waits for the answer to what something makes the page send.</summary>
    public Task<IResponse> AnswerAsync(string path, Func<Task> act) =>
        Page.RunAndWaitForResponseAsync(act, response => response.Request.Method == "POST" && new Uri(response.Url).AbsolutePath.EndsWith(path, StringComparison.Ordinal), new() { Timeout = Patience });

    /// <summary>The server will refuse calls of this path: the browser notes that as an error, and it is none of the page.</summary>
    public void WillBeRefused(string path) => refused.Add(path);

    /// <summary>Nothing went wrong on the page, and nothing left this server.</summary>
    public void ShouldBeClean() => wrong.ShouldBeEmpty();

    /// <summary>Keeps a picture of the page as it is.</summary>
    public Task PictureAsync(string what)
    {
        var name = string.Concat($"{TestContext.Current.Test?.TestDisplayName ?? "page"} {what}".TrimEnd().Split(Path.GetInvalidFileNameChars()));
        return Page.ScreenshotAsync(new() { Path = Path.Combine(AppContext.BaseDirectory, "TestResults", $"{name}.png") });
    }

    public async ValueTask DisposeAsync()
    {
        await PictureAsync("");
        await Page.CloseAsync();
    }

    public async Task<JsonObject> GetAsync(string path) =>
        JsonNode.Parse(await (await Server.GetAsync(path)).TextAsync())!.AsObject();

    private bool IsExpected(IConsoleMessage message) =>
        message.Text.StartsWith("Failed to load resource", StringComparison.Ordinal) && refused.Any(path => message.Location.Contains(path, StringComparison.Ordinal));

    private void Keep(bool isWrong, string what)
    {
        if (isWrong)
        {
            wrong.Enqueue(what);
        }
    }
}
