using FederationWorkflows.Engine.Execution;
using FederationWorkflows.Runtime.Runs;
using FederationWorkflows.Runtime.Storage;
using FederationWorkflows.Runtime.Tests.Support;
using Microsoft.Extensions.DependencyInjection;

namespace FederationWorkflows.Runtime.Tests.Runs;

public sealed class StartTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_run_is_stored_before_it_is_answered_for_and_before_anything_executes()
    {
        await using var server = await Server.CreateAsync();
        var storing = new TaskCompletionSource();
        var reached = new TaskCompletionSource();
        server.Store.BeforeCommit = transaction =>
        {
            reached.TrySetResult();
            return transaction.IsNew ? storing.Task : Task.CompletedTask;
        };
        await server.PublishAsync(Story.Of("story", Story.Act("act")));

        var starting = server.Runtime.StartAsync(new StartRequest("story") { RunId = "r", CorrelationId = "c" }, Server.Ann, Token).AsTask();
        await reached.Task;

        starting.IsCompleted.ShouldBeFalse();
        server.World.Calls.ShouldBeEmpty();
        storing.SetResult();
        var handle = await starting;
        handle.RunId.ShouldBe("r");
        var first = server.Store.Commits[0];
        first.IsNew.ShouldBeTrue();
        first.Journal.ShouldNotContain(record => record.ActivityId == "act", "it is on disk before it acts");
        first.State.ShouldNotBeEmpty();
        var result = await handle.Rest;
        result.Summary.ShouldSatisfyAllConditions(
            summary => summary.SubStatus.ShouldBe(WorkflowSubStatus.Finished),
            summary => summary.Identity.CorrelationId.ShouldBe("c"),
            summary => summary.Identity.StartedBy.ShouldBe("ann"));
        server.World.Calls.ShouldBe(["r-3"]);
    }

    [Fact]
    public async Task A_run_that_is_about_to_be_stored_is_none_yet_for_who_starts_it_too()
    {
        await using var server = await Server.CreateAsync();
        var storing = new TaskCompletionSource();
        var reached = new TaskCompletionSource();
        server.Store.BeforeCommit = _ =>
        {
            reached.TrySetResult();
            return storing.Task;
        };
        await server.PublishAsync(Story.Of("story", Story.Act("act")));
        var request = new StartRequest("story") { RunId = "r" };
        var first = server.Runtime.StartAsync(request, Server.Ann, Token).AsTask();
        await reached.Task;

        var second = server.Runtime.StartAsync(request, Server.Ann, Token).AsTask();

        second.IsCompleted.ShouldBeFalse("whether there is a run is not known");
        server.Store.BeforeCommit = null;
        storing.SetException(new IOException("unreachable"));
        await Should.ThrowAsync<IOException>(first);
        (await (await second.WaitAsync(Patience.Longest, Token)).Rest).Summary.SubStatus.ShouldBe(WorkflowSubStatus.Finished);
        await Should.ThrowAsync<RunExistsException>(() => server.Runtime.StartAsync(request, Server.Ann, Token).AsTask());
    }

    [Fact]
    public async Task A_run_that_was_stored_although_its_sender_was_told_otherwise_goes_on_soon()
    {
        await using var server = await Server.CreateAsync();
        await server.HostAsync<LeaseService>();
        server.Store.AfterCommit = _ => throw new IOException("the connection broke");
        await server.PublishAsync(Story.Of("story", Story.Act("act")));
        await Should.ThrowAsync<IOException>(() => server.Runtime.StartAsync(new StartRequest("story") { RunId = "r" }, Server.Ann, Token).AsTask());
        server.Store.AfterCommit = null;

        // Long before its lease is over.
        await server.Time.SleeperAsync(server.Time.Now.AddSeconds(5));
        server.Time.Advance(TimeSpan.FromSeconds(5));

        (await server.Watch.EndOfAsync("r")).Summary.SubStatus.ShouldBe(WorkflowSubStatus.Finished);
    }

    [Fact]
    public async Task A_story_that_does_not_act_on_the_world_costs_one_commit_which_gives_its_lease_back()
    {
        await using var server = await Server.CreateAsync();
        server.Store.BeforeRelease = () => throw new InvalidOperationException("nothing is left to be given back");
        await server.PublishAsync(Story.Of("story", Story.Step("Elsa.SetName", "one", ("value", Story.Literal("named"))), Story.Step("Elsa.Correlate", "two", ("correlationId", Story.Literal("c")))));

        var handle = await server.Runtime.StartAsync(new StartRequest("story") { RunId = "r" }, Server.Ann, Token);

        handle.Rest.IsCompletedSuccessfully.ShouldBeTrue("it has ended when it is answered for");
        server.Store.Commits.ShouldHaveSingleItem().ReleasesLease.ShouldBeTrue();
        (await server.SummaryAsync("r")).ShouldSatisfyAllConditions(
            summary => summary.SubStatus.ShouldBe(WorkflowSubStatus.Finished),
            summary => summary.Name.ShouldBe("named"),
            summary => summary.Identity.CorrelationId.ShouldBe("c"));
        (await server.Memory.ClaimAsync("r", "other", TimeSpan.FromMinutes(1), Token)).ShouldNotBeNull();
    }

    [Fact]
    public async Task A_story_that_only_waits_is_stored_waiting_with_its_first_commit()
    {
        await using var server = await Server.CreateAsync();
        await server.PublishAsync(Story.Of("story", Story.Wait("wait")));

        var handle = await server.Runtime.StartAsync(new StartRequest("story"), Server.Ann, Token);

        (await handle.Rest).Summary.SubStatus.ShouldBe(WorkflowSubStatus.Suspended);
        server.Store.Commits.ShouldHaveSingleItem().NewBookmarks.ShouldHaveSingleItem();
    }

    [Fact]
    public async Task A_run_that_finds_no_turn_is_stored_before_anything_of_it_executes()
    {
        await using var server = await Server.CreateAsync(services => services.Configure<ConcurrencyOptions>(options => options.MaxRunning = 1));
        await server.PublishAsync(Story.Of("busy", Story.Call("call")));
        await server.PublishAsync(Story.Of("story", Story.Wait("wait")));
        await server.Runtime.StartAsync(new StartRequest("busy"), Server.Ann, Token);
        await server.World.ArrivalAsync("call");

        var handle = await server.Runtime.StartAsync(new StartRequest("story"), Server.Ann, Token);

        (await server.SummaryAsync(handle.RunId)).SubStatus.ShouldBe(WorkflowSubStatus.Pending);
        server.World.Gate("call").SetResult(null);
        (await handle.Rest).Summary.SubStatus.ShouldBe(WorkflowSubStatus.Suspended);
    }

    [Fact]
    public async Task A_story_that_is_not_published_cannot_be_started()
    {
        await using var server = await Server.CreateAsync();

        var error = await Should.ThrowAsync<UnknownDefinitionException>(async () => await server.Runtime.StartAsync(new StartRequest("nope"), Server.Ann, Token));

        error.Message.ShouldBe("There is no published story 'nope'. Publish it first, or check the id.");
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_run_id_is_used_once(bool whileLive)
    {
        await using var server = await Server.CreateAsync();
        await server.PublishAsync(Story.Of("story", whileLive ? Story.Call("call") : Story.Wait("wait")));
        var handle = await server.Runtime.StartAsync(new StartRequest("story") { RunId = "r" }, Server.Ann, Token);
        await (whileLive ? (Task)server.World.ArrivalAsync("call") : handle.Rest);

        var error = await Should.ThrowAsync<RunExistsException>(async () => await server.Runtime.StartAsync(new StartRequest("story") { RunId = "r" }, Server.Ann, Token));

        error.Message.ShouldBe("There is a run 'r' already. Let the server choose the id, or choose another.");
        server.World.Gate("call").SetResult(null);
        (await (whileLive ? handle.Rest : Task.FromResult(await handle.Rest))).Incidents.ShouldBeEmpty();
    }

    [Fact]
    public async Task A_run_whose_first_commit_fails_does_not_exist()
    {
        await using var server = await Server.CreateAsync();
        server.Store.BeforeCommit = _ => throw new IOException("disk full");
        await server.PublishAsync(Story.Of("story", Story.Act("act")));

        (await Should.ThrowAsync<IOException>(async () => await server.Runtime.StartAsync(new StartRequest("story") { RunId = "r" }, Server.Ann, Token))).Message.ShouldBe("disk full");

        server.Store.BeforeCommit = null;
        server.World.Calls.ShouldBeEmpty();
        (await server.Runtime.CancelAsync("r", Server.Ann, Token)).ShouldBeFalse();
        await (await server.Runtime.StartAsync(new StartRequest("story") { RunId = "r" }, Server.Ann, Token)).Rest;
        server.World.Calls.Count.ShouldBe(1);
    }

    [Fact]
    public async Task A_run_that_is_cancelled_while_it_is_being_stored_has_one_driver()
    {
        await using var server = await Server.CreateAsync();
        Task<bool>? cancelling = null;
        server.Watch.OnCommit = transaction =>
        {
            if (transaction.IsNew)
            {
                cancelling = server.Runtime.CancelAsync("r", Server.Ann, CancellationToken.None);
            }
        };
        await server.PublishAsync(Story.Of("story", Story.Call("call")));

        var handle = await server.Runtime.StartAsync(new StartRequest("story") { RunId = "r" }, Server.Ann, Token);

        (await cancelling!.WaitAsync(Patience.Longest, Token)).ShouldBeTrue();
        (await handle.Rest.WaitAsync(Patience.Longest, Token)).Summary.SubStatus.ShouldBe(WorkflowSubStatus.Cancelled);
    }
}
