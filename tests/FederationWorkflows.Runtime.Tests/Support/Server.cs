using System.Collections.Concurrent;
using System.Security.Claims;
using FederationWorkflows.Engine.Descriptors;
using FederationWorkflows.Engine.Execution;
using FederationWorkflows.Runtime.Definitions;
using FederationWorkflows.Runtime.Runs;
using FederationWorkflows.Runtime.Storage;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace FederationWorkflows.Runtime.Tests.Support;

/// <summary>A node: the runtime over storage in memory, with a clock and a world that a test commands.</summary>
internal sealed class Server : IAsyncDisposable
{
    public static readonly ClaimsPrincipal Ann = new(new ClaimsIdentity([new Claim(ClaimTypes.Name, "ann")], "test"));

    private readonly ServiceProvider services;

    private Server(Action<IServiceCollection>? configure, Server? beside)
    {
        Time = beside?.Time ?? new FakeTime();
        Memory = beside?.Memory ?? new MemoryWorkflowStore(Time);
        Protector = beside?.Protector ?? new Engine.State.EphemeralProtector();
        Store = new ProbedStore(Memory);
        var collection = new ServiceCollection()
            .AddLogging(logging => logging.SetMinimumLevel(LogLevel.Trace).AddProvider(Log))
            .AddSingleton<TimeProvider>(Time)
            .AddSingleton(World)
            .AddSingleton(Memory)
            .AddSingleton<Engine.State.ISensitiveValueProtector>(Protector)
            .AddSingleton<IRunStore>(Store)
            .AddSingleton<IActivityProvider>(TypedActivityProvider.FromAssemblyOf<Server>())
            .AddSingleton<IRunObserver>(Watch);
        configure?.Invoke(collection);
        services = collection.AddMemoryStorage().AddWorkflowRuntime().BuildServiceProvider();
        Runtime = services.GetRequiredService<WorkflowRuntime>();
        Catalog = services.GetRequiredService<DefinitionCatalog>();
    }

    public FakeTime Time { get; }

    public World World { get; } = new();

    public MemoryWorkflowStore Memory { get; }

    public ProbedStore Store { get; }

    public RunWatch Watch { get; } = new();

    public LogBook Log { get; } = new();

    public WorkflowRuntime Runtime { get; }

    public DefinitionCatalog Catalog { get; }

    private Engine.State.EphemeralProtector Protector { get; }

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    /// <param name="configure">More services.</param>
    /// <param name="beside">Another node over the same storage.</param>
    /// <param name="hosted">Timers and leases are looked after.</param>
    public static async Task<Server> CreateAsync(Action<IServiceCollection>? configure = null, Server? beside = null, bool hosted = false)
    {
        var server = new Server(configure, beside);
        await server.services.GetRequiredService<ActivityRegistry>().RefreshAsync(Token);
        if (hosted)
        {
            foreach (var service in server.services.GetServices<IHostedService>())
            {
                await service.StartAsync(Token);
            }
        }

        return server;
    }

    /// <summary>Starts one of the services that look after things, alone, so that nobody else sleeps by the test's clock.</summary>
    public async Task HostAsync<TService>()
        where TService : IHostedService
    {
        foreach (var service in services.GetServices<IHostedService>().OfType<TService>())
        {
            await service.StartAsync(Token);
        }
    }

    public T Get<T>()
        where T : notnull => services.GetRequiredService<T>();

    public async Task<StoredDefinition> PublishAsync(byte[] story) => await Catalog.PublishAsync(story, Ann, Token);

    /// <summary>Publishes a story and starts a run of it.</summary>
    public async Task<RunHandle> StartAsync(byte[] story, Dictionary<string, object?>? input = null)
    {
        var stored = await PublishAsync(story);
        return await Runtime.StartAsync(new StartRequest(stored.DefinitionId) { Input = input ?? [] }, Ann, Token);
    }

    /// <summary>Starts a run and waits until it waits, or has ended.</summary>
    public async Task<RunHandle> RestAsync(byte[] story, Dictionary<string, object?>? input = null)
    {
        var handle = await StartAsync(story, input);
        await handle.Rest.WaitAsync(Patience.Longest, Token);
        return handle;
    }

    public async Task<bool> ResumeAsync(string runId, string activityId, object? input = null) =>
        await Runtime.ResumeAsync(runId, await BookmarkAsync(runId, activityId), input, Ann, Token).WaitAsync(Patience.Longest, Token);

    public async Task<string> BookmarkAsync(string runId, string activityId) =>
        (await Memory.FindBookmarksAsync("Test.Event", null, Token)).Single(stored => stored.RunId == runId && stored.Bookmark.ActivityId == activityId).Bookmark.Id;

    /// <summary>Who looks around late for the clock he read sleeps a little too long: time goes on, second by second, until it has happened.</summary>
    public async Task<T> AdvanceUntilAsync<T>(Task<T> happened)
    {
        while (!happened.IsCompleted)
        {
            Time.Advance(TimeSpan.FromSeconds(1));
            for (var turn = 0; turn < 20; turn++)
            {
                await Task.Yield();
            }
        }

        return await happened;
    }

    /// <summary>Waits for what happens beside the test, without moving the clock.</summary>
    public static async Task BecomesAsync(Func<Task<bool>> condition)
    {
        var patience = System.Diagnostics.Stopwatch.StartNew();
        while (!await condition())
        {
            patience.Elapsed.ShouldBeLessThan(Patience.Longest);
            await Task.Yield();
        }
    }

    /// <summary>Time goes on, step by step, until it is so: for what does not say when it has fallen asleep.</summary>
    public async Task AdvanceUntilAsync(Func<Task<bool>> isSo, TimeSpan step)
    {
        var becomes = BecomesAsync(isSo);
        while (!becomes.IsCompleted)
        {
            Time.Advance(step);
            await Task.Yield();
        }

        await becomes;
    }

    /// <summary>Waits until all work that runs asked for is done.</summary>
    public Task FollowUpsAreDoneAsync() => BecomesAsync(async () => (await Memory.GetFollowUpsAsync(1, null, Token)).Count == 0);

    public async Task<RunSummary> SummaryAsync(string runId) => (await Memory.FindAsync(runId, Token)).ShouldNotBeNull();

    public async ValueTask DisposeAsync()
    {
        foreach (var service in services.GetServices<IHostedService>().Reverse())
        {
            await service.StopAsync(CancellationToken.None);
        }

        await services.DisposeAsync();
    }
}

/// <summary>Tells tests when a run has come so far.</summary>
internal sealed class RunWatch : IRunObserver
{
    private readonly Lock gate = new();

    private readonly List<RunTransaction> seen = [];

    private readonly List<(Func<RunTransaction, bool> Wanted, TaskCompletionSource<RunTransaction> Found)> watchers = [];

    /// <summary>Called on the run's own turn.</summary>
    public Action<RunTransaction>? OnCommit { get; set; }

    public IReadOnlyList<RunTransaction> Seen
    {
        get
        {
            lock (gate)
            {
                return [.. seen];
            }
        }
    }

    public void OnCommitted(RunTransaction transaction)
    {
        lock (gate)
        {
            seen.Add(transaction);
            foreach (var (wanted, found) in watchers)
            {
                if (wanted(transaction))
                {
                    found.TrySetResult(transaction);
                }
            }
        }

        OnCommit?.Invoke(transaction);
    }

    /// <summary>What comes from now on is all that counts.</summary>
    public void Forget()
    {
        lock (gate)
        {
            seen.Clear();
        }
    }

    public Task<RunTransaction> EndOfAsync(string runId) => CommitAsync(transaction => transaction.Summary.Identity.Id == runId && transaction.Summary.Status == WorkflowStatus.Finished);

    public Task<RunTransaction> CommitAsync(Func<RunTransaction, bool> wanted)
    {
        var found = new TaskCompletionSource<RunTransaction>(TaskCreationOptions.RunContinuationsAsynchronously);
        lock (gate)
        {
            if (seen.FirstOrDefault(wanted) is { } before)
            {
                return Task.FromResult(before);
            }

            watchers.Add((wanted, found));
        }

        return found.Task.WaitAsync(Patience.Longest);
    }
}

/// <summary>Keeps what was logged.</summary>
internal sealed class LogBook : ILoggerProvider, ILogger
{
    private readonly ConcurrentQueue<string> lines = new();

    public IReadOnlyCollection<string> Lines => lines;

    public ILogger CreateLogger(string categoryName) => this;

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => true;

    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
        lines.Enqueue($"{logLevel}: {formatter(state, exception)} {exception}");

    public void Dispose()
    {
    }
}
