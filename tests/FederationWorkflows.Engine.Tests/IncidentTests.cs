using FederationWorkflows.Engine.Execution;
using FederationWorkflows.Engine.Tests.Support;
using static FederationWorkflows.Engine.Tests.Support.Story;

namespace FederationWorkflows.Engine.Tests;

public sealed class IncidentTests
{
    [Theory, BothWays]
    public async Task An_incident_says_what_failed_where_and_when(bool reload)
    {
        var harness = await new Harness(reload).StartAsync(Of(Sequence("s", Line("a"), Fail("x", Literal("this")))));
        var incident = harness.ShouldFault("x");
        incident.Message.ShouldBe("refused 'this'");
        incident.ActivityNodeId.ShouldBe("Workflow1:s:x");
        incident.ActivityType.ShouldBe("Test.Fail");
        incident.Error.ShouldBe(new ErrorInfo("InvalidOperationException", "refused 'this'", null));
        incident.Timestamp.ShouldBe(harness.Time.GetUtcNow());
        incident.InstanceNumber.ShouldBe(harness.Journal.First(entry => entry.Node.Id == "x").InstanceNumber);
        harness.Run.Summary.IncidentCount.ShouldBe(1);
        harness.Run.Summary.FinishedAt.ShouldBe(harness.Time.GetUtcNow());
    }

    [Fact]
    public async Task A_fault_stops_neither_what_is_scheduled_nor_what_is_in_flight()
    {
        var harness = new Harness();
        harness.Create(Of(Parallel("p", Call("c"), Fail("x"), Sequence("s", Line("a"), Line("b")), Sequence("t", Call("d"), Line("c2")))));
        harness.Step().ShouldBe(RunStep.Wait);
        harness.World.Gate("c").SetResult(null);
        harness.World.Gate("d").SetResult(null);
        (await harness.DriveAsync()).ShouldFault("x");
        harness.ShouldWrite("a b c2");
        harness.Journal.ShouldContain(entry => entry.Node.Id == "c" && entry.Event == JournalEvent.Completed);
    }

    [Theory, BothWays]
    public async Task A_faulted_run_waits_for_nothing_any_more(bool reload)
    {
        var harness = await new Harness(reload).StartAsync(Of(Parallel("p", Wait("w"), Fail("x"))));
        harness.ShouldFault("x");
        harness.Run.Bookmarks.ShouldBeEmpty();
        harness.Bookmarks.ShouldBeEmpty();
        harness.Run.Cancel().ShouldBeFalse("it has ended");
    }

    [Theory, BothWays]
    public async Task Continuing_with_incidents_the_run_goes_on_waiting(bool reload)
    {
        var harness = await new Harness(reload).StartAsync(Of(Parallel("p", Sequence("s", Wait("w"), Line("a")), Fail("x"))).ContinuingWithIncidents());
        harness.ShouldWait();
        harness.Run.Incidents.ShouldHaveSingleItem();
        await harness.ResumeAsync("w");
        harness.ShouldFault("x");
        harness.ShouldWrite("a");
    }

    [Theory, BothWays]
    public async Task Continuing_with_incidents_a_run_with_nothing_left_is_faulted(bool reload)
    {
        var harness = await new Harness(reload).StartAsync(Of(Sequence("s", Fail("x"), Line("never"))).ContinuingWithIncidents());
        harness.ShouldFault("x");
    }

    [Theory, BothWays]
    public async Task Continuing_with_incidents_a_chart_with_a_faulted_branch_never_completes_by_itself(bool reload)
    {
        var chart = Flowchart("f", [Line("s"), Fail("x"), Wait("w"), Line("j")], "s -> x -> j", "s -> w -> j");
        var harness = await new Harness(reload).StartAsync(Of(Sequence("q", chart, Line("never"))).ContinuingWithIncidents());
        harness.ShouldWait();
        await harness.ResumeAsync("w");
        harness.ShouldFault("x");
        harness.ShouldWrite("s");
    }

    [Theory, BothWays]
    public async Task A_run_in_which_nothing_can_happen_any_more_is_faulted_and_says_what_hangs(bool reload)
    {
        var harness = await new Harness(reload).StartAsync(Of(Sequence("s", Line("a"), Activity("Test.Hang", "h"))));
        harness.ShouldFault("h").Message.ShouldBe("Activity 'h' has not completed, but nothing is left to execute and it waits for no event.");
    }

    [Theory, BothWays]
    public async Task A_run_is_not_stuck_while_something_is_in_flight(bool reload)
    {
        var harness = new Harness(reload);
        harness.Create(Of(Parallel("p", Activity("Test.Hang", "h"), Call("c"))));
        harness.Step().ShouldBe(RunStep.Wait);
        harness.World.Gate("c").SetResult(null);
        (await harness.DriveAsync()).ShouldFault("h");
    }

    [Theory, BothWays]
    public async Task Every_branch_that_fails_leaves_its_incident(bool reload)
    {
        var harness = await new Harness(reload).StartAsync(Of(Parallel("p", Fail("x"), Fail("y"))));
        harness.ShouldFinish(WorkflowSubStatus.Faulted);
        harness.Run.Incidents.Select(incident => incident.ActivityId).ShouldBe(["x", "y"]);
    }

    [Theory, BothWays]
    public async Task What_is_inside_a_container_that_faults_is_cancelled(bool reload)
    {
        var chart = Flowchart("f", [Line("s"), Line("a"), Line("b"), Line("c"), Wait("w")], "s -> a -> b", "s -> c -> b", "s -> w", "b -> a");
        var harness = await new Harness(reload).StartAsync(Of(Parallel("p", chart, Wait("other"))).ContinuingWithIncidents());
        harness.ShouldWait();
        harness.Bookmarks.Values.ShouldHaveSingleItem().ActivityId.ShouldBe("other");
        harness.Journal.ShouldContain(entry => entry.Node.Id == "w" && entry.Event == JournalEvent.Canceled);
    }

    [Fact]
    public async Task More_activities_live_at_once_than_allowed_fault_the_one_that_asks_for_them()
    {
        foreach (var later in new[] { false, true })
        {
            var harness = new Harness { Limits = new RunLimits { MaxLive = 50 } };
            harness.World.Scripts["d"] = async context =>
            {
                if (later)
                {
                    await Task.Yield();
                }

                var activity = (Do)context.Activity;
                for (var i = 0; i < 60; i++)
                {
                    await context.ScheduleActivityAsync(activity.Child, activity.OnChildCompletedAsync);
                }
            };
            var story = Of(Do("d").With("child", Line("l")));
            (await harness.StartAsync(story)).ShouldFault("d").Message.ShouldBe("The run has more than 50 activities live at once.");
        }
    }

    [Theory, BothWays]
    public async Task A_run_that_passes_its_limit_ends_with_one_incident_whatever_is_still_scheduled(bool reload)
    {
        var endless = Activity("Elsa.While", "while", ("condition", Literal(true)), ("body", Line("l")));
        var harness = new Harness(reload) { Limits = new RunLimits { MaxExecutions = 50 } };
        await harness.StartAsync(Of(Parallel("p", Wait("w"), endless, Sequence("s", Activity("Elsa.ParallelForEach", "each", ("items", Object($"[{string.Join(",", Enumerable.Range(0, 60))}]")), ("body", Line("m")))))).ContinuingWithIncidents());
        harness.ShouldFinish(WorkflowSubStatus.Faulted);
        harness.Run.Incidents.ShouldHaveSingleItem().Message.ShouldBe("The run has executed more than 50 activities. Look for a loop that does not end.");
        harness.Bookmarks.ShouldBeEmpty();
    }

    [Fact]
    public async Task An_error_is_told_with_its_causes_and_never_with_a_stack_trace()
    {
        var harness = new Harness();
        harness.World.Scripts["d"] = _ => throw new InvalidOperationException("outer", new IOException("inner"));
        var incident = (await harness.StartAsync(Of(Do("d")))).ShouldFault("d");
        incident.Error.ShouldBe(new ErrorInfo("InvalidOperationException", "outer", new ErrorInfo("IOException", "inner", null)));
        incident.ToString().ShouldNotContain(" at ");
    }

    [Fact]
    public async Task A_very_long_error_is_cut()
    {
        var harness = new Harness();
        harness.World.Scripts["d"] = _ => throw new InvalidOperationException(new string('x', 100_000));
        (await harness.StartAsync(Of(Do("d")))).ShouldFault("d").Message.Length.ShouldBe(4_001);
    }
}
