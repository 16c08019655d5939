using FederationWorkflows.Runtime.Storage;
using static FederationWorkflows.Runtime.Tests.Storage.Rows;

namespace FederationWorkflows.Runtime.Tests.Storage;

/// <content>Keys that keep one request from starting two runs.</content>
public abstract partial class RunStoreConformance
{
    [Fact]
    public async Task A_new_run_whose_key_is_held_is_refused_and_names_the_one_that_holds_it()
    {
        var key = new Deduplication("scope", "hash", Noon.AddMinutes(10));
        await store.CommitAsync(Commit("first", Mine()) with { IsNew = true, Deduplication = key }, Token);

        await RefusedAsync<DuplicateRunException>(Commit("second", Mine()) with { IsNew = true, Deduplication = key }, "The same request has started run 'first' already.");

        (await Should.ThrowAsync<DuplicateRunException>(async () => await store.CommitAsync(Commit("second", Mine()) with { IsNew = true, Deduplication = key }, Token)))
            .ExistingRunId.ShouldBe("first");
        (await store.FindDuplicateAsync("scope", "hash", Token)).ShouldBe("first");
        await store.CommitAsync(Commit("other scope", Mine()) with { IsNew = true, Deduplication = key with { Scope = "other" } }, Token);
        await store.CommitAsync(Commit("other key", Mine()) with { IsNew = true, Deduplication = key with { KeyHash = "other" } }, Token);
    }

    [Fact]
    public async Task Of_many_runs_with_one_key_one_is_started()
    {
        var key = new Deduplication("scope", "hash", Noon.AddMinutes(10));

        var outcomes = await Task.WhenAll(Enumerable.Range(0, 16).Select(i => Task.Run(async () =>
        {
            try
            {
                await store.CommitAsync(Commit($"r{i}", Mine()) with { IsNew = true, Deduplication = key }, Token);
                return $"r{i}";
            }
            catch (DuplicateRunException e)
            {
                return e.ExistingRunId;
            }
        })));

        outcomes.Distinct().ShouldHaveSingleItem().ShouldBe(await store.FindDuplicateAsync("scope", "hash", Token));
        (await store.ListAsync(new(), Token)).Items.ShouldHaveSingleItem().Identity.Id.ShouldBe(outcomes[0]);
    }

    [Fact]
    public async Task A_key_whose_window_is_over_starts_another_run_and_can_be_forgotten()
    {
        await KeyAsync("a", 1);
        await KeyAsync("b", 2);
        await KeyAsync("c", 3);
        Time.Advance(2 * Minute);

        (await store.FindDuplicateAsync("scope", "b", Token)).ShouldBeNull();
        await store.CommitAsync(Commit("again", Mine()) with { IsNew = true, Deduplication = new("scope", "b", Noon.AddMinutes(9)) }, Token);
        (await store.FindDuplicateAsync("scope", "b", Token)).ShouldBe("again");
        (await store.PruneDeduplicationAsync(10, Token)).ShouldBe(1, "a is over; b is held again");
        Time.Advance(20 * Minute);
        (await store.PruneDeduplicationAsync(1, Token)).ShouldBe(1);
        (await store.PruneDeduplicationAsync(10, Token)).ShouldBe(1);
        (await store.PruneDeduplicationAsync(10, Token)).ShouldBe(0);

        async Task KeyAsync(string key, int minutes) => await store.CommitAsync(Commit(key, Mine()) with { IsNew = true, Deduplication = new("scope", key, Noon.AddMinutes(minutes)) }, Token);
    }

    [Fact]
    public async Task A_refused_run_neither_holds_its_key_nor_fires_its_schedule()
    {
        var due = Noon.AddMinutes(1);
        await Get<IScheduleStore>().ReplaceSchedulesAsync("story", [new("s", "story", "revision", "timer", due, default)], Token);
        await NewRunAsync("r");
        await store.CommitAsync(Commit("holder", Mine()) with { IsNew = true, Deduplication = new("scope", "hash", Noon.AddMinutes(9)) }, Token);

        await RefusedAsync<RunExistsException>(
            Commit("r", Mine()) with { IsNew = true, Deduplication = new("scope", "new-key", Noon.AddMinutes(9)), Schedule = new("s", due, due + Minute) },
            "There is a run 'r' already. Let the server choose the id, or choose another.");
        await RefusedAsync<DuplicateRunException>(
            Commit("n", Mine()) with { IsNew = true, Deduplication = new("scope", "hash", Noon.AddMinutes(9)), Schedule = new("s", due, due + Minute) },
            "The same request has started run 'holder' already.");
        await RefusedAsync<ScheduleFiredException>(
            Commit("n", Mine()) with { IsNew = true, Deduplication = new("scope", "new-key", Noon.AddMinutes(9)), Schedule = new("s", due + Minute, null) },
            "Schedule 's' was fired or replaced already; this start of it does not count.");
    }
}
