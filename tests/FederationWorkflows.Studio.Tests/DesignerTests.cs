using System.Net.Http.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using FederationWorkflows.Server.Tests.Support;
using Microsoft.Playwright;
using static FederationWorkflows.Server.Tests.Support.Stories;
using static FederationWorkflows.Studio.Tests.Flows;

namespace FederationWorkflows.Studio.Tests;

/// <summary>The real designer in a real browser: what a person does with it.</summary>
public sealed partial class DesignerTests(SharedServer shared) : IClassFixture<SharedServer>
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public static TheoryData<string> ShippedStories => new(Directory.GetFiles(Path.Combine(AppContext.BaseDirectory, "workflows"), "*.json").Select(path => Path.GetFileName(path)!));

    [Theory]
    [MemberData(nameof(ShippedStories))]
    public async Task A_shipped_story_is_listed_and_opens_with_all_its_activities_drawn(string file)
    {
        var story = JsonNode.Parse(await File.ReadAllTextAsync(Path.Combine(AppContext.BaseDirectory, "workflows", file), Cancellation))!.AsObject();
        await using var designer = await shared.OpenAsync($"/studio/workflows/definitions?search={(string)story["definitionId"]!}", story);
        await designer.Row((string)story["name"]!).Locator("td").Nth(1).ClickAsync();
        await designer.Page.WaitForURLAsync("**/edit");
        await Designer.ShowsAsync(designer.Nodes);
        await Assertions.Expect(designer.Nodes).ToHaveCountAsync(story["root"]!["activities"]!.AsArray().Count, new() { Timeout = Designer.Patience });
        await designer.Page.ReloadAsync();
        await Designer.ShowsAsync(designer.Nodes);
        designer.ShouldBeClean();
    }

    [Fact]
    public async Task A_story_is_drawn_from_nothing_saved_by_itself_and_run_to_completed_badges()
    {
        await using var designer = await shared.OpenAsync("/studio/workflows/definitions");
        var page = designer.Page;
        await designer.CreateAsync("By hand");
        await designer.SavingAsync(() => designer.DropAsync("Console", "Write Line", 200, 150));
        await Assertions.Expect(designer.Nodes).ToHaveCountAsync(1, new() { Timeout = Designer.Patience });
        await designer.SavingAsync(async () =>
        {
            await designer.Input("The text to write.").FillAsync("Drawn by hand");
            await designer.Input("The text to write.").BlurAsync();
        });

        var id = EditedStory().Match(page.Url).Groups[1].Value;
        var stored = await designer.GetAsync($"/elsa/api/workflow-definitions/by-definition-id/{id}?versionOptions=Latest");
        ((string?)stored["root"]!["activities"]![0]!["text"]!["expression"]!["value"]).ShouldBe("Drawn by hand");

        await designer.RunAsync();
        await page.WaitForURLAsync("**/view");
        await Designer.ShowsAsync(designer.Completed);
        await Assertions.Expect(designer.Completed.First).ToHaveTextAsync("1");
        await page.GetByText("Completed").First.WaitForAsync();
        designer.ShouldBeClean();
    }

    [Fact]
    public async Task In_the_dark_the_designer_is_a_light_sheet_and_the_pages_around_it_are_dark()
    {
        await using var designer = await shared.OpenAsync("/studio/workflows/definitions/dark/edit", Flow("dark", Writes("say", Literal("hello"))));
        await Designer.ShowsAsync(designer.Nodes);
        (await LightAsync("body"), await LightAsync("#view")).ShouldBe((true, true));

        await designer.Page.EmulateMediaAsync(new() { ColorScheme = ColorScheme.Dark });
        (await LightAsync("body"), await LightAsync("#view")).ShouldBe((false, true));
        (await designer.Page.EvaluateAsync<bool>("() => document.documentElement.scrollHeight <= innerHeight")).ShouldBeTrue("the editor fits the window with its frame, too");
        await designer.PictureAsync("editor");

        await designer.Page.GotoAsync("/secrets");
        (await LightAsync("body")).ShouldBeFalse();
        designer.ShouldBeClean();

        Task<bool> LightAsync(string element) =>
            designer.Page.EvaluateAsync<bool>("element => Number(getComputedStyle(document.querySelector(element)).backgroundColor.match(/[0-9]+/)[0]) > 127", element);
    }

    [Fact]
    public async Task A_run_is_watched_while_it_goes_on()
    {
        await using var designer = await shared.OpenAsync("/studio/workflows/instances", Flow("live", Writes("first", Literal("1")), Gate(), Writes("last", Literal("2"))));
        using var started = await designer.Server.PostAsync("/elsa/api/workflow-definitions/live/execute");
        await designer.Server.Gate.Reached.WaitAsync(Cancellation);
        await designer.Page.GotoAsync($"/studio/workflows/instances/{started.RunId()}/view");
        await Assertions.Expect(designer.Completed).ToHaveCountAsync(1, new() { Timeout = Designer.Patience });
        designer.Server.Gate.Open();
        await Assertions.Expect(designer.Completed).ToHaveCountAsync(3, new() { Timeout = Designer.Patience });
        designer.ShouldBeClean();
    }

    [Fact]
    public async Task A_run_is_opened_from_the_list_and_leads_to_its_story_and_its_time_line()
    {
        await using var designer = await shared.OpenAsync("/studio/workflows/instances", Flow("done", Writes("say", Literal("hello"))));
        using var started = await designer.Server.PostAsync("/elsa/api/workflow-definitions/done/execute");
        await designer.Server.RunAsync(started.RunId(), "Finished");
        await designer.Page.ReloadAsync();
        await designer.Page.Locator("tbody tr", new() { HasText = started.RunId() }).Locator("td").Nth(1).ClickAsync();
        await designer.Page.WaitForURLAsync("**/view");
        await Designer.ShowsAsync(designer.Completed);
        await designer.Page.Locator("a[href='/workflows/definitions/done/edit']").First.ClickAsync();
        await designer.Page.WaitForURLAsync("**/studio/workflows/definitions/done/edit");
        await Designer.ShowsAsync(designer.Nodes);
        await designer.Page.GoBackAsync();
        await designer.Page.GetByRole(AriaRole.Link, new() { Name = "Time line" }).ClickAsync();
        await designer.Page.WaitForURLAsync($"**/runs/{started.RunId()}");
        designer.ShouldBeClean();
    }

    [Fact]
    public async Task Somebody_elses_change_is_told_and_not_overwritten()
    {
        await using var designer = await shared.OpenAsync("/studio/workflows/definitions/shared/edit", Flow("shared", Writes("say", Literal("hello"))));
        await Designer.ShowsAsync(designer.Nodes);
        var theirs = await designer.GetAsync("/elsa/api/workflow-definitions/by-definition-id/shared?versionOptions=Latest");
        theirs["description"] = "Theirs.";
        using var saved = await designer.Server.Client.PostAsJsonAsync(new Uri("/elsa/api/workflow-definitions", UriKind.Relative), new JsonObject { ["model"] = theirs, ["publish"] = false }, Cancellation);
        saved.EnsureSuccessStatusCode();

        var refused = await designer.SavingAsync(() => designer.DropAsync("Console", "Write Line", 300, 250));
        refused.Status.ShouldBe(400);
        await designer.Page.GetByText("was changed by").First.WaitForAsync();
        ((string?)(await designer.GetAsync("/elsa/api/workflow-definitions/by-definition-id/shared?versionOptions=Latest"))["description"]).ShouldBe("Theirs.");
    }

    [GeneratedRegex("definitions/([^/]+)/edit")]
    private static partial Regex EditedStory();
}
