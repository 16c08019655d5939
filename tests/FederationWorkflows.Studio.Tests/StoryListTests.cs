using System.Net.Http.Json;
using System.Text.Json.Nodes;
using Microsoft.Playwright;
using static FederationWorkflows.Server.Tests.Support.Stories;
using static FederationWorkflows.Studio.Tests.Flows;

namespace FederationWorkflows.Studio.Tests;

/// <summary>The list of stories: what a person does with one or several of them.</summary>
public sealed class StoryListTests(SharedServer shared) : IClassFixture<SharedServer>
{
    private const string Mistake = "The expression ends where a value should follow";

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_story_with_errors_says_why_it_is_not_published_and_the_list_goes_on_working()
    {
        await DraftAsync("broken", Formula("1 +"));
        await DraftAsync("sound", Literal("hello"));
        await using var designer = await shared.OpenAsync("/studio/workflows/definitions");
        var page = designer.Page;
        designer.WillBeRefused("/publish");

        await designer.ChooseAsync(designer.Row("broken"), "Publish");
        await Designer.ReadsAsync(designer.Told, Mistake);
        await designer.PictureAsync("refused");
        await page.GetByRole(AriaRole.Button, new() { Name = "Close" }).ClickAsync();
        await Assertions.Expect(designer.Told).ToBeHiddenAsync();
        await designer.ChooseAsync(designer.Row("sound"), "Publish");
        await Designer.ReadsAsync(designer.Said, "Workflow published");
        await PublishedAsync(designer, "sound", "1");
        await PublishedAsync(designer, "broken", "-");

        // Several at once: those without errors are published all the same.
        await DraftAsync("sounder", Literal("hello again"));
        await page.ReloadAsync();
        await designer.Row("broken").GetByRole(AriaRole.Checkbox).CheckAsync();
        await designer.Row("sounder").GetByRole(AriaRole.Checkbox).CheckAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "Bulk actions" }).ClickAsync();
        await designer.Entry("Publish").ClickAsync();
        await page.Locator(".mud-dialog").GetByRole(AriaRole.Button, new() { Name = "Publish" }).ClickAsync();
        await Designer.ReadsAsync(designer.Told, $"broken: Input 'Text': {Mistake}");
        await designer.PictureAsync("several");
        await PublishedAsync(designer, "sounder", "1");
        await PublishedAsync(designer, "broken", "-");
        designer.ShouldBeClean();
    }

    private static async Task PublishedAsync(Designer designer, string story, string version) =>
        await Assertions.Expect(designer.Row(story).Locator("td[data-label='Published version']").First).ToHaveTextAsync(version, new() { Timeout = Designer.Patience });

    private async Task DraftAsync(string id, JsonObject text)
    {
        var draft = new JsonObject { ["model"] = Flow(id, Writes("say", text)), ["publish"] = false };
        using var saved = await shared.Server.Client.PostAsJsonAsync(new Uri("/elsa/api/workflow-definitions", UriKind.Relative), draft, Cancellation);
        saved.EnsureSuccessStatusCode();
    }
}
