using System.Collections.Concurrent;
using System.Security.Claims;
using FederationWorkflows.Engine.Definitions;
using FederationWorkflows.Engine.Execution;
using FederationWorkflows.Runtime.Definitions;
using FederationWorkflows.Runtime.Storage;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

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

    private readonly CancellationTokenSource stopping = new();

    private readonly DefinitionCatalog definitions;

    private readonly IRunStore runs;

    private readonly RunEnvironment environment;

    private readonly RunActorServices services;

    private readonly ILogger<WorkflowRuntime> logger;

    private readonly string node = Guid.CreateVersion7().ToString("N");

    /// <summary>A runtime over a store.</summary>
    public WorkflowRuntime(
        DefinitionCatalog definitions,
        IRunStore runs,
        RunEnvironment environment,
        IEnumerable<IRunObserver> observers,
        IEnumerable<IEffectHandler> effectHandlers,
        ILogger<WorkflowRuntime> logger)
    {
        this.definitions = definitions;
        this.runs = runs;
        this.environment = environment;
        this.logger = logger;
        services = new RunActorServices(runs, environment.TimeProvider, [.. observers], [.. effectHandlers]);
    }

    /// <summary>A new run id.</summary>
    public string NewRunId() => environment.NewId();

    /// <summary>Starts a run of the published version of a definition. When this returns, the run is stored.</summary>
    /// <exception cref="UnknownDefinitionException">No version of the definition is published.</exception>
    /// <exception cref="RunExistsException">The run id is taken.</exception>
    /// <exception cref="Engine.ValueConversionException">A value does not fit its input.</exception>
    public async ValueTask<RunHandle> StartAsync(StartRequest request, ClaimsPrincipal caller, CancellationToken cancellationToken)
    {
        var workflow = await definitions.FindPublishedAsync(request.DefinitionId, cancellationToken) ?? throw new UnknownDefinitionException(request.DefinitionId);
        return await StartAsync(workflow, request, caller, cancellationToken);
    }

    /// <summary>Resumes a bookmark. When this returns, the resumption is stored.</summary>
    /// <param name="runId">The run that waits.</param>
    /// <param name="bookmarkId">The bookmark.</param>
    /// <param name="input">What the activity gets.</param>
    /// <param name="caller">Who resumes it.</param>
    /// <param name="cancellationToken">Ends waiting for the command; it may be carried out all the same.</param>
    /// <returns>False when the run does not wait for it any more, or another node drives it.</returns>
    /// <exception cref="LeaseLostException">Another node took the run over before the resumption was stored.</exception>
    public Task<bool> ResumeAsync(string runId, string bookmarkId, object? input, ClaimsPrincipal caller, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(caller);
        return CommandAsync(runId, run => run.Resume(bookmarkId, input), cancellationToken);
    }

    /// <summary>Ends a run. When this returns, its end is stored.</summary>
    /// <returns>False when it had ended before, does not exist, or another node drives it.</returns>
    /// <exception cref="LeaseLostException">Another node took the run over before its end was stored.</exception>
    public Task<bool> CancelAsync(string runId, ClaimsPrincipal caller, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(caller);
        return CommandAsync(runId, run => run.Cancel(), cancellationToken);
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
    public async Task StartAsync(CancellationToken cancellationToken) => await definitions.LoadAsync(cancellationToken);

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
    public void Dispose() => stopping.Dispose();

    internal Task<bool> ResumeTimerAsync(string runId, string timerId, CancellationToken cancellationToken) =>
        CommandAsync(runId, run => run.ResumeTimer(timerId), cancellationToken);

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

    private async ValueTask<RunHandle> StartAsync(ExecutableWorkflow workflow, StartRequest request, ClaimsPrincipal caller, CancellationToken cancellationToken)
    {
#pragma warning disable CA2000 // The actor disposes of it when it lets go.
        var run = WorkflowRun.Create(
            workflow,
            new RunStart
            {
                RunId = request.RunId ?? NewRunId(),
                Input = request.Input,
                CorrelationId = request.CorrelationId,
                TriggerActivityId = request.TriggerActivityId,
                TriggerPayload = request.TriggerPayload,
                StartedBy = caller.Identity?.Name,
            },
            environment);
#pragma warning restore CA2000
        var mine = NewEntry();
        if (!live.TryAdd(run.Id, mine))
        {
            run.Dispose();
            throw new RunExistsException(run.Id);
        }

        var actor = NewActor(run, new Lease(node, 1, environment.TimeProvider.GetUtcNow() + LeaseDuration), isNew: true, mine);
        try
        {
            await actor.CommitFirstAsync(cancellationToken);
        }
        catch
        {
            live.TryRemove(KeyValuePair.Create(run.Id, mine));
            mine.SetResult(null);
            run.Dispose();
            throw;
        }

        mine.SetResult(actor);
        Drive(actor);
        return new RunHandle(run.Id, actor.Ended);
    }

    private static TaskCompletionSource<RunActor?> NewEntry() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    private static async Task EndOfAsync(TaskCompletionSource<RunActor?> entry)
    {
        if (await entry.Task is { } running)
        {
            await running.Ended;
        }
    }

    private RunActor NewActor(WorkflowRun run, Lease lease, bool isNew, TaskCompletionSource<RunActor?> entry) =>
        new(run, lease, isNew, services, () => live.TryRemove(KeyValuePair.Create(run.Id, entry)), logger);

    private void Drive(RunActor actor) => _ = Task.Run(() => actor.DriveAsync(stopping.Token), CancellationToken.None);

    private async Task<bool> CommandAsync(string runId, Func<WorkflowRun, bool> change, CancellationToken cancellationToken)
    {
        var command = new RunCommand(change);
        while (true)
        {
            cancellationToken.ThrowIfCancellationRequested();
            var mine = NewEntry();
            var entry = live.GetOrAdd(runId, mine);
            if (ReferenceEquals(entry, mine))
            {
                // Not bound to this caller: others may wait for the run by now.
                _ = TakeUpAsync(runId, mine, command);
                return await command.Task.WaitAsync(cancellationToken);
            }

            if (await entry.Task.WaitAsync(cancellationToken) is not { } actor)
            {
                continue;
            }

            if (actor.Post(command))
            {
                return await command.Task.WaitAsync(cancellationToken);
            }

            // It has just come to rest: wait until it has let go, then take the run up again.
            await ((Task)actor.Ended).WaitAsync(cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    /// <summary>Makes a stored run live here. A first command is posted before the run is driven, so that it does not come to rest before.</summary>
    private async Task TakeUpAsync(string runId, TaskCompletionSource<RunActor?> mine, RunCommand? first)
    {
        RunActor? actor;
        try
        {
            actor = await LoadAsync(runId, mine);
        }
        catch (Exception e)
        {
            live.TryRemove(KeyValuePair.Create(runId, mine));
            mine.SetResult(null);
            if (first is null)
            {
                throw;
            }

            first.SetException(e);
            return;
        }

        if (actor is null)
        {
            live.TryRemove(KeyValuePair.Create(runId, mine));
            mine.SetResult(null);
            first?.SetResult(false);
            return;
        }

        if (first is not null)
        {
            actor.Post(first);
        }

        mine.SetResult(actor);
        Drive(actor);
    }

    /// <summary>Claims and loads a stored run; null when there is none, it has ended, its definition is gone, or another node drives it.</summary>
    private async Task<RunActor?> LoadAsync(string runId, TaskCompletionSource<RunActor?> entry)
    {
        var summary = await runs.FindAsync(runId, stopping.Token);
        if (summary is null || summary.Status == WorkflowStatus.Finished || await runs.ClaimAsync(runId, node, LeaseDuration, stopping.Token) is not { } lease)
        {
            return null;
        }

        RunActor? actor = null;
        try
        {
            var identity = summary.Identity;
            var workflow = await definitions.FindRevisionAsync(identity.DefinitionId, identity.Revision, stopping.Token);
            var parts = await runs.LoadAsync(runId, stopping.Token);
            if (workflow is null || parts is null)
            {
                LogGone(runId, identity.DefinitionId, identity.Revision);
                return null;
            }

            return actor = NewActor(WorkflowRun.Load(workflow, parts, environment), lease, isNew: false, entry);
        }
        finally
        {
            if (actor is null)
            {
                await runs.ReleaseAsync(runId, lease, CancellationToken.None);
            }
        }
    }

    [LoggerMessage(LogLevel.Error, "Run {RunId} cannot go on: revision {Revision} of definition {DefinitionId} is gone")]
    private partial void LogGone(string runId, string definitionId, string revision);
}

/// <summary>What to start.</summary>
public sealed record StartRequest(string DefinitionId)
{
    /// <summary>The id the run is to have, from <see cref="WorkflowRuntime.NewRunId"/>; a new one when null.</summary>
    public string? RunId { get; init; }

    /// <summary>Values of the workflow's inputs, by name.</summary>
    public IReadOnlyDictionary<string, object?> Input { get; init; } = new Dictionary<string, object?>();

    /// <summary>What ties the run to something outside.</summary>
    public string? CorrelationId { get; init; }

    /// <summary>The trigger that starts it; null to start it by hand.</summary>
    public string? TriggerActivityId { get; init; }

    /// <summary>What the trigger received.</summary>
    public object? TriggerPayload { get; init; }
}

/// <summary>A run that was started.</summary>
/// <param name="RunId">Its id.</param>
/// <param name="Rest">Completes when it first waits for something outside, or ends.</param>
public sealed record RunHandle(string RunId, Task<RunResult> Rest);

/// <summary>No version of a definition is published.</summary>
public sealed class UnknownDefinitionException(string definitionId) : Exception($"There is no published story '{definitionId}'. Publish it first, or check the id.")
{
    /// <summary>The definition that was asked for.</summary>
    public string DefinitionId { get; } = definitionId;
}
