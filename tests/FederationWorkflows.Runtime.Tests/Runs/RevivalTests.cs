using FederationWorkflows.Engine.Execution;
using FederationWorkflows.Runtime.Runs;
using FederationWorkflows.Runtime.Storage;
using FederationWorkflows.Runtime.Tests.Support;

namespace FederationWorkflows.Runtime.Tests.Runs;

public sealed class RevivalTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_faulted_run_goes_on_from_the_activity_that_failed()
    {
        await using var server = await Server.CreateAsync();
        var handle = await server.StartAsync(Story.Of("story", Story.Act("before"), Story.Call("call"), Story.Act("after")));
        await server.World.ArrivalAsync("call");
        server.World.Gate("call").SetException(new IOException("line is cut"));
        (await handle.Rest).Summary.SubStatus.ShouldBe(WorkflowSubStatus.Faulted);
        server.World.Reopen("call").SetResult("answer");

        (await server.Runtime.RetryAsync(handle.RunId, Server.Ann, Token)).ShouldBeTrue();

        await server.Watch.CommitAsync(commit => commit.Summary.SubStatus == WorkflowSubStatus.Finished);
        server.World.Calls.ShouldBe([$"{handle.RunId}-3", $"{handle.RunId}-4", $"{handle.RunId}-4", $"{handle.RunId}-5"]);
        (await server.SummaryAsync(handle.RunId)).ShouldSatisfyAllConditions(run => run.IncidentCount.ShouldBe(0), run => run.SubStatus.ShouldBe(WorkflowSubStatus.Finished));
    }

    [Fact]
    public async Task What_waited_when_the_run_faulted_waits_again()
    {
        await using var server = await Server.CreateAsync();
        var branches = Story.Step("Elsa.Parallel", "p", ("activities", new System.Text.Json.Nodes.JsonArray(Story.Wait("wait"), Story.Step("Test.Quote", "q", ("text", Story.Literal("this"))))));
        var handle = await server.RestAsync(Story.Of("story", branches));
        (await server.SummaryAsync(handle.RunId)).SubStatus.ShouldBe(WorkflowSubStatus.Faulted);
        (await server.Memory.FindBookmarksAsync("Test.Event", null, Token)).ShouldBeEmpty();
        server.Watch.Forget();
        var waits = false;
        server.Watch.OnCommit = commit => waits |= commit.NewBookmarks.Any(bookmark => bookmark.ActivityId == "wait" && !commit.RemovedBookmarks.Contains(bookmark.Id))
            || commit.Journal.Any(record => record.ActivityId == "wait" && record.EventName == "Suspended");

        (await server.Runtime.RetryAsync(handle.RunId, Server.Ann, Token)).ShouldBeTrue();

        await server.Watch.EndOfAsync(handle.RunId);
        waits.ShouldBeTrue();
        (await server.SummaryAsync(handle.RunId)).SubStatus.ShouldBe(WorkflowSubStatus.Faulted, "what fails again faults the run again");
    }

    [Fact]
    public async Task Only_a_run_that_faulted_can_be_retried()
    {
        await using var server = await Server.CreateAsync();
        var finished = await server.RestAsync(Story.Of("story", Story.Act("act")));
        var waiting = await server.RestAsync(Story.Of("story2", Story.Wait("wait")));

        (await server.Runtime.RetryAsync(finished.RunId, Server.Ann, Token)).ShouldBeFalse();
        (await server.Runtime.RetryAsync(waiting.RunId, Server.Ann, Token)).ShouldBeFalse();
        (await server.Runtime.RetryAsync("nothing", Server.Ann, Token)).ShouldBeFalse();
    }

    [Fact]
    public async Task A_run_is_run_again_with_its_input_or_with_another()
    {
        await using var server = await Server.CreateAsync();
        var story = Story.With("story", "inputs", Story.Inputs("a", "b"), Story.Step("Elsa.SetOutput", "o", ("outputName", Story.Literal("sum")), ("outputValue", Story.Input("a"))));
        var first = await server.RestAsync(story, new() { ["a"] = "one", ["b"] = "two" });

        var same = (await server.Runtime.RerunAsync(first.RunId, null, Server.Ann, Token)).ShouldNotBeNull();
        var other = (await server.Runtime.RerunAsync(first.RunId, new Dictionary<string, object?> { ["a"] = "three" }, Server.Ann, Token)).ShouldNotBeNull();

        (await same.Rest).Output["sum"].ShouldBe("one");
        (await other.Rest).Output["sum"].ShouldBe("three");
        same.RunId.ShouldNotBe(first.RunId);
        (await server.Runtime.RerunAsync("nothing", null, Server.Ann, Token)).ShouldBeNull();
    }

    [Fact]
    public async Task The_same_request_starts_one_run_within_its_window()
    {
        await using var server = await Server.CreateAsync();
        await server.PublishAsync(Story.Of("story", Story.Act("act")));
        await server.PublishAsync(Story.Of("other", Story.Act("act")));
        var request = new StartRequest("story") { DeduplicationKey = "order-1", DeduplicationWindow = TimeSpan.FromHours(1) };
        var first = await server.Runtime.StartAsync(request, Server.Ann, Token);

        (await Should.ThrowAsync<DuplicateRunException>(async () => await server.Runtime.StartAsync(request, Server.Ann, Token))).ExistingRunId.ShouldBe(first.RunId);
        await server.Runtime.StartAsync(request with { DefinitionId = "other" }, Server.Ann, Token);
        await server.Runtime.StartAsync(request with { DeduplicationKey = "order-2" }, Server.Ann, Token);
        server.Time.Advance(TimeSpan.FromHours(2));
        (await server.Runtime.StartAsync(request, Server.Ann, Token)).RunId.ShouldNotBe(first.RunId);
    }
}
