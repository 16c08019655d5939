using FederationWorkflows.Engine.Execution;
using FederationWorkflows.Runtime.Runs;
using FederationWorkflows.Runtime.Storage;
using FederationWorkflows.Runtime.Tests.Support;

namespace FederationWorkflows.Runtime.Tests.Runs;

public sealed class LeaseTests
{
    private static readonly TimeSpan Minute = TimeSpan.FromMinutes(1);

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_run_that_another_node_took_over_stops_here_and_stores_nothing()
    {
        await using var server = await Server.CreateAsync();
        var handle = await server.StartAsync(Story.Of("story", Story.Call("call"), Story.Act("act")));
        await server.World.ArrivalAsync("call");
        server.Time.Advance(6 * Minute);
        (await server.Memory.ClaimAsync(handle.RunId, "they", Minute, Token)).ShouldNotBeNull();
        var stored = server.Store.Commits.Count;

        server.World.Gate("call").SetResult(null);

        await Should.ThrowAsync<LeaseLostException>(() => handle.Rest.WaitAsync(Patience.Longest, Token));
        server.Store.Commits.Count.ShouldBe(stored);
        server.World.Calls.Count.ShouldBe(1);
        (await server.Memory.ClaimAsync(handle.RunId, "somebody", Minute, Token)).ShouldBeNull("the other node still has it");
    }

    [Fact]
    public async Task A_run_that_is_driven_for_long_stays_this_nodes()
    {
        await using var server = await Server.CreateAsync();
        await server.HostAsync<LeaseService>();
        var handle = await server.StartAsync(Story.Of("story", Story.Call("call"), Story.Act("act")));
        await server.World.ArrivalAsync("call");

        for (var minute = 0; minute < 20; minute++)
        {
            await server.Time.SleeperAsync(NextRenewal(server));
            server.Time.Advance(Minute);
            (await server.Memory.ClaimAsync(handle.RunId, "they", Minute, Token)).ShouldBeNull($"minute {minute}");
        }

        server.World.Gate("call").SetResult(null);
        (await handle.Rest.WaitAsync(Patience.Longest, Token)).Summary.SubStatus.ShouldBe(WorkflowSubStatus.Finished);

        static DateTimeOffset NextRenewal(Server server) => server.Time.Now + Minute;
    }

    [Fact]
    public async Task A_run_that_was_taken_over_while_it_waits_in_flight_is_let_go_at_the_next_renewal()
    {
        await using var server = await Server.CreateAsync();
        await server.HostAsync<LeaseService>();
        var handle = await server.StartAsync(Story.Of("story", Story.Call("call")));
        var inFlight = await server.World.ArrivalAsync("call");
        var (_, lease) = (server.Store.Commits[0], server.Store.Commits[0].Lease);
        await server.Memory.ReleaseAsync(handle.RunId, lease, Token);
        (await server.Memory.ClaimAsync(handle.RunId, "they", 60 * Minute, Token)).ShouldNotBeNull();
        await server.Time.SleeperAsync(server.Time.Now + Minute);

        server.Time.Advance(Minute);

        await Should.ThrowAsync<LeaseLostException>(() => handle.Rest.WaitAsync(Patience.Longest, Token));
        inFlight.IsCancellationRequested.ShouldBeTrue();
    }

    [Fact]
    public async Task A_renewal_that_fails_is_tried_again()
    {
        await using var server = await Server.CreateAsync(hosted: true);
        var handle = await server.StartAsync(Story.Of("story", Story.Call("call")));
        await server.World.ArrivalAsync("call");
        server.Store.BeforeClaim = () => throw new IOException("unreachable");
        await server.Time.SleeperAsync(server.Time.Now + Minute);
        server.Time.Advance(Minute);
        await server.Time.SleeperAsync(server.Time.Now + Minute);
        server.Store.BeforeClaim = null;
        server.Time.Advance(Minute);
        await server.Time.SleeperAsync(server.Time.Now + Minute);
        server.Time.Advance(4.5 * Minute);

        (await server.Memory.ClaimAsync(handle.RunId, "they", Minute, Token)).ShouldBeNull();
        server.World.Gate("call").SetResult(null);
        (await handle.Rest.WaitAsync(Patience.Longest, Token)).Summary.SubStatus.ShouldBe(WorkflowSubStatus.Finished);
    }
}
