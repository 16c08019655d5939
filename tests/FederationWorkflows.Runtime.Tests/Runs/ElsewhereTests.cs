using System.Text.Json.Nodes;
using FederationWorkflows.Engine.Execution;
using FederationWorkflows.Runtime.Runs;
using FederationWorkflows.Runtime.Tests.Support;

namespace FederationWorkflows.Runtime.Tests.Runs;

public sealed class ElsewhereTests
{
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
    public async Task Who_commands_a_run_that_stays_busy_elsewhere_is_told_so()
    {
        await using var owner = await Server.CreateAsync();
        await using var server = await Server.CreateAsync(beside: owner);
        await owner.Runtime.StartAsync(Token);
        var (runId, bookmark) = await BusyAsync(owner);

        var resuming = server.Runtime.ResumeAsync(runId, bookmark, "go", Server.Ann, Token);

        (await Should.ThrowAsync<RunElsewhereException>(() => server.AdvanceUntilAsync(resuming))).Message.ShouldBe($"Run {runId} is busy on another node. Try again in a few seconds.");
        owner.World.Gate("call").SetResult(null);
    }

    /// <summary>A run with one branch that waits and one that is in flight.</summary>
    private static async Task<(string RunId, string BookmarkId)> BusyAsync(Server owner)
    {
        var branches = Story.Step("Elsa.Parallel", "p", ("activities", new JsonArray(Story.Wait("wait"), Story.Call("call"), Story.Act("act"))));
        var handle = await owner.StartAsync(Story.Of("story", branches));
        await owner.World.ArrivalAsync("call");
        return (handle.RunId, await owner.BookmarkAsync(handle.RunId, "wait"));
    }
}
