using System.Text.Json.Nodes;
using FederationWorkflows.Engine.Execution;
using FederationWorkflows.Runtime.Schedules;
using FederationWorkflows.Runtime.Storage;
using FederationWorkflows.Runtime.Tests.Support;
using Microsoft.Extensions.DependencyInjection;

namespace FederationWorkflows.Runtime.Tests.Schedules;

public sealed class ScheduleTests
{
    private static readonly DateTimeOffset Start = new(2026, 1, 31, 12, 0, 0, TimeSpan.Zero);

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_published_schedule_starts_a_run_at_each_of_its_times()
    {
        await using var server = await Server.CreateAsync();
        await server.PublishAsync(Cron("*/10 * * * *"));
        await server.HostAsync<ScheduleService>();
        (await DueAsync(server)).ShouldBe(Start.AddMinutes(10));

        await PassAsync(server, Start.AddMinutes(40));

        var runs = await AllAsync(server);
        runs.Select(run => (run.Identity.StartedBy, run.Identity.CreatedAt)).ShouldBe([("schedule", Start.AddMinutes(30)), ("schedule", Start.AddMinutes(20)), ("schedule", Start.AddMinutes(10))]);
        foreach (var run in runs)
        {
            (await server.Watch.EndOfAsync(run.Identity.Id)).Summary.SubStatus.ShouldBe(WorkflowSubStatus.Finished);
        }
    }

    [Fact]
    public async Task The_run_knows_when_it_was_due()
    {
        var due = new JsonObject { ["typeName"] = null, ["expression"] = new JsonObject { ["type"] = "CEL", ["value"] = "timestamp(trigger.dueAt).getMinutes()" } };
        await using var server = await Server.CreateAsync();
        await server.PublishAsync(Story.Of(
            "story",
            Starting(Story.Step("Elsa.Cron", "c", ("cronExpression", Story.Literal("*/10 * * * *")))),
            Story.Step("Elsa.SetOutput", "o", ("outputName", Story.Literal("minute")), ("outputValue", due))));
        await server.HostAsync<ScheduleService>();

        await PassAsync(server, Start.AddMinutes(15));

        var run = (await AllAsync(server)).ShouldHaveSingleItem();
        await server.Watch.EndOfAsync(run.Identity.Id);
        var output = (await server.Memory.GetExecutionsAsync(run.Identity.Id, null, Token)).Single(execution => execution.ActivityId == "o");
        output.ActivityState["OutputValue"].GetInt64().ShouldBe(10);
    }

    [Fact]
    public async Task Of_many_nodes_one_starts_the_run()
    {
        await using var one = await Server.CreateAsync();
        await using var two = await Server.CreateAsync(beside: one);
        await using var three = await Server.CreateAsync(beside: one);
        await one.PublishAsync(Cron("*/10 * * * *"));
        foreach (var node in new[] { one, two, three })
        {
            await node.HostAsync<ScheduleService>();
        }

        await PassAsync(one, Start.AddMinutes(60));

        (await AllAsync(one)).Count.ShouldBe(5);
    }

    [Fact]
    public async Task A_server_that_starts_again_neither_forgets_nor_repeats()
    {
        await using var before = await Server.CreateAsync();
        await before.PublishAsync(Cron("0 13 * * *"));
        await before.HostAsync<ScheduleService>();
        await PassAsync(before, Start.AddHours(2));
        before.Time.Advance(TimeSpan.FromHours(5));

        await using var after = await Server.CreateAsync(beside: before, hosted: true);

        (await DueAsync(after)).ShouldBe(Start.AddHours(25));
        (await AllAsync(after)).Count.ShouldBe(1);
    }

    [Theory]
    [InlineData("FireOnceNow", 1)]
    [InlineData("Skip", 0)]
    [InlineData("FireAll", 5)]
    public async Task Times_that_were_missed_are_treated_as_the_story_says(string policy, int runs)
    {
        await using var before = await Server.CreateAsync();
        await before.PublishAsync(Cron("*/10 * * * *", policy));
        before.Time.Advance(TimeSpan.FromMinutes(55));

        await using var server = await Server.CreateAsync(beside: before);
        await server.Catalog.LoadAsync(Token);
        await server.HostAsync<ScheduleService>();
        await PassAsync(server, Start.AddMinutes(60));

        (await AllAsync(server)).Count.ShouldBe(runs);
    }

    [Fact]
    public async Task No_more_missed_times_are_made_up_for_than_the_server_allows()
    {
        await using var before = await Server.CreateAsync();
        await before.PublishAsync(Cron("*/10 * * * *", "FireAll"));
        before.Time.Advance(TimeSpan.FromMinutes(1_005));

        await using var server = await Server.CreateAsync(services => services.Configure<ScheduleOptions>(options => options.MaxMadeUp = 7), before);
        await server.Catalog.LoadAsync(Token);
        await server.HostAsync<ScheduleService>();
        await PassAsync(server, Start.AddMinutes(1_010));

        (await AllAsync(server)).Count.ShouldBe(7);
    }

    [Fact]
    public async Task A_schedule_that_is_a_little_late_is_kept_whatever_its_policy()
    {
        await using var before = await Server.CreateAsync();
        await before.PublishAsync(Cron("*/10 * * * *", "Skip"));
        before.Time.Advance(TimeSpan.FromSeconds(630));

        await using var server = await Server.CreateAsync(beside: before);
        await server.Catalog.LoadAsync(Token);
        await server.HostAsync<ScheduleService>();
        await PassAsync(server, Start.AddMinutes(20));

        (await AllAsync(server)).Count.ShouldBe(1);
    }

    [Fact]
    public async Task A_timer_keeps_its_beat_and_a_time_to_start_at_comes_once()
    {
        await using var server = await Server.CreateAsync();
        await server.PublishAsync(Story.Of("story", Starting(Story.Step("Elsa.Timer", "t", ("interval", Story.Literal("00:00:45"))))));
        await server.PublishAsync(Story.Of("once", Starting(Story.Step("Elsa.StartAt", "t", ("dateTime", Story.Literal("2026-01-31T12:01:00Z"))))));
        await server.HostAsync<ScheduleService>();

        await PassAsync(server, Start.AddSeconds(180));

        (await server.Memory.GetSchedulesAsync("story", Token)).Single().DueAt.ShouldBe(Start.AddSeconds(180));
        (await server.Memory.ListAsync(new RunQuery { DefinitionIds = ["once"] }, Token)).TotalCount.ShouldBe(1);
        (await server.Memory.GetSchedulesAsync("once", Token)).Single().DueAt.ShouldBeNull();
    }

    [Fact]
    public async Task A_new_version_has_its_own_times()
    {
        await using var server = await Server.CreateAsync(hosted: true);
        await server.PublishAsync(Cron("*/10 * * * *"));
        await server.PublishAsync(Cron("0 13 * * *"));
        (await server.Memory.GetSchedulesAsync("story", Token)).ShouldHaveSingleItem().DueAt.ShouldBe(Start.AddHours(1));
        await server.PublishAsync(Story.Of("story", Story.Act("act")));
        (await server.Memory.GetSchedulesAsync("story", Token)).ShouldBeEmpty();
    }

    [Fact]
    public async Task A_clock_that_is_put_forward_starts_a_run_at_the_first_valid_time()
    {
        await using var server = await Server.CreateAsync();
        server.Time.Advance(new DateTimeOffset(2026, 3, 28, 12, 0, 0, TimeSpan.Zero) - Start);
        await server.PublishAsync(Cron("30 2 * * *", zone: "Europe/Berlin"));
        (await DueAsync(server)).ShouldBe(new DateTimeOffset(2026, 3, 29, 1, 0, 0, TimeSpan.Zero));
    }

    private static byte[] Cron(string expression, string? policy = null, string? zone = null) => Story.Of(
        "story",
        Starting(Story.Step(
            "Elsa.Cron", "c",
            ("cronExpression", Story.Literal(expression)),
            ("misfirePolicy", policy is null ? null : Story.Literal(policy)),
            ("timeZone", zone is null ? null : Story.Literal(zone)))));

    private static JsonObject Starting(JsonObject trigger)
    {
        trigger["customProperties"] = new JsonObject { ["canStartWorkflow"] = true };
        return trigger;
    }

    private static async Task<DateTimeOffset?> DueAsync(Server server) => (await server.Memory.GetSchedulesAsync("story", Token)).Single().DueAt;

    private static async Task<IReadOnlyList<RunSummary>> AllAsync(Server server) => (await server.Memory.ListAsync(new RunQuery { DefinitionIds = ["story"] }, Token)).Items;

    /// <summary>Lets time pass, from one moment at which the service looks to the next, until the schedule is due at a time or later.</summary>
    private static async Task PassAsync(Server server, DateTimeOffset until)
    {
        while (await DueAsync(server) is { } due && due < until)
        {
            if (due <= server.Time.Now)
            {
                await Server.BecomesAsync(async () => await DueAsync(server) != due);
                continue;
            }

            var look = server.Time.Now.AddSeconds(30);
            look = await server.Memory.GetNextScheduleAsync(server.Time.Now, Token) is { } next && next < look ? next : look;
            await server.Time.SleeperAsync(look);
            server.Time.Advance(look - server.Time.Now);
        }
    }
}
