using FederationWorkflows.Engine.Execution;
using FederationWorkflows.Runtime.Storage;
using FederationWorkflows.Runtime.Tests.Support;
using static FederationWorkflows.Runtime.Tests.Storage.Rows;

namespace FederationWorkflows.Runtime.Tests.Storage;

/// <summary>What every store of runs does. A store's own test class inherits it and says how to make one that is empty.</summary>
public abstract class RunStoreConformance : IAsyncLifetime
{
    private static readonly TimeSpan Minute = TimeSpan.FromMinutes(1);

    private IRunStore store = null!;

    protected FakeTime Time { get; } = new();

    protected static CancellationToken Token => TestContext.Current.CancellationToken;

    /// <summary>A store without runs that reads <see cref="Time"/>.</summary>
    protected abstract ValueTask<IRunStore> CreateAsync();

    public async ValueTask InitializeAsync() => store = await CreateAsync();

    public virtual async ValueTask DisposeAsync()
    {
        GC.SuppressFinalize(this);
        await ((store as IAsyncDisposable)?.DisposeAsync() ?? ValueTask.CompletedTask);
    }

    [Fact]
    public async Task A_new_run_is_found_with_everything_it_stored()
    {
        var bookmark = Bookmark("b", "Event", "order-1");
        var timer = Timer("t", 5, "b");
        var transaction = Commit("r", Mine()) with
        {
            IsNew = true,
            State = [Part("run", "1")],
            Journal = [Line("r", 1)],
            Executions = [Execution("r", 1, ActivityStatus.Faulted)],
            NewBookmarks = [bookmark],
            NewTimers = [timer],
        };

        await store.CommitAsync(transaction, Token);

        (await store.FindAsync("r", Token)).ShouldBe(transaction.Summary);
        (await store.LoadAsync("r", Token)).Text().ShouldBe("run=1");
        Json((await JournalAsync("r")).Items).ShouldBe(Json(transaction.Journal));
        Json(await store.GetExecutionsAsync("r", null, Token)).ShouldBe(Json(transaction.Executions));
        Json(await store.FindBookmarksAsync("Event", bookmark.Hash, Token)).ShouldBe(Json(new[] { new StoredBookmark("r", bookmark) }));
        (await store.GetDueTimersAsync(timer.DueAt, 10, Token)).ShouldBe([new StoredTimer("r", timer)]);
    }

    [Fact]
    public async Task A_run_that_is_unknown_has_nothing()
    {
        (await store.FindAsync("r", Token)).ShouldBeNull();
        (await store.LoadAsync("r", Token)).ShouldBeNull();
        (await store.ClaimAsync("r", "me", Minute, Token)).ShouldBeNull();
        (await JournalAsync("r")).ShouldSatisfyAllConditions(page => page.Items.ShouldBeEmpty(), page => page.TotalCount.ShouldBe(0));
        (await store.GetExecutionsAsync("r", null, Token)).ShouldBeEmpty();
        (await store.FindBookmarksAsync("Event", null, Token)).ShouldBeEmpty();
        (await store.GetNextTimerAsync(DateTimeOffset.MinValue, Token)).ShouldBeNull();
        await store.ReleaseAsync("r", Mine(), Token);
    }

    [Fact]
    public async Task A_new_run_is_refused_when_its_id_is_taken()
    {
        await NewRunAsync("r");

        await RefusedAsync(Commit("r", Mine()) with { IsNew = true });
    }

    [Fact]
    public async Task A_commit_is_refused_when_there_is_no_such_run()
    {
        await Should.ThrowAsync<LeaseLostException>(async () => await store.CommitAsync(Commit("r", Mine()), Token));

        (await store.FindAsync("r", Token)).ShouldBeNull();
    }

    [Fact]
    public async Task A_commit_after_the_run_changed_hands_stores_nothing()
    {
        await NewRunAsync("r");
        Time.Advance(2 * Minute);
        var theirs = await store.ClaimAsync("r", "they", Minute, Token);

        await RefusedAsync(Commit("r", Mine()));
        await RefusedAsync(Commit("r", Mine() with { Token = theirs!.Token }));
        await RefusedAsync(Commit("r", theirs with { Token = theirs.Token - 1 }));
        await store.CommitAsync(Commit("r", theirs), Token);
    }

    [Fact]
    public async Task A_commit_after_the_run_was_released_stores_nothing()
    {
        await NewRunAsync("r");
        await store.ReleaseAsync("r", Mine(), Token);

        await RefusedAsync(Commit("r", Mine()));
    }

    [Fact]
    public async Task A_commit_counts_while_nobody_has_claimed_an_expired_lease()
    {
        await NewRunAsync("r");
        Time.Advance(2 * Minute);

        await store.CommitAsync(Commit("r", Mine()) with { State = [Part("run", "2")] }, Token);

        (await store.LoadAsync("r", Token)).Text().ShouldBe("run=2");
    }

    [Fact]
    public async Task A_run_is_claimed_by_one_at_a_time()
    {
        await NewRunAsync("r");

        (await store.ClaimAsync("r", "they", Minute, Token)).ShouldBeNull();
        Time.Advance(Minute);

        var theirs = (await store.ClaimAsync("r", "they", Minute, Token)).ShouldNotBeNull();
        theirs.ShouldBe(new Lease("they", theirs.Token, Time.Now + Minute));
        theirs.Token.ShouldBeGreaterThan(Mine().Token);
        (await store.ClaimAsync("r", "me", Minute, Token)).ShouldBeNull();
    }

    [Fact]
    public async Task Of_many_who_claim_a_free_run_one_gets_it()
    {
        await NewRunAsync("r");
        await store.ReleaseAsync("r", Mine(), Token);

        var leases = await Task.WhenAll(Enumerable.Range(0, 16).Select(i => Task.Run(async () => await store.ClaimAsync("r", $"node{i}", Minute, Token))));

        leases.Count(lease => lease is not null).ShouldBe(1);
    }

    [Fact]
    public async Task A_renewal_keeps_the_token_and_moves_the_end()
    {
        await NewRunAsync("r");
        Time.Advance(Minute / 2);

        (await store.ClaimAsync("r", "me", Minute, Token)).ShouldBe(new Lease("me", 1, Time.Now + Minute));
        Time.Advance(Minute * 0.9);

        (await store.ClaimAsync("r", "they", Minute, Token)).ShouldBeNull();
        await store.CommitAsync(Commit("r", Mine()), Token);
    }

    [Fact]
    public async Task A_late_renewal_keeps_the_token_when_nobody_else_had_the_run()
    {
        await NewRunAsync("r");
        Time.Advance(2 * Minute);

        (await store.ClaimAsync("r", "me", Minute, Token)).ShouldBe(new Lease("me", 1, Time.Now + Minute));
    }

    [Fact]
    public async Task A_released_run_is_anyones_and_the_token_grows_even_for_who_had_it()
    {
        var lease = Mine();
        await NewRunAsync("r");
        await store.ReleaseAsync("r", lease, Token);
        var again = (await store.ClaimAsync("r", "me", Minute, Token)).ShouldNotBeNull();
        again.Token.ShouldBeGreaterThan(lease.Token);

        await store.ReleaseAsync("r", lease, Token);
        (await store.ClaimAsync("r", "they", Minute, Token)).ShouldBeNull("a release with an older token is ignored");

        await store.ReleaseAsync("r", again, Token);
        (await store.ClaimAsync("r", "they", Minute, Token))!.Token.ShouldBeGreaterThan(again.Token);
    }

    [Fact]
    public async Task Parts_are_added_replaced_and_removed()
    {
        await NewRunAsync("r");
        await NewRunAsync("other");
        await store.CommitAsync(Commit("r", Mine()) with { State = [Part("a/1", "x"), Part("a/2", "y"), Part("run", "2")] }, Token);
        var before = await store.LoadAsync("r", Token);
        await store.CommitAsync(Commit("r", Mine()) with { State = [Part("a/1", null), Part("a/2", ""), Part("a/3", null)] }, Token);

        (await store.LoadAsync("r", Token)).Text().ShouldBe("a/2= run=2");
        before.Text().ShouldBe("a/1=x a/2=y run=2", "what was loaded does not change any more");
        (await store.LoadAsync("other", Token)).Text().ShouldBe("run=1");
    }

    [Fact]
    public async Task The_journal_is_in_order_filtered_and_paged()
    {
        await NewRunAsync("r");
        await NewRunAsync("other");
        await store.CommitAsync(Commit("other", Mine()) with { Journal = [Line("other", 1)] }, Token);
        await store.CommitAsync(Commit("r", Mine()) with { Journal = [Line("r", 1), Line("r", 2, "Started", "story:b", "Test.B"), Line("r", 3, "Completed", "story:b", "Test.B")] }, Token);
        await store.CommitAsync(Commit("r", Mine()) with { Journal = [Line("r", 4, "Completed")] }, Token);

        await ShouldBeAsync(new(), "1 2 3 4", 4);
        await ShouldBeAsync(new() { Skip = 1, Take = 2 }, "2 3", 4);
        await ShouldBeAsync(new() { Skip = 9 }, "", 4);
        await ShouldBeAsync(new() { ActivityNodeIds = ["story:b"] }, "2 3", 2);
        await ShouldBeAsync(new() { ActivityNodeIds = [] }, "", 0);
        await ShouldBeAsync(new() { ActivityIds = ["b"] }, "2 3", 2);
        await ShouldBeAsync(new() { ExcludedActivityTypes = ["Test.B", "Test.C"] }, "1 4", 2);
        await ShouldBeAsync(new() { EventNames = ["Completed"] }, "3 4", 2);
        await ShouldBeAsync(new() { EventNames = ["Completed"], ActivityNodeIds = ["story:a", "story:b"], ExcludedActivityTypes = ["Test.A"], Take = 1 }, "3", 1);

        async Task ShouldBeAsync(JournalQuery query, string sequences, long total)
        {
            var page = await store.GetJournalAsync("r", query, Token);
            string.Join(" ", page.Items.Select(record => record.Sequence)).ShouldBe(sequences);
            page.TotalCount.ShouldBe(total);
        }
    }

    [Fact]
    public async Task An_execution_that_changes_keeps_its_start_and_its_place()
    {
        await NewRunAsync("r");
        await store.CommitAsync(Commit("r", Mine()) with { Executions = [Execution("r", 1, ActivityStatus.Running), Execution("r", 2, ActivityStatus.Running, node: "story:b")] }, Token);
        var ended = Execution("r", 1, ActivityStatus.Completed, isContinued: true);
        await store.CommitAsync(Commit("r", Mine()) with { Executions = [Execution("r", 3, ActivityStatus.Running), ended] }, Token);

        var all = await store.GetExecutionsAsync("r", null, Token);

        string.Join(" ", all.Select(record => record.Id)).ShouldBe("r-1 r-2 r-3");
        Json(all[0]).ShouldBe(Json(ended with { StartedAt = Noon.AddSeconds(1), Sequence = 1 }));
        (await store.GetExecutionsAsync("r", "story:b", Token)).ShouldHaveSingleItem().Id.ShouldBe("r-2");
        (await store.GetExecutionsAsync("r", "story:c", Token)).ShouldBeEmpty();
    }

    [Fact]
    public async Task Bookmarks_are_found_by_kind_and_by_stimulus()
    {
        await NewRunAsync("r1");
        await NewRunAsync("r2");
        await store.CommitAsync(Commit("r1", Mine()) with { NewBookmarks = [Bookmark("b1", "Event", "x"), Bookmark("b2", "Event", "y"), Bookmark("b3", "Webhook", "x")] }, Token);
        await store.CommitAsync(Commit("r2", Mine()) with { NewBookmarks = [Bookmark("b4", "Event", "x")] }, Token);

        (await FindAsync("Event", "x")).ShouldBe("r1/b1 r2/b4");
        (await FindAsync("Event", "z")).ShouldBe("");
        (await store.FindBookmarksAsync("Event", null, Token)).Keys().ShouldBe("r1/b1 r1/b2 r2/b4");

        await store.CommitAsync(Commit("r1", Mine()) with { RemovedBookmarks = ["b1", "never-there"] }, Token);

        (await FindAsync("Event", "x")).ShouldBe("r2/b4");
        (await store.FindBookmarksAsync("Event", null, Token)).Keys().ShouldBe("r1/b2 r2/b4");
    }

    [Fact]
    public async Task What_came_and_went_between_two_commits_is_not_there()
    {
        await NewRunAsync("r");
        await store.CommitAsync(
            Commit("r", Mine()) with { NewBookmarks = [Bookmark("b")], RemovedBookmarks = ["b"], NewTimers = [Timer("t", 1)], RemovedTimers = ["t"] },
            Token);

        (await store.FindBookmarksAsync("Event", null, Token)).ShouldBeEmpty();
        (await store.GetNextTimerAsync(DateTimeOffset.MinValue, Token)).ShouldBeNull();
    }

    [Fact]
    public async Task Due_timers_come_earliest_first_and_no_more_than_asked_for()
    {
        await NewRunAsync("r1");
        await NewRunAsync("r2");
        await store.CommitAsync(Commit("r1", Mine()) with { NewTimers = [Timer("late", 9), Timer("t", 3)] }, Token);
        await store.CommitAsync(Commit("r2", Mine()) with { NewTimers = [Timer("t", 2), Timer("early", 1)] }, Token);

        (await DueAsync(0, 10)).ShouldBe("");
        (await DueAsync(3, 10)).ShouldBe("r2/early r2/t r1/t", "a timer is due at its time");
        (await DueAsync(99, 2)).ShouldBe("r2/early r2/t");

        await store.CommitAsync(Commit("r2", Mine()) with { RemovedTimers = ["t", "never-there"] }, Token);
        (await DueAsync(99, 10)).ShouldBe("r2/early r1/t r1/late", "ids of timers are a run's own");
    }

    [Fact]
    public async Task The_next_timer_is_the_earliest_after_a_time()
    {
        await NewRunAsync("r");
        await store.CommitAsync(Commit("r", Mine()) with { NewTimers = [Timer("a", 1), Timer("b", 2)] }, Token);

        (await store.GetNextTimerAsync(DateTimeOffset.MinValue, Token)).ShouldBe(Noon.AddMinutes(1));
        (await store.GetNextTimerAsync(Noon.AddMinutes(1), Token)).ShouldBe(Noon.AddMinutes(2));
        (await store.GetNextTimerAsync(Noon.AddMinutes(2), Token)).ShouldBeNull();
    }

    [Fact]
    public async Task A_timer_that_is_stored_again_moves()
    {
        await NewRunAsync("r");
        await store.CommitAsync(Commit("r", Mine()) with { NewTimers = [Timer("t", 1)] }, Token);
        await store.CommitAsync(Commit("r", Mine()) with { NewTimers = [Timer("t", 5)] }, Token);

        (await DueAsync(4, 10)).ShouldBe("");
        (await DueAsync(5, 10)).ShouldBe("r/t");
        await store.CommitAsync(Commit("r", Mine()) with { RemovedTimers = ["t"] }, Token);
        (await DueAsync(99, 10)).ShouldBe("");
    }

    [Fact]
    public async Task A_bookmark_that_is_stored_again_is_found_where_it_is_now()
    {
        await NewRunAsync("r");
        await store.CommitAsync(Commit("r", Mine()) with { NewBookmarks = [Bookmark("b", "Event", "x")] }, Token);
        await store.CommitAsync(Commit("r", Mine()) with { NewBookmarks = [Bookmark("b", "Event", "y")] }, Token);

        (await FindAsync("Event", "x")).ShouldBe("");
        (await FindAsync("Event", "y")).ShouldBe("r/b");
    }

    [Fact]
    public async Task Runs_are_listed_newest_first_filtered_and_paged()
    {
        await ListedAsync("old", "a", WorkflowSubStatus.Finished, 1);
        await ListedAsync("mid", "b", WorkflowSubStatus.Suspended, 2);
        await ListedAsync("new", "a", WorkflowSubStatus.Faulted, 3);

        await ShouldListAsync(new(), "new mid old", 3);
        await ShouldListAsync(new() { Skip = 1, Take = 1 }, "mid", 3);
        await ShouldListAsync(new() { Skip = 9 }, "", 3);
        await ShouldListAsync(new() { DefinitionIds = ["a"] }, "new old", 2);
        await ShouldListAsync(new() { DefinitionIds = ["a", "b"], SubStatuses = [WorkflowSubStatus.Suspended, WorkflowSubStatus.Faulted] }, "new mid", 2);
        await ShouldListAsync(new() { DefinitionIds = ["c"] }, "", 0);

        async Task ListedAsync(string id, string definitionId, WorkflowSubStatus subStatus, int minutes) =>
            await store.CommitAsync(Commit(id, Mine()) with { IsNew = true, Summary = Summary(id, subStatus, definitionId, Noon.AddMinutes(minutes)) }, Token);

        async Task ShouldListAsync(RunQuery query, string ids, long total)
        {
            var page = await store.ListAsync(query, Token);
            string.Join(" ", page.Items.Select(summary => summary.Identity.Id)).ShouldBe(ids);
            page.TotalCount.ShouldBe(total);
        }
    }

    [Fact]
    public async Task Runs_of_one_moment_are_paged_without_a_gap_or_a_repetition()
    {
        for (var i = 0; i < 5; i++)
        {
            await NewRunAsync($"r{i}");
        }

        var seen = new List<string>();
        for (var skip = 0; skip < 5; skip += 2)
        {
            seen.AddRange((await store.ListAsync(new() { Skip = skip, Take = 2 }, Token)).Items.Select(summary => summary.Identity.Id));
        }

        seen.Order(StringComparer.Ordinal).ShouldBe(["r0", "r1", "r2", "r3", "r4"]);
    }

    private static Lease Mine() => new("me", 1, Noon + Minute);

    private async Task NewRunAsync(string id) => await store.CommitAsync(Commit(id, Mine()) with { IsNew = true, State = [Part("run", "1")] }, Token);

    private async Task<Page<JournalRecord>> JournalAsync(string id) => await store.GetJournalAsync(id, new(), Token);

    private async Task<string> FindAsync(string name, object stimulus) => (await store.FindBookmarksAsync(name, Engine.Execution.Bookmark.HashOf(name, stimulus), Token)).Keys();

    private async Task<string> DueAsync(int minutes, int limit) => (await store.GetDueTimersAsync(Noon.AddMinutes(minutes), limit, Token)).Keys();

    /// <summary>A commit that would change everything there is to change is refused, and nothing of it is stored.</summary>
    private async Task RefusedAsync(RunTransaction transaction)
    {
        var id = transaction.Summary.Identity.Id;
        var full = transaction with
        {
            Summary = Summary(id, WorkflowSubStatus.Finished),
            State = [Part("run", "stale"), Part("new", "stale")],
            Journal = [Line(id, 99)],
            Executions = [Execution(id, 99, ActivityStatus.Running)],
            NewBookmarks = [Bookmark("stale")],
            NewTimers = [Timer("stale", 1)],
        };
        var before = await EverythingAsync(id);

        var error = await Should.ThrowAsync<LeaseLostException>(async () => await store.CommitAsync(full, Token));

        error.Message.ShouldBe($"Another node drives run {id} now; this one stops.");
        (await EverythingAsync(id)).ShouldBe(before);
    }

    private async Task<string> EverythingAsync(string id) => Json(new object?[]
    {
        await store.FindAsync(id, Token),
        (await store.LoadAsync(id, Token)).Text(),
        await JournalAsync(id),
        await store.GetExecutionsAsync(id, null, Token),
        await store.FindBookmarksAsync("Event", null, Token),
        await store.GetDueTimersAsync(DateTimeOffset.MaxValue, 100, Token),
    });
}
