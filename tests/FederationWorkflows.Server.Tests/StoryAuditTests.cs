using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using FederationWorkflows.Server.Tests.Support;
using static FederationWorkflows.Server.Tests.Support.Stories;

namespace FederationWorkflows.Server.Tests;

/// <summary>What the audit log says of stories: which versions there were before and after, by number and content.</summary>
public sealed class StoryAuditTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Each_change_of_a_story_tells_its_versions_before_and_after()
    {
        await using var server = await ServerUnderTest.StartAsync(Of("hook", [Starts("hook")]));
        var story = JsonSerializer.SerializeToNode(await server.GetJsonAsync("/elsa/api/workflow-definitions/by-definition-id/hook"))!.AsObject();
        story["name"] = "Hooked";
        using var saved = await server.Client.PostAsJsonAsync("/elsa/api/workflow-definitions", new { model = story, publish = false }, Cancellation);
        saved.StatusCode.ShouldBe(HttpStatusCode.OK, await saved.TextAsync());
        foreach (var change in new[] { "workflow-definitions/hook/publish", "workflow-definitions/hook/retract", "workflow-definitions/hook/revert/1" })
        {
            using var answer = await server.PostAsync($"/elsa/api/{change}");
            answer.StatusCode.ShouldBe(HttpStatusCode.OK, await answer.TextAsync());
        }

        using var bulk = await server.Client.PostAsJsonAsync("/elsa/api/bulk-actions/publish/workflow-definitions/by-definition-ids", new { definitionIds = new[] { "hook", "none" } }, Cancellation);
        using var again = await server.Client.PostAsJsonAsync("/elsa/api/bulk-actions/publish/workflow-definitions/by-definition-ids", new { definitionIds = new[] { "hook" } }, Cancellation);
        using var deleted = await server.Client.DeleteAsync(new Uri("/elsa/api/workflow-definitions/hook", UriKind.Relative), Cancellation);

        var entries = (await server.GetJsonAsync("/api/audit?action=story&subject=HOOK")).GetProperty("items").EnumerateArray().Reverse().ToArray();
        entries.Select(entry => $"{entry.GetProperty("action").GetString()}: {State(entry, "before")} -> {State(entry, "after")}").ShouldBe(
            [
                "story.save: 1/1 -> 2/1",
                "story.publish: 2/1 -> 2/2",
                "story.retract: 2/2 -> 2/-",
                "story.revert: 2/- -> 3/-",
                "story.publish: 3/- -> 3/3",
                "story.delete: 3/3 -> -",
            ]);
        var publish = entries[1];
        publish.GetProperty("before").GetProperty("published").GetProperty("revision").GetString().ShouldNotBe(publish.GetProperty("after").GetProperty("published").GetProperty("revision").GetString());
        (await server.GetJsonAsync("/api/audit?subject=none")).GetProperty("items").GetArrayLength().ShouldBe(0);
    }

    [Theory]
    [InlineData("action=Story.Publish")]
    [InlineData("action=story")]
    [InlineData("actor=LOCAL&action=story.")]
    [InlineData("from=2020-01-01T00:00&to=&subject=hook&action=story")]
    public async Task The_log_is_searched_without_regard_to_case(string query)
    {
        await using var server = await ServerUnderTest.StartAsync(Of("hook", [Starts("hook")]));
        using var retracted = await server.PostAsync("/elsa/api/workflow-definitions/hook/retract");
        using var published = await server.PostAsync("/elsa/api/workflow-definitions/hook/publish");

        (await server.GetJsonAsync($"/api/audit?{query}&limit=1")).GetProperty("items")[0].GetProperty("action").GetString().ShouldBe("story.publish");
        using var page = await server.GetAsync($"/audit?{query}");
        (await page.TextAsync()).ShouldContain("story.publish");
    }

    [Fact]
    public async Task The_page_of_the_log_keeps_the_time_that_was_asked_for()
    {
        await using var server = await ServerUnderTest.StartAsync(Of("hook", [Starts("hook")]));
        using var retracted = await server.PostAsync("/elsa/api/workflow-definitions/hook/retract");

        using var page = await server.GetAsync("/audit?from=2020-01-02T03:04&to=2021-01-02T03:04Z");

        var html = await page.TextAsync();
        html.ShouldContain("value=\"2020-01-02T03:04\"");
        html.ShouldContain("value=\"2021-01-02T03:04\"");
        html.ShouldContain("Nothing is recorded that fits.");
    }

    private static string State(JsonElement entry, string name) => entry.GetProperty(name) is { ValueKind: JsonValueKind.Object } state ? $"{Version(state, "latest")}/{Version(state, "published")}" : "-";

    private static string Version(JsonElement state, string name) => state.GetProperty(name) is { ValueKind: JsonValueKind.Object } version ? version.GetProperty("version").GetRawText() : "-";
}
