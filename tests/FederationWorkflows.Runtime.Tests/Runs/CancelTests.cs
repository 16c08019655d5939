using FederationWorkflows.Engine.Execution;
using FederationWorkflows.Runtime.Tests.Support;

namespace FederationWorkflows.Runtime.Tests.Runs;

public sealed class CancelTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_run_whose_activity_is_in_flight_is_cancelled_with_it()
    {
        await using var server = await Server.CreateAsync();
        var handle = await server.StartAsync(Story.Of("story", Story.Call("call"), Story.Act("act")));
        var inFlight = await server.World.ArrivalAsync("call");

        (await server.Runtime.CancelAsync(handle.RunId, Server.Ann, Token)).ShouldBeTrue();

        inFlight.IsCancellationRequested.ShouldBeTrue();
        (await handle.Rest).Summary.SubStatus.ShouldBe(WorkflowSubStatus.Cancelled);
        (await server.SummaryAsync(handle.RunId)).SubStatus.ShouldBe(WorkflowSubStatus.Cancelled);
        server.World.Calls.Count.ShouldBe(1);
        (await server.Runtime.CancelAsync(handle.RunId, Server.Ann, Token)).ShouldBeFalse();
    }

    [Fact]
    public async Task A_run_that_waits_is_cancelled_with_its_bookmarks_and_timers()
    {
        await using var server = await Server.CreateAsync();
        var handle = await server.RestAsync(Story.Of("story", Story.Wait("wait", 5)));

        (await server.Runtime.CancelAsync(handle.RunId, Server.Ann, Token)).ShouldBeTrue();

        (await server.Memory.FindBookmarksAsync("Test.Event", null, Token)).ShouldBeEmpty();
        (await server.Memory.GetNextTimerAsync(DateTimeOffset.MinValue, Token)).ShouldBeNull();
    }
}
