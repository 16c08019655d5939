using System.Collections.Concurrent;
using System.Net.Http.Json;
using System.Text.Json.Nodes;
using FederationWorkflows.Server.Tests.Support;
using Microsoft.Playwright;

namespace FederationWorkflows.Studio.Tests;

/// <summary>The designer in a browser, on the real server. It keeps what goes wrong on the page, and pictures of how it looked.</summary>
internal sealed class Designer : IAsyncDisposable
{
    public const string Stories = "/studio/workflows/definitions";

    public const string Runs = "/studio/workflows/instances";

    /// <summary>What a page may take on a machine that has other things to do.</summary>
    public const float Patience = 90_000;

    private readonly ConcurrentQueue<string> wrong = new();

    private readonly IBrowserContext context;

    private readonly string site;

    private Designer(ServerUnderTest server, string site, IBrowserContext context, IPage page)
    {
        Server = server;
        this.site = site;
        this.context = context;
        Page = page;
        page.Console += (_, message) => Keep(message.Type == "error", message.Text);
        page.PageError += (_, error) => Keep(true, error);
        page.Request += (_, request) => Keep(new Uri(request.Url) is { Scheme: "http" or "https" or "ws" or "wss" } url && url.Authority != new Uri(site).Authority, $"a request to {request.Url}");
    }

    public ServerUnderTest Server { get; }

    public IPage Page { get; }

    public ILocator Nodes => Page.Locator(".x6-node");

    /// <summary>The badges of activities that ran to their end.</summary>
    public ILocator Completed => Page.Locator(".x6-node .mud-badge.mud-theme-success");

    public ILocator Rows => Page.Locator("tbody tr");

    /// <summary>The menu or list that is open.</summary>
    public ILocator Menu => Page.Locator(".mud-popover-open");

    public ILocator Dialog => Page.Locator(".mud-dialog");

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public static async Task<Designer> OpenAsync(Chromium chromium, string path, params JsonObject[] stories) => await OpenAsync(chromium, await ServerUnderTest.StartAsync(stories), path);

    /// <param name="chromium">The browser.</param>
    /// <param name="server">The server; it ends with this.</param>
    /// <param name="path">The page to open.</param>
    /// <param name="site">Where people reach the server; its own address when null.</param>
    /// <param name="dark">The person prefers dark pages.</param>
    public static async Task<Designer> OpenAsync(Chromium chromium, ServerUnderTest server, string path, Uri? site = null, bool dark = false)
    {
        var context = await chromium.Browser.NewContextAsync(new()
        {
            // As wide as all tabs of the panels take.
            ViewportSize = new() { Width = 1900, Height = 1000 },
            ColorScheme = dark ? ColorScheme.Dark : ColorScheme.Light,
            IgnoreHTTPSErrors = true,
        });
        context.SetDefaultTimeout(Patience);
        var designer = new Designer(server, (site ?? server.Address).ToString().TrimEnd('/'), context, await context.NewPageAsync());
        await designer.GoAsync(path);
        return designer;
    }

    public Task GoAsync(string path) => Page.GotoAsync(site + path);

    /// <summary>Waits for an element, with the patience this takes.</summary>
    public static Task ShowsAsync(ILocator locator) => locator.First.WaitForAsync();

    /// <summary>What an element is to become, with the patience this takes.</summary>
    public static ILocatorAssertions Expect(ILocator locator)
    {
        Assertions.SetDefaultExpectTimeout(Patience);
        return Assertions.Expect(locator);
    }

    /// <summary>Drags an activity from the palette to the diagram.</summary>
    public async Task DropAsync(string category, string activity, float x, float y)
    {
        var item = Page.GetByText(activity, new() { Exact = true }).First;
        if (!await item.IsVisibleAsync())
        {
            await Page.Locator(".mud-expand-panel-header", new() { HasText = category }).First.ClickAsync();
        }

        await item.DragToAsync(Page.Locator(".x6-graph").First, new() { TargetPosition = new() { X = x, Y = y } });
    }

    public ILocator Node(string id) => Page.Locator($"g[data-cell-id='{id}']");

    /// <summary>Selects an activity of the diagram. What X6 lays over a selected one would be clicked otherwise, which does the same.</summary>
    public Task SelectAsync(string id) => Node(id).ClickAsync(new() { Force = true });

    /// <summary>Draws a connection from an activity's last port to the first of another.</summary>
    public async Task ConnectAsync(string from, string to)
    {
        var (startX, startY) = await CentreAsync(Node(from).Locator(".x6-port-body").Last);
        var (endX, endY) = await CentreAsync(Node(to).Locator(".x6-port-body").First);
        await Page.Mouse.MoveAsync(startX, startY);
        await Page.Mouse.DownAsync();
        await Page.Mouse.MoveAsync((startX + endX) / 2, (startY + endY) / 2, new() { Steps = 5 });
        await Page.Mouse.MoveAsync(endX, endY, new() { Steps = 5 });
        await Page.Mouse.UpAsync();
    }

    /// <summary>The tab of a panel.</summary>
    public ILocator Tab(string name) => Page.Locator(".mud-tab", new() { HasText = name }).First;

    /// <summary>The field with this help below it.</summary>
    public ILocator Field(string help) => Page.Locator(".mud-input-control", new() { HasText = help }).First;

    /// <summary>The input of the selected activity, found by the help below it.</summary>
    public ILocator Input(string help) => Field(help).Locator("input, textarea").First;

    /// <summary>Types into a field and leaves it.</summary>
    public async Task TypeAsync(string help, string text)
    {
        await Input(help).FillAsync(text);
        await Input(help).BlurAsync();
    }

    /// <summary>Chooses an item of the list that a field opens.</summary>
    public async Task ChooseAsync(string help, string item)
    {
        await Field(help).ClickAsync();
        await Menu.GetByText(item, new() { Exact = true }).First.ClickAsync();
    }

    /// <summary>Writes the value of an input as an expression of another kind.</summary>
    public async Task SwitchSyntaxAsync(string help, string language)
    {
        await Page.Locator("form.mud-form div.flex-row", new() { HasText = help }).Locator("button.mud-menu-icon-button-activator").First.ClickAsync();
        await Menu.GetByText(language, new() { Exact = true }).ClickAsync();
    }

    /// <summary>Writes into the code editor that is shown, and leaves it.</summary>
    /// <param name="code">What to write.</param>
    /// <param name="thenTo">Where to go then.</param>
    /// <param name="last">Into the last of several; otherwise the first.</param>
    public async Task WriteCodeAsync(string code, ILocator thenTo, bool last = false)
    {
        var editors = Page.Locator(".monaco-editor[role=code]");
        await (last ? editors.Last : editors.First).ClickAsync();
        await Page.Keyboard.PressAsync("Control+A");

        // A quotation mark over a selection would be put around it.
        await Page.Keyboard.PressAsync("Delete");
        await Page.Keyboard.InsertTextAsync(code);
        await thenTo.ClickAsync();
    }

    /// <summary>A button that has a picture only, by how the picture begins.</summary>
    public ILocator IconButton(string path) => Page.Locator($"button.mud-icon-button:has(path[d^='{path}'])").First;

    public ILocator Button(string name) => Page.GetByRole(AriaRole.Button, new() { Name = name }).First;

    /// <summary>The editor's menu with further commands.</summary>
    public async Task CommandAsync(string command)
    {
        await IconButton("M7 10l5 5").ClickAsync();
        await Menu.GetByText(command, new() { Exact = true }).ClickAsync();
    }

    public Task<JsonObject> PublishAsync() => SavingAsync(() => IconButton("M19.35 10.04").ClickAsync());

    /// <summary>The menu of a row of a list.</summary>
    public async Task RowCommandAsync(string row, string command)
    {
        await Rows.Filter(new() { HasText = row }).GetByRole(AriaRole.Button).Last.ClickAsync();
        await Menu.GetByText(command, new() { Exact = true }).ClickAsync();
    }

    /// <summary>Ticks rows of a list, chooses what to do with them, and says that it is meant.</summary>
    public async Task BulkAsync(string command, params string[] rows)
    {
        foreach (var row in rows)
        {
            await Rows.Filter(new() { HasText = row }).Locator("input[type=checkbox]").First.CheckAsync(new() { Force = true });
        }

        await Page.GetByRole(AriaRole.Button, new() { Name = "Bulk actions" }).ClickAsync();
        await Menu.GetByText(command, new() { Exact = true }).ClickAsync();
        await Dialog.GetByRole(AriaRole.Button).Filter(new() { HasText = command }).Last.ClickAsync();
    }

    /// <summary>Does something that saves the story by itself.</summary>
    /// <returns>The story as it was saved.</returns>
    public async Task<JsonObject> SavingAsync(Func<Task> change)
    {
        var answer = await AnswerAsync("/elsa/api/workflow-definitions", change);
        answer.Status.ShouldBe(200, await answer.TextAsync());
        return JsonNode.Parse(await answer.TextAsync())!["workflowDefinition"]!.AsObject();
    }

    /// <summary>Waits for the answer to the next command of the page to this path.</summary>
    public Task<IResponse> AnswerAsync(string path, Func<Task> act) =>
        Page.RunAndWaitForResponseAsync(act, response => response.Request.Method == "POST" && response.Url.EndsWith(path, StringComparison.Ordinal), new() { Timeout = Patience });

    public async Task<JsonObject> GetAsync(string path) => (await Server.Client.GetFromJsonAsync<JsonObject>(new Uri(path, UriKind.Relative), Cancellation))!;

    /// <summary>The latest version of a story, as the server has it.</summary>
    public Task<JsonObject> StoredAsync(string definitionId) => GetAsync($"/elsa/api/workflow-definitions/by-definition-id/{definitionId}?versionOptions=Latest");

    /// <summary>Keeps a picture of the page.</summary>
    public Task PictureAsync(string name) => Page.ScreenshotAsync(new() { Path = Path.Combine(AppContext.BaseDirectory, "TestResults", $"{name}.png") });

    /// <summary>Nothing went wrong on the page, and nothing left this server.</summary>
    public void ShouldBeClean() => wrong.ShouldBeEmpty();

    /// <summary>What went wrong so far was meant to.</summary>
    public void Forgive() => wrong.Clear();

    public async ValueTask DisposeAsync()
    {
        await PictureAsync(string.Concat((TestContext.Current.Test?.TestDisplayName ?? "page").Split(Path.GetInvalidFileNameChars())));
        await context.DisposeAsync();
        await Server.DisposeAsync();
    }

    private static async Task<(float X, float Y)> CentreAsync(ILocator locator)
    {
        var box = (await locator.BoundingBoxAsync())!;
        return (box.X + (box.Width / 2), box.Y + (box.Height / 2));
    }

    private void Keep(bool isWrong, string what)
    {
        if (isWrong)
        {
            wrong.Enqueue(what);
        }
    }
}
