using System.Net;
using System.Text.Json.Nodes;
using FederationWorkflows.Server.Tests.Support;
using static FederationWorkflows.Server.Tests.Support.Stories;

namespace FederationWorkflows.Server.Tests.Pages;

/// <summary>What the frame adds to the designer's lists: starting with input, retrying several runs, and who may call.</summary>
public sealed class StoryAndRunListPageTests
{
    [Fact]
    public async Task A_story_is_started_with_what_was_typed_for_its_inputs()
    {
        await using var server = await ServerUnderTest.StartAsync(WithInputs());
        using var browser = new Browser(server.Address);
        var page = await browser.ShownAsync("/stories/story/start");
        page.ShouldContain("Who is it?");
        page.ShouldContain("Int32, as JSON.");
        page.ShouldNotContain(" style=");

        using var answer = await browser.SubmitAsync("/stories/story/start", "stories/story/start", ("input.Who", "Ann"), ("input.Count", "3"), ("input.Loud", "true"), ("correlation", "case-7"));

        answer.StatusCode.ShouldBe(HttpStatusCode.SeeOther, await answer.TextAsync());
        var run = answer.Headers.Location!.OriginalString.Split('/')[^2];
        var shown = await server.RunAsync(run, "Finished");
        var input = shown.GetProperty("workflowState").GetProperty("input");
        (input.GetProperty("Who").GetString(), input.GetProperty("Count").GetInt32(), input.GetProperty("Loud").GetBoolean(), shown.GetProperty("correlationId").GetString()).ShouldBe(("Ann", 3, true, "case-7"));
    }

    [Fact]
    public async Task What_does_not_fit_an_input_is_told_beside_what_was_typed_and_starts_nothing()
    {
        await using var server = await ServerUnderTest.StartAsync(WithInputs());
        using var browser = new Browser(server.Address);
        using var answer = await browser.SubmitAsync("/stories/story/start", "stories/story/start", ("input.Who", "Ann & Bob"), ("input.Count", "many"));
        var page = await answer.TextAsync();
        answer.StatusCode.ShouldBe(HttpStatusCode.BadRequest, page);
        page.ShouldContain("Ann &amp; Bob");
        page.ShouldContain("role=\"alert\"");
        (await server.CountRunsAsync()).ShouldBe(0);
        using var none = await server.GetAsync("/stories/nothing/start");
        none.StatusCode.ShouldBe(HttpStatusCode.NotFound);
    }

    [Fact]
    public async Task Failed_runs_are_retried_together()
    {
        await using var server = await ServerUnderTest.StartAsync(Of("fails", [Fails("No evidence.")]), Of("done", [Writes("say", Literal("hello"))]));
        var failed = new List<string>();
        foreach (var (story, status) in new[] { ("fails", "Faulted"), ("fails", "Faulted"), ("done", "Finished") })
        {
            using var started = await server.PostAsync($"/elsa/api/workflow-definitions/{story}/execute");
            await server.RunAsync(started.RunId(), status);
            failed.Add(started.RunId());
        }

        using var browser = new Browser(server.Address);
        var page = await browser.ShownAsync("/runs/failed");
        failed.Select(id => page.Contains(id, StringComparison.Ordinal)).ShouldBe([true, true, false]);
        using var answer = await browser.SubmitAsync("/runs/failed", "runs/failed", ("run", failed[0]), ("run", failed[2]));
        answer.Headers.Location!.OriginalString.ShouldBe("/runs/failed?retried=1&refused=1");
        (await browser.ShownAsync("/runs/failed?retried=1&refused=1")).ShouldContain("1 run goes on from where they failed. 1 could not be retried");
        using var forged = await server.PostAsync("/runs/failed", new FormUrlEncodedContent([new("run", failed[1])]));
        forged.StatusCode.ShouldBe(HttpStatusCode.BadRequest, "a form without its token is somebody else's");
    }

    [Fact]
    public async Task Webhooks_are_listed_with_who_may_call_them()
    {
        await using var server = await ServerUnderTest.StartAsync(
            [Of("open", [Starts("open/{id}")]), Of("closed", [Starts("closed", "PUT", ("caller", Literal("apiKey")))])], new Dictionary<string, string?> { ["Server:PathBase"] = "/flows" });
        var items = (await server.GetJsonAsync("/flows/api/webhooks")).GetProperty("items");
        items.EnumerateArray().Select(item => (item.GetProperty("name").GetString(), item.GetProperty("method").GetString(), item.GetProperty("path").GetString(), item.GetProperty("caller").GetString(), item.GetProperty("isOpen").GetBoolean()))
            .ShouldBe([("closed", "PUT", "/flows/workflows/closed", "ApiKey", false), ("open", "POST", "/flows/workflows/open/{id}", "Anonymous", true)]);
    }

    private static JsonObject WithInputs()
    {
        var story = Of("story", [Writes("say", Literal("hello"))]);
        story["inputs"] = new JsonArray(
            new JsonObject { ["type"] = "String", ["name"] = "Who", ["displayName"] = "Who is it?" },
            new JsonObject { ["type"] = "Int32", ["name"] = "Count" },
            new JsonObject { ["type"] = "Boolean", ["name"] = "Loud" });
        return story;
    }
}
