using FederationWorkflows.Engine.Execution;
using FederationWorkflows.Engine.Scheduling;
using FederationWorkflows.Engine.Tests.Support;
using static FederationWorkflows.Engine.Tests.Support.Story;

namespace FederationWorkflows.Engine.Tests;

public sealed class TimeTests
{
    [Theory, BothWays]
    public async Task A_delay_ends_at_its_time(bool reload)
    {
        var harness = await new Harness(reload).StartAsync(Of(Sequence("s", Activity("Elsa.Delay", "d", ("timeSpan", Literal("00:05:00"))), Line("z"))));
        harness.ShouldWait().ShouldWrite("");
        await harness.FireAsync(harness.Time.GetUtcNow().AddMinutes(5));
        harness.ShouldFinish().ShouldWrite("z");
        harness.Run.Timers.ShouldBeEmpty();
        harness.Bookmarks.ShouldBeEmpty();
    }

    [Theory]
    [InlineData("00:00:00")]
    [InlineData("-00:01:00")]
    public async Task A_delay_of_nothing_does_not_wait(string duration) =>
        (await new Harness().StartAsync(Of(Sequence("s", Activity("Elsa.Delay", "d", ("timeSpan", Literal(duration))), Line("z"))))).ShouldFinish().ShouldWrite("z");

    [Fact]
    public async Task A_delay_longer_than_ten_years_is_an_error()
    {
        var harness = await new Harness().StartAsync(Of(Activity("Elsa.Delay", "d", ("timeSpan", Literal("4000.00:00:00")))));
        harness.ShouldFault("d").Message.ShouldBe("The duration 4000.00:00:00 is longer than 3650 days.");
    }

    [Fact]
    public async Task The_journal_says_until_when_a_delay_lasts()
    {
        var harness = await new Harness().StartAsync(Of(Activity("Elsa.Delay", "d", ("timeSpan", Literal("00:05:00")))));
        var due = harness.Time.GetUtcNow().AddMinutes(5);
        await harness.FireAsync(due);
        harness.Journal.Single(entry => entry.Node.Id == "d" && entry.Event == JournalEvent.Completed).Details!.Data!["ResumeAt"].ShouldBe(due);
    }

    [Theory, BothWays]
    public async Task A_timer_inside_a_run_waits_for_its_interval(bool reload)
    {
        var harness = await new Harness(reload).StartAsync(Of(Sequence("s", Activity("Elsa.Timer", "t", ("interval", Literal("01:00:00"))), Line("z"))));
        await harness.ShouldWait().FireAsync(harness.Time.GetUtcNow().AddHours(1));
        harness.ShouldFinish().ShouldWrite("z");
    }

    [Theory, BothWays]
    public async Task A_time_to_start_at_is_waited_for_inside_a_run(bool reload)
    {
        var harness = await new Harness(reload).StartAsync(Of(Sequence("s", Activity("Elsa.StartAt", "t", ("dateTime", Literal("2026-02-01T00:00:00+01:00"))), Line("z"))));
        await harness.ShouldWait().FireAsync(new DateTimeOffset(2026, 1, 31, 23, 0, 0, TimeSpan.Zero));
        harness.ShouldFinish().ShouldWrite("z");
    }

    [Fact]
    public async Task A_time_to_start_at_that_has_passed_is_not_waited_for() =>
        (await new Harness().StartAsync(Of(Sequence("s", Activity("Elsa.StartAt", "t", ("dateTime", Literal("2026-01-31T12:00:00Z"))), Line("z"))))).ShouldFinish().ShouldWrite("z");

    [Theory, BothWays]
    public async Task A_cron_expression_inside_a_run_waits_for_its_next_time(bool reload)
    {
        var harness = await new Harness(reload).StartAsync(Of(Sequence("s", Cron("c", "0 8 * * MON", "Europe/Berlin"), Line("z"))));
        await harness.ShouldWait().FireAsync(new DateTimeOffset(2026, 2, 2, 7, 0, 0, TimeSpan.Zero));
        harness.ShouldFinish().ShouldWrite("z");
    }

    [Fact]
    public async Task A_cron_expression_that_never_comes_is_an_error_when_it_is_waited_for() =>
        (await new Harness().StartAsync(Of(Cron("c", "0 0 30 2 *")))).ShouldFault("c").Message.ShouldBe("The cron expression '0 0 30 2 *' names no time that ever comes.");

    [Theory]
    [InlineData("Elsa.Timer", "interval", "00:01:00")]
    [InlineData("Elsa.Cron", "cronExpression", "* * * * *")]
    [InlineData("Elsa.StartAt", "dateTime", "2036-01-01T00:00:00Z")]
    public async Task What_started_the_run_is_not_waited_for(string type, string input, string value)
    {
        var story = Of(Sequence("s", Activity(type, "t", (input, Literal(value))).WithCustom("canStartWorkflow", true), Line("z")));
        (await new Harness().StartAsync(story, trigger: "t")).ShouldFinish().ShouldWrite("z");
    }

    [Fact]
    public void A_cron_schedule_follows_the_clock_of_its_zone()
    {
        var schedule = Schedule(Cron("c", "30 2 * * *", "Europe/Berlin"));
        schedule.NextAfter(new DateTimeOffset(2026, 3, 28, 12, 0, 0, TimeSpan.Zero)).ShouldBe(new DateTimeOffset(2026, 3, 29, 1, 0, 0, TimeSpan.Zero));
        schedule.Misfire.ShouldBe(MisfirePolicy.FireOnceNow);
    }

    [Fact]
    public void A_timer_schedule_counts_from_its_last_time()
    {
        var schedule = Schedule(Activity("Elsa.Timer", "t", ("interval", Literal("00:10:00")), ("misfirePolicy", Literal("Skip"))));
        var at = new DateTimeOffset(2026, 1, 31, 12, 0, 0, TimeSpan.Zero);
        schedule.NextAfter(at).ShouldBe(at.AddMinutes(10));
        schedule.Misfire.ShouldBe(MisfirePolicy.Skip);
    }

    [Fact]
    public void A_start_is_scheduled_once()
    {
        var at = new DateTimeOffset(2026, 2, 1, 0, 0, 0, TimeSpan.Zero);
        var schedule = Schedule(Activity("Elsa.StartAt", "t", ("dateTime", Literal("2026-02-01T00:00:00Z"))));
        schedule.NextAfter(at.AddDays(-1)).ShouldBe(at);
        schedule.NextAfter(at).ShouldBeNull();
    }

    [Theory]
    [InlineData("60 * * * *", "UTC", "invalid-cron-expression", "$.root.cronExpression", "The minute field '60' is wrong: 60 is outside 0 to 59.")]
    [InlineData("* * * * *", "Berlin", "invalid-time-zone", "$.root.timeZone", "There is no time zone 'Berlin'. Use a name of the IANA database, for example Europe/Berlin.")]
    public void A_wrong_schedule_is_told_when_the_story_is_checked(string expression, string zone, string code, string path, string message)
    {
        var problem = Harness.Compile(Of(Cron("c", expression, zone))).Problems.ShouldHaveSingleItem();
        (problem.Code, problem.Path, problem.Message).ShouldBe((code, path, message));
    }

    [Theory]
    [InlineData("00:00:00.5")]
    [InlineData("00:00:00")]
    [InlineData("4000.00:00:00")]
    public void An_interval_that_no_server_could_keep_is_refused(string interval)
    {
        var problem = Should.Throw<Definitions.DefinitionException>(() => Schedule(Activity("Elsa.Timer", "t", ("interval", Literal(interval))))).Problems.ShouldHaveSingleItem();
        problem.Code.ShouldBe("invalid-interval");
        problem.Path.ShouldBe("$.root.interval");
    }

    [Fact]
    public void When_a_story_starts_cannot_depend_on_its_run()
    {
        var story = Of(Activity("Elsa.Cron", "c", ("cronExpression", Input("when"))).WithCustom("canStartWorkflow", true), ("inputs", Inputs(("when", "String"))));
        var node = Harness.Compile(story).Require().Triggers.Single();
        Should.Throw<Definitions.DefinitionException>(() => ((ITrigger)node.Activity).GetTriggerPayloads(new TriggerIndexingContext(node)).ToList())
            .Problems.ShouldHaveSingleItem().Code.ShouldBe("trigger-input-not-fixed");
    }

    private static System.Text.Json.Nodes.JsonObject Cron(string id, string expression, string? zone = null) =>
        Activity("Elsa.Cron", id, ("cronExpression", Literal(expression)), ("timeZone", zone is null ? null : Literal(zone)));

    private static ISchedule Schedule(System.Text.Json.Nodes.JsonObject trigger)
    {
        var node = Harness.Compile(Of(trigger.WithCustom("canStartWorkflow", true))).Require().Triggers.Single();
        return ((ITrigger)node.Activity).GetTriggerPayloads(new TriggerIndexingContext(node)).Cast<ISchedule>().Single();
    }
}
