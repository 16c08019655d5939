using System.Net;
using FederationWorkflows.Server.Tests.Support;
using Microsoft.Playwright;

namespace FederationWorkflows.Studio.Tests;

/// <summary>What stories are for, from the first click on: one is drawn, published, called, watched and changed.</summary>
public sealed class AuthoringTests(SharedServer shared) : IClassFixture<SharedServer>
{
    private const string Path = "The path below the base path of the server";

    private const string Caller = "Who may call";

    private const string Content = "The content to return";

    [Fact]
    public async Task A_story_drawn_from_nothing_answers_its_webhook_shows_what_it_did_and_answers_otherwise_when_it_is_changed()
    {
        await using var designer = await shared.OpenAsync("/studio/workflows/definitions");
        var page = designer.Page;
        await designer.CreateAsync("Greeting");
        var editor = page.Url;

        await designer.EditAsync(() => designer.DropAsync("HTTP", "HTTP Endpoint", 150, 150));
        await designer.EditAsync(() => designer.DropAsync("HTTP", "HTTP Response", 150, 350));
        var endpoint = designer.Node("HTTP Endpoint");
        var answer = designer.Node("HTTP Response");
        await designer.EditAsync(() => designer.ConnectAsync(endpoint, "Done", answer));
        await Designer.CountsAsync(page.Locator(".x6-edge"), 1);

        await designer.SelectAsync(endpoint);
        await designer.EditAsync(() => designer.WriteAsync(Path, "greet"));
        await designer.EditAsync(() => page.Locator("label.mud-checkbox", new() { HasText = "POST" }).ClickAsync());
        await designer.EditAsync(() => designer.PickAsync(Caller, "anonymous"));
        await designer.SelectAsync(answer);
        await designer.EditAsync(() => designer.ExpressAsync(Content, "CEL", "'Hello, ' + trigger.body.name"));
        await Designer.ReadsAsync(page.Locator("#notes summary"), "1 warning");
        await designer.PictureAsync("drawn");
        await PublishAsync(designer);
        var run = await CallAsync(designer, "Hello, Ada");

        // What it did.
        await page.GetByRole(AriaRole.Link, new() { Name = "Runs", Exact = true }).ClickAsync();
        await designer.Row(run).Locator("td").Nth(1).ClickAsync();
        await page.WaitForURLAsync($"**/{run}/view");
        await Designer.CountsAsync(designer.Completed, 2);
        await Assertions.Expect(designer.Detail("Sub status")).ToHaveTextAsync("Finished", new() { Timeout = Designer.Patience });
        await endpoint.ClickAsync();
        await Designer.ReadsAsync(designer.Detail("ParsedContent"), """{"name":"Ada"}""");
        await Designer.ReadsAsync(designer.Detail("Outcomes"), """["Done"]""");
        await designer.Detail("ParsedContent").ScrollIntoViewIfNeededAsync();
        await designer.PictureAsync("viewed");

        // Changed, it goes on answering as before until it is published again.
        await page.GotoAsync(editor);
        await designer.SelectAsync(answer);
        await designer.EditAsync(() => designer.RewriteAsync("'Good morning, ' + trigger.body.name"));
        await CallAsync(designer, "Hello, Ada");
        await PublishAsync(designer);
        await CallAsync(designer, "Good morning, Ada");
        var id = new Uri(editor).Segments[^2].TrimEnd('/');
        var published = await designer.GetAsync($"/elsa/api/workflow-definitions/by-definition-id/{id}?versionOptions=Published");
        published["version"]!.GetValue<int>().ShouldBe(2);
        designer.ShouldBeClean();
    }

    private static async Task PublishAsync(Designer designer)
    {
        await designer.SavingAsync(() => designer.PublishButton.ClickAsync());
        await Designer.ReadsAsync(designer.Said.First, "Workflow published");
    }

    /// <summary>Calls the webhook as a program does; returns the id of the run it started.</summary>
    private static async Task<string> CallAsync(Designer designer, string expected)
    {
        using var answer = await designer.Server.PostAsync("/workflows/greet", """{"name":"Ada"}""");
        (answer.StatusCode, await answer.TextAsync()).ShouldBe((HttpStatusCode.OK, expected));
        return answer.RunId();
    }
}
