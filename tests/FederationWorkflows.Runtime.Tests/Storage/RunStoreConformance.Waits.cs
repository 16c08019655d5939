using static FederationWorkflows.Runtime.Tests.Storage.Rows;

namespace FederationWorkflows.Runtime.Tests.Storage;

/// <content>What runs wait for.</content>
public abstract partial class RunStoreConformance
{
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
}
