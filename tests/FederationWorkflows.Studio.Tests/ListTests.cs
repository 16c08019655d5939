using FederationWorkflows.Server.Tests.Support;
using static FederationWorkflows.Server.Tests.Support.Stories;

namespace FederationWorkflows.Studio.Tests;

/// <summary>The lists of stories and of runs: what is done with one and with several.</summary>
public sealed class ListTests(Chromium chromium) : IDisposable
{
    private readonly DirectoryInfo files = Directory.CreateTempSubdirectory("stories-");

    public void Dispose() => files.Delete(recursive: true);

    [Fact]
    public async Task Stories_come_in_as_files_are_published_retracted_exported_and_deleted_together()
    {
        await using var designer = await Designer.OpenAsync(chromium, Designer.Stories);
        var page = designer.Page;
        var names = new[] { "alpha", "beta", "gamma" };
        await Designer.ShowsAsync(designer.Button("Bulk actions"));
        var chooser = await page.RunAndWaitForFileChooserAsync(async () =>
        {
            await page.Locator("button:has(path[d^='M7 10l5 5'])").First.ClickAsync();
            await designer.Menu.GetByText("Import").ClickAsync();
        });
        await chooser.SetFilesAsync(names.Select(Written));
        await Designer.Expect(designer.Rows).ToHaveCountAsync(3);
        await Designer.Expect(page.Locator("#notes")).ToBeHiddenAsync();

        await designer.AnswerAsync("/bulk-actions/publish/workflow-definitions/by-definition-ids", () => designer.BulkAsync("Publish", "alpha", "beta"));
        await Designer.Expect(page.Locator("#notes summary")).ToHaveTextAsync("2 open webhooks");
        await page.Locator("#notes summary").ClickAsync();
        await Designer.Expect(page.Locator("#notes li")).ToHaveTextAsync(["alpha POST /workflows/alpha", "beta POST /workflows/beta"]);
        await designer.PictureAsync("stories");
        await page.Keyboard.PressAsync("Escape");
        await designer.AnswerAsync("/bulk-actions/retract/workflow-definitions/by-definition-ids", () => designer.BulkAsync("Unpublish", "alpha"));
        await Designer.Expect(page.Locator("#notes summary")).ToHaveTextAsync("1 open webhook");
        await designer.AnswerAsync("/bulk-actions/delete/workflow-definitions/by-definition-id", () => designer.BulkAsync("Delete", "alpha", "beta"));
        await Designer.Expect(designer.Rows).ToHaveCountAsync(1);
        await Designer.Expect(page.Locator("#notes")).ToBeHiddenAsync();

        // A copy is opened at once; deleting asks first.
        await designer.RowCommandAsync("gamma", "Duplicate");
        await designer.Dialog.GetByRole(Microsoft.Playwright.AriaRole.Button).Last.ClickAsync();
        await Designer.Expect(designer.Nodes.Or(designer.Rows.Nth(1)).First).ToBeVisibleAsync();
        designer.ShouldBeClean();
    }

    [Fact]
    public async Task Runs_are_found_by_status_story_time_and_text_and_cancelled_deleted_and_retried_together()
    {
        var server = await ServerUnderTest.StartAsync(
            Of("waits", [Activity("Elsa.Event", "wait", ("eventName", Literal("go")))]), Of("done", [Writes("say", Literal("hello"))]), Of("fails", [Fails("No evidence.")]));
        foreach (var (story, status) in new[] { ("waits", "Suspended"), ("waits", "Suspended"), ("done", "Finished"), ("fails", "Faulted") })
        {
            using var started = await server.PostAsync($"/elsa/api/workflow-definitions/{story}/execute", $$"""{"correlationId":"case-{{story}}"}""");
            await server.RunAsync(started.RunId(), status);
        }

        await using var designer = await Designer.OpenAsync(chromium, server, Designer.Runs);
        var page = designer.Page;
        await Designer.Expect(designer.Rows).ToHaveCountAsync(4);
        await designer.PictureAsync("runs");

        // By status, by story, by text.
        await ChooseAsync("Status", "Finished");
        await Designer.Expect(designer.Rows).ToHaveCountAsync(2);
        await ChooseAsync("Status", "Finished");
        await Designer.Expect(designer.Rows).ToHaveCountAsync(4);
        await ChooseAsync("Sub status", "Faulted");
        await Designer.Expect(designer.Rows).ToHaveCountAsync(1);
        await ChooseAsync("Sub status", "Faulted");
        await Designer.Expect(designer.Rows).ToHaveCountAsync(4);
        await ChooseAsync("Workflows", "waits");
        await Designer.Expect(designer.Rows).ToHaveCountAsync(2);
        await ChooseAsync("Workflows", "waits");
        await Designer.Expect(designer.Rows).ToHaveCountAsync(4);
        var search = page.Locator("input[placeholder^='Search']").First;
        await search.PressSequentiallyAsync("case-done");
        await search.PressAsync("Enter");
        await Designer.Expect(designer.Rows).ToHaveCountAsync(1);
        await designer.PictureAsync("runs-found");
        await designer.GoAsync(Designer.Runs);
        await Designer.Expect(designer.Rows).ToHaveCountAsync(4);

        // Several at once.
        await designer.AnswerAsync("/bulk-actions/cancel/workflow-instances", () => designer.BulkAsync("Cancel", "waits"));
        await Designer.Expect(designer.Rows.Filter(new() { HasText = "Cancelled" })).ToHaveCountAsync(1);
        await designer.AnswerAsync("/bulk-actions/delete/workflow-instances/by-id", () => designer.BulkAsync("Delete", "done"));
        await Designer.Expect(designer.Rows).ToHaveCountAsync(3);

        // The designer has no word for retrying: the frame leads to a page that has.
        await page.GetByRole(Microsoft.Playwright.AriaRole.Link, new() { Name = "Failed runs" }).ClickAsync();
        await page.WaitForURLAsync("**/runs/failed");
        await page.Locator("[data-select-all]").CheckAsync();
        await designer.PictureAsync("failed-runs");
        await page.GetByRole(Microsoft.Playwright.AriaRole.Button, new() { Name = "Retry the selected" }).ClickAsync();
        await Designer.Expect(page.GetByRole(Microsoft.Playwright.AriaRole.Status)).ToContainTextAsync("1 run goes on from where they failed.");
        designer.ShouldBeClean();

        async Task ChooseAsync(string filter, string item)
        {
            await page.Locator(".mud-input-control", new() { HasTextRegex = new($"^\\s*{filter}") }).First.ClickAsync();
            await designer.Menu.Last.GetByText(item, new() { Exact = true }).First.ClickAsync();
            await page.Keyboard.PressAsync("Escape");
        }
    }

    private string Written(string id)
    {
        var story = Of(id, [Starts(id), Writes("say", Literal("hello"))]);
        var path = Path.Combine(files.FullName, $"{id}.json");
        File.WriteAllText(path, story.ToJsonString());
        return path;
    }
}
