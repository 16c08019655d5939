using System.Text.RegularExpressions;
using FederationWorkflows.Server.Tests.Support;
using Microsoft.Playwright;

namespace FederationWorkflows.Studio.Tests;

/// <summary>A story from nothing, drawn and watched by hand.</summary>
public sealed partial class AuthoringTests(Chromium chromium)
{
    [Fact]
    public async Task A_webhook_is_drawn_published_called_and_watched()
    {
        await using var designer = await Designer.OpenAsync(chromium, Designer.Stories);
        var page = designer.Page;

        // From nothing.
        await page.GetByRole(AriaRole.Button, new() { Name = "Create Workflow" }).ClickAsync();
        await designer.Dialog.GetByRole(AriaRole.Button, new() { Name = "OK" }).ClickAsync();
        await page.WaitForURLAsync("**/edit");
        var story = EditedStory().Match(page.Url).Groups[1].Value;
        var endpoint = (await designer.SavingAsync(() => designer.DropAsync("HTTP", "HTTP Endpoint", 150, 150)))["root"]!["activities"]![0]!;
        ((bool)endpoint["customProperties"]!["canStartWorkflow"]!).ShouldBeTrue();
        var endpointId = (string)endpoint["id"]!;
        await designer.SavingAsync(() => designer.TypeAsync("The path below the base path", "hello"));
        await designer.SavingAsync(() => page.Locator("label", new() { HasText = "POST" }).First.ClickAsync());
        await designer.SavingAsync(() => designer.ChooseAsync("Who may call: everybody", "anonymous"));
        var answerId = (string)(await designer.SavingAsync(() => designer.DropAsync("HTTP", "HTTP Response", 560, 320)))["root"]!["activities"]![1]!["id"]!;
        var connection = (await designer.SavingAsync(() => designer.ConnectAsync(endpointId, answerId)))["root"]!["connections"]![0]!;
        ((string)connection["source"]!["port"]!, (string)connection["target"]!["activity"]!).ShouldBe(("Done", answerId));
        await designer.SwitchSyntaxAsync("The content to return", "CEL");
        await designer.SavingAsync(() => designer.WriteCodeAsync("\"Hello, \" + trigger.body.name", designer.Tab("Common")));
        await designer.SavingAsync(() => designer.TypeAsync("The text to display", "Say hello"));

        // A copy, which goes again.
        await designer.SelectAsync(answerId);
        (await designer.SavingAsync(async () =>
        {
            await page.Keyboard.PressAsync("Control+C");
            await page.Keyboard.PressAsync("Control+V");
        }))["root"]!["activities"]!.AsArray().Count.ShouldBe(3);
        await Designer.Expect(designer.Nodes).ToHaveCountAsync(3);
        (await designer.SavingAsync(() => page.Keyboard.PressAsync("Delete")))["root"]!["activities"]!.AsArray().Count.ShouldBe(2);
        await Designer.Expect(designer.Nodes).ToHaveCountAsync(2);

        // What deserves attention stands above it, and an endpoint for everybody does.
        await Designer.Expect(page.Locator("#notes summary")).ToHaveTextAsync("1 warning");
        await page.Locator("#notes summary").ClickAsync();
        await Designer.Expect(page.Locator("#notes li")).ToContainTextAsync("Everybody who reaches the server may call this endpoint.");
        await designer.PictureAsync("drawn");
        await page.Keyboard.PressAsync("Escape");

        // Published, called, and watched.
        ((bool)(await designer.PublishAsync())["isPublished"]!).ShouldBeTrue();
        using var called = await designer.Server.PostAsync("/workflows/hello", """{"name":"world"}""");
        (await called.TextAsync()).ShouldBe("Hello, world");
        await designer.GoAsync(Designer.Runs);
        await designer.Rows.Filter(new() { HasText = called.RunId() }).Locator("td").Nth(1).ClickAsync();
        await page.WaitForURLAsync("**/view");
        await Designer.Expect(designer.Completed).ToHaveCountAsync(2);
        await designer.SelectAsync(answerId);
        foreach (var shown in new[] { "Hello, world", "Completed", "Done" })
        {
            await Designer.ShowsAsync(page.GetByText(shown, new() { Exact = true }));
        }

        await designer.PictureAsync("watched");

        ((bool)(await designer.StoredAsync(story))["isPublished"]!).ShouldBeTrue();
        designer.ShouldBeClean();
    }

    [GeneratedRegex("definitions/([^/]+)/edit")]
    private static partial Regex EditedStory();
}
