using FederationWorkflows.Engine.Execution;
using FederationWorkflows.Runtime.Runs;
using FederationWorkflows.Runtime.Storage;
using FederationWorkflows.Runtime.Tests.Support;
using Microsoft.Extensions.DependencyInjection;

namespace FederationWorkflows.Runtime.Tests.Runs;

public sealed class FailureTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_run_whose_commit_fails_is_let_go_and_goes_on_from_its_last_commit()
    {
        await using var server = await Server.CreateAsync();
        var story = Story.Of("story", Story.Wait("wait"), Story.Act("one"), Story.Act("two"));
        var handle = await server.RestAsync(story);
        var bookmark = await server.BookmarkAsync(handle.RunId, "wait");
        server.Store.BeforeCommit = transaction => transaction.Journal.Any(record => record.ActivityId == "one") ? throw new IOException("disk full") : Task.CompletedTask;

        // The commit before "one" stores the resumption; the one after it fails.
        (await server.Runtime.ResumeAsync(handle.RunId, bookmark, null, Server.Ann, Token)).ShouldBeTrue();
        await Task.WhenAny(server.Runtime.RestOfAsync(handle.RunId));
        (await server.SummaryAsync(handle.RunId)).SubStatus.ShouldBe(WorkflowSubStatus.Executing);
        server.Log.Lines.ShouldContain(line => line.StartsWith($"Error: Run {handle.RunId} is let go of", StringComparison.Ordinal));
        server.Store.BeforeCommit = null;

        (await server.Runtime.ContinueAsync(handle.RunId, Token)).ShouldBeTrue();

        await server.Watch.EndOfAsync(handle.RunId);

        // Both attempts have the same idempotency key.
        server.World.Calls.ShouldBe([$"{handle.RunId}:wait:", $"{handle.RunId}-4", $"{handle.RunId}-4", $"{handle.RunId}-5"]);
    }

    [Fact]
    public async Task A_run_that_could_not_even_be_given_back_goes_on_here_when_the_store_is_back()
    {
        await using var server = await Server.CreateAsync();
        await server.HostAsync<LeaseService>();
        server.Store.BeforeCommit = transaction => transaction.IsNew ? Task.CompletedTask : throw new StorageUnavailableException("gone", isTransient: true);
        server.Store.BeforeRelease = () => throw new StorageUnavailableException("gone", isTransient: true);
        var handle = await server.StartAsync(Story.Of("story", Story.Act("one")));
        await Should.ThrowAsync<StorageUnavailableException>(() => handle.Rest.WaitAsync(Patience.Longest, Token));
        server.Store.BeforeCommit = null;
        server.Store.BeforeRelease = null;

        // One look, seconds after it was let go of, is enough.
        var again = TimeSpan.FromSeconds(5);
        await server.Time.SleeperAsync(server.Time.Now + again);
        server.Time.Advance(again);

        (await server.Watch.EndOfAsync(handle.RunId)).Summary.SubStatus.ShouldBe(WorkflowSubStatus.Finished);
    }

    [Fact]
    public async Task What_a_dead_node_left_behind_is_taken_up_by_another()
    {
        await using var dead = await Server.CreateAsync();
        var handle = await dead.StartAsync(Story.Of("story", Story.Call("call")));
        await dead.World.ArrivalAsync("call");
        await using var server = await Server.CreateAsync(beside: dead);
        await server.HostAsync<LeaseService>();
        await server.Time.SleeperAsync(server.Time.Now + TimeSpan.FromMinutes(1));
        server.World.Calls.ShouldBeEmpty("its lease has not expired");
        server.World.Gate("call").SetResult(null);

        for (var minute = 0; minute < 6; minute++)
        {
            server.Time.Advance(TimeSpan.FromMinutes(1));
            await server.Time.SleeperAsync(server.Time.Now + TimeSpan.FromMinutes(1));
        }

        (await server.Watch.EndOfAsync(handle.RunId)).Summary.SubStatus.ShouldBe(WorkflowSubStatus.Finished);
        server.World.Calls.ShouldBe([$"{handle.RunId}-3"]);
    }

    [Fact]
    public async Task A_node_that_stops_cancels_what_is_in_flight_and_gives_its_runs_to_others_at_once()
    {
        await using var server = await Server.CreateAsync();
        var handle = await server.StartAsync(Story.Of("story", Story.Call("call"), Story.Act("act")));
        var inFlight = await server.World.ArrivalAsync("call");
        var stored = server.Store.Commits.Count;

        await server.Runtime.StopAsync(Token);

        inFlight.IsCancellationRequested.ShouldBeTrue();
        await Should.ThrowAsync<OperationCanceledException>(() => handle.Rest);
        server.Store.Commits.Count.ShouldBe(stored);
        await using var other = await Server.CreateAsync(beside: server);
        other.World.Gate("call").SetResult(null);
        (await other.Runtime.ContinueAsync(handle.RunId, Token)).ShouldBeTrue();
        await other.Watch.EndOfAsync(handle.RunId);
        other.World.Calls.ShouldBe([$"{handle.RunId}-3", $"{handle.RunId}-4"]);
    }

    [Fact]
    public async Task Effects_are_carried_out_only_after_their_commit_and_one_that_fails_keeps_nothing_up()
    {
        var handler = new Handler();
        await using var server = await Server.CreateAsync(services => services.AddSingleton<IEffectHandler>(handler).AddSingleton<IEffectHandler>(new Failing()));
        server.Store.BeforeCommit = transaction =>
        {
            handler.Seen.ShouldNotContain(effect => transaction.Executions.Any(record => record.ActivityId == effect));
            return Task.CompletedTask;
        };

        var handle = await server.RestAsync(Story.Of("story", Story.Step("Test.Notify", "one"), Story.Step("Test.Notify", "two")));

        (await handle.Rest).Summary.SubStatus.ShouldBe(WorkflowSubStatus.Finished);
        handler.Seen.ShouldBe(["one", "two"]);
        server.Log.Lines.Count(line => line.StartsWith("Error:", StringComparison.Ordinal) && line.Contains("no such caller", StringComparison.Ordinal)).ShouldBe(2);
    }

    [Fact]
    public async Task Effects_of_a_commit_that_fails_are_not_carried_out()
    {
        var handler = new Handler();
        await using var server = await Server.CreateAsync(services => services.AddSingleton<IEffectHandler>(handler));
        server.Store.BeforeCommit = transaction => transaction.IsNew ? Task.CompletedTask : throw new IOException("disk full");

        var handle = await server.StartAsync(Story.Of("story", Story.Step("Test.Notify", "one")));

        await Should.ThrowAsync<IOException>(() => handle.Rest);
        handler.Seen.ShouldBeEmpty();
    }

    [Fact]
    public async Task Observers_see_each_commit_once_and_in_order_also_when_one_of_them_fails()
    {
        await using var server = await Server.CreateAsync(services => services.AddSingleton<IRunObserver>(new FailingObserver()));

        var handle = await server.RestAsync(Story.Of("story", Story.Act("one"), Story.Wait("wait"), Story.Act("two")));
        await server.ResumeAsync(handle.RunId, "wait");
        await server.Watch.EndOfAsync(handle.RunId);
        await server.Runtime.RestOfAsync(handle.RunId);

        server.Watch.Seen.ShouldBe(server.Store.Commits);
        server.Watch.Seen.SelectMany(commit => commit.Journal).Select(record => record.Sequence).ShouldBe(Enumerable.Range(1, 12).Select(i => (long)i));
        server.Log.Lines.ShouldContain(line => line.StartsWith("Error:", StringComparison.Ordinal) && line.Contains("observer is broken", StringComparison.Ordinal));
    }

    private sealed class Handler : IEffectHandler
    {
        public List<string> Seen { get; } = [];

        public ValueTask HandleAsync(string runId, object effect, CancellationToken cancellationToken)
        {
            Seen.Add((string)effect);
            return ValueTask.CompletedTask;
        }
    }

    private sealed class Failing : IEffectHandler
    {
        public ValueTask HandleAsync(string runId, object effect, CancellationToken cancellationToken) => throw new InvalidOperationException("no such caller");
    }

    private sealed class FailingObserver : IRunObserver
    {
        public void OnCommitted(RunTransaction transaction) => throw new InvalidOperationException("observer is broken");
    }
}
