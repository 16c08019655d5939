using FederationWorkflows.Engine.Execution;
using FederationWorkflows.Runtime.Nodes;
using FederationWorkflows.Runtime.Runs;
using FederationWorkflows.Runtime.Tests.Support;
using Microsoft.Extensions.Hosting;

namespace FederationWorkflows.Runtime.Tests.Nodes;

public sealed class NodeTests
{
    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1);

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task The_runs_of_a_node_that_died_are_taken_over_within_ten_seconds()
    {
        await using var dead = await Server.CreateAsync();
        await dead.Memory.HeartbeatAsync(new(dead.Runtime.Node, "1", dead.Time.Now, dead.Time.Now, false), Token);
        var handle = await dead.StartAsync(Story.Of("story", Story.Call("call")));
        await dead.World.ArrivalAsync("call");
        await using var server = await Server.CreateAsync(beside: dead, hosted: true);
        await server.Time.SleeperAsync(server.Time.Now + (2 * Second));
        var died = server.Time.Now;

        for (var tick = 0; tick < 4; tick++)
        {
            server.Time.Advance(2 * Second);
            await server.Time.SleeperAsync(server.Time.Now + (2 * Second));
        }

        await server.World.ArrivalAsync("call");
        (server.Time.Now - died).ShouldBeLessThanOrEqualTo(10 * Second);
        server.World.Gate("call").SetResult(null);
        (await server.Watch.EndOfAsync(handle.RunId)).Summary.SubStatus.ShouldBe(WorkflowSubStatus.Finished);
        (await server.Memory.GetNodesAsync(Token)).ShouldHaveSingleItem().Id.ShouldBe(server.Runtime.Node);
    }

    [Fact]
    public async Task A_run_whose_time_came_while_its_dead_node_still_held_it_goes_on_within_ten_seconds()
    {
        await using var dead = await Server.CreateAsync();
        await dead.Memory.HeartbeatAsync(new(dead.Runtime.Node, "1", dead.Time.Now, dead.Time.Now, false), Token);
        var handle = await dead.RestAsync(Story.Of("story", Story.Wait("wait", minutes: 1), Story.Act("act")));
        (await dead.Memory.ClaimAsync(handle.RunId, dead.Runtime.Node, 300 * Second, Token)).ShouldNotBeNull();
        dead.Time.Advance(60 * Second);
        var claimed = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var server = await Server.CreateAsync(beside: dead);
        server.Store.BeforeClaim = () =>
        {
            claimed.TrySetResult();
            return Task.CompletedTask;
        };
        await server.HostAsync<IHostedService>();
        await claimed.Task.WaitAsync(Patience.Longest, Token);
        await server.Time.SleeperAsync(server.Time.Now + (2 * Second));
        var died = server.Time.Now;

        for (var tick = 0; tick < 5; tick++)
        {
            server.Time.Advance(2 * Second);
            await server.Time.SleeperAsync(server.Time.Now + (2 * Second));
        }

        (await server.Watch.EndOfAsync(handle.RunId)).Summary.SubStatus.ShouldBe(WorkflowSubStatus.Finished);
        (server.Time.Now - died).ShouldBeLessThanOrEqualTo(10 * Second);
    }

    [Fact]
    public async Task A_node_that_lives_is_left_alone()
    {
        await using var other = await Server.CreateAsync();
        await other.HostAsync<NodeService>();
        var handle = await other.StartAsync(Story.Of("story", Story.Call("call")));
        await other.World.ArrivalAsync("call");
        await using var server = await Server.CreateAsync(beside: other);
        await server.HostAsync<NodeService>();

        for (var tick = 0; tick < 60; tick++)
        {
            await server.Time.SleeperAsync(server.Time.Now + (2 * Second), count: 2);
            server.Time.Advance(2 * Second);
        }

        await server.Time.SleeperAsync(server.Time.Now + (2 * Second), count: 2);
        (await server.Memory.GetNodesAsync(Token)).Select(node => (node.Id, node.LastSeen))
            .ShouldBe([(other.Runtime.Node, server.Time.Now), (server.Runtime.Node, server.Time.Now)], ignoreOrder: true);
        (await server.Memory.ClaimAsync(handle.RunId, server.Runtime.Node, 60 * Second, Token)).ShouldBeNull("its run is still its own");
        other.World.Gate("call").SetResult(null);
        await other.Watch.EndOfAsync(handle.RunId);
    }

    [Fact]
    public async Task A_node_is_known_to_the_others_before_it_takes_a_run()
    {
        await using var server = await Server.CreateAsync();

        await server.HostAsync<NodeService>();

        (await server.Memory.GetNodesAsync(Token)).ShouldHaveSingleItem().Id.ShouldBe(server.Runtime.Node);
    }

    [Fact]
    public async Task A_node_that_stops_leaves_no_row_behind()
    {
        await using var server = await Server.CreateAsync();
        await using (var leaving = await Server.CreateAsync(beside: server, hosted: true))
        {
            await leaving.Time.SleeperAsync(leaving.Time.Now + (2 * Second));
            (await server.Memory.GetNodesAsync(Token)).Count.ShouldBe(1);
        }

        (await server.Memory.GetNodesAsync(Token)).ShouldBeEmpty();
    }

    [Fact]
    public async Task A_node_that_is_drained_takes_no_new_runs_and_finishes_those_it_has()
    {
        await using var server = await Server.CreateAsync();
        var handle = await server.StartAsync(Story.Of("story", Story.Call("call")));
        await server.World.ArrivalAsync("call");

        var drained = server.Runtime.DrainAsync(Token);

        drained.IsCompleted.ShouldBeFalse();
        (await Should.ThrowAsync<NodeBusyException>(() => server.StartAsync(Story.Of("story", Story.Call("call")))))
            .Message.ShouldBe("This node is being drained and takes no new runs. Try again in 5 seconds.");
        server.World.Gate("call").SetResult(null);
        await drained.WaitAsync(Patience.Longest, Token);
        (await server.SummaryAsync(handle.RunId)).SubStatus.ShouldBe(WorkflowSubStatus.Finished);
    }
}
