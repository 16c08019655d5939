using FederationWorkflows.Engine.Execution;
using FederationWorkflows.Runtime.Storage;
using FederationWorkflows.Runtime.Tests.Storage;
using FederationWorkflows.Runtime.Tests.Support;

namespace FederationWorkflows.Runtime.Tests.Runs;

public sealed class TimerTests
{
    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1);

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_run_goes_on_when_its_time_has_come()
    {
        await using var server = await Server.CreateAsync(hosted: true);
        var handle = await server.RestAsync(Story.Of("story", Story.Wait("wait", minutes: 1), Story.Act("act")));
        await AdvanceAsync(server, 59);
        (await server.SummaryAsync(handle.RunId)).SubStatus.ShouldBe(WorkflowSubStatus.Suspended);

        (await AdvanceUntilAsync(server, server.Watch.EndOfAsync(handle.RunId))).Summary.SubStatus.ShouldBe(WorkflowSubStatus.Finished);
        (await server.Memory.GetNextTimerAsync(DateTimeOffset.MinValue, Token)).ShouldBeNull();
    }

    [Fact]
    public async Task An_activity_that_takes_too_long_fails()
    {
        await using var server = await Server.CreateAsync(hosted: true);
        var handle = await server.StartAsync(Story.Of("story", Story.Act("act"), Story.Call("call", timeout: "00:00:10")));
        var inFlight = await server.World.ArrivalAsync("call");

        await server.Time.SleeperAsync(server.Time.Now.AddSeconds(10));
        server.Time.Advance(10 * Second);

        var result = await handle.Rest.WaitAsync(TimeSpan.FromSeconds(10), Token);
        result.Summary.SubStatus.ShouldBe(WorkflowSubStatus.Faulted);
        result.Incidents.ShouldHaveSingleItem().Message.ShouldBe("The activity did not complete within 00:00:10. Raise customProperties.timeout, or find out what it waits for.");
        inFlight.IsCancellationRequested.ShouldBeTrue();
    }

    [Fact]
    public async Task A_timer_that_cannot_be_fired_is_tried_again_later_and_keeps_nobody_waiting()
    {
        await using var server = await Server.CreateAsync(hosted: true);
        var start = server.Time.Now;
        for (var i = 0; i < 150; i++)
        {
            // Runs of a definition that is gone.
            await server.Memory.CommitAsync(
                Rows.Commit($"orphan{i}", new Lease("gone", 1, server.Time.Now)) with { IsNew = true, NewTimers = [new RunTimer("t", server.Time.Now, 1, null)] },
                Token);
        }

        var handle = await server.RestAsync(Story.Of("story", Story.Wait("wait", minutes: 1)));
        await AdvanceUntilAsync(server, server.Watch.EndOfAsync(handle.RunId));

        // The timers try at growing intervals from half a minute on, the leases once a minute, both at either end of a minute: who spins tries hundreds of times.
        var minutes = (int)Math.Ceiling((server.Time.Now - start).TotalMinutes);
        server.Store.DueQueries.ShouldBeLessThan(1_000 * minutes);
        server.Log.Lines.Count(line => line.Contains("orphan7 cannot go on", StringComparison.Ordinal)).ShouldBeInRange(1, 6 * minutes);
    }

    [Fact]
    public async Task A_run_that_is_slow_to_take_up_does_not_hold_up_the_timers_of_others()
    {
        await using var server = await Server.CreateAsync(hosted: true);
        var slow = await server.RestAsync(Story.Of("slow", Story.Wait("wait", minutes: 1)));
        var quick = await server.RestAsync(Story.Of("quick", Story.Wait("wait", minutes: 1)));
        var loading = new TaskCompletionSource();
        server.Store.BeforeLoad = id => id == slow.RunId ? loading.Task : Task.CompletedTask;

        await AdvanceUntilAsync(server, server.Watch.EndOfAsync(quick.RunId));

        (await server.SummaryAsync(slow.RunId)).SubStatus.ShouldBe(WorkflowSubStatus.Suspended);
        loading.SetResult();
        await AdvanceUntilAsync(server, server.Watch.EndOfAsync(slow.RunId));
    }

    /// <summary>Who looks around late for the clock he read sleeps a second too long: time goes on until it has happened.</summary>
    private static async Task<T> AdvanceUntilAsync<T>(Server server, Task<T> happened)
    {
        while (!happened.IsCompleted)
        {
            await AdvanceAsync(server, 1);
        }

        return await happened;
    }

    /// <summary>Second by second, so that who sleeps gets to look around.</summary>
    private static async Task AdvanceAsync(Server server, int seconds)
    {
        for (var i = 0; i < seconds; i++)
        {
            server.Time.Advance(Second);
            for (var turn = 0; turn < 20; turn++)
            {
                await Task.Yield();
            }
        }
    }
}
