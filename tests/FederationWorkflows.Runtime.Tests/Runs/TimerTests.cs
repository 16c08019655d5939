using FederationWorkflows.Engine.Execution;
using FederationWorkflows.Runtime.Runs;
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

        (await server.AdvanceUntilAsync(server.Watch.EndOfAsync(handle.RunId))).Summary.SubStatus.ShouldBe(WorkflowSubStatus.Finished);
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

        var result = await handle.Rest.WaitAsync(Patience.Longest, Token);
        result.Summary.SubStatus.ShouldBe(WorkflowSubStatus.Faulted);
        result.Incidents.ShouldHaveSingleItem().Message.ShouldBe("The activity did not complete within 00:00:10. Raise customProperties.timeout, or find out what it waits for.");
        inFlight.IsCancellationRequested.ShouldBeTrue();
    }

    [Fact]
    public async Task A_timer_that_cannot_be_fired_is_tried_again_later_and_keeps_nobody_waiting()
    {
        await using var server = await Server.CreateAsync();
        for (var i = 0; i < 150; i++)
        {
            // Runs of a definition that is gone.
            await server.Memory.CommitAsync(
                Rows.Commit($"orphan{i}", new Lease("gone", 1, server.Time.Now)) with { IsNew = true, NewTimers = [new RunTimer("t", server.Time.Now, 1, null)] },
                Token);
        }

        var handle = await server.RestAsync(Story.Of("story", Story.Wait("wait", minutes: 1)));
        await server.HostAsync<TimerService>();

        // The waits between attempts double from half a minute to five minutes; the service looks at least every half a minute.
        var attempts = 0;
        foreach (var (halfMinute, isTried) in Enumerable.Range(0, 26).Select(at => (at, at is 0 or 1 or 3 or 7 or 15 or 25)))
        {
            if (halfMinute > 0)
            {
                server.Time.Advance(30 * Second);
            }

            attempts += isTried ? 150 : 0;
            await SettleAsync(server, attempts);
            if (halfMinute == 2)
            {
                (await server.Watch.EndOfAsync(handle.RunId)).Summary.SubStatus.ShouldBe(WorkflowSubStatus.Finished, "at its minute, whatever comes before it in the store");
            }
        }
    }

    [Fact]
    public async Task A_run_that_is_slow_to_take_up_does_not_hold_up_the_timers_of_others()
    {
        await using var server = await Server.CreateAsync(hosted: true);
        var slow = await server.RestAsync(Story.Of("slow", Story.Wait("wait", minutes: 1)));
        var quick = await server.RestAsync(Story.Of("quick", Story.Wait("wait", minutes: 1)));
        var loading = new TaskCompletionSource();
        server.Store.BeforeLoad = id => id == slow.RunId ? loading.Task : Task.CompletedTask;

        await server.AdvanceUntilAsync(server.Watch.EndOfAsync(quick.RunId));

        (await server.SummaryAsync(slow.RunId)).SubStatus.ShouldBe(WorkflowSubStatus.Suspended);
        loading.SetResult();
        await server.AdvanceUntilAsync(server.Watch.EndOfAsync(slow.RunId));
    }

    /// <summary>Waits until so many attempts were made in all, and until whoever looks after timers has gone to sleep for the next half minute.</summary>
    private static async Task SettleAsync(Server server, int attempts)
    {
        await Server.BecomesAsync(() => Task.FromResult(Attempts() == attempts));
        await server.Time.SleeperAsync(server.Time.Now + (30 * Second));
        int queries;
        do
        {
            queries = server.Store.DueQueries;
            for (var turn = 0; turn < 500; turn++)
            {
                await Task.Yield();
            }
        }
        while (queries != server.Store.DueQueries);

        await server.Time.SleeperAsync(server.Time.Now + (30 * Second));
        Attempts().ShouldBe(attempts);

        int Attempts() => server.Log.Lines.Count(line => line.Contains(" cannot go on", StringComparison.Ordinal));
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
