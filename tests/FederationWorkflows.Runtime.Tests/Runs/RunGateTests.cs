using System.Text.Json.Nodes;
using FederationWorkflows.Engine.Execution;
using FederationWorkflows.Runtime.Runs;
using FederationWorkflows.Runtime.Tests.Support;
using Microsoft.Extensions.DependencyInjection;

namespace FederationWorkflows.Runtime.Tests.Runs;

public sealed class RunGateTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_node_drives_so_many_runs_and_keeps_so_many_waiting_and_turns_others_away()
    {
        await using var server = await CreateAsync(running: 2, queued: 1);
        await server.PublishAsync(Story.Of("story", Story.Call("call")));
        var runs = new List<RunHandle> { await StartAsync(server), await StartAsync(server), await StartAsync(server) };

        var busy = await Should.ThrowAsync<NodeBusyException>(() => StartAsync(server));

        busy.RetryAfter.ShouldBe(TimeSpan.FromSeconds(7));
        busy.Message.ShouldBe("3 runs are being driven here or wait for it. Try again in 7 seconds.");
        (await server.SummaryAsync(runs[2].RunId)).SubStatus.ShouldBe(WorkflowSubStatus.Pending, "what was accepted is stored");
        server.World.Calls.Count.ShouldBeLessThanOrEqualTo(2);
        server.World.Gate("call").SetResult(null);
        await Task.WhenAll(runs.Select(run => run.Rest)).WaitAsync(Patience.Longest, Token);
        await server.Watch.EndOfAsync((await RoomAsync(server)).RunId);
    }

    [Fact]
    public async Task A_run_that_waits_for_something_outside_takes_no_room()
    {
        await using var server = await CreateAsync(running: 1, queued: 0);
        await server.PublishAsync(Story.Of("story", Story.Wait("wait")));
        for (var i = 0; i < 5; i++)
        {
            await (await RoomAsync(server)).Rest.WaitAsync(Patience.Longest, Token);
        }
    }

    [Fact]
    public async Task A_story_may_bound_how_many_of_its_runs_go_on_at_once()
    {
        await using var server = await CreateAsync(running: 10, queued: 10);
        await server.PublishAsync(Story.With("story", "customProperties", new JsonObject { ["maxConcurrentRuns"] = 1 }, Story.Call("call")));
        await server.PublishAsync(Story.Of("other", Story.Act("act")));
        var first = await StartAsync(server);
        var second = await StartAsync(server);
        await server.World.ArrivalAsync("call");

        // Another story is not held up.
        await (await server.Runtime.StartAsync(new StartRequest("other"), Server.Ann, Token)).Rest.WaitAsync(Patience.Longest, Token);

        server.World.Calls.Count(call => call.EndsWith("-3", StringComparison.Ordinal)).ShouldBe(2, "one call of the story and the act of the other");
        server.World.Gate("call").SetResult(null);
        await Task.WhenAll(first.Rest, second.Rest).WaitAsync(Patience.Longest, Token);
    }

    [Fact]
    public async Task A_run_that_waits_for_its_turn_is_cancelled_at_once()
    {
        await using var server = await CreateAsync(running: 1, queued: 10);
        await server.PublishAsync(Story.Of("story", Story.Call("call")));
        var first = await StartAsync(server);
        await server.World.ArrivalAsync("call");
        var second = await StartAsync(server);
        var third = await StartAsync(server);

        (await server.Runtime.CancelAsync(second.RunId, Server.Ann, Token).WaitAsync(Patience.Longest, Token)).ShouldBeTrue();

        (await server.SummaryAsync(second.RunId)).SubStatus.ShouldBe(WorkflowSubStatus.Cancelled);
        server.World.Calls.Count.ShouldBe(1, "it took nobody's turn");
        server.World.Gate("call").SetResult(null);
        await Task.WhenAll(first.Rest, third.Rest).WaitAsync(Patience.Longest, Token);
        server.World.Calls.Count.ShouldBe(2);
        await server.Watch.EndOfAsync((await RoomAsync(server)).RunId);
    }

    [Fact]
    public async Task Runs_whose_time_has_come_stay_in_the_store_while_there_is_no_room_for_them()
    {
        await using var server = await CreateAsync(running: 1, queued: 0);
        await server.PublishAsync(Story.Of("story", Story.Wait("wait", minutes: 1), Story.Call("call")));
        var runs = new List<RunHandle>();
        for (var i = 0; i < 10; i++)
        {
            runs.Add(await RoomAsync(server));
            await runs[i].Rest.WaitAsync(Patience.Longest, Token);
        }

        server.Time.Advance(TimeSpan.FromMinutes(1));
        var loaded = 0;
        server.Store.BeforeLoad = _ =>
        {
            Interlocked.Increment(ref loaded);
            return Task.CompletedTask;
        };
        await server.HostAsync<TimerService>();
        await server.World.ArrivalAsync("call");
        for (var look = 0; look < 5; look++)
        {
            await server.Time.SleeperAsync(server.Time.Now + TimeSpan.FromSeconds(1));
            server.Time.Advance(TimeSpan.FromSeconds(1));
        }

        Volatile.Read(ref loaded).ShouldBe(2, "twice as many as may run or be queued");
        server.World.Gate("call").SetResult(null);
        foreach (var run in runs)
        {
            await server.AdvanceUntilAsync(server.Watch.EndOfAsync(run.RunId));
        }
    }

    [Fact]
    public async Task A_start_that_is_refused_gives_its_room_back()
    {
        await using var server = await CreateAsync(running: 1, queued: 0);
        await server.PublishAsync(Story.Of("story", Story.Wait("wait")));
        server.Store.BeforeCommit = _ => throw new IOException("disk full");
        for (var i = 0; i < 3; i++)
        {
            await Should.ThrowAsync<IOException>(() => StartAsync(server));
        }

        server.Store.BeforeCommit = null;
        await (await StartAsync(server)).Rest.WaitAsync(Patience.Longest, Token);
    }

    [Fact]
    public async Task A_run_that_waits_for_its_turn_when_the_node_stops_is_given_to_others()
    {
        await using var server = await CreateAsync(running: 1, queued: 1);
        await server.PublishAsync(Story.Of("story", Story.Call("call")));
        await StartAsync(server);
        await server.World.ArrivalAsync("call");
        var queued = await StartAsync(server);

        await server.Runtime.StopAsync(Token);

        await Should.ThrowAsync<OperationCanceledException>(() => queued.Rest.WaitAsync(Patience.Longest, Token));
        (await server.Memory.GetAbandonedAsync(server.Time.Now, 10, Token)).ShouldContain(queued.RunId);
    }

    [Fact]
    public async Task A_bound_of_nothing_is_an_error_of_the_story()
    {
        await using var server = await Server.CreateAsync();
        var error = await Should.ThrowAsync<Engine.Definitions.DefinitionException>(() =>
            server.PublishAsync(Story.With("story", "customProperties", new JsonObject { ["maxConcurrentRuns"] = 0 }, Story.Call("call"))));
        error.Problems.Single().Message.ShouldBe("At least one run must be able to go on, not 0. Leave it out for no limit.");
    }

    private static Task<Server> CreateAsync(int running, int queued) => Server.CreateAsync(services => services.Configure<ConcurrencyOptions>(options =>
    {
        options.MaxRunning = running;
        options.MaxQueued = queued;
        options.RetryAfter = TimeSpan.FromSeconds(7);
    }));

    private static async Task<RunHandle> StartAsync(Server server) => await server.Runtime.StartAsync(new StartRequest("story"), Server.Ann, Token);

    /// <summary>A run gives its room back just after it told that it rests.</summary>
    private static async Task<RunHandle> RoomAsync(Server server)
    {
        while (true)
        {
            try
            {
                return await StartAsync(server);
            }
            catch (NodeBusyException)
            {
                await Task.Yield();
            }
        }
    }
}
