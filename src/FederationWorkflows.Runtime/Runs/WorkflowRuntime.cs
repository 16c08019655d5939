using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using System.Security.Claims;
using System.Security.Cryptography;
using System.Text;
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

    private readonly Channel<string> notGivenBack = Channel.CreateUnbounded<string>();

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
    internal ChannelReader<string> NotGivenBack => notGivenBack.Reader;

    /// <summary>This node takes no new runs.</summary>
    internal bool IsDraining => isDraining;

    /// <summary>
    /// Why nobody from outside can start a run at the moment; null when there is room, unless somebody is quicker. A server asks before it has
    /// read a request: under overload, who is turned away late costs nearly as much as a run. Counts who is turned away.
    /// </summary>
    public NodeBusyException? TurnsAway() => isDraining ? Draining() : gate.HasRoom ? null : gate.Full();

    /// <summary>A new run id.</summary>
    public string NewRunId() => environment.NewId();

    /// <summary>Starts a run of the published version of a definition, or of the one that is asked for. When this returns, the run is stored.</summary>
    /// <exception cref="UnknownDefinitionException">No version of the definition is published, or it has not the one that is asked for.</exception>
    /// <exception cref="DefinitionException">The version that is asked for has errors.</exception>
    /// <exception cref="StoryNotAllowedException">The caller may not start it by hand.</exception>
    /// <exception cref="RunExistsException">The run id is taken.</exception>
    /// <exception cref="NodeBusyException">There is no room for another run, or the node is being drained.</exception>
    /// <exception cref="DuplicateRunException">The same deduplication key started a run before.</exception>
    /// <exception cref="Engine.ValueConversionException">A value does not fit its input.</exception>
    public async ValueTask<RunHandle> StartAsync(StartRequest request, ClaimsPrincipal caller, CancellationToken cancellationToken)
    {
        var workflow = request.VersionId is { } version ? await definitions.FindVersionAsync(version, cancellationToken) : await definitions.FindPublishedAsync(request.DefinitionId, cancellationToken);
        if (workflow?.Definition.DefinitionId != request.DefinitionId)
        {
            throw new UnknownDefinitionException(request.DefinitionId);
        }

        var deduplication = request.DeduplicationKey is not { } key ? null : new Deduplication(
            $"{request.DefinitionId}/{request.TriggerActivityId}",
            Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(key))),
            environment.TimeProvider.GetUtcNow() + request.DeduplicationWindow);
        if (!request.IsTriggered)
        {
            access.RequireToStart(workflow, caller);
        }

        var origin = new RunOrigin { Deduplication = deduplication, Hands = request.IsTriggered ? Hands.None : [caller.Hand()] };
        return await StartAsync(workflow, request, caller.ToPerson(), origin, cancellationToken);
    }

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
        return await CommandAnywhereAsync(runId, run => run.RetryFaulted(hand), Wanted, Patience, cancellationToken, revives: true) switch
        {
            CommandOutcome.Elsewhere => throw new RunElsewhereException(runId),
            var outcome => outcome == CommandOutcome.Done,
        };
    }

    /// <summary>Starts a new run with what another was started with: on the published version of its story, or on the other's own when none is published.</summary>
    /// <param name="runId">The other run.</param>
    /// <param name="input">Values that replace or join the other's inputs, by name; null for none.</param>
    /// <param name="caller">Who asks for it.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    /// <returns>The new run; null when the other, or its definition, does not exist.</returns>
    /// <exception cref="StoryNotAllowedException">The caller may not use what the story uses.</exception>
    /// <exception cref="NodeBusyException">There is no room for another run, or the node is being drained.</exception>
    /// <exception cref="Engine.ValueConversionException">A value does not fit its input.</exception>
    public async ValueTask<RunHandle?> RerunAsync(string runId, IReadOnlyDictionary<string, object?>? input, ClaimsPrincipal caller, CancellationToken cancellationToken)
    {
        if (await runs.FindAsync(runId, cancellationToken) is not { Identity: { } identity }
            || await definitions.FindRevisionAsync(identity.DefinitionId, identity.Revision, cancellationToken) is not { } own
            || await runs.LoadAsync(runId, cancellationToken) is not { } parts)
        {
            return null;
        }

        using var other = WorkflowRun.Load(own, parts, environment);
        var values = new Dictionary<string, object?>(other.Input);
        foreach (var (name, value) in input ?? new Dictionary<string, object?>())
        {
            values[name] = value;
        }

        var request = new StartRequest(identity.DefinitionId)
        {
            Input = values,
            CorrelationId = identity.CorrelationId,
            TriggerActivityId = other.TriggerActivityId,
            TriggerPayload = other.TriggerPayload,
        };
        var workflow = await definitions.FindPublishedAsync(identity.DefinitionId, cancellationToken) ?? own;
        access.RequireToStart(workflow, caller);
        return await StartAsync(workflow, request, caller.ToPerson(), new RunOrigin { Hands = [caller.Hand()] }, cancellationToken);
    }

    /// <summary>
    /// Resumes a bookmark. When this returns true, that is stored: with the run or, when another node drives the run and does not let go of
    /// it soon, as work to be done as soon as the run can be told.
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
        var outcome = await ResumeAnywhereAsync(runId, bookmarkId, input, cancellationToken);
        if (outcome != CommandOutcome.Elsewhere)
        {
            return outcome == CommandOutcome.Done;
        }

        // One at a time: what comes first ends the waiting as a rule, and the next must not be accepted and dropped.
        return await ResumeLaterAsync(RunIds.Of("resume", runId, bookmarkId), runId, bookmarkId, input, cancellationToken) ? true : throw new RunElsewhereException(runId);
    }

    /// <summary>Ends a run. When this returns, its end is stored.</summary>
    /// <returns>False when it had ended before or does not exist.</returns>
    /// <exception cref="RunElsewhereException">Another node drives the run and did not cancel it within 30 seconds.</exception>
    /// <exception cref="LeaseLostException">Another node took the run over before its end was stored.</exception>
    public async Task<bool> CancelAsync(string runId, ClaimsPrincipal caller, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(caller);
        return await CommandAnywhereAsync(runId, run => run.Cancel(), ToBeCancelled, Patience, cancellationToken) switch
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
        CommandAsync(runId, run => run.ResumeTimer(timerId), cancellationToken);

    /// <summary>Resumes a bookmark unless another node drives the run. Stored work that this does, if any, goes in the same transaction.</summary>
    internal Task<CommandOutcome> TellAsync(string runId, string bookmarkId, object? input, string? followUpId, CancellationToken cancellationToken) =>
        CommandAsync(runId, run => run.Resume(bookmarkId, input), cancellationToken, followUpId: followUpId);

    internal bool IsLive(string runId) => live.ContainsKey(runId);

    private NodeBusyException Draining()
    {
        RuntimeMeter.Rejected.Add(1, new KeyValuePair<string, object?>(RuntimeMeter.Reason, "draining"));
        return new NodeBusyException("This node is being drained and takes no new runs.", retryAfter);
    }

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

    internal async ValueTask<RunHandle> StartAsync(ExecutableWorkflow workflow, StartRequest request, Person? startedBy, RunOrigin origin, CancellationToken cancellationToken)
    {
        if (isDraining)
        {
            throw Draining();
        }

        // What came in durably by another way waits; who asks from outside is better told.
        if (origin.WaitsForRoom)
        {
            await gate.EnterAsync(cancellationToken);
        }
        else if (!gate.TryEnter())
        {
            throw gate.Full();
        }

        WorkflowRun run;
        try
        {
            run = Create(workflow, request, startedBy, origin);
        }
        catch
        {
            gate.Leave();
            throw;
        }

        var mine = NewEntry();
        if (!live.TryAdd(run.Id, mine))
        {
            run.Dispose();
            gate.Leave();
            throw new RunExistsException(run.Id);
        }

        var telemetry = RunTelemetry.Begin(run, isNew: true, earlier: null, RunTraceContext.Parse(origin.TraceParent), environment.TimeProvider);
        var actor = NewActor(run, new Lease(Node, 1, environment.TimeProvider.GetUtcNow() + LeaseDuration), origin, telemetry, mine);
        var turn = gate.TryTakeTurn(workflow.Definition);
        bool rests;
        try
        {
            rests = await actor.BeginAsync(turn is not null, cancellationToken);
        }
        catch
        {
            turn?.Dispose();
            live.TryRemove(KeyValuePair.Create(run.Id, mine));
            mine.SetResult(null);
            run.Dispose();
            gate.Leave();
            throw;
        }

        mine.SetResult(actor);
        if (rests)
        {
            turn?.Dispose();
            gate.Leave();
        }
        else
        {
            Drive(actor, workflow.Definition, turn, gate.Leave);
        }

        return new RunHandle(run.Id, actor.Ended);
    }

    private WorkflowRun Create(ExecutableWorkflow workflow, StartRequest request, Person? startedBy, RunOrigin origin) => WorkflowRun.Create(
        workflow,
        new RunStart
        {
            RunId = request.RunId ?? NewRunId(),
            Input = request.Input,
            CorrelationId = request.CorrelationId,
            TriggerActivityId = request.TriggerActivityId,
            TriggerPayload = request.TriggerPayload,
            StartedBy = startedBy,
            Hands = origin.Hands,
            Parent = origin.Parent,
        },
        environment);

    private static TaskCompletionSource<RunActor?> NewEntry() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    private static async Task EndOfAsync(TaskCompletionSource<RunActor?> entry)
    {
        if (await entry.Task is { } running)
        {
            await running.Ended;
        }
    }

    private RunActor NewActor(WorkflowRun run, Lease lease, RunOrigin? origin, RunTelemetry? telemetry, TaskCompletionSource<RunActor?> entry) =>
        new(run, lease, origin, telemetry, services, new(() => live.TryRemove(KeyValuePair.Create(run.Id, entry)), () => notGivenBack.Writer.TryWrite(run.Id)), logger);

    private void Drive(RunActor actor, WorkflowDefinition definition, Turn? turn, Action? onLetGo) => _ = Task.Run(
        async () =>
        {
            try
            {
                await gate.TakeTurnAsync(definition, turn, () => actor.DriveAsync(stopping.Token), stopping.Token);
            }
            finally
            {
                onLetGo?.Invoke();
            }
        },
        CancellationToken.None);

    private async Task<CommandOutcome> CommandAsync(string runId, Func<WorkflowRun, bool> change, CancellationToken cancellationToken, bool revives = false, string? followUpId = null)
    {
        while (true)
        {
            cancellationToken.ThrowIfCancellationRequested();
            var command = new RunCommand(change, followUpId);
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
