using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using FederationWorkflows.Server.Tests.Support;
using Microsoft.Playwright;
using static FederationWorkflows.Server.Tests.Support.Stories;
using static FederationWorkflows.Studio.Tests.Flows;

namespace FederationWorkflows.Studio.Tests;

/// <summary>The list of runs: finding some among many, and doing something with several at once.</summary>
public sealed class RunListTests(SharedServer shared) : IClassFixture<SharedServer>
{
    private const string Filters = ".mud-table-toolbar .mud-select-extended";

    [Fact]
    public async Task Runs_are_found_by_status_story_text_and_time_and_cancelled_deleted_and_retried_together()
    {
        var failing = await StartAsync(Flow("failing", Fails("No.")), "Faulted");
        await StartAsync(Flow("waiting", Waits("wait", "come")), "Suspended");
        await StartAsync(Flow("done", Writes("say", Literal("hello"))), "Finished");
        await using var designer = await shared.OpenAsync("/studio/workflows/instances");
        var page = designer.Page;
        await Designer.CountsAsync(designer.Rows, 6);

        await FilterAsync(designer, "Sub status", "Faulted");
        await Designer.CountsAsync(designer.Rows, 2);
        await Designer.CountsAsync(designer.Row("failing"), 2);
        await ClearAsync(designer, 6);
        await FilterAsync(designer, "Workflows", "waiting");
        await Designer.CountsAsync(designer.Rows, 2);
        await Designer.CountsAsync(designer.Row("Suspended"), 2);
        await designer.PictureAsync("filtered");
        await ClearAsync(designer, 6);
        var search = page.GetByPlaceholder("Search on Id");
        await search.FillAsync("DONE");
        await Designer.CountsAsync(designer.Rows, 2);
        await search.FillAsync(failing[0]);
        await Designer.CountsAsync(designer.Rows, 1);
        await search.FillAsync("");
        await Designer.CountsAsync(designer.Rows, 6);
        await ByTimeAsync(designer, "Is Before");
        await Designer.CountsAsync(designer.Rows, 0);
        await designer.PictureAsync("before today");
        await ByTimeAsync(designer, "Is on or After");
        await Designer.CountsAsync(designer.Rows, 6);

        await SelectAsync(designer, "waiting");
        await BulkAsync(designer, "Cancel", "Yes");
        await Designer.CountsAsync(designer.Row("Cancelled"), 2);

        // What was cancelled is selected no more: only these are deleted.
        await SelectAsync(designer, "done");
        await BulkAsync(designer, "Delete", "Delete");
        await Designer.CountsAsync(designer.Rows, 4);
        await Designer.CountsAsync(designer.Row("done"), 0);

        await page.GetByRole(AriaRole.Link, new() { Name = "Failed runs" }).ClickAsync();
        await page.GetByLabel("Select all").CheckAsync();
        await designer.PictureAsync("failed");
        await page.GetByRole(AriaRole.Button, new() { Name = "Retry the selected" }).ClickAsync();
        await Designer.ReadsAsync(page.GetByRole(AriaRole.Status), "2 runs go on from where they failed.");
        designer.ShouldBeClean();
    }

    private static async Task FilterAsync(Designer designer, string filter, string option)
    {
        await designer.Page.Locator($"{Filters}.mud-input-control").Filter(new() { HasText = filter }).ClickAsync();
        await designer.Page.Locator(".mud-popover-open").GetByRole(AriaRole.Option, new() { Name = option, Exact = true }).ClickAsync();
        await designer.Page.Keyboard.PressAsync("Escape");
    }

    private static async Task ClearAsync(Designer designer, int all)
    {
        await designer.Page.Locator($"{Filters} .mud-chip-close-button").First.ClickAsync();
        await Designer.CountsAsync(designer.Rows, all);
    }

    /// <summary>Filters by when runs were created, against today's beginning.</summary>
    private static async Task ByTimeAsync(Designer designer, string comparison)
    {
        var page = designer.Page;
        await page.GetByRole(AriaRole.Button, new() { Name = "Date Filters" }).ClickAsync();
        var panel = page.Locator(".mud-popover-open").Filter(new() { HasText = "Apply" });
        var add = panel.GetByRole(AriaRole.Button, new() { Name = "Add", Exact = true });
        await add.WaitForAsync();
        var isNew = await panel.Locator("tr").CountAsync() == 0;
        if (isNew)
        {
            await add.ClickAsync();
            await ChooseAsync("Column", "Created");
        }

        await ChooseAsync("Operator", comparison);
        if (isNew)
        {
            await panel.Locator(".mud-input-control", new() { HasText = "Date" }).Locator("input").ClickAsync();
            await page.Locator(".mud-picker-calendar-day.mud-current").ClickAsync();
            await Assertions.Expect(page.Locator(".mud-picker-open")).ToHaveCountAsync(0);
        }

        await panel.GetByRole(AriaRole.Button, new() { Name = "Apply" }).ClickAsync();
        await Assertions.Expect(panel).ToHaveCountAsync(0);

        async Task ChooseAsync(string field, string option)
        {
            var options = page.Locator(".mud-popover-open .mud-list-item");
            await panel.Locator(".mud-input-control", new() { HasText = field }).First.ClickAsync();
            await options.Filter(new() { HasTextRegex = new Regex($"^\\s*{option}\\s*$") }).ClickAsync();
            await Assertions.Expect(options).ToHaveCountAsync(0);
        }
    }

    private static async Task SelectAsync(Designer designer, string story)
    {
        foreach (var row in await designer.Row(story).AllAsync())
        {
            await row.GetByRole(AriaRole.Checkbox).CheckAsync();
        }
    }

    private static async Task BulkAsync(Designer designer, string action, string answer)
    {
        await designer.Page.GetByRole(AriaRole.Button, new() { Name = "Bulk actions" }).ClickAsync();
        await designer.Entry(action).ClickAsync();
        await designer.Page.Locator(".mud-dialog").GetByRole(AriaRole.Button, new() { Name = answer, Exact = true }).ClickAsync();
    }

    /// <summary>Starts two runs of a story.</summary>
    private async Task<string[]> StartAsync(JsonObject story, string becomes)
    {
        await shared.Server.PublishAsync(story);
        var runs = new string[2];
        for (var i = 0; i < runs.Length; i++)
        {
            using var started = await shared.Server.PostAsync($"/elsa/api/workflow-definitions/{(string)story["definitionId"]!}/execute");
            runs[i] = started.RunId();
            await shared.Server.RunAsync(runs[i], becomes);
        }

        return runs;
    }
}
