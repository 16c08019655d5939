using FederationWorkflows.Engine.Execution;
using FederationWorkflows.Runtime.Storage;
using static FederationWorkflows.Runtime.Tests.Storage.Rows;

namespace FederationWorkflows.Runtime.Tests.Storage;

/// <summary>How every store of runs lists, deletes and prunes them.</summary>
public abstract class RunListConformance : StorageConformance
{
    private IRunStore store = null!;

    public override async ValueTask InitializeAsync()
    {
        await base.InitializeAsync();
        store = Get<IRunStore>();
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
        await ShouldListAsync(new() { CountTotal = false, Take = 2 }, "new mid", null);
    }

    [Fact]
    public async Task Runs_are_found_by_each_thing_a_list_shows()
    {
        await SaveAsync(Summary("r1", WorkflowSubStatus.Finished) with { Name = "Buckets of Ann", IncidentCount = 0 });
        await SaveAsync(Summary("r2") with { Name = null });
        await SaveAsync(With(Summary("r3"), identity => identity with { CorrelationId = "order-7", Version = 2 }) with { Name = "100% done" });
        await SaveAsync(With(Summary("r4", WorkflowSubStatus.Cancelled), identity => identity with { CorrelationId = null, Version = 3 }) with { Name = "it_s" });

        await ShouldListAsync(new() { Status = WorkflowStatus.Finished }, "r4 r1", 2);
        await ShouldListAsync(new() { Status = WorkflowStatus.Running }, "r3 r2", 2);
        await ShouldListAsync(new() { CorrelationId = "order-7" }, "r3", 1);
        await ShouldListAsync(new() { Versions = [2, 3] }, "r4 r3", 2);
        await ShouldListAsync(new() { HasIncidents = false }, "r1", 1);
        await ShouldListAsync(new() { HasIncidents = true }, "r4 r3 r2", 3);
        await ShouldListAsync(new() { SearchText = "BUCKETS" }, "r1", 1);
        await ShouldListAsync(new() { SearchText = "0% d" }, "r3", 1);
        await ShouldListAsync(new() { SearchText = "t_" }, "r4", 1);
        await ShouldListAsync(new() { SearchText = "\\" }, "", 0);
        await ShouldListAsync(new() { SearchText = "r" }, "r4 r3 r2 r1", 4);
        await ShouldListAsync(new() { SearchText = "R2" }, "r2", 1);
    }

    [Fact]
    public async Task A_text_is_looked_for_in_whatever_names_a_run()
    {
        await SaveAsync(With(Summary("r1"), identity => identity with { DefinitionId = "rotate-keys", DefinitionVersionId = "rotate-keys:12", CorrelationId = "Incident-7" }) with { Name = null });
        await SaveAsync(With(Summary("r2"), identity => identity with { DefinitionId = "inventory", DefinitionVersionId = "inventory:3", CorrelationId = null }) with { Name = "Monday" });

        await ShouldListAsync(new() { SearchText = "Rotate" }, "r1", 1);
        await ShouldListAsync(new() { SearchText = "keys:12" }, "r1", 1);
        await ShouldListAsync(new() { SearchText = "incident-7" }, "r1", 1);
        await ShouldListAsync(new() { SearchText = "inventory:" }, "r2", 1);
        await ShouldListAsync(new() { SearchText = "monday" }, "r2", 1);
    }

    [Fact]
    public async Task Runs_are_found_by_when_they_were_created_changed_and_ended()
    {
        await TimedAsync("r1", 1, 10, 10);
        await TimedAsync("r2", 2, 5, null);
        await TimedAsync("r3", 3, 8, 8);

        await ShouldListAsync(Between(RunTime.Created, 2, 3), "r2", 1);
        await ShouldListAsync(Between(RunTime.Created, null, 3), "r2 r1", 2);
        await ShouldListAsync(Between(RunTime.Updated, 8, null), "r3 r1", 2);
        await ShouldListAsync(Between(RunTime.Finished, null, 9), "r3", 1);
        await ShouldListAsync(Between(RunTime.Finished, null, null), "r3 r1", 2);
        await ShouldListAsync(new() { Times = [.. Between(RunTime.Created, 2, null).Times, .. Between(RunTime.Updated, 6, null).Times] }, "r3", 1);

        static RunQuery Between(RunTime time, int? from, int? to) =>
            new() { Times = [new(time, from is { } f ? Noon.AddMinutes(f) : null, to is { } t ? Noon.AddMinutes(t) : null)] };
    }

    [Theory]
    [InlineData(RunOrder.Created, false, "r4 r3 r2 r1 r0")]
    [InlineData(RunOrder.Created, true, "r0 r1 r2 r3 r4")]
    [InlineData(RunOrder.Updated, false, "r0 r2 r1 r4 r3")]
    [InlineData(RunOrder.Updated, true, "r3 r4 r1 r2 r0")]
    public async Task Runs_are_paged_by_cursor_in_every_order_without_a_gap_or_a_repetition(RunOrder orderBy, bool ascending, string expected)
    {
        await TimedAsync("r0", 1, 9, null);
        await TimedAsync("r1", 1, 6, null);
        await TimedAsync("r2", 1, 6, null);
        await TimedAsync("r3", 2, 4, null);
        await TimedAsync("r4", 3, 5, null);

        var seen = new List<string>();
        RunCursor? after = null;
        while (true)
        {
            var page = await store.ListAsync(new() { OrderBy = orderBy, Ascending = ascending, After = after, Take = 2, DefinitionIds = ["story"] }, Token);
            page.TotalCount.ShouldBe(5, "the place does not change how many there are");
            if (page.Items.Count == 0)
            {
                break;
            }

            seen.AddRange(page.Items.Select(run => run.Identity.Id));
            after = RunCursor.Of(page.Items[^1], orderBy);
        }

        string.Join(" ", seen).ShouldBe(expected);
    }

    [Fact]
    public async Task Runs_of_one_moment_are_paged_without_a_gap_or_a_repetition()
    {
        for (var i = 0; i < 5; i++)
        {
            await SaveAsync(Summary($"r{i}"));
        }

        var seen = new List<string>();
        for (var skip = 0; skip < 5; skip += 2)
        {
            seen.AddRange((await store.ListAsync(new() { Skip = skip, Take = 2 }, Token)).Items.Select(summary => summary.Identity.Id));
        }

        seen.Order(StringComparer.Ordinal).ShouldBe(["r0", "r1", "r2", "r3", "r4"]);
    }

    [Fact]
    public async Task A_deleted_run_leaves_nothing_and_the_others_alone()
    {
        foreach (var id in new[] { "gone", "kept" })
        {
            await store.CommitAsync(
                Commit(id, Mine()) with
                {
                    IsNew = true,
                    State = [Part("run", "1")],
                    Journal = [Line(id, 1)],
                    Executions = [Execution(id, 1, ActivityStatus.Running)],
                    NewBookmarks = [Bookmark("b-" + id)],
                    NewTimers = [Timer("t", 1)],
                    Deduplication = new("scope", id, Noon.AddMinutes(5)),
                },
                Token);
        }

        (await store.DeleteAsync(["gone", "never there"], Token)).ShouldBe(1);

        (await store.FindAsync("gone", Token)).ShouldBeNull();
        (await store.LoadAsync("gone", Token)).ShouldBeNull();
        (await store.GetJournalAsync("gone", new(), Token)).Items.ShouldBeEmpty();
        (await store.GetExecutionsAsync("gone", null, Token)).ShouldBeEmpty();
        (await store.FindBookmarksAsync("Event", null, Token)).Keys().ShouldBe("kept/b-kept");
        (await store.GetDueTimersAsync(DateTimeOffset.MaxValue, 10, Token)).Keys().ShouldBe("kept/t");
        (await store.FindDuplicateAsync("scope", "gone", Token)).ShouldBe("gone", "the same request again is still the same request");
        await Should.ThrowAsync<LeaseLostException>(async () => await store.CommitAsync(Commit("gone", Mine()), Token));
        (await store.LoadAsync("kept", Token)).Text().ShouldBe("run=1");
        (await store.GetJournalAsync("kept", new(), Token)).TotalCount.ShouldBe(1);
    }

    [Fact]
    public async Task Ended_runs_are_pruned_by_age_oldest_first_in_batches_and_live_ones_never()
    {
        await TimedAsync("live", 0, 0, null);
        foreach (var minute in new[] { 3, 1, 2, 4 })
        {
            await TimedAsync($"r{minute}", 0, minute, minute);
        }

        Time.Advance(TimeSpan.FromMinutes(13));
        var policy = new RetentionPolicy { MaxAge = TimeSpan.FromMinutes(10) };

        (await store.PruneAsync(policy, 2, Token)).ShouldBe(2);
        await ShouldListAsync(new(), "r4 r3 live", 3);
        (await store.PruneAsync(policy, 2, Token)).ShouldBe(1, "one ended ten minutes ago");
        (await store.PruneAsync(policy, 2, Token)).ShouldBe(0);
        await ShouldListAsync(new(), "r4 live", 2);
    }

    [Fact]
    public async Task Ended_runs_are_pruned_by_how_many_a_definition_has_and_by_how_they_ended()
    {
        await TimedAsync("live", 0, 0, null);
        for (var minute = 1; minute <= 4; minute++)
        {
            await TimedAsync($"a{minute}", 0, minute, minute, "a");
            await TimedAsync($"b{minute}", 0, minute, minute, "b", WorkflowSubStatus.Faulted);
        }

        (await store.PruneAsync(new() { MaxPerDefinition = 2, SubStatuses = [WorkflowSubStatus.Finished] }, 10, Token)).ShouldBe(2);
        await ShouldListAsync(new() { Ascending = true }, "a3 a4 b1 b2 b3 b4 live", 7);
        (await store.PruneAsync(new() { MaxPerDefinition = 1 }, 3, Token)).ShouldBe(3);
        (await store.PruneAsync(new() { MaxPerDefinition = 1 }, 3, Token)).ShouldBe(1);
        (await store.PruneAsync(new() { MaxPerDefinition = 1 }, 3, Token)).ShouldBe(0);
        await ShouldListAsync(new() { Ascending = true }, "a4 b4 live", 3);
        (await store.PruneAsync(new() { MaxPerDefinition = 0 }, 10, Token)).ShouldBe(2);
        (await store.PruneAsync(new(), 10, Token)).ShouldBe(0, "a policy without limits keeps all");
    }

    private static RunSummary With(RunSummary run, Func<RunIdentityFacts, RunIdentityFacts> change) => run with { Identity = change(run.Identity) };

    private async Task SaveAsync(RunSummary summary) => await store.CommitAsync(Commit(summary.Identity.Id, Mine()) with { IsNew = true, Summary = summary }, Token);

    private async Task ListedAsync(string id, string definitionId, WorkflowSubStatus subStatus, int minutes) =>
        await SaveAsync(Summary(id, subStatus, definitionId, Noon.AddMinutes(minutes)));

    private async Task TimedAsync(string id, int created, int updated, int? finished, string definitionId = "story", WorkflowSubStatus ended = WorkflowSubStatus.Finished) =>
        await SaveAsync(Summary(id, finished is null ? WorkflowSubStatus.Suspended : ended, definitionId, Noon.AddMinutes(created)) with
        {
            UpdatedAt = Noon.AddMinutes(updated),
            FinishedAt = finished is { } end ? Noon.AddMinutes(end) : null,
        });

    private async Task ShouldListAsync(RunQuery query, string ids, long? total)
    {
        var page = await store.ListAsync(query, Token);
        string.Join(" ", page.Items.Select(summary => summary.Identity.Id)).ShouldBe(ids);
        page.TotalCount.ShouldBe(total);
    }
}
