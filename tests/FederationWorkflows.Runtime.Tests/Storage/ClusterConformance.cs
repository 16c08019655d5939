using System.Collections.Concurrent;
using FederationWorkflows.Engine.Execution;
using FederationWorkflows.Runtime.Storage;
using static FederationWorkflows.Runtime.Tests.Storage.Rows;

namespace FederationWorkflows.Runtime.Tests.Storage;

/// <summary>How every storage keeps what runs and nodes share: follow-up work, schedules, nodes, signals.</summary>
public abstract class ClusterConformance : StorageConformance
{
    private IRunStore runs = null!;

    private IFollowUpStore followUps = null!;

    private IScheduleStore schedules = null!;

    private INodeStore nodes = null!;

    public override async ValueTask InitializeAsync()
    {
        await base.InitializeAsync();
        (runs, followUps, schedules, nodes) = (Get<IRunStore>(), Get<IFollowUpStore>(), Get<IScheduleStore>(), Get<INodeStore>());
    }

    [Fact]
    public async Task Follow_up_work_is_stored_with_the_commit_that_asks_for_it_and_comes_oldest_first()
    {
        await runs.CommitAsync(Commit("r", Mine()) with { IsNew = true, NewFollowUps = [Work("c", 2), Work("b", 1)] }, Token);
        await runs.CommitAsync(Commit("r", Mine()) with { NewFollowUps = [Work("a", 1), Work("d", 3)] }, Token);

        var all = await followUps.GetFollowUpsAsync(10, null, Token);

        Ids(all).ShouldBe("a b c d");
        (all[1].Kind, Convert.ToHexString(all[1].Payload.Span), all[1].CreatedAt).ShouldBe(("start", "0062", Noon.AddMinutes(1)));
        var first = await followUps.GetFollowUpsAsync(3, null, Token);
        Ids(first).ShouldBe("a b c");
        Ids(await followUps.GetFollowUpsAsync(3, first[^1], Token)).ShouldBe("d");
        Ids(await followUps.GetFollowUpsAsync(3, first[0], Token)).ShouldBe("b c d");
    }

    [Fact]
    public async Task Follow_up_work_goes_with_the_commit_that_does_it_or_by_itself()
    {
        await runs.CommitAsync(Commit("r", Mine()) with { IsNew = true, NewFollowUps = [Work("a", 1), Work("b", 2), Work("c", 3)] }, Token);

        await runs.CommitAsync(Commit("child", Mine()) with { IsNew = true, RemovedFollowUps = ["a", "never there"] }, Token);
        Ids(await followUps.GetFollowUpsAsync(10, null, Token)).ShouldBe("b c");
        await followUps.RemoveFollowUpsAsync(["b", "never there"], Token);
        Ids(await followUps.GetFollowUpsAsync(10, null, Token)).ShouldBe("c");
        await runs.CommitAsync(Commit("r", Mine()) with { NewFollowUps = [Work("c", 4), Work("d", 5)], RemovedFollowUps = ["d"] }, Token);
        (await followUps.GetFollowUpsAsync(10, null, Token)).ShouldHaveSingleItem().CreatedAt.ShouldBe(Noon.AddMinutes(4));
    }

    [Fact]
    public async Task Follow_up_work_that_no_run_asks_for_is_stored_once()
    {
        (await followUps.AddFollowUpAsync(Work("a", 2), Token)).ShouldBeTrue();
        (await followUps.AddFollowUpAsync(Work("b", 1), Token)).ShouldBeTrue();
        (await followUps.AddFollowUpAsync(Work("a", 3) with { Kind = "other", Payload = new byte[] { 7 } }, Token)).ShouldBeFalse();

        Ids(await followUps.GetFollowUpsAsync(10, null, Token)).ShouldBe("b a");
        var stored = (await followUps.FindFollowUpAsync("a", Token)).ShouldNotBeNull();
        (stored.Id, stored.Kind, Convert.ToHexString(stored.Payload.Span), stored.CreatedAt).ShouldBe(("a", "start", "0061", Noon.AddMinutes(2)));
        (await followUps.FindFollowUpAsync("c", Token)).ShouldBeNull();

        await runs.CommitAsync(Commit("r", Mine()) with { IsNew = true, RemovedFollowUps = ["a"] }, Token);
        (await followUps.FindFollowUpAsync("a", Token)).ShouldBeNull();
        (await followUps.AddFollowUpAsync(Work("a", 4), Token)).ShouldBeTrue();
    }

    [Fact]
    public async Task Schedules_are_due_earliest_first_and_those_that_are_done_never()
    {
        await schedules.ReplaceSchedulesAsync("a", [Schedule("a1", "a", 3), Schedule("a2", "a", 1)], Token);
        await schedules.ReplaceSchedulesAsync("b", [Schedule("b1", "b", 2), Schedule("b2", "b", null)], Token);

        Ids(await schedules.GetDueSchedulesAsync(Noon.AddMinutes(3), 10, Token)).ShouldBe("a2 b1 a1");
        Ids(await schedules.GetDueSchedulesAsync(Noon.AddMinutes(3), 2, Token)).ShouldBe("a2 b1");
        Ids(await schedules.GetDueSchedulesAsync(Noon.AddMinutes(1), 10, Token)).ShouldBe("a2");
        (await schedules.GetNextScheduleAsync(Noon, Token)).ShouldBe(Noon.AddMinutes(1));
        (await schedules.GetNextScheduleAsync(Noon.AddMinutes(1), Token)).ShouldBe(Noon.AddMinutes(2));
        (await schedules.GetNextScheduleAsync(Noon.AddMinutes(3), Token)).ShouldBeNull();
        var stored = (await schedules.GetSchedulesAsync("a", Token))[0];
        (stored with { Payload = default }).ShouldBe(Schedule("a1", "a", 3) with { Payload = default });
        Convert.ToHexString(stored.Payload.Span).ShouldBe("0102");
        Ids(await schedules.GetSchedulesAsync("b", Token)).ShouldBe("b1 b2");
    }

    [Fact]
    public async Task A_schedule_fires_once_however_many_try()
    {
        await schedules.ReplaceSchedulesAsync("a", [Schedule("s", "a", 1)], Token);
        var firing = new ScheduleFiring("s", Noon.AddMinutes(1), Noon.AddMinutes(2));

        var started = await Task.WhenAll(Enumerable.Range(0, 16).Select(i => Task.Run(async () =>
        {
            try
            {
                await runs.CommitAsync(Commit($"r{i}", Mine()) with { IsNew = true, Schedule = firing }, Token);
                return true;
            }
            catch (ScheduleFiredException)
            {
                return false;
            }
        })));

        started.Count(fired => fired).ShouldBe(1);
        (await runs.ListAsync(new(), Token)).TotalCount.ShouldBe(1);
        (await schedules.GetSchedulesAsync("a", Token)).ShouldHaveSingleItem().DueAt.ShouldBe(Noon.AddMinutes(2));
        await runs.CommitAsync(Commit("next", Mine()) with { IsNew = true, Schedule = new("s", Noon.AddMinutes(2), null) }, Token);
        (await schedules.GetSchedulesAsync("a", Token)).ShouldHaveSingleItem().DueAt.ShouldBeNull("it is done");
    }

    [Fact]
    public async Task A_schedule_that_is_not_stored_fires_nothing()
    {
        await Should.ThrowAsync<ScheduleFiredException>(async () =>
            await runs.CommitAsync(Commit("r", Mine()) with { IsNew = true, Schedule = new("s", Noon, null) }, Token));

        (await runs.FindAsync("r", Token)).ShouldBeNull();
        (await schedules.AdvanceScheduleAsync(new("s", Noon, null), Token)).ShouldBeFalse();
    }

    [Fact]
    public async Task A_schedule_that_was_missed_is_moved_on_once()
    {
        await schedules.ReplaceSchedulesAsync("a", [Schedule("s", "a", 1)], Token);
        var firing = new ScheduleFiring("s", Noon.AddMinutes(1), Noon.AddMinutes(2));

        (await schedules.AdvanceScheduleAsync(firing, Token)).ShouldBeTrue();
        (await schedules.AdvanceScheduleAsync(firing, Token)).ShouldBeFalse();

        (await schedules.GetSchedulesAsync("a", Token)).ShouldHaveSingleItem().DueAt.ShouldBe(Noon.AddMinutes(2));
    }

    [Fact]
    public async Task Arming_a_definition_again_neither_fires_twice_nor_forgets()
    {
        await schedules.ReplaceSchedulesAsync("a", [Schedule("done", "a", 1), Schedule("moved", "a", 1), Schedule("old", "a", 1)], Token);
        await schedules.ReplaceSchedulesAsync("b", [Schedule("b", "b", 1)], Token);
        await schedules.AdvanceScheduleAsync(new("done", Noon.AddMinutes(1), null), Token);
        await schedules.AdvanceScheduleAsync(new("moved", Noon.AddMinutes(1), Noon.AddMinutes(7)), Token);

        await schedules.ReplaceSchedulesAsync("a", [Schedule("done", "a", 1), Schedule("moved", "a", 1), Schedule("old", "a", 9) with { Revision = "new" }], Token);

        string.Join(" ", (await schedules.GetSchedulesAsync("a", Token)).Select(schedule => $"{schedule.Id}={(schedule.DueAt - Noon)?.TotalMinutes}")).ShouldBe("done= moved=7 old=9");
        await schedules.ReplaceSchedulesAsync("a", [], Token);
        (await schedules.GetSchedulesAsync("a", Token)).ShouldBeEmpty();
        Ids(await schedules.GetSchedulesAsync("b", Token)).ShouldBe("b");
    }

    [Fact]
    public async Task A_node_that_is_alive_is_known()
    {
        await nodes.HeartbeatAsync(Node("n2"), Token);
        await nodes.HeartbeatAsync(Node("n1"), Token);
        Time.Advance(TimeSpan.FromSeconds(2));
        await nodes.HeartbeatAsync(Node("n1") with { IsDraining = true }, Token);

        (await nodes.GetNodesAsync(Token)).ShouldBe([Node("n1") with { LastSeen = Noon.AddSeconds(2), IsDraining = true }, Node("n2") with { LastSeen = Noon }]);
    }

    [Fact]
    public async Task A_dead_nodes_runs_are_free_at_once_and_its_commits_are_refused()
    {
        await nodes.HeartbeatAsync(Node("me"), Token);
        await runs.CommitAsync(Commit("r", Mine()) with { IsNew = true }, Token);
        await runs.CommitAsync(Commit("waits", Mine(), WorkflowSubStatus.Suspended) with { IsNew = true }, Token);
        await runs.CommitAsync(Commit("theirs", Mine() with { Owner = "they" }) with { IsNew = true }, Token);

        (await nodes.BuryAsync("me", Noon, Token)).ShouldBe(2);

        (await runs.GetAbandonedAsync(Noon, 10, Token)).ShouldBe(["r"]);
        await Should.ThrowAsync<LeaseLostException>(async () => await runs.CommitAsync(Commit("r", Mine()), Token));
        (await runs.ClaimAsync("waits", "they", TimeSpan.FromMinutes(1), Token))!.Token.ShouldBeGreaterThan(Mine().Token);
        (await runs.ClaimAsync("theirs", "me", TimeSpan.FromMinutes(1), Token)).ShouldBeNull();
        (await nodes.GetNodesAsync(Token)).ShouldBeEmpty();
        (await nodes.BuryAsync("me", Noon, Token)).ShouldBeNull("it was buried already");
    }

    [Fact]
    public async Task A_node_that_was_seen_since_is_not_buried()
    {
        await nodes.HeartbeatAsync(Node("me"), Token);
        await runs.CommitAsync(Commit("r", Mine()) with { IsNew = true }, Token);
        Time.Advance(TimeSpan.FromSeconds(2));
        await nodes.HeartbeatAsync(Node("me"), Token);

        (await nodes.BuryAsync("me", Noon, Token)).ShouldBeNull();

        (await runs.GetAbandonedAsync(Noon.AddSeconds(2), 10, Token)).ShouldBeEmpty();
    }

    [Fact]
    public async Task Listeners_learn_of_what_was_stored_and_of_what_others_tell()
    {
        var signals = Get<IStoreSignals>();
        using var heard = new BlockingCollection<StoreSignal>();
        using var subscription = signals.Subscribe(heard.Add);

        await runs.CommitAsync(Commit("r", Mine()) with
        {
            IsNew = true,
            Signals = [new("place", "hash"), new("place", "")],
        }, Token);
        await schedules.ReplaceSchedulesAsync("a", [], Token);
        await Get<IDefinitionStore>().SetPublishedAsync("a", null, Token);
        await signals.PublishAsync(new("mine", "kä:y"), Token);

        var got = new List<string>();
        while (got.Count == 0 || !got[^1].StartsWith("mine", StringComparison.Ordinal))
        {
            heard.TryTake(out var signal, 10_000, Token).ShouldBeTrue();
            got.Add($"{signal.Kind} {signal.Key}");
        }

        got.ShouldBe(["place hash", "place ", "schedules a", "mine kä:y"]);
    }

    [Fact]
    public async Task Who_has_stopped_listening_hears_nothing()
    {
        var signals = Get<IStoreSignals>();
        using var heard = new BlockingCollection<StoreSignal>();
        using var left = new BlockingCollection<StoreSignal>();
        using var subscription = signals.Subscribe(heard.Add);
        signals.Subscribe(left.Add).Dispose();

        await signals.PublishAsync(new("mine", ""), Token);

        heard.TryTake(out _, 10_000, Token).ShouldBeTrue();
        left.ShouldBeEmpty();
    }

    private static string Ids(IEnumerable<FollowUp> work) => string.Join(" ", work.Select(followUp => followUp.Id));

    private static string Ids(IEnumerable<ScheduleRecord> records) => string.Join(" ", records.Select(schedule => schedule.Id));

    private static ScheduleRecord Schedule(string id, string definitionId, int? minutes) =>
        new(id, definitionId, "revision", "timer", minutes is { } due ? Noon.AddMinutes(due) : null, new byte[] { 1, 2 });

    private static NodeRecord Node(string id) => new(id, "1.0", Noon.AddHours(-1), default, false);
}
