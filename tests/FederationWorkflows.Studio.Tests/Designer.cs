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
        await designer.Page.AddInitScriptAsync("performance.setResourceTimingBufferSize(5000)");
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

    /// <summary>Makes a story in the list, which must have come first, and goes to its editor.</summary>
    public async Task CreateAsync(string name)
    {
        await ShowsAsync(Rows.Or(Page.GetByText("No workflow definitions found")));
        await Page.GetByRole(AriaRole.Button, new() { Name = "Create Workflow" }).ClickAsync();
        await Page.Locator(".mud-dialog input").First.FillAsync(name);
        await Page.GetByRole(AriaRole.Button, new() { Name = "OK" }).ClickAsync();
        await Page.WaitForURLAsync("**/edit");
    }

    /// <summary>Chooses an entry of the menu of a row.</summary>
    public async Task ChooseAsync(ILocator row, string entry)
    {
        await row.GetByRole(AriaRole.Button).Last.ClickAsync();
        await Entry(entry).ClickAsync();
    }

    /// <summary>An entry of the menu that is open.</summary>
    public ILocator Entry(string name) => Page.Locator(".mud-popover-open .mud-menu-item").Filter(new() { HasTextString = name }).First;

    /// <summary>Drags an activity from the palette to the diagram, once the editor has read the story.</summary>
    public async Task DropAsync(string category, string activity, float x, float y)
    {
        await QuietAsync();
        var panel = Page.Locator(".mud-expand-panel").Filter(new() { Has = Page.GetByText(category, new() { Exact = true }) });
        var entry = panel.GetByText(activity, new() { Exact = true });
        if (!await entry.IsVisibleAsync())
        {
            await panel.GetByText(category, new() { Exact = true }).ClickAsync();
        }

        await entry.DragToAsync(Page.Locator(".x6-graph").First, new() { TargetPosition = new() { X = x, Y = y } });
    }

    /// <summary>Runs the story in the editor.</summary>
    public Task RunAsync() => Page.Locator("button:has(path[d='M8 5v14l11-7z'])").First.ClickAsync();

    /// <summary>The editor's button that publishes.</summary>
    public ILocator PublishButton => Page.Locator(".mud-icon-button:has(path[d^='M19.35 10.04'])");

    /// <summary>An activity on the diagram.</summary>
    public ILocator Node(string text) => Nodes.Filter(new() { HasText = text });

    /// <summary>Draws a connection from what happens after an activity to another one.</summary>
    public async Task ConnectAsync(ILocator from, string port, ILocator to)
    {
        var target = (await to.Locator("[port='In'] .elsa-designer-port-circle").BoundingBoxAsync())!;
        await from.Locator($"[port='{port}'] .elsa-designer-port-hit-area").HoverAsync();
        await Page.Mouse.DownAsync();
        await Page.Mouse.MoveAsync(target.X + (target.Width / 2), target.Y + (target.Height / 2), new() { Steps = 10 });
        await Page.Mouse.UpAsync();
    }

    /// <summary>Where the input of the selected activity is edited, found by the help below it.</summary>
    public ILocator Editor(string help) => Page.Locator(".mud-input-control", new() { HasText = help }).First;

    /// <summary>The field of an input, found by the help below it.</summary>
    public ILocator Input(string help) => Editor(help).Locator("input, textarea").First;

    /// <summary>Writes an input and leaves it.</summary>
    public async Task WriteAsync(string help, string text)
    {
        await Input(help).FillAsync(text);
        await Input(help).BlurAsync();
    }

    /// <summary>Chooses an option of an input.</summary>
    public async Task PickAsync(string help, string option)
    {
        await Editor(help).Locator(".mud-input-slot").First.ClickAsync();
        await Page.Locator(".mud-popover-open").GetByRole(AriaRole.Option, new() { Name = option }).ClickAsync();
    }

    /// <summary>Has an input be an expression of a language, and writes it.</summary>
    public async Task ExpressAsync(string help, string language, string expression)
    {
        await Editor(help).Locator("xpath=ancestor::*[.//button][1]").GetByRole(AriaRole.Button).First.ClickAsync();
        await Entry(language).ClickAsync();
        await RewriteAsync(expression);
    }

    /// <summary>Writes the expression that is shown anew.</summary>
    public async Task RewriteAsync(string expression)
    {
        await Page.Locator(".monaco-editor").First.ClickAsync();
        await Page.Keyboard.PressAsync("Control+A");
        await Page.Keyboard.PressAsync("Delete");
        await Page.Keyboard.InsertTextAsync(expression);
    }

    /// <summary>What a table of the details says by a name.</summary>
    public ILocator Detail(string name) => Page.Locator("tr", new() { Has = Page.GetByText(name, new() { Exact = true }) }).Locator("td").Nth(1);

    /// <summary>Waits for the answer to the next saving.</summary>
    public Task<IResponse> SavingAsync(Func<Task> change) => AnswerAsync("/elsa/api/workflow-definitions", change);

    /// <summary>Changes the story, and waits until the editor has saved it and taken the answer in.</summary>
    public async Task EditAsync(Func<Task> change)
    {
        await SavingAsync(change);
        await QuietAsync();
    }

    /// <summary>Selects an activity, and waits until all its inputs are there.</summary>
    public async Task SelectAsync(ILocator node)
    {
        await node.ClickAsync();
        await QuietAsync();
    }

    /// <summary>
    /// Waits until the page has asked the server nothing for longer than it puts off a saving: what is done while an activity's inputs are still
    /// being filled, or the answer to a saving is taken in, which is faster than people are, the designer forgets now and then.
    /// </summary>
    private Task QuietAsync() => Page.WaitForFunctionAsync(
        "() => performance.now() - Math.max(...performance.getEntriesByType('resource').map(entry => entry.responseEnd || entry.startTime)) > 800", options: new() { Timeout = Patience });

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
