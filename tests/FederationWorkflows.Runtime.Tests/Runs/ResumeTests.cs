using FederationWorkflows.Engine.Execution;
using FederationWorkflows.Runtime.Tests.Support;

namespace FederationWorkflows.Runtime.Tests.Runs;

public sealed class ResumeTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_run_that_waits_is_taken_up_from_its_parts()
    {
        await using var server = await Server.CreateAsync();
        var handle = await server.RestAsync(Story.Of("story", Story.Wait("wait"), Story.Act("act")));
        (await server.SummaryAsync(handle.RunId)).SubStatus.ShouldBe(WorkflowSubStatus.Suspended);

        (await server.ResumeAsync(handle.RunId, "wait", "go")).ShouldBeTrue();

        await server.Watch.EndOfAsync(handle.RunId);
        server.World.Calls.ShouldBe([$"{handle.RunId}:wait:go", $"{handle.RunId}-4"]);
    }

    [Fact]
    public async Task A_run_that_waits_is_taken_up_by_another_node()
    {
        await using var first = await Server.CreateAsync();
        var handle = await first.RestAsync(Story.Of("story", Story.Wait("wait")));
        await using var second = await Server.CreateAsync(beside: first);

        (await second.ResumeAsync(handle.RunId, "wait", "go")).ShouldBeTrue();

        await second.Watch.EndOfAsync(handle.RunId);
        second.World.Calls.ShouldBe([$"{handle.RunId}:wait:go"]);
    }

    [Fact]
    public async Task A_run_that_is_live_is_resumed_where_it_is()
    {
        await using var server = await Server.CreateAsync();
        var parallel = Story.Step("Elsa.Fork", "fork", ("joinMode", "WaitAll"), ("branches", new System.Text.Json.Nodes.JsonArray(Story.Wait("wait"), Story.Call("call"))));
        var handle = await server.StartAsync(Story.Of("story", parallel, Story.Act("act")));
        await server.World.ArrivalAsync("call");
        await server.Watch.CommitAsync(transaction => transaction.NewBookmarks.Count > 0);
        var loads = 0;
        server.Store.BeforeLoad = _ =>
        {
            loads++;
            return Task.CompletedTask;
        };

        var resuming = server.ResumeAsync(handle.RunId, "wait", "go");
        while (!server.World.Calls.Contains($"{handle.RunId}:wait:go"))
        {
            await Task.Yield();
        }

        server.World.Gate("call").SetResult("answer");
        (await resuming).ShouldBeTrue();
        (await handle.Rest.WaitAsync(Patience.Longest, Token)).Summary.SubStatus.ShouldBe(WorkflowSubStatus.Finished);
        loads.ShouldBe(0);
    }

    [Fact]
    public async Task A_bookmark_that_is_gone_or_never_was_resumes_nothing()
    {
        await using var server = await Server.CreateAsync();
        var handle = await server.RestAsync(Story.Of("story", Story.Wait("wait"), Story.Wait("next")));
        var bookmark = await server.BookmarkAsync(handle.RunId, "wait");
        (await server.ResumeAsync(handle.RunId, "wait")).ShouldBeTrue();

        (await server.Runtime.ResumeAsync(handle.RunId, bookmark, null, Server.Ann, Token)).ShouldBeFalse();
        (await server.Runtime.ResumeAsync(handle.RunId, "never", null, Server.Ann, Token)).ShouldBeFalse();
        (await server.Runtime.ResumeAsync("no-run", "never", null, Server.Ann, Token)).ShouldBeFalse();
    }

    [Fact]
    public async Task Whoever_is_told_that_a_run_was_resumed_finds_it_stored()
    {
        await using var server = await Server.CreateAsync();
        var handle = await server.RestAsync(Story.Of("story", Story.Wait("wait"), Story.Wait("next")));
        var storing = new TaskCompletionSource();
        var reached = new TaskCompletionSource();
        server.Store.BeforeCommit = _ =>
        {
            reached.TrySetResult();
            return storing.Task;
        };

        var resuming = server.ResumeAsync(handle.RunId, "wait");
        await reached.Task;

        resuming.IsCompleted.ShouldBeFalse("the event would be lost if the process ended here");
        storing.SetResult();
        (await resuming).ShouldBeTrue();
    }

    [Fact]
    public async Task A_resumption_that_cannot_be_stored_fails_and_can_be_repeated()
    {
        await using var server = await Server.CreateAsync();
        var handle = await server.RestAsync(Story.Of("story", Story.Wait("wait")));
        server.Store.BeforeCommit = _ => throw new IOException("disk full");

        (await Should.ThrowAsync<IOException>(() => server.ResumeAsync(handle.RunId, "wait", 1))).Message.ShouldBe("disk full");

        server.Store.BeforeCommit = null;
        (await server.ResumeAsync(handle.RunId, "wait", 2)).ShouldBeTrue();
        await server.Watch.EndOfAsync(handle.RunId);
    }

    [Fact]
    public async Task A_run_that_cannot_be_loaded_now_can_be_loaded_later()
    {
        await using var server = await Server.CreateAsync();
        var handle = await server.RestAsync(Story.Of("story", Story.Wait("wait")));
        await using var other = await Server.CreateAsync(beside: server);
        server.Store.BeforeLoad = _ => throw new IOException("unreachable");

        (await Should.ThrowAsync<IOException>(() => server.ResumeAsync(handle.RunId, "wait"))).Message.ShouldBe("unreachable");

        (await other.ResumeAsync(handle.RunId, "wait")).ShouldBeTrue("the lease was given back");
    }

    [Fact]
    public async Task A_caller_who_leaves_while_a_run_is_taken_up_does_not_keep_the_next_one_out()
    {
        await using var server = await Server.CreateAsync();
        var handle = await server.RestAsync(Story.Of("story", Story.Wait("wait")));
        var loading = new TaskCompletionSource();
        server.Store.BeforeLoad = _ => loading.Task;
        using var leaving = new CancellationTokenSource();
        var left = server.Runtime.ResumeAsync(handle.RunId, "never", null, Server.Ann, leaving.Token);
        await leaving.CancelAsync();
        await Should.ThrowAsync<OperationCanceledException>(() => left);

        loading.SetResult();

        (await server.ResumeAsync(handle.RunId, "wait")).ShouldBeTrue();
    }

    [Fact]
    public async Task Of_two_who_resume_a_bookmark_at_once_one_does()
    {
        await using var server = await Server.CreateAsync();
        for (var i = 0; i < 100; i++)
        {
            var handle = await server.RestAsync(Story.Of("story", Story.Wait("wait")));
            var bookmark = await server.BookmarkAsync(handle.RunId, "wait");

            var answers = await Task.WhenAll(Enumerable.Range(0, 2).Select(_ => Task.Run(() => server.Runtime.ResumeAsync(handle.RunId, bookmark, null, Server.Ann, Token))));

            answers.Count(answer => answer).ShouldBe(1);
            (await server.SummaryAsync(handle.RunId)).SubStatus.ShouldBe(WorkflowSubStatus.Finished);
        }
    }

    [Fact]
    public async Task A_resumption_while_a_run_stores_that_it_rests_is_carried_out()
    {
        await using var server = await Server.CreateAsync();
        var storing = new TaskCompletionSource();
        var resting = new TaskCompletionSource<(string RunId, string BookmarkId)>(TaskCreationOptions.RunContinuationsAsynchronously);
        server.Store.BeforeCommit = transaction =>
        {
            if (transaction.Summary.SubStatus != WorkflowSubStatus.Suspended)
            {
                return Task.CompletedTask;
            }

            resting.TrySetResult((transaction.Summary.Identity.Id, transaction.NewBookmarks[0].Id));
            return storing.Task;
        };
        var starting = server.StartAsync(Story.Of("story", Story.Wait("wait"), Story.Act("act")));
        var (runId, bookmarkId) = await resting.Task.WaitAsync(Patience.Longest, Token);

        var resuming = server.Runtime.ResumeAsync(runId, bookmarkId, "go", Server.Ann, Token);
        storing.SetResult();

        (await resuming.WaitAsync(Patience.Longest, Token)).ShouldBeTrue();
        await starting;
        (await server.Watch.EndOfAsync(runId)).Summary.SubStatus.ShouldBe(WorkflowSubStatus.Finished);
    }

    [Fact]
    public async Task A_resumption_at_the_moment_a_run_comes_to_rest_is_neither_lost_nor_doubled()
    {
        await using var server = await Server.CreateAsync();
        await server.PublishAsync(Story.Of("story", Story.Wait("wait"), Story.Wait("again"), Story.Act("act")));
        var answers = new System.Collections.Concurrent.ConcurrentDictionary<string, Task<bool>>();
        server.Store.BeforeCommit = async transaction =>
        {
            // The run is about to let go: some of these come before that, some after, some in between.
            foreach (var bookmark in transaction.NewBookmarks)
            {
                var runId = transaction.Summary.Identity.Id;
                var delay = bookmark.Id.GetHashCode(StringComparison.Ordinal) & 0x7ff;
                answers[bookmark.Id] = Task.Run(() =>
                {
                    Thread.SpinWait(delay);
                    return server.Runtime.ResumeAsync(runId, bookmark.Id, null, Server.Ann, CancellationToken.None);
                });
                await Task.Yield();
            }
        };

        await Parallel.ForEachAsync(Enumerable.Range(0, 1_000), new ParallelOptions { MaxDegreeOfParallelism = 8, CancellationToken = Token }, async (i, token) =>
        {
            await server.Runtime.StartAsync(new Runtime.Runs.StartRequest("story") { RunId = $"r{i}" }, Server.Ann, token);
            await server.Watch.EndOfAsync($"r{i}");
        });

        (await Task.WhenAll(answers.Values)).ShouldAllBe(answer => answer);
        answers.Count.ShouldBe(2_000);
        server.World.Calls.Count.ShouldBe(3_000);
        server.World.Calls.Distinct().Count().ShouldBe(3_000);
    }
}
