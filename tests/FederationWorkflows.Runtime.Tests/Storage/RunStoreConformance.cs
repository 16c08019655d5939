using FederationWorkflows.Engine.Execution;
using FederationWorkflows.Runtime.Storage;
using static FederationWorkflows.Runtime.Tests.Storage.Rows;

namespace FederationWorkflows.Runtime.Tests.Storage;

/// <summary>What every store of runs does.</summary>
public abstract class RunStoreConformance : StorageConformance
{
    private static readonly TimeSpan Minute = TimeSpan.FromMinutes(1);

    private IRunStore store = null!;

    public override async ValueTask InitializeAsync()
    {
        await base.InitializeAsync();
        store = Get<IRunStore>();
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
    public async Task A_run_says_which_one_started_it()
    {
        var waiting = Commit("waiting", Mine()) with { IsNew = true, Summary = Summary("waiting", parentId: "parent"), NewBookmarks = [Bookmark("b")] };

        await store.CommitAsync(waiting, Token);
        await store.CommitAsync(waiting with { IsNew = false, Summary = Summary("waiting", WorkflowSubStatus.Finished, parentId: "parent"), NewBookmarks = [], RemovedBookmarks = ["b"] }, Token);
        await Task.WhenAll(Enumerable.Range(0, 10).Select(i => store.CommitAsync(Commit($"r{i}", Mine()) with { IsNew = true, Summary = Summary($"r{i}", parentId: i == 0 ? null : "parent") }, Token).AsTask()));

        (await store.FindAsync("waiting", Token)).ShouldNotBeNull().Identity.ParentId.ShouldBe("parent");
        (await store.FindAsync("r0", Token)).ShouldNotBeNull().Identity.ParentId.ShouldBeNull();
        (await store.FindAsync("r9", Token)).ShouldNotBeNull().Identity.ParentId.ShouldBe("parent");
    }

    [Fact]
    public async Task Of_many_new_runs_at_once_each_is_stored_with_what_is_its_own()
    {
        await NewRunAsync("r7");
        var commits = Enumerable.Range(0, 50).Select(i => Commit($"r{i}", Mine()) with
        {
            IsNew = true,
            ReleasesLease = i % 2 == 0,
            Summary = Summary($"r{i}", i % 3 == 0 ? WorkflowSubStatus.Finished : WorkflowSubStatus.Executing) with { Name = i % 5 == 0 ? null : $"a name \0 {i}" },
            State = [Part("run", $"first {i}"), Part("gone", "1"), Part("run", $"{i}"), Part("gone", null), .. i % 4 == 0 ? [Part("more", $"{i}")] : Array.Empty<StatePart>()],
            Journal = i % 6 == 0 ? [] : [Line($"r{i}", 1), Line($"r{i}", 2)],
            Executions = i % 6 == 0 ? [] : [Execution($"r{i}", 1, ActivityStatus.Completed)],
            NewTimers = i % 10 == 9 ? [Timer($"t{i}", i)] : [],
        }).ToArray();

        var refused = new List<string>();
        await Task.WhenAll(commits.Append(commits[3]).Select(async commit =>
        {
            try
            {
                await store.CommitAsync(commit, Token);
            }
            catch (RunExistsException)
            {
                lock (refused)
                {
                    refused.Add(commit.Summary.Identity.Id);
                }
            }
        }));

        refused.Order().ShouldBe(["r3", "r7"]);
        foreach (var (commit, i) in commits.Select((commit, i) => (commit, i)).Where(item => item.i != 7))
        {
            var id = commit.Summary.Identity.Id;
            var found = (await store.FindAsync(id, Token)).ShouldNotBeNull();
            (found with { Name = null }).ShouldBe(commit.Summary with { Name = null });
            found.Name?.EndsWith($" {i}", StringComparison.Ordinal).ShouldBeTrue();
            (await store.LoadAsync(id, Token)).Text().ShouldBe(i % 4 == 0 ? $"more={i} run={i}" : $"run={i}");
            Json((await JournalAsync(id)).Items).ShouldBe(Json(commit.Journal));
            Json(await store.GetExecutionsAsync(id, null, Token)).ShouldBe(Json(commit.Executions));
            (await store.ClaimAsync(id, "they", Minute, Token) is not null).ShouldBe(commit.ReleasesLease, id);
        }

        (await store.GetDueTimersAsync(Noon.AddHours(1), 100, Token)).Count.ShouldBe(5);
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

        await RefusedAsync<RunExistsException>(Commit("r", Mine()) with { IsNew = true }, "There is a run 'r' already. Let the server choose the id, or choose another.");
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

        await RefusedAsync<LeaseLostException>(Commit("r", Mine()));
        await RefusedAsync<LeaseLostException>(Commit("r", Mine() with { Token = theirs!.Token }));
        await RefusedAsync<LeaseLostException>(Commit("r", theirs with { Token = theirs.Token - 1 }));
        await store.CommitAsync(Commit("r", theirs), Token);
    }

    [Fact]
    public async Task A_commit_after_the_run_was_released_stores_nothing()
    {
        await NewRunAsync("r");
        await store.ReleaseAsync("r", Mine(), Token);

        await RefusedAsync<LeaseLostException>(Commit("r", Mine()));
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
    public async Task A_commit_may_give_the_lease_back()
    {
        await NewRunAsync("r");
        await store.CommitAsync(Commit("r", Mine()) with { ReleasesLease = true, State = [Part("run", "2")] }, Token);

        (await store.LoadAsync("r", Token)).Text().ShouldBe("run=2");
        await RefusedAsync<LeaseLostException>(Commit("r", Mine()));
        (await store.ClaimAsync("r", "they", Minute, Token))!.Token.ShouldBeGreaterThan(Mine().Token);
    }

    [Fact]
    public async Task Runs_that_should_execute_and_that_nobody_drives_are_abandoned()
    {
        await NewRunAsync("late", Mine() with { ExpiresAt = Noon.AddSeconds(20) });
        await NewRunAsync("early", Mine() with { ExpiresAt = Noon.AddSeconds(10) });
        await NewRunAsync("driven", Mine() with { ExpiresAt = Noon.AddSeconds(21) });
        await NewRunAsync("given back");
        await store.ReleaseAsync("given back", Mine(), Token);
        await store.CommitAsync(Commit("pending", Mine() with { ExpiresAt = Noon.AddSeconds(15) }, WorkflowSubStatus.Pending) with { IsNew = true }, Token);
        foreach (var atRest in new[] { WorkflowSubStatus.Suspended, WorkflowSubStatus.Finished, WorkflowSubStatus.Faulted, WorkflowSubStatus.Cancelled })
        {
            await store.CommitAsync(Commit(atRest.ToString(), Mine() with { ExpiresAt = Noon }, atRest) with { IsNew = true }, Token);
        }

        (await AbandonedAsync(20, 10)).ShouldBe("given back early pending late");
        (await AbandonedAsync(19, 10)).ShouldBe("given back early pending");
        (await AbandonedAsync(20, 2)).ShouldBe("given back early");

        Time.Advance(Minute);
        await store.ClaimAsync("early", "they", Minute, Token);
        await store.ClaimAsync("given back", "they", Minute, Token);
        (await AbandonedAsync(30, 10)).ShouldBe("pending late driven");

        async Task<string> AbandonedAsync(int seconds, int limit) => string.Join(" ", await store.GetAbandonedAsync(Noon.AddSeconds(seconds), limit, Token));
    }

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

    [Fact]
    public async Task A_refused_commit_leaves_those_stored_beside_it_alone()
    {
        await NewRunAsync("taken");

        var outcomes = await Task.WhenAll(Enumerable.Range(0, 40).Select(i => Task.Run(async () =>
        {
            try
            {
                await (i % 2 == 0 ? NewRunAsync($"r{i}") : NewRunAsync("taken"));
                return true;
            }
            catch (RunExistsException)
            {
                return false;
            }
        })));

        outcomes.Count(stored => stored).ShouldBe(20);
        (await store.ListAsync(new(), Token)).TotalCount.ShouldBe(21);
    }

    [Fact]
    public async Task A_commit_that_was_called_off_before_it_began_stores_nothing()
    {
        await Should.ThrowAsync<OperationCanceledException>(async () => await store.CommitAsync(Commit("r", Mine()) with { IsNew = true }, new CancellationToken(true)));

        (await store.FindAsync("r", Token)).ShouldBeNull();
    }

    private async Task NewRunAsync(string id, Lease? lease = null) => await store.CommitAsync(Commit(id, lease ?? Mine()) with { IsNew = true, State = [Part("run", "1")] }, Token);

    private async Task<Page<JournalRecord>> JournalAsync(string id) => await store.GetJournalAsync(id, new(), Token);

    private async Task<string> FindAsync(string name, object stimulus) => (await store.FindBookmarksAsync(name, Engine.Execution.Bookmark.HashOf(name, stimulus), Token)).Keys();

    private async Task<string> DueAsync(int minutes, int limit) => (await store.GetDueTimersAsync(Noon.AddMinutes(minutes), limit, Token)).Keys();

    /// <summary>A commit that would change everything there is to change is refused, and nothing of it is stored.</summary>
    private async Task RefusedAsync<TException>(RunTransaction transaction, string message = "Another node drives run r now; this one stops.")
        where TException : Exception
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
            NewFollowUps = [Work("stale", 1)],
        };
        var before = await EverythingAsync(id);

        var error = await Should.ThrowAsync<TException>(async () => await store.CommitAsync(full, Token));

        error.Message.ShouldBe(message);
        (await EverythingAsync(id)).ShouldBe(before);
    }

    private async Task<string> EverythingAsync(string id) => Json(new object?[]
    {
        await store.FindAsync(id, Token),
        await store.LoadAsync(id, Token) is { } parts ? parts.Text() : null,
        await JournalAsync(id),
        await store.GetExecutionsAsync(id, null, Token),
        await store.FindBookmarksAsync("Event", null, Token),
        await store.GetDueTimersAsync(DateTimeOffset.MaxValue, 100, Token),
        await Get<IFollowUpStore>().GetFollowUpsAsync(100, null, Token),
        await Get<IScheduleStore>().GetSchedulesAsync("story", Token),
        await store.FindDuplicateAsync("scope", "new-key", Token),
    });
}
