using FederationWorkflows.Engine.Execution;
using FederationWorkflows.Engine.Tests.Support;
using static FederationWorkflows.Engine.Tests.Support.Story;

namespace FederationWorkflows.Engine.Tests;

public sealed class BookmarkTests
{
    [Theory, BothWays]
    public async Task A_bookmark_says_what_it_waits_for(bool reload)
    {
        var harness = await new Harness(reload).StartAsync(Of(Sequence("s", Wait("w"))));
        var bookmark = harness.Bookmarks.Values.ShouldHaveSingleItem();
        bookmark.Name.ShouldBe("Test.Wait");
        bookmark.Hash.ShouldBe(Bookmark.HashOf("Test.Wait", "w"));
        bookmark.ActivityId.ShouldBe("w");
        bookmark.NodeId.ShouldBe("Workflow1:s:w");
        bookmark.CreatedAt.ShouldBe(harness.Time.GetUtcNow());
        bookmark.AutoBurn.ShouldBeTrue();
        harness.Run.Bookmarks.Single().Id.ShouldBe(bookmark.Id);
    }

    [Theory, BothWays]
    public async Task One_stimulus_finds_all_that_wait_for_it(bool reload)
    {
        var harness = await new Harness(reload).StartAsync(Of(Activity("Elsa.ParallelForEach", "each", ("items", Object("[1,2]")), ("body", Wait("w")))));
        harness.Bookmarks.Count.ShouldBe(2);
        harness.Bookmarks.Values.Select(bookmark => bookmark.Hash).Distinct().ShouldHaveSingleItem();
    }

    [Theory, BothWays]
    public async Task A_bookmark_is_there_from_the_commit_on_and_gone_after_its_resumption(bool reload)
    {
        var harness = await new Harness(reload).StartAsync(Of(Sequence("s", Wait("w1"), Wait("w2"))));
        var first = harness.Bookmarks.Keys.Single();
        await harness.ResumeAsync("w1");
        harness.Bookmarks.Keys.ShouldNotContain(first);
        harness.Run.Resume(first, null).ShouldBeFalse("nobody waits for it any more");
        harness.ShouldWait();
        (await harness.ResumeAsync("w2")).ShouldFinish();
        harness.Bookmarks.ShouldBeEmpty();
        harness.Run.Resume(first, null).ShouldBeFalse();
    }

    [Theory, BothWays]
    public async Task The_first_of_several_bookmarks_completes_the_activity_and_removes_the_others(bool reload)
    {
        var harness = new Harness(reload);
        harness.World.Scripts["d"] = context =>
        {
            context.CreateBookmark("one", ((Do)context.Activity).OnResumeAsync);
            context.CreateBookmark(new CreateBookmarkArgs { Stimulus = "two", ResumeAt = context.TimeProvider.GetUtcNow().AddHours(1) });
            return ValueTask.CompletedTask;
        };
        harness.World.Scripts["d!"] = _ => ValueTask.CompletedTask;
        await harness.StartAsync(Of(Sequence("s", Do("d"), Line("z"), Wait("w"))));
        harness.ShouldWait();
        harness.Run.Bookmarks.Count.ShouldBe(2);
        await harness.ResumeAsync("d");
        harness.ShouldWait().ShouldWrite("z");
        harness.Bookmarks.Values.ShouldHaveSingleItem().ActivityId.ShouldBe("w");
        harness.Run.Timers.ShouldBeEmpty();
    }

    [Theory, BothWays]
    public async Task An_activity_that_waits_for_all_of_its_bookmarks_completes_when_it_says_so(bool reload)
    {
        var harness = new Harness(reload);
        harness.World.Scripts["d"] = context =>
        {
            context.CreateBookmark("one", ((DoOnly)context.Activity).OnResumeAsync);
            context.CreateBookmark("two", ((DoOnly)context.Activity).OnResumeAsync);
            return ValueTask.CompletedTask;
        };
        var resumed = 0;
        harness.World.Scripts["d!"] = context => ++resumed == 2 ? context.CompleteActivityAsync() : ValueTask.CompletedTask;
        await harness.StartAsync(Of(Sequence("s", Activity("Test.DoOnly", "d"), Line("z"))));
        await harness.ResumeAsync("d");
        harness.ShouldWait().ShouldWrite("");
        harness.Bookmarks.Count.ShouldBe(1);
        (await harness.ResumeAsync("d")).ShouldFinish().ShouldWrite("z");
    }

    [Theory, BothWays]
    public async Task The_bookmarks_left_are_removed_when_the_activity_is_cancelled(bool reload)
    {
        var harness = new Harness(reload);
        harness.World.Scripts["d"] = context =>
        {
            context.CreateBookmark("one", ((DoOnly)context.Activity).OnResumeAsync);
            context.CreateBookmark("two", ((DoOnly)context.Activity).OnResumeAsync);
            return ValueTask.CompletedTask;
        };
        harness.World.Scripts["d!"] = _ => ValueTask.CompletedTask;
        await harness.StartAsync(Of(Sequence("s", Fork("k", "WaitAny", Activity("Test.DoOnly", "d"), Wait("w")), Wait("w2"))));
        await harness.ResumeAsync("d");
        await harness.ResumeAsync("w");
        harness.Bookmarks.Values.ShouldHaveSingleItem().ActivityId.ShouldBe("w2");
    }

    [Theory, BothWays]
    public async Task A_bookmark_that_is_not_burned_can_be_resumed_again(bool reload)
    {
        var harness = new Harness(reload);
        harness.World.Scripts["d"] = context =>
        {
            context.CreateBookmark(new CreateBookmarkArgs { AutoBurn = false, Callback = ((Do)context.Activity).OnResumeAsync });
            return ValueTask.CompletedTask;
        };
        harness.World.Scripts["d!"] = context =>
        {
            harness.WriteLine((string)context.ResumeInput!);
            return context.ResumeInput is "end" ? context.CompleteActivityAsync() : ValueTask.CompletedTask;
        };
        await harness.StartAsync(Of(Sequence("s", Do("d"), Line("z"))));
        await harness.ResumeAsync("d", "one");
        harness.ShouldWait();
        await harness.ResumeAsync("d", "two");
        harness.ShouldWait();
        (await harness.ResumeAsync("d", "end")).ShouldFinish().ShouldWrite("one two end z");
        harness.Bookmarks.ShouldBeEmpty();
    }

    [Theory, BothWays]
    public async Task A_bookmark_without_callback_completes_the_activity(bool reload)
    {
        var harness = new Harness(reload);
        harness.World.Scripts["d"] = context =>
        {
            context.CreateBookmark();
            return ValueTask.CompletedTask;
        };
        await harness.StartAsync(Of(Sequence("s", Activity("Test.DoOnly", "d"), Line("z"))));
        (await harness.ShouldWait().ResumeAsync("d")).ShouldFinish().ShouldWrite("z");
    }

    [Theory, BothWays]
    public async Task A_bookmark_resumes_by_itself_at_its_time(bool reload)
    {
        var harness = new Harness(reload);
        var due = harness.Time.GetUtcNow().AddMinutes(5);
        harness.World.Scripts["d"] = context =>
        {
            context.CreateBookmark(new CreateBookmarkArgs { ResumeAt = due });
            return ValueTask.CompletedTask;
        };
        await harness.StartAsync(Of(Sequence("s", Do("d"), Line("z"))));
        var timer = harness.ShouldWait().Run.Timers.ShouldHaveSingleItem();
        timer.DueAt.ShouldBe(due);
        harness.Run.ResumeTimer(timer.Id).ShouldBeTrue();
        (await harness.DriveAsync()).ShouldFinish().ShouldWrite("z");
        harness.Run.ResumeTimer(timer.Id).ShouldBeFalse();
    }

    [Theory, BothWays]
    public async Task A_resumption_may_await_and_wait_again(bool reload)
    {
        var harness = new Harness(reload);
        harness.World.Scripts["d"] = context =>
        {
            context.CreateBookmark("first", ((Do)context.Activity).OnResumeAsync);
            return ValueTask.CompletedTask;
        };
        harness.World.Scripts["d!"] = async context =>
        {
            await Task.Yield();
            if (context.ResumeInput is "again")
            {
                context.CreateBookmark("second", ((Do)context.Activity).OnResumeAsync);
            }
            else
            {
                context.SetResult(context.ResumeInput);
            }
        };
        await harness.StartAsync(Of(Sequence("s", Do("d").With("result", Captured("v")), LineOf("z", "v")), ("variables", Variables(("v", "String", null)))));
        await harness.ResumeAsync("d", "again");
        harness.ShouldWait();
        (await harness.ResumeAsync("d", "enough")).ShouldFinish().ShouldWrite("enough");
    }

    [Fact]
    public async Task Each_of_two_resumptions_at_once_gets_its_own_input()
    {
        var harness = new Harness();
        harness.World.Scripts["d"] = context =>
        {
            context.CreateBookmark("one", ((DoOnly)context.Activity).OnResumeAsync);
            context.CreateBookmark("two", ((DoOnly)context.Activity).OnResumeAsync);
            return ValueTask.CompletedTask;
        };
        harness.World.Scripts["d!"] = async context =>
        {
            await harness.World.Gate("g").Task;
            harness.WriteLine((string)context.ResumeInput!);
        };
        await harness.StartAsync(Of(Activity("Test.DoOnly", "d")));
        var (one, two) = (harness.Run.Bookmarks.First().Id, harness.Run.Bookmarks.Last().Id);
        harness.Run.Resume(one, "first").ShouldBeTrue();
        harness.Run.Resume(two, "second").ShouldBeTrue();
        harness.World.Gate("g").SetResult(null);
        await harness.DriveAsync();
        harness.ShouldWrite("first second");
    }

    [Theory, BothWays]
    public async Task A_resumption_that_fails_faults_the_activity(bool reload)
    {
        var harness = new Harness(reload);
        harness.World.Scripts["d"] = context =>
        {
            context.CreateBookmark("first", ((Do)context.Activity).OnResumeAsync);
            return ValueTask.CompletedTask;
        };
        harness.World.Scripts["d!"] = _ => throw new InvalidOperationException("not this");
        await harness.StartAsync(Of(Do("d")));
        (await harness.ResumeAsync("d")).ShouldFault("d").Message.ShouldBe("not this");
    }

    [Theory]
    [InlineData("lambda", "must be an instance method of the activity")]
    [InlineData("lambda later", "must be an instance method of the activity")]
    [InlineData("same id", "The bookmark 'b' exists already")]
    [InlineData("same id later", "The bookmark 'b' exists already")]
    public async Task A_bookmark_that_cannot_be_made_faults_the_activity(string mistake, string message)
    {
        var harness = new Harness();
        harness.World.Scripts["d"] = async context =>
        {
            if (mistake.EndsWith("later", StringComparison.Ordinal))
            {
                await Task.Yield();
            }

            if (mistake.StartsWith("lambda", StringComparison.Ordinal))
            {
                context.CreateBookmark("x", _ => ValueTask.CompletedTask);
            }

            context.CreateBookmark(new CreateBookmarkArgs { BookmarkId = "b" });
            context.CreateBookmark(new CreateBookmarkArgs { BookmarkId = "b" });
        };
        (await harness.StartAsync(Of(Do("d")))).ShouldFault("d").Message.ShouldContain(message);
        harness.Run.Bookmarks.ShouldBeEmpty();
    }

    [Theory, BothWays]
    public async Task What_a_suspended_branch_waits_for_does_not_keep_others_from_running(bool reload)
    {
        var harness = await new Harness(reload).StartAsync(Of(Parallel("p", Wait("w"), Sequence("s", Line("a"), Wait("w2"), Line("b")))));
        await harness.ResumeAsync("w2");
        harness.ShouldWait().ShouldWrite("a b");
        (await harness.ResumeAsync("w")).ShouldFinish();
    }
}
