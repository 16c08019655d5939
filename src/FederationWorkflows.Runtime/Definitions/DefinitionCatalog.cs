using System.Collections.Concurrent;
using FederationWorkflows.Engine.Definitions;
using FederationWorkflows.Engine.Descriptors;
using FederationWorkflows.Runtime.Schedules;
using FederationWorkflows.Runtime.Storage;
using Microsoft.Extensions.Logging;

namespace FederationWorkflows.Runtime.Definitions;

/// <summary>
/// The definitions of the server: their versions in the store, and those that are published compiled and indexed by what starts them. The
/// compiled ones follow the store: what another node publishes or retracts is told by a signal and read again (<see cref="DefinitionSync"/>).
/// </summary>
public sealed partial class DefinitionCatalog : IDisposable
{
    private readonly IDefinitionStore store;

    private readonly IScheduleStore schedules;

    private readonly IRunStore runs;

    private readonly WorkflowCompiler compiler;

    private readonly ActivityRegistry registry;

    private readonly StoryActivityProvider storyActivities;

    private readonly StoryAccess access;

    private readonly TimeProvider timeProvider;

    private readonly ILogger<DefinitionCatalog> logger;

    private readonly CompiledRevisions compiled = new();

    private readonly ConcurrentDictionary<string, ExecutableWorkflow> published = new();

    /// <summary>Held to change definitions and to take over what the store has: an older reading never takes the place of a newer one.</summary>
    private readonly SemaphoreSlim changing = new(1, 1);

    private TriggerIndex triggers = TriggerIndex.Empty;

    internal DefinitionCatalog(
        IDefinitionStore store,
        IScheduleStore schedules,
        IRunStore runs,
        WorkflowCompiler compiler,
        ActivityRegistry registry,
        StoryActivityProvider storyActivities,
        StoryAccess access,
        TimeProvider timeProvider,
        ILogger<DefinitionCatalog> logger)
    {
        this.store = store;
        this.schedules = schedules;
        this.runs = runs;
        this.compiler = compiler;
        this.registry = registry;
        this.storyActivities = storyActivities;
        this.access = access;
        this.timeProvider = timeProvider;
        this.logger = logger;
    }

    /// <summary>A definition was published or retracted, here or on another node, and this node follows. The argument is its id. Called on the turn of whoever did it.</summary>
    internal event Action<string>? Changed;

    /// <summary>What starts the published definitions: an immutable snapshot, replaced when one is published.</summary>
    public TriggerIndex Triggers => Volatile.Read(ref triggers);

    /// <summary>The published stories that this node can run, in no order.</summary>
    public IReadOnlyCollection<ExecutableWorkflow> Published => [.. published.Values];

    internal int CompiledCount => compiled.Count;

    /// <inheritdoc/>
    public void Dispose() => changing.Dispose();

    /// <summary>The published version of a definition, compiled; null when there is none.</summary>
    public async ValueTask<ExecutableWorkflow?> FindPublishedAsync(string definitionId, CancellationToken cancellationToken) =>
        published.GetValueOrDefault(definitionId) ?? (await store.FindPublishedAsync(definitionId, cancellationToken) is { } stored ? Compile(stored) : null);

    /// <summary>The compiled graph of a revision; null when its definition is gone.</summary>
    public async ValueTask<ExecutableWorkflow?> FindRevisionAsync(string definitionId, string revision, CancellationToken cancellationToken) =>
        compiled.Find(definitionId, revision)
            ?? (await store.FindByRevisionAsync(definitionId, revision, cancellationToken) is { } stored ? Compile(stored) : null);

    /// <summary>A version of a definition, compiled, published or not; null when there is none of the id.</summary>
    /// <exception cref="DefinitionException">It has errors.</exception>
    public async ValueTask<ExecutableWorkflow?> FindVersionAsync(string versionId, CancellationToken cancellationToken) =>
        await store.FindVersionAsync(versionId, cancellationToken) is { } stored ? Compile(stored) : null;

    /// <summary>Reads the published definitions of the store. One that does not compile any more is reported and left out.</summary>
    public async ValueTask LoadAsync(CancellationToken cancellationToken)
    {
        await changing.WaitAsync(cancellationToken);
        try
        {
            storyActivities.BecomeReady();
            await registry.RefreshAsync(cancellationToken);
            var all = await store.GetPublishedAsync(cancellationToken);
            foreach (var gone in published.Keys.Except(all.Select(stored => stored.DefinitionId)).ToArray())
            {
                await DisarmAsync(gone, cancellationToken);
                await WithdrawAsync(gone, cancellationToken);
            }

            foreach (var stored in all)
            {
                await AdoptAsync(stored, cancellationToken);
            }
        }
        finally
        {
            changing.Release();
        }
    }

    /// <summary>Reads anew which version of a definition is published, after a signal said that it may be another one.</summary>
    internal async ValueTask RefreshAsync(string definitionId, CancellationToken cancellationToken)
    {
        await changing.WaitAsync(cancellationToken);
        try
        {
            if (await store.FindPublishedAsync(definitionId, cancellationToken) is { } stored)
            {
                await AdoptAsync(stored, cancellationToken);
            }
            else if (published.ContainsKey(definitionId))
            {
                await DisarmAsync(definitionId, cancellationToken);
                await WithdrawAsync(definitionId, cancellationToken);
            }
        }
        finally
        {
            changing.Release();
        }
    }

    /// <summary>The graph says which version it is of, so that one of the same content does for runs that go on, but not for new ones.</summary>
    private ExecutableWorkflow Compile(StoredDefinition stored) =>
        compiled.Find(stored.DefinitionId, stored.Revision) is { } same && same.Definition.Id == stored.Id ? same : compiled.Add(stored, compiler.Compile(stored.Json).Require());

    /// <summary>Takes a published version over. One that this node cannot compile is not started here; its schedules are left to the nodes that can.</summary>
    private async ValueTask AdoptAsync(StoredDefinition stored, CancellationToken cancellationToken)
    {
        if (published.TryGetValue(stored.DefinitionId, out var known) && known.Definition.Id == stored.Id && known.Definition.Revision == stored.Revision)
        {
            return;
        }

        try
        {
            var workflow = Compile(stored);
            await AdoptAsync(stored, workflow, TriggerIndex.TriggersOf(workflow), cancellationToken);
        }
        catch (DefinitionException e)
        {
            LogUnusable(stored.DefinitionId, stored.Version, e.Message);
            Forget(stored.DefinitionId);
        }
    }

    private async ValueTask AdoptAsync(StoredDefinition stored, ExecutableWorkflow workflow, IReadOnlyList<WorkflowTrigger> own, CancellationToken cancellationToken)
    {
        compiled.Publish(stored, workflow);
        published[stored.DefinitionId] = workflow;
        Swap(stored.DefinitionId, own);
        await RefreshTypesAsync(stored.DefinitionId, workflow.Definition.UsableAsActivity, cancellationToken);
        await schedules.ReplaceSchedulesAsync(stored.DefinitionId, ScheduleArming.SchedulesOf(workflow, timeProvider.GetUtcNow()), cancellationToken);
        Changed?.Invoke(stored.DefinitionId);
    }

    private ValueTask DisarmAsync(string definitionId, CancellationToken cancellationToken) => schedules.ReplaceSchedulesAsync(definitionId, [], cancellationToken);

    /// <summary>Nothing starts it here any more, for the store has it no more among the published ones.</summary>
    private async ValueTask WithdrawAsync(string definitionId, CancellationToken cancellationToken)
    {
        Forget(definitionId);
        await RefreshTypesAsync(definitionId, isUsable: false, cancellationToken);
        Changed?.Invoke(definitionId);
    }

    /// <summary>A story that is, or was, usable as an activity changes the types there are.</summary>
    private async ValueTask RefreshTypesAsync(string definitionId, bool isUsable, CancellationToken cancellationToken)
    {
        if (isUsable || registry.Current.All.Any(type => type.IsStory && (string)type.CustomProperties["WorkflowDefinitionId"] == definitionId))
        {
            storyActivities.BecomeReady();
            await registry.RefreshAsync(cancellationToken);
        }
    }

    private void Forget(string definitionId)
    {
        published.TryRemove(definitionId, out _);
        compiled.Retract(definitionId);
        Swap(definitionId, []);
    }

    private void Swap(string definitionId, IReadOnlyList<WorkflowTrigger> own)
    {
        TriggerIndex before;
        do
        {
            before = Volatile.Read(ref triggers);
        }
        while (Interlocked.CompareExchange(ref triggers, before.Replace(definitionId, own), before) != before);
    }

    [LoggerMessage(LogLevel.Error, "Story {DefinitionId} version {Version} cannot be used, and nothing starts it: {Problems}")]
    private partial void LogUnusable(string definitionId, int version, string problems);
}
