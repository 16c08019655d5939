using System.Collections.Concurrent;
using FederationWorkflows.Engine.Definitions;
using FederationWorkflows.Runtime.Schedules;
using FederationWorkflows.Runtime.Storage;
using Microsoft.Extensions.Logging;

namespace FederationWorkflows.Runtime.Definitions;

/// <summary>
/// The definitions of the server: their versions in the store, and those that are published compiled and indexed by what starts them. The
/// compiled ones follow the store: what another node publishes or retracts is told by a signal and read again (<see cref="DefinitionSync"/>).
/// </summary>
public sealed partial class DefinitionCatalog(
    IDefinitionStore store, IScheduleStore schedules, IRunStore runs, WorkflowCompiler compiler, TimeProvider timeProvider, ILogger<DefinitionCatalog> logger) : IDisposable
{
    private readonly CompiledRevisions compiled = new();

    private readonly ConcurrentDictionary<string, ExecutableWorkflow> published = new();

    /// <summary>Held to change definitions and to take over what the store has: an older reading never takes the place of a newer one.</summary>
    private readonly SemaphoreSlim changing = new(1, 1);

    private TriggerIndex triggers = TriggerIndex.Empty;

    /// <summary>A definition was published or retracted, here or on another node, and this node follows. The argument is its id. Called on the turn of whoever did it.</summary>
    internal event Action<string>? Changed;

    /// <summary>What starts the published definitions: an immutable snapshot, replaced when one is published.</summary>
    public TriggerIndex Triggers => Volatile.Read(ref triggers);

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

    /// <summary>Reads the published definitions of the store. One that does not compile any more is reported and left out.</summary>
    public async ValueTask LoadAsync(CancellationToken cancellationToken)
    {
        await changing.WaitAsync(cancellationToken);
        try
        {
            var all = await store.GetPublishedAsync(cancellationToken);
            foreach (var gone in published.Keys.Except(all.Select(stored => stored.DefinitionId)).ToArray())
            {
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
        await schedules.ReplaceSchedulesAsync(stored.DefinitionId, ScheduleArming.SchedulesOf(workflow, timeProvider.GetUtcNow()), cancellationToken);
        Changed?.Invoke(stored.DefinitionId);
    }

    private async ValueTask WithdrawAsync(string definitionId, CancellationToken cancellationToken)
    {
        Forget(definitionId);
        await schedules.ReplaceSchedulesAsync(definitionId, [], cancellationToken);
        Changed?.Invoke(definitionId);
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
