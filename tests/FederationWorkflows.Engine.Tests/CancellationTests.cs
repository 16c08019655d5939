using FederationWorkflows.Engine.Execution;
using FederationWorkflows.Engine.Tests.Support;
using static FederationWorkflows.Engine.Tests.Support.Story;

namespace FederationWorkflows.Engine.Tests;

public sealed class CancellationTests
{
    [Theory, BothWays]
    public async Task Cancelling_a_run_cancels_everything_live_children_first(bool reload)
    {
        var harness = await new Harness(reload).StartAsync(Of(Sequence("s", Parallel("p", Wait("w1"), Sequence("t", Wait("w2"))), Line("never"))));
        harness.Run.Cancel().ShouldBeTrue();
        harness.Commit();
        harness.ShouldFinish(WorkflowSubStatus.Cancelled).ShouldWrite("");
        harness.Bookmarks.ShouldBeEmpty();
        harness.Journal.Where(entry => entry.Event == JournalEvent.Canceled).Select(entry => entry.Node.Id).ShouldBe(["w2", "t", "w1", "p", "s", "Workflow1"]);
        harness.Run.Cancel().ShouldBeFalse("it has ended");
        harness.Parts.Keys.ShouldNotContain(key => key.StartsWith("a/", StringComparison.Ordinal));
    }

    [Theory, BothWays]
    public async Task A_run_that_was_not_begun_can_be_cancelled(bool reload)
    {
        var harness = new Harness(reload);
        harness.Create(Of(Line("never")));
        harness.Run.Cancel().ShouldBeTrue();
        harness.Commit();
        await harness.DriveAsync();
        harness.ShouldFinish(WorkflowSubStatus.Cancelled).ShouldWrite("");
    }

    [Fact]
    public async Task Cancelling_a_run_cancels_the_calls_in_flight()
    {
        var harness = new Harness();
        harness.Create(Of(Parallel("p", Call("c"), Call("d"))));
        harness.Step().ShouldBe(RunStep.Wait);
        harness.Run.Cancel();
        await Should.ThrowAsync<OperationCanceledException>(harness.World.Running["c"]);
        await Should.ThrowAsync<OperationCanceledException>(harness.World.Running["d"]);
        harness.Run.Incidents.ShouldBeEmpty();
    }

    [Fact]
    public async Task Abandoning_a_run_cancels_the_calls_in_flight_and_ends_nothing()
    {
        var harness = new Harness();
        harness.Create(Of(Call("c")));
        harness.Step().ShouldBe(RunStep.Wait);
        await harness.Run.AbandonAsync();
        await Should.ThrowAsync<OperationCanceledException>(harness.World.Running["c"]);
        harness.Reload();
        harness.World.Gate("c").SetResult(null);
        (await harness.DriveAsync()).ShouldFinish();
    }

    [Fact]
    public async Task A_branch_that_loses_is_cancelled_in_flight()
    {
        var harness = new Harness();
        harness.Create(Of(Sequence("s", Fork("k", "WaitAny", Call("c"), Call("d")), Call("e"))));
        harness.Step().ShouldBe(RunStep.Wait);
        harness.World.Gate("d").SetResult(null);
        await harness.Run.WaitAsync(TestContext.Current.CancellationToken);
        harness.Step().ShouldBe(RunStep.Wait);
        await Should.ThrowAsync<OperationCanceledException>(harness.World.Running["c"]);
        harness.World.Gate("e").SetResult(null);
        (await harness.DriveAsync()).ShouldFinish();
        harness.Journal.ShouldContain(entry => entry.Node.Id == "c" && entry.Event == JournalEvent.Canceled);
        harness.Journal.ShouldNotContain(entry => entry.Node.Id == "c" && entry.Event == JournalEvent.Faulted);
    }

    [Fact]
    public async Task An_activity_that_asks_for_its_token_only_after_it_was_cancelled_gets_a_cancelled_one()
    {
        var harness = new Harness();
        var cancelled = new TaskCompletionSource<bool>(TaskCreationOptions.RunContinuationsAsynchronously);
        harness.World.Scripts["d"] = async context =>
        {
            await harness.World.Gate("g").Task;
            cancelled.SetResult(context.CancellationToken.IsCancellationRequested);
        };
        harness.Create(Of(Sequence("s", Fork("k", "WaitAny", Do("d"), Wait("w")), Wait("w2"))));
        harness.Step().ShouldBe(RunStep.Wait);
        harness.Run.Resume(harness.Run.Bookmarks.Single().Id, null).ShouldBeTrue();
        harness.Step();
        harness.World.Gate("g").SetResult(null);
        (await cancelled.Task).ShouldBeTrue();
    }

    [Fact]
    public async Task What_a_cancelled_activity_does_in_its_last_moments_changes_nothing()
    {
        var harness = new Harness();
        var ended = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        harness.World.Scripts["d"] = async context =>
        {
            var gate = new TaskCompletionSource();
            await using (context.CancellationToken.Register(() => gate.SetCanceled()))
            {
                try
                {
                    await gate.Task;
                }
                catch (OperationCanceledException)
                {
                    context.SetVariable("v", "changed");
                    context.SetWorkflowOutput("o", "changed");
                    context.SetResult("changed");
                    ended.SetResult();
                }
            }
        };
        var fork = Fork("k", "WaitAny", Do("d").With("result", Captured("v")), Wait("w"));
        harness.Create(Of(Sequence("s", fork, LineOf("l", "v"), Wait("w2")), ("variables", Variables(("v", "String", "kept")))));
        harness.Step().ShouldBe(RunStep.Wait);
        harness.Run.Resume(harness.Run.Bookmarks.Single().Id, null).ShouldBeTrue();
        await ended.Task;
        await harness.DriveAsync();
        harness.ShouldWait().ShouldWrite("kept");
        harness.Run.Output.ShouldBeEmpty();
    }

    [Fact]
    public async Task A_callback_of_a_token_that_fails_does_not_reach_the_driver()
    {
        var harness = new Harness();
        harness.World.Scripts["d"] = async context =>
        {
            context.CancellationToken.Register(() => throw new InvalidOperationException("not the driver's business"));
            await harness.World.Gate("g").Task;
        };
        harness.Create(Of(Sequence("s", Fork("k", "WaitAny", Do("d"), Wait("w")), Wait("w2"))));
        harness.Step().ShouldBe(RunStep.Wait);
        harness.Run.Resume(harness.Run.Bookmarks.Single().Id, null).ShouldBeTrue();
        harness.World.Gate("g").SetResult(null);
        (await harness.DriveAsync()).ShouldWait();
    }
}

public sealed class TimeoutTests
{
    [Theory, BothWays]
    public async Task An_activity_that_waits_too_long_faults(bool reload)
    {
        var harness = await new Harness(reload).StartAsync(Of(Sequence("s", Wait("w").WithCustom("timeout", "00:00:30"), Line("never"))));
        var timer = harness.ShouldWait().Run.Timers.ShouldHaveSingleItem();
        timer.DueAt.ShouldBe(harness.Time.GetUtcNow().AddSeconds(30));
        harness.Time.Advance(TimeSpan.FromSeconds(30));
        harness.Run.ResumeTimer(timer.Id).ShouldBeTrue();
        (await harness.DriveAsync()).ShouldFault("w").Message.ShouldBe("The activity did not complete within 00:00:30. Raise customProperties.timeout, or find out what it waits for.");
        harness.Bookmarks.ShouldBeEmpty();
        harness.Run.Timers.ShouldBeEmpty();
    }

    [Theory, BothWays]
    public async Task An_activity_that_completes_in_time_lets_go_of_its_timer(bool reload)
    {
        var harness = await new Harness(reload).StartAsync(Of(Sequence("s", Wait("w").WithCustom("timeout", "00:00:30"), Wait("w2"))));
        var timer = harness.Run.Timers.Single().Id;
        await harness.ResumeAsync("w");
        harness.ShouldWait().Run.Timers.ShouldBeEmpty();
        harness.Run.ResumeTimer(timer).ShouldBeFalse();
    }

    [Fact]
    public async Task A_call_that_takes_too_long_is_cancelled_and_faults()
    {
        var harness = new Harness();
        DateTimeOffset? deadline = null;
        harness.World.OnCall = context => deadline = context.Deadline;
        harness.Create(Of(Call("c").WithCustom("timeout", "00:01:00")));
        harness.Step().ShouldBe(RunStep.Wait);
        deadline.ShouldBe(harness.Time.GetUtcNow().AddMinutes(1));
        harness.Run.ResumeTimer(harness.Run.Timers.Single().Id).ShouldBeTrue();
        await Should.ThrowAsync<OperationCanceledException>(harness.World.Running["c"]);
        (await harness.DriveAsync()).ShouldFault("c").Error.Type.ShouldBe("TimeoutException");
    }

    [Fact]
    public async Task A_container_that_takes_too_long_is_cancelled_with_everything_inside()
    {
        var harness = new Harness();
        harness.Create(Of(Parallel("p", Sequence("s", Parallel("q", Call("c"), Wait("w")), Line("never")).WithCustom("timeout", "00:01:00"), Wait("other"))).ContinuingWithIncidents());
        harness.Step().ShouldBe(RunStep.Wait);
        harness.Run.ResumeTimer(harness.Run.Timers.Single().Id).ShouldBeTrue();
        await Should.ThrowAsync<OperationCanceledException>(harness.World.Running["c"]);
        (await harness.DriveAsync()).ShouldWait();
        harness.Run.Incidents.Single().ActivityId.ShouldBe("s");
        harness.Bookmarks.Values.ShouldHaveSingleItem().ActivityId.ShouldBe("other");
    }

    [Theory, BothWays]
    public async Task A_stuck_run_with_a_time_limit_waits_for_the_limit(bool reload)
    {
        var harness = await new Harness(reload).StartAsync(Of(Activity("Test.Hang", "h").WithCustom("timeout", "00:01:00")));
        harness.ShouldWait();
        harness.Run.ResumeTimer(harness.Run.Timers.Single().Id).ShouldBeTrue();
        (await harness.DriveAsync()).ShouldFault("h").Error.Type.ShouldBe("TimeoutException");
    }

    [Theory]
    [InlineData("soon", "The timeout 'soon' must be a duration above zero, such as 00:00:30.")]
    [InlineData("-00:00:01", "The timeout '-00:00:01' must be a duration above zero, such as 00:00:30.")]
    [InlineData("00:00:00", "The timeout '00:00:00' must be a duration above zero, such as 00:00:30.")]
    [InlineData("10000000.00:00:00", "The timeout '10000000.00:00:00' is longer than 3650 days. Leave it out for no limit.")]
    public void A_timeout_must_be_a_sensible_duration(string timeout, string message)
    {
        var problem = Harness.Compile(Of(Line("l").WithCustom("timeout", timeout))).Problems.ShouldHaveSingleItem();
        problem.Code.ShouldBe("invalid-timeout");
        problem.Path.ShouldBe("$.root.customProperties.timeout");
        problem.Message.ShouldBe(message);
    }
}
