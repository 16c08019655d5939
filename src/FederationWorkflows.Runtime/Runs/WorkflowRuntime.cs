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

    private readonly ConcurrentDictionary<string, Lazy<Task<RunActor?>>> live = new();

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
        services = new RunActorServices(runs, [.. observers], [.. effectHandlers]);
    }

    /// <summary>A new run id.</summary>
    public string NewRunId() => environment.NewId();

    /// <summary>Starts a run of the published version of a definition. When this returns, the run is stored.</summary>
    /// <exception cref="UnknownDefinitionException">No version of the definition is published.</exception>
    /// <exception cref="Engine.ValueConversionException">A value does not fit its input.</exception>
    public async ValueTask<RunHandle> StartAsync(StartRequest request, ClaimsPrincipal caller, CancellationToken cancellationToken)
    {
        var workflow = await definitions.FindPublishedAsync(request.DefinitionId, cancellationToken) ?? throw new UnknownDefinitionException(request.DefinitionId);
        return await StartAsync(workflow, request, caller, cancellationToken);
    }

    /// <summary>Resumes a bookmark.</summary>
    /// <param name="runId">The run that waits.</param>
    /// <param name="bookmarkId">The bookmark.</param>
    /// <param name="input">What the activity gets.</param>
    /// <param name="caller">Who resumes it.</param>
    /// <param name="cancellationToken">Ends waiting for the command; it may be carried out all the same.</param>
    /// <returns>False when the run does not wait for it any more.</returns>
    public Task<bool> ResumeAsync(string runId, string bookmarkId, object? input, ClaimsPrincipal caller, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(caller);
        return CommandAsync(runId, run => run.Resume(bookmarkId, input), cancellationToken);
    }

    /// <summary>Ends a run.</summary>
    /// <returns>False when it had ended before, or does not exist.</returns>
    public Task<bool> CancelAsync(string runId, ClaimsPrincipal caller, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(caller);
        return CommandAsync(runId, run => run.Cancel(), cancellationToken);
    }

    /// <summary>Completes when a run that is live here waits for something outside, or ends; at once when it is not live.</summary>
    public Task RestOfAsync(string runId) => live.TryGetValue(runId, out var actor) ? EndOfAsync(actor) : Task.CompletedTask;

    /// <inheritdoc/>
    public async Task StartAsync(CancellationToken cancellationToken) => await definitions.LoadAsync(cancellationToken);

    /// <summary>Lets go of all runs at their last commit; activities in flight are cancelled.</summary>
    public async Task StopAsync(CancellationToken cancellationToken)
    {
        await stopping.CancelAsync();
        foreach (var actor in live.Values)
        {
            await EndOfAsync(actor).WaitAsync(cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    /// <inheritdoc/>
    public void Dispose() => stopping.Dispose();

    internal Task<bool> ResumeTimerAsync(string runId, string timerId, CancellationToken cancellationToken) =>
        CommandAsync(runId, run => run.ResumeTimer(timerId), cancellationToken);

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
        var lease = new Lease(node, 1, environment.TimeProvider.GetUtcNow() + LeaseDuration);
        var actor = new RunActor(run, lease, isNew: true, services, _ => live.TryRemove(run.Id, out Lazy<Task<RunActor?>>? ended), logger);
        await actor.CommitFirstAsync(cancellationToken);
        live[run.Id] = new Lazy<Task<RunActor?>>(Task.FromResult<RunActor?>(actor));
        _ = Task.Run(() => actor.DriveAsync(stopping.Token), CancellationToken.None);
        return new RunHandle(run.Id, actor.Ended);
    }

    private static async Task EndOfAsync(Lazy<Task<RunActor?>> actor)
    {
        if (await actor.Value is { } running)
        {
            await running.Ended;
        }
    }

    private async Task<bool> CommandAsync(string runId, Func<WorkflowRun, bool> command, CancellationToken cancellationToken)
    {
        while (true)
        {
            cancellationToken.ThrowIfCancellationRequested();
            var entry = live.GetOrAdd(runId, id => new Lazy<Task<RunActor?>>(() => TakeUpAsync(id)));
            RunActor? actor = null;
            try
            {
                actor = await entry.Value.WaitAsync(cancellationToken);
            }
            finally
            {
                if (actor is null && entry.Value.IsCompleted)
                {
                    live.TryRemove(KeyValuePair.Create(runId, entry));
                }
            }

            if (actor is null)
            {
                return false;
            }

            if (actor.Post(command) is { } done)
            {
                return await done.WaitAsync(cancellationToken);
            }

            // It has just come to rest: wait until it has let go, then take the run up again.
            await ((Task)actor.Ended).WaitAsync(cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    /// <summary>Makes a stored run live here; null when there is none, it has ended, or another node drives it.</summary>
    private async Task<RunActor?> TakeUpAsync(string runId)
    {
        var summary = await runs.FindAsync(runId, stopping.Token);
        if (summary is null || summary.Status == WorkflowStatus.Finished || await runs.ClaimAsync(runId, node, LeaseDuration, stopping.Token) is not { } lease)
        {
            return null;
        }

        var identity = summary.Identity;
        var workflow = await definitions.FindRevisionAsync(identity.DefinitionId, identity.Revision, stopping.Token);
        var parts = await runs.LoadAsync(runId, stopping.Token);
        if (workflow is null || parts is null)
        {
            LogGone(runId, identity.DefinitionId, identity.Revision);
            await runs.ReleaseAsync(runId, lease, stopping.Token);
            return null;
        }

        var actor = new RunActor(WorkflowRun.Load(workflow, parts, environment), lease, isNew: false, services, _ => live.TryRemove(runId, out Lazy<Task<RunActor?>>? ended), logger);
        _ = Task.Run(() => actor.DriveAsync(stopping.Token), CancellationToken.None);
        return actor;
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
