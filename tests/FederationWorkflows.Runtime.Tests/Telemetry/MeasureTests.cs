using FederationWorkflows.Engine.Execution;
using FederationWorkflows.Runtime.Runs;
using FederationWorkflows.Runtime.Tests.Support;
using Microsoft.Extensions.DependencyInjection;

namespace FederationWorkflows.Runtime.Tests.Telemetry;

/// <summary>What happens to runs and nodes beside the story itself is counted, too.</summary>
public sealed class MeasureTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Runs_that_are_turned_away_are_counted_by_why()
    {
        using var measures = new Measures();
        await using var server = await Server.CreateAsync(services => services.Configure<ConcurrencyOptions>(options => (options.MaxRunning, options.MaxQueued) = (1, 0)));
        await server.PublishAsync(Story.Of("story", Story.Call("call")));
        var run = await server.Runtime.StartAsync(new StartRequest("story"), Server.Ann, Token);

        await Should.ThrowAsync<NodeBusyException>(() => server.Runtime.StartAsync(new StartRequest("story"), Server.Ann, Token).AsTask());
        await server.World.ArrivalAsync("call");
        server.World.Gate("call").SetResult(null);
        await run.Rest.WaitAsync(Patience.Longest, Token);
        await server.Runtime.DrainAsync(Token);
        await Should.ThrowAsync<NodeBusyException>(() => server.Runtime.StartAsync(new StartRequest("story"), Server.Ann, Token).AsTask());

        measures.Of("fedflow.runs.rejected").ShouldBe([(1, "fedflow.reason=full"), (1, "fedflow.reason=draining")]);
        measures.Of("fedflow.runs.started").ShouldBe([(1, "fedflow.definition.id=story")]);
    }

    [Fact]
    public async Task How_late_a_timer_fires_is_measured()
    {
        using var measures = new Measures();
        await using var server = await Server.CreateAsync();
        var handle = await server.RestAsync(Story.Of("story", Story.Wait("wait", minutes: 1)));
        server.Time.Advance(TimeSpan.FromMinutes(3));

        var ended = server.Watch.EndOfAsync(handle.RunId);
        await server.HostAsync<TimerService>();
        await ended.WaitAsync(Patience.Longest, Token);

        while (measures.Of("fedflow.timer.lag").Count == 0)
        {
            Token.ThrowIfCancellationRequested();
            await Task.Yield();
        }

        measures.Of("fedflow.timer.lag").ShouldBe([(120, "fedflow.timer.kind=timer")]);
        measures.Of("fedflow.runs.suspended").ShouldBe([(1, "fedflow.definition.id=story")]);
        measures.Of("fedflow.runs.ended").ShouldBe([(1, "fedflow.definition.id=story fedflow.outcome=finished")]);
    }

    [Fact]
    public async Task A_run_that_is_let_go_of_and_one_that_is_taken_up_are_counted()
    {
        using var measures = new Measures();
        await using var first = await Server.CreateAsync();
        var handle = await first.StartAsync(Story.Of("story", Story.Call("call")));
        await first.World.ArrivalAsync("call");
        await first.Runtime.StopAsync(Token);
        await using var second = await Server.CreateAsync(beside: first);
        second.World.Gate("call").SetResult(null);

        var ended = second.Watch.EndOfAsync(handle.RunId);
        await second.HostAsync<LeaseService>();
        (await ended.WaitAsync(Patience.Longest, Token)).Summary.SubStatus.ShouldBe(WorkflowSubStatus.Finished);

        measures.Of("fedflow.runs.let_go").ShouldBe([(1, "fedflow.reason=stopping")]);

        // It is counted when the run goes on, which may be later than its end.
        await Server.BecomesAsync(() => Task.FromResult(measures.Of("fedflow.lease.takeovers").Any()));
        measures.Of("fedflow.lease.takeovers").ShouldBe([(1, "")]);
    }

    [Fact]
    public async Task A_gate_knows_how_many_runs_are_driven_and_how_many_wait()
    {
        using var gate = new RunGate(new ConcurrencyOptions { MaxRunning = 1, MaxQueued = 5 });
        await using var server = await Server.CreateAsync();
        await server.PublishAsync(Story.Of("story", Story.Act("act")));
        var story = (await server.Catalog.FindPublishedAsync("story", Token)).ShouldNotBeNull().Definition;
        var go = new TaskCompletionSource();
        var driven = gate.TakeTurnAsync(story, own: null, () => go.Task, Token);
        var waits = gate.TakeTurnAsync(story, own: null, () => Task.CompletedTask, Token);

        (gate.Running, gate.Queued).ShouldBe((1, 1));
        go.SetResult();
        await Task.WhenAll(driven, waits);
        (gate.Running, gate.Queued).ShouldBe((0, 0));
    }
}
