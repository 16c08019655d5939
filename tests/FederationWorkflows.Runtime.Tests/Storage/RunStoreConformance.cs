using FederationWorkflows.Engine.Execution;
using FederationWorkflows.Runtime.Storage;
using static FederationWorkflows.Runtime.Tests.Storage.Rows;

namespace FederationWorkflows.Runtime.Tests.Storage;

/// <summary>What every store of runs does.</summary>
public abstract partial class RunStoreConformance : StorageConformance
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
