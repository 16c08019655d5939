using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using System.Security.Claims;
using System.Threading.Channels;
using FederationWorkflows.Engine.Definitions;
using FederationWorkflows.Engine.Execution;
using FederationWorkflows.Engine.Stories;
using FederationWorkflows.Runtime.Definitions;
using FederationWorkflows.Runtime.Storage;
using FederationWorkflows.Runtime.Telemetry;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace FederationWorkflows.Runtime.Runs;

/// <summary>Starts, resumes and cancels runs, and drives those that are live on this node.</summary>
public sealed partial class WorkflowRuntime : IHostedService, IDisposable
{
    private static readonly TimeSpan LeaseDuration = TimeSpan.FromMinutes(5);

    /// <summary>
    /// Runs that are live here, or about to be; null when a run turns out not to become so. Whoever adds a run is the one to make it live,
    /// so that a run never has two drivers.
    /// </summary>
    private readonly ConcurrentDictionary<string, TaskCompletionSource<RunActor?>> live = new();

    private readonly Channel<(string RunId, DateTimeOffset LetGoAt)> notGivenBack = Channel.CreateUnbounded<(string, DateTimeOffset)>();

    private readonly CancellationTokenSource stopping = new();

    private readonly DefinitionCatalog definitions;

    private readonly StoryAccess access;

    private readonly IRunStore runs;

    private readonly IFollowUpStore followUps;

    private readonly IStoreSignals signals;

    private readonly RunEnvironment environment;

    private readonly RunActorServices services;

    private readonly ILogger<WorkflowRuntime> logger;

    private readonly RunGate gate;

    private readonly Meter meter;

    private readonly TimeSpan retryAfter;

    private readonly int mostLive;

    private IDisposable? listening;

    private volatile bool isDraining;

    internal WorkflowRuntime(
        DefinitionCatalog definitions,
        StoryAccess access,
        IRunStore runs,
        IFollowUpStore followUps,
        IStoreSignals signals,
        RunEnvironment environment,
        IEnumerable<IRunObserver> observers,
        IEnumerable<IEffectHandler> effectHandlers,
        IOptions<ConcurrencyOptions> concurrency,
        ILogger<WorkflowRuntime> logger)
    {
        gate = new RunGate(concurrency.Value);
        meter = RuntimeMeter.Observe(() => gate.Running, () => gate.Queued);
        retryAfter = concurrency.Value.RetryAfter;
        mostLive = 2 * (concurrency.Value.MaxRunning + concurrency.Value.MaxQueued);
        this.definitions = definitions;
        this.access = access;
        this.runs = runs;
        this.followUps = followUps;
        this.signals = signals;
        this.environment = environment;
        this.logger = logger;
        services = new RunActorServices(runs, environment.TimeProvider, environment.Codec, [.. observers], [.. effectHandlers]);
    }

    /// <summary>This node: the owner in its leases.</summary>
    internal string Node { get; } = Guid.CreateVersion7().ToString("N");

    /// <summary>Runs that were let go of here while their leases could not be given back.</summary>
    internal ChannelReader<(string RunId, DateTimeOffset LetGoAt)> NotGivenBack => notGivenBack.Reader;

    /// <summary>This node takes no new runs.</summary>
    internal bool IsDraining => isDraining;

    /// <summary>There is room for a new run, unless somebody is quicker.</summary>
    internal bool HasRoom => gate.HasRoom;

    /// <summary>So many runs are live here, most of them waiting for their turn, that those in the store had better stay there for now: twice what new runs have room for.</summary>
    internal bool IsCrowded => live.Count >= mostLive;

    /// <summary>A new run id.</summary>
    public string NewRunId() => environment.NewId();

    /// <summary>Lets a run that faulted go on from the activities that failed. When this returns true, that is stored.</summary>
    /// <returns>False when the run did not fault or does not exist.</returns>
    /// <exception cref="StoryNotAllowedException">The caller may not use what the story uses.</exception>
    public async Task<bool> RetryAsync(string runId, ClaimsPrincipal caller, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(caller);
        if (await runs.FindAsync(runId, cancellationToken) is { Identity: { } identity }
            && await definitions.FindRevisionAsync(identity.DefinitionId, identity.Revision, cancellationToken) is { } story)
        {
            access.RequireToStart(story, caller);
        }

        // The stories it calls then are checked by the roles of everybody through whose hands it went.
        var hand = caller.Hand();
        return await CommandAnywhereAsync(runId, () => new RunCommand(run => run.RetryFaulted(hand)), Wanted, Patience, cancellationToken, revives: true) switch
        {
            CommandOutcome.Elsewhere => throw new RunElsewhereException(runId),
            var outcome => outcome == CommandOutcome.Done,
        };
    }

    /// <summary>
    /// Resumes a bookmark. When this returns true, that is stored: with the run or, when that takes longer than a few seconds, since the run
    /// waits for its turn, is busy, or is driven by another node, as work to be done as soon as the run can be told.
    /// </summary>
    /// <param name="runId">The run that waits.</param>
    /// <param name="bookmarkId">The bookmark.</param>
    /// <param name="input">What the activity gets.</param>
    /// <param name="caller">Who resumes it.</param>
    /// <param name="cancellationToken">Ends waiting for the command; it may be carried out all the same.</param>
    /// <returns>False when the run does not wait for it any more.</returns>
    /// <exception cref="RunElsewhereException">The run cannot be told at once, and somebody else's resumption of the same bookmark is stored already.</exception>
    public async Task<bool> ResumeAsync(string runId, string bookmarkId, object? input, ClaimsPrincipal caller, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(caller);

        // One at a time: what comes first ends the waiting as a rule, and the next must not be accepted and dropped.
        return await ResumeOrStoreAsync(runId, bookmarkId, input, RunIds.Of("resume", runId, bookmarkId), PatienceToResume, cancellationToken) switch
        {
            CommandOutcome.Elsewhere => throw new RunElsewhereException(runId),
            var outcome => outcome == CommandOutcome.Done,
        };
    }

    /// <summary>Ends a run. When this returns, its end is stored.</summary>
    /// <returns>False when it had ended before or does not exist.</returns>
    /// <exception cref="RunElsewhereException">Another node drives the run and did not cancel it within 30 seconds.</exception>
    /// <exception cref="LeaseLostException">Another node took the run over before its end was stored.</exception>
    public async Task<bool> CancelAsync(string runId, ClaimsPrincipal caller, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(caller);
        return await CommandAnywhereAsync(runId, () => RunCommand.Cancel(), ToBeCancelled, Patience, cancellationToken) switch
        {
            CommandOutcome.Elsewhere => throw new RunElsewhereException(runId),
            var outcome => outcome == CommandOutcome.Done,
        };
    }

    /// <summary>Takes up a run that was let go of, from its last commit.</summary>
    /// <returns>True when it is live here now; false when it has ended, does not exist, or another node drives it.</returns>
    public async Task<bool> ContinueAsync(string runId, CancellationToken cancellationToken)
    {
        var mine = NewEntry();
        var entry = live.GetOrAdd(runId, mine);
        if (ReferenceEquals(entry, mine))
        {
            await TakeUpAsync(runId, mine, null);
        }

        return await entry.Task.WaitAsync(cancellationToken) is not null;
    }

    /// <summary>Completes when a run that is live here waits for something outside, or ends; at once when it is not live.</summary>
    public Task RestOfAsync(string runId) => live.TryGetValue(runId, out var entry) ? EndOfAsync(entry) : Task.CompletedTask;

    /// <inheritdoc/>
    public async Task StartAsync(CancellationToken cancellationToken)
    {
        listening = signals.Subscribe(OnSignal);
        await definitions.LoadAsync(cancellationToken);
    }

    /// <summary>Lets go of all runs at their last commit; activities in flight are cancelled.</summary>
    public async Task StopAsync(CancellationToken cancellationToken)
    {
        await stopping.CancelAsync();
        foreach (var entry in live.Values)
        {
            await EndOfAsync(entry).WaitAsync(cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        listening?.Dispose();
        stopping.Dispose();
        gate.Dispose();
        meter.Dispose();
    }

    /// <summary>Takes no new runs from now on, and completes when all that are driven here wait or have ended. Those that wait may go on, here or elsewhere.</summary>
    public async Task DrainAsync(CancellationToken cancellationToken)
    {
        isDraining = true;
        foreach (var entry in live.Values)
        {
            await EndOfAsync(entry).WaitAsync(cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        cancellationToken.ThrowIfCancellationRequested();
    }

    internal Task<CommandOutcome> ResumeTimerAsync(string runId, string timerId, CancellationToken cancellationToken) =>
        CommandAsync(runId, () => new RunCommand(run => run.ResumeTimer(timerId)), cancellationToken);

    /// <summary>Resumes a bookmark unless another node drives the run. Stored work that this does, if any, goes in the same transaction.</summary>
    internal Task<CommandOutcome> TellAsync(string runId, string bookmarkId, object? input, string? followUpId, CancellationToken cancellationToken) =>
        CommandAsync(runId, () => new RunCommand(run => run.Resume(bookmarkId, input), followUpId), cancellationToken);

    internal bool IsLive(string runId) => live.ContainsKey(runId);

    internal async Task RenewLeasesAsync(CancellationToken cancellationToken)
    {
        foreach (var entry in live.Values)
        {
            if (entry.Task.IsCompleted && await entry.Task is { } actor)
            {
                await actor.RenewAsync(LeaseDuration, cancellationToken);
            }
        }
    }

    private void OnNotGivenBack(string runId) => notGivenBack.Writer.TryWrite((runId, environment.TimeProvider.GetUtcNow()));

    private static TaskCompletionSource<RunActor?> NewEntry() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    private static async Task EndOfAsync(TaskCompletionSource<RunActor?> entry)
    {
        if (await entry.Task is { } running)
        {
            await running.Ended;
        }
    }

    private RunActor NewActor(WorkflowRun run, Lease lease, RunOrigin? origin, RunTelemetry? telemetry, TaskCompletionSource<RunActor?> entry) =>
        new(run, lease, origin, telemetry, services, new(() => live.TryRemove(KeyValuePair.Create(run.Id, entry)), () => OnNotGivenBack(run.Id)), logger);

    private void Drive(RunActor actor, WorkflowDefinition definition, Turn? turn, Action? onLetGo) => _ = Task.Run(
        async () =>
        {
            try
            {
                using var waiting = turn is null ? actor.WaitForTurn(stopping.Token) : null;
                await gate.TakeTurnAsync(definition, turn, () => actor.DriveAsync(stopping.Token), waiting?.Token ?? stopping.Token);
            }
            finally
            {
                onLetGo?.Invoke();
            }
        },
        CancellationToken.None);

    private async Task<CommandOutcome> CommandAsync(string runId, Func<RunCommand> newCommand, CancellationToken cancellationToken, bool revives = false)
    {
        while (true)
        {
            cancellationToken.ThrowIfCancellationRequested();
            var command = newCommand();
            var mine = NewEntry();
            var entry = live.GetOrAdd(runId, mine);
            if (ReferenceEquals(entry, mine))
            {
                // Not bound to this caller: others may wait for the run by now.
                _ = TakeUpAsync(runId, mine, command, revives);
                return await command.Task.WaitAsync(cancellationToken);
            }

            if (await entry.Task.WaitAsync(cancellationToken) is not { } actor)
            {
                continue;
            }

            try
            {
                if (actor.Post(command))
                {
                    return await command.Task.WaitAsync(cancellationToken);
                }
            }
            catch (RunHandedOverException)
            {
                continue;
            }

            // It has just come to rest: wait until it has let go, then take the run up again.
            await ((Task)actor.Ended).WaitAsync(cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }
}
