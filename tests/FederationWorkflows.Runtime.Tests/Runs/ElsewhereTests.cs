using System.Text;
using System.Text.Json.Nodes;
using FederationWorkflows.Engine;
using FederationWorkflows.Engine.Execution;
using FederationWorkflows.Engine.State;
using FederationWorkflows.Engine.Stories;
using FederationWorkflows.Runtime.Events;
using FederationWorkflows.Runtime.FollowUps;
using FederationWorkflows.Runtime.Runs;
using FederationWorkflows.Runtime.Tests.Support;
using Microsoft.Extensions.DependencyInjection;

namespace FederationWorkflows.Runtime.Tests.Runs;

public sealed class ElsewhereTests
{
    /// <summary>How often a node asks again for a run that another one drives.</summary>
    private static readonly TimeSpan Poll = TimeSpan.FromMilliseconds(250);

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_run_that_another_node_drives_is_cancelled_there()
    {
        await using var owner = await Server.CreateAsync();
        await using var server = await Server.CreateAsync(beside: owner);
        await owner.Runtime.StartAsync(Token);
        var handle = await owner.StartAsync(Story.Of("story", Story.Call("call")));
        var inFlight = await owner.World.ArrivalAsync("call");

        var cancelling = server.Runtime.CancelAsync(handle.RunId, Server.Ann, Token);

        // The owner does what it was told without the clock; who told it looks again a moment later.
        await Server.BecomesAsync(async () => (await server.SummaryAsync(handle.RunId)).SubStatus == WorkflowSubStatus.Cancelled);
        (await server.AdvanceUntilAsync(cancelling)).ShouldBeTrue();
        inFlight.IsCancellationRequested.ShouldBeTrue();
        (await server.SummaryAsync(handle.RunId)).SubStatus.ShouldBe(WorkflowSubStatus.Cancelled);
    }

    [Fact]
    public async Task A_run_that_another_node_drives_is_let_go_of_for_who_has_something_to_tell_it()
    {
        await using var owner = await Server.CreateAsync();
        await using var server = await Server.CreateAsync(beside: owner);
        await owner.Runtime.StartAsync(Token);
        var (runId, bookmark) = await BusyAsync(owner);

        var resuming = server.Runtime.ResumeAsync(runId, bookmark, "go", Server.Ann, Token);
        owner.World.Gate("call").SetResult(null);

        await Server.BecomesAsync(() => Task.FromResult(!owner.Runtime.IsLive(runId)));
        (await server.AdvanceUntilAsync(resuming)).ShouldBeTrue();
        await Server.BecomesAsync(async () => (await server.SummaryAsync(runId)).SubStatus == WorkflowSubStatus.Finished);
        owner.World.Calls.Concat(server.World.Calls).Count(call => call.EndsWith(":wait:go", StringComparison.Ordinal)).ShouldBe(1);
        owner.World.Calls.Count(call => call == $"{runId}-5").ShouldBe(1, "what was in flight was not called again");
    }

    [Fact]
    public async Task What_a_run_that_stays_busy_elsewhere_is_told_is_stored_and_reaches_it_there()
    {
        await using var owner = await Server.CreateAsync(hosted: true);
        await using var server = await Server.CreateAsync(beside: owner, hosted: true);
        var (runId, bookmark) = await BusyAsync(owner);

        var resuming = server.Runtime.ResumeAsync(runId, bookmark, "go", Server.Ann, Token);

        // Only as much time as it waits for: with more, the owner has other reasons to commit.
        while (!resuming.IsCompleted)
        {
            await Task.WhenAny(resuming, server.Time.SleeperAsync(server.Time.Now + Poll));
            server.Time.Advance(Poll);
        }

        (await resuming).ShouldBeTrue();
        await Server.BecomesAsync(() => Task.FromResult(owner.World.Calls.Contains($"{runId}:wait:go")));
        owner.Runtime.IsLive(runId).ShouldBeTrue("its call is still in flight");
        await server.FollowUpsAreDoneAsync();
        owner.Runtime.IsLive(runId).ShouldBeTrue("it does not wait for its call to store that");
        owner.World.Gate("call").SetResult(null);
        await owner.Watch.EndOfAsync(runId);
        await server.FollowUpsAreDoneAsync();
        owner.World.Calls.Count(call => call == $"{runId}-5").ShouldBe(1, "what was in flight was not called again");
    }

    [Fact]
    public async Task Who_tells_a_run_something_does_not_wait_for_what_else_it_has_in_flight()
    {
        await using var owner = await Server.CreateAsync();
        var (runId, bookmark) = await BusyAsync(owner);

        (await owner.Runtime.ResumeAsync(runId, bookmark, "go", Server.Ann, Token).WaitAsync(Patience.Longest, Token)).ShouldBeTrue();

        owner.World.Calls.Count(call => call == $"{runId}:wait:go").ShouldBe(1);
        (await owner.Memory.FindBookmarksAsync("Test.Event", null, Token)).ShouldBeEmpty("it is stored that it does not wait any more");
        owner.Runtime.IsLive(runId).ShouldBeTrue("its call is still in flight");
        owner.World.Gate("call").SetResult(null);
        await owner.Watch.EndOfAsync(runId);
        owner.World.Calls.Count(call => call == $"{runId}-5").ShouldBe(1, "what was in flight was not called again");
    }

    [Fact]
    public async Task Who_tells_something_to_a_run_that_waits_for_its_turn_is_answered_soon_and_it_is_told_once()
    {
        await using var server = await Server.CreateAsync(services => services.Configure<ConcurrencyOptions>(options => options.MaxRunning = 1));
        await server.HostAsync<FollowUpService>();
        var patience = TimeSpan.FromSeconds(2.5);
        var waits = await server.RestAsync(Story.Of("waits", Story.Wait("wait")));
        var bookmark = await server.BookmarkAsync(waits.RunId, "wait");
        await server.StartAsync(Story.Of("busy", Story.Call("call")));
        await server.World.ArrivalAsync("call");

        var first = server.Runtime.ResumeAsync(waits.RunId, bookmark, "go", Server.Ann, Token);
        await server.Time.SleeperAsync(server.Time.Now + patience);
        server.Time.Advance(TimeSpan.FromSeconds(1));
        var second = server.Runtime.ResumeAsync(waits.RunId, bookmark, "no", Server.Ann, Token);
        await server.Time.SleeperAsync(server.Time.Now + patience);
        server.Time.Advance(patience - TimeSpan.FromSeconds(1));
        (await first.WaitAsync(Patience.Longest, Token)).ShouldBeTrue();
        (await server.Memory.GetFollowUpsAsync(10, null, Token)).Count.ShouldBe(1);
        server.Time.Advance(TimeSpan.FromSeconds(1));
        await Should.ThrowAsync<RunElsewhereException>(() => second.WaitAsync(Patience.Longest, Token));
        server.World.Gate("call").SetResult(null);
        await server.Watch.EndOfAsync(waits.RunId);
        await server.FollowUpsAreDoneAsync();
        server.World.Calls.Where(call => call.StartsWith($"{waits.RunId}:wait:", StringComparison.Ordinal)).ShouldBe([$"{waits.RunId}:wait:go"]);
        server.Log.Lines.ShouldNotContain(line => line.StartsWith("Warning:", StringComparison.Ordinal), "nothing that was accepted was dropped");
    }

    [Fact]
    public async Task What_was_stored_for_a_run_is_done_by_another_node_when_its_own_dies()
    {
        await using var owner = await Server.CreateAsync();
        await owner.Memory.HeartbeatAsync(new(owner.Runtime.Node, "1", owner.Time.Now, owner.Time.Now, false), Token);
        var (runId, bookmark) = await BusyAsync(owner);
        await using var server = await Server.CreateAsync(beside: owner);
        var resuming = server.Runtime.ResumeAsync(runId, bookmark, "go", Server.Ann, Token);
        (await server.AdvanceUntilAsync(resuming)).ShouldBeTrue();

        await using var other = await Server.CreateAsync(beside: owner, hosted: true);
        other.World.Gate("call").SetResult(null);
        await other.AdvanceUntilAsync(async () => (await other.SummaryAsync(runId)).SubStatus == WorkflowSubStatus.Finished, TimeSpan.FromSeconds(1));

        other.World.Calls.Count(call => call == $"{runId}:wait:go").ShouldBe(1);
        await other.FollowUpsAreDoneAsync();
    }

    [Fact]
    public async Task What_is_stored_for_a_run_is_not_readable()
    {
        await using var owner = await Server.CreateAsync();
        await using var server = await Server.CreateAsync(beside: owner);
        var (runId, bookmark) = await BusyAsync(owner);

        await server.AdvanceUntilAsync(server.Runtime.ResumeAsync(runId, bookmark, new Dictionary<string, object?> { ["token"] = Sensitive.Of("canary-7f3a") }, Server.Ann, Token));

        var stored = (await server.Memory.GetFollowUpsAsync(10, null, Token)).ShouldHaveSingleItem();
        Encoding.UTF8.GetString(stored.Payload.Span).ShouldNotContain("canary-7f3a");
        var work = FollowUpWork.Decode(stored.Kind, stored.Payload, server.Get<StateCodec>()).ShouldBeOfType<ResumeRun>();
        (work.RunId, work.BookmarkId).ShouldBe((runId, bookmark));
        owner.World.Gate("call").SetResult(null);
    }

    [Theory]
    [InlineData("Secret", false)]
    [InlineData("Object", true)]
    public async Task What_the_story_makes_a_secret_of_is_not_readable_while_it_is_stored_for_the_run(string kept, bool isReadable)
    {
        await using var owner = await Server.CreateAsync();
        await using var server = await Server.CreateAsync(beside: owner);
        var wait = Story.Wait("wait");
        wait["result"] = new JsonObject { ["typeName"] = "Object", ["memoryReference"] = new JsonObject { ["id"] = "token" } };
        var branches = Story.Step("Elsa.Parallel", "p", ("activities", new JsonArray(wait, Story.Call("call"))));
        var handle = await owner.StartAsync(Story.With("story", "variables", new JsonArray(new JsonObject { ["id"] = "token", ["name"] = "token", ["typeName"] = kept }), branches));
        await owner.World.ArrivalAsync("call");
        var bookmark = await owner.BookmarkAsync(handle.RunId, "wait");

        await server.AdvanceUntilAsync(server.Runtime.ResumeAsync(handle.RunId, bookmark, "canary-7f3a", Server.Ann, Token));

        var stored = (await server.Memory.GetFollowUpsAsync(10, null, Token)).ShouldHaveSingleItem();
        Encoding.UTF8.GetString(stored.Payload.Span).Contains("canary-7f3a", StringComparison.Ordinal).ShouldBe(isReadable);
        ((ResumeRun)FollowUpWork.Decode(stored.Kind, stored.Payload, server.Get<StateCodec>())).Input.ShouldBe("canary-7f3a");
        owner.World.Gate("call").SetResult(null);
    }

    [Fact]
    public async Task Who_tells_a_run_what_it_is_about_to_be_told_by_another_is_refused_and_nothing_is_dropped()
    {
        await using var owner = await Server.CreateAsync();
        await using var server = await Server.CreateAsync(beside: owner);
        var (runId, bookmark) = await BusyAsync(owner);
        (await server.AdvanceUntilAsync(server.Runtime.ResumeAsync(runId, bookmark, "first", Server.Ann, Token))).ShouldBeTrue();

        var second = server.AdvanceUntilAsync(server.Runtime.ResumeAsync(runId, bookmark, "second", Server.Ann, Token));

        (await Should.ThrowAsync<RunElsewhereException>(() => second)).Message.ShouldBe($"Run {runId} is busy on another node. Try again in a few seconds.");
        var stored = (await server.Memory.GetFollowUpsAsync(10, null, Token)).ShouldHaveSingleItem();
        ((ResumeRun)FollowUpWork.Decode(stored.Kind, stored.Payload, server.Get<StateCodec>())).Input.ShouldBe("first");
        owner.World.Gate("call").SetResult(null);
    }

    [Fact]
    public async Task A_run_that_went_on_without_what_was_stored_for_it_is_left_alone_and_the_log_says_so()
    {
        await using var owner = await Server.CreateAsync();
        await using var server = await Server.CreateAsync(beside: owner);
        var (runId, bookmark) = await BusyAsync(owner);
        (await server.AdvanceUntilAsync(server.Runtime.ResumeAsync(runId, bookmark, "late", Server.Ann, Token))).ShouldBeTrue();
        (await owner.Runtime.CancelAsync(runId, Server.Ann, Token)).ShouldBeTrue();

        await server.HostAsync<FollowUpService>();
        await server.AdvanceUntilAsync(async () => (await server.Memory.GetFollowUpsAsync(1, null, Token)).Count == 0, TimeSpan.FromSeconds(1));

        server.Log.Lines.ShouldContain(line => line.StartsWith($"Warning: Run {runId} did not wait any more for what it was told at ", StringComparison.Ordinal));
    }

    [Fact]
    public async Task An_event_reaches_a_run_that_is_busy_elsewhere()
    {
        await using var owner = await Server.CreateAsync(hosted: true);
        await using var server = await Server.CreateAsync(beside: owner, hosted: true);
        var waits = Story.Step("Elsa.Event", "e", ("eventName", Story.Literal("news")));
        var handle = await owner.StartAsync(Story.Of("story", Story.Step("Elsa.Parallel", "p", ("activities", new JsonArray(waits, Story.Call("call"))))));
        await owner.World.ArrivalAsync("call");
        server.Time.Advance(TimeSpan.FromSeconds(1));

        (await server.Get<EventPublisher>().PublishAsync("news", null, "hello", Server.Ann, Token)).ShouldBe(0);

        (await server.Memory.GetFollowUpsAsync(10, null, Token)).ShouldHaveSingleItem().Kind.ShouldBe("resume-run");
        owner.World.Gate("call").SetResult(null);
        await server.AdvanceUntilAsync(async () => (await server.SummaryAsync(handle.RunId)).SubStatus == WorkflowSubStatus.Finished, TimeSpan.FromSeconds(1));
        await server.FollowUpsAreDoneAsync();
    }

    [Fact]
    public async Task Who_retries_a_run_that_stays_busy_elsewhere_is_told_so()
    {
        await using var owner = await Server.CreateAsync();
        await using var server = await Server.CreateAsync(beside: owner);
        await owner.Runtime.StartAsync(Token);
        var (runId, _) = await BusyAsync(owner);

        var retrying = server.Runtime.RetryAsync(runId, Server.Ann, Token);

        (await Should.ThrowAsync<RunElsewhereException>(() => server.AdvanceUntilAsync(retrying))).Message.ShouldBe($"Run {runId} is busy on another node. Try again in a few seconds.");
        owner.World.Gate("call").SetResult(null);
    }

    [Fact]
    public async Task A_run_stays_where_it_is_when_nobody_waits_for_it_any_more()
    {
        await using var owner = await Server.CreateAsync();
        await owner.Runtime.StartAsync(Token);
        var (runId, _) = await BusyAsync(owner);
        await owner.Memory.Signals.PublishAsync(new("run-wanted", runId), Token);

        owner.Time.Advance(TimeSpan.FromSeconds(1));
        owner.World.Gate("call").SetResult(null);

        await owner.Watch.CommitAsync(commit => commit.Summary.SubStatus == WorkflowSubStatus.Suspended);
        owner.World.Calls.Count.ShouldBe(2, "it went on to the act");
    }

    [Fact]
    public async Task A_run_to_which_a_newer_version_added_something_goes_on_and_keeps_it()
    {
        await using var server = await Server.CreateAsync();
        var handle = await server.RestAsync(Story.Of("story", Story.Wait("wait"), Story.Act("act")));
        var lease = (await server.Memory.ClaimAsync(handle.RunId, "newer", TimeSpan.FromMinutes(1), Token)).ShouldNotBeNull();
        var core = JsonNode.Parse((await server.Memory.LoadAsync(handle.RunId, Token))!["run"])!.AsObject();
        core["ofANewerVersion"] = new JsonObject { ["a"] = 1 };
        await server.Memory.CommitAsync(
            server.Store.Commits[^1] with
            {
                Lease = lease,
                IsNew = false,
                ReleasesLease = true,
                State = [new("run", Encoding.UTF8.GetBytes(core.ToJsonString())), new("newer/1", "{\"b\":2}"u8.ToArray())],
                Journal = [],
                Executions = [],
                NewBookmarks = [],
            },
            Token);

        (await server.ResumeAsync(handle.RunId, "wait", "go")).ShouldBeTrue();

        (await server.Watch.EndOfAsync(handle.RunId)).Summary.SubStatus.ShouldBe(WorkflowSubStatus.Finished);
        (await server.Memory.LoadAsync(handle.RunId, Token)).ShouldNotBeNull().Keys.ShouldContain("newer/1");
    }

    /// <summary>A run with one branch that waits and one that is in flight.</summary>
    private static async Task<(string RunId, string BookmarkId)> BusyAsync(Server owner)
    {
        var branches = Story.Step("Elsa.Parallel", "p", ("activities", new JsonArray(Story.Wait("wait"), Story.Call("call"), Story.Act("act"))));
        var handle = await owner.StartAsync(Story.Of("story", branches));
        await owner.World.ArrivalAsync("call");

        // From here on nothing is committed until the call returns.
        await owner.Watch.CommitAsync(commit => commit.Executions.Any(execution => execution is { ActivityId: "act", Status: ActivityStatus.Completed }));
        return (handle.RunId, await owner.BookmarkAsync(handle.RunId, "wait"));
    }
}
