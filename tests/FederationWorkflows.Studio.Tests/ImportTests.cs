using System.Text.Json.Nodes;
using Microsoft.Playwright;

namespace FederationWorkflows.Studio.Tests;

/// <summary>Stories as files: in through the list, several at once, and out again.</summary>
public sealed class ImportTests(SharedServer shared) : IClassFixture<SharedServer>
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task The_shipped_stories_are_imported_at_once_listed_laid_out_and_exported()
    {
        var files = Directory.GetFiles(Path.Combine(AppContext.BaseDirectory, "workflows"), "*.json");
        await using var designer = await shared.OpenAsync("/studio/workflows/definitions?pageSize=25");
        var page = designer.Page;
        await Designer.ShowsAsync(page.GetByText("No workflow definitions found"));
        await page.Locator("#workflow-file-upload-button-wrapper input[type=file]").SetInputFilesAsync(files);
        await Designer.ReadsAsync(designer.Said.First, $"{files.Length} workflows imported successfully");
        await Designer.CountsAsync(designer.Rows, files.Length);
        await designer.PictureAsync("listed");

        var file = files.Single(file => file.EndsWith("incident-response.json", StringComparison.Ordinal));
        var story = JsonNode.Parse(await File.ReadAllTextAsync(file, Cancellation))!.AsObject();
        var row = designer.Row((string)story["name"]!);
        var download = await page.RunAndWaitForDownloadAsync(async () =>
        {
            await designer.ChooseAsync(row, "Export");
            await page.Locator(".mud-dialog").GetByRole(AriaRole.Button, new() { Name = "Export" }).ClickAsync();
        });
        var exported = JsonNode.Parse(await File.ReadAllTextAsync(await download.PathAsync(), Cancellation))!.AsObject();
        JsonNode.DeepEquals(exported["name"], story["name"]).ShouldBeTrue();
        Ids(exported).ShouldBe(Ids(story));

        await row.Locator("td").Nth(1).ClickAsync();
        await page.WaitForURLAsync("**/edit");
        await Designer.CountsAsync(designer.Nodes, Ids(story).Length);
        designer.ShouldBeClean();
    }

    private static string[] Ids(JsonObject story) => [.. story["root"]!["activities"]!.AsArray().Select(activity => (string)activity!["id"]!)];
}
