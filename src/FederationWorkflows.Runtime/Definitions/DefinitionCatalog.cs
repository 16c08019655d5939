using System.Security.Claims;
using System.Text.Json;
using FederationWorkflows.Engine;
using FederationWorkflows.Engine.Definitions;
using FederationWorkflows.Engine.Descriptors;
using FederationWorkflows.Runtime.Schedules;
using FederationWorkflows.Runtime.Storage;
using Microsoft.Extensions.Logging;

namespace FederationWorkflows.Runtime.Definitions;

/// <summary>The definitions of the server: stored, compiled once per revision, and indexed by what starts them.</summary>
public sealed partial class DefinitionCatalog : IDisposable
{
    private readonly IDefinitionStore store;

    private readonly IScheduleStore schedules;

    private readonly WorkflowCompiler compiler;

    private readonly ActivityRegistry registry;

    private readonly StoryActivityProvider storyActivities;

    private readonly TimeProvider timeProvider;

    private readonly ILogger<DefinitionCatalog> logger;

    private readonly CompiledRevisions compiled = new();

    private readonly SemaphoreSlim publishing = new(1, 1);

    private TriggerIndex triggers = TriggerIndex.Empty;

    internal DefinitionCatalog(
        IDefinitionStore store,
        IScheduleStore schedules,
        WorkflowCompiler compiler,
        ActivityRegistry registry,
        StoryActivityProvider storyActivities,
        TimeProvider timeProvider,
        ILogger<DefinitionCatalog> logger)
    {
        this.store = store;
        this.schedules = schedules;
        this.compiler = compiler;
        this.registry = registry;
        this.storyActivities = storyActivities;
        this.timeProvider = timeProvider;
        this.logger = logger;
    }

    /// <summary>What starts the published definitions: an immutable snapshot, replaced when one is published.</summary>
    public TriggerIndex Triggers => Volatile.Read(ref triggers);

    internal int CompiledCount => compiled.Count;

    /// <summary>
    /// Checks a definition and makes it the published version. The same content again changes nothing.
    /// </summary>
    /// <param name="utf8Json">The definition.</param>
    /// <param name="caller">Who publishes it.</param>
    /// <param name="cancellationToken">Ends the call; nothing is stored then.</param>
    /// <exception cref="DefinitionException">It has errors; nothing was changed.</exception>
    public async ValueTask<StoredDefinition> PublishAsync(ReadOnlyMemory<byte> utf8Json, ClaimsPrincipal caller, CancellationToken cancellationToken)
    {
        var workflow = compiler.Compile(utf8Json).Require();
        var triggersOfIt = TriggerIndex.TriggersOf(workflow);
        await publishing.WaitAsync(cancellationToken);
        try
        {
            var definition = workflow.Definition;
            var latest = await store.FindLatestAsync(definition.DefinitionId, cancellationToken);
            if (latest is { IsPublished: true } && latest.Revision == definition.Revision)
            {
                await PublishAsync(latest, Compile(latest), triggersOfIt, cancellationToken);
                return latest;
            }

            var version = (latest?.Version ?? 0) + 1;
            var id = $"{definition.DefinitionId}:{version}";
            var json = Stamp(definition.Json, id, version);
            var stored = new StoredDefinition
            {
                Id = id,
                DefinitionId = definition.DefinitionId,
                Version = version,
                Revision = definition.Revision,
                Json = json,
                IsLatest = true,
                IsPublished = true,
                CreatedAt = timeProvider.GetUtcNow(),
                CreatedBy = caller.Identity?.Name ?? "unknown",
            };
            await store.SaveAsync(stored, cancellationToken);
            await PublishAsync(stored, compiler.Compile(json).Require(), triggersOfIt, cancellationToken);
            return stored;
        }
        finally
        {
            publishing.Release();
        }
    }

    /// <summary>
    /// Suspends a definition: nothing starts it any more until a version is published again. Runs that were started go on.
    /// </summary>
    /// <returns>False when there is no such definition.</returns>
    public async ValueTask<bool> RetractAsync(string definitionId, CancellationToken cancellationToken)
    {
        await publishing.WaitAsync(cancellationToken);
        try
        {
            if (!await store.SetPublishedAsync(definitionId, null, cancellationToken))
            {
                return false;
            }

            compiled.Retract(definitionId);
            Swap(definitionId, []);
            await RefreshTypesAsync(definitionId, isUsable: false, cancellationToken);
            await schedules.ReplaceSchedulesAsync(definitionId, [], cancellationToken);
            return true;
        }
        finally
        {
            publishing.Release();
        }
    }

    /// <summary>Makes a stored version the published one, in place of whichever is: a suspended definition is resumed so.</summary>
    /// <param name="versionId">The version.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    /// <returns>The version; null when there is none of this id.</returns>
    /// <exception cref="DefinitionException">It has errors by now; nothing was changed.</exception>
    public async ValueTask<StoredDefinition?> PublishVersionAsync(string versionId, CancellationToken cancellationToken)
    {
        await publishing.WaitAsync(cancellationToken);
        try
        {
            if (await store.FindVersionAsync(versionId, cancellationToken) is not { } stored)
            {
                return null;
            }

            var workflow = Compile(stored);
            var triggersOfIt = TriggerIndex.TriggersOf(workflow);
            await store.SetPublishedAsync(stored.DefinitionId, stored.Id, cancellationToken);
            await PublishAsync(stored, workflow, triggersOfIt, cancellationToken);
            return stored with { IsPublished = true };
        }
        finally
        {
            publishing.Release();
        }
    }

    /// <summary>Takes over what another node published or retracted; the schedules it has armed already.</summary>
    internal async ValueTask RefreshAsync(string definitionId, CancellationToken cancellationToken)
    {
        await publishing.WaitAsync(cancellationToken);
        try
        {
            if (await store.FindPublishedAsync(definitionId, cancellationToken) is not { } stored)
            {
                compiled.Retract(definitionId);
                Swap(definitionId, []);
                await RefreshTypesAsync(definitionId, isUsable: false, cancellationToken);
                return;
            }

            try
            {
                var workflow = Compile(stored);
                var own = TriggerIndex.TriggersOf(workflow);
                compiled.Publish(stored, workflow);
                Swap(definitionId, own);
                await RefreshTypesAsync(definitionId, workflow.Definition.UsableAsActivity, cancellationToken);
            }
            catch (DefinitionException e)
            {
                LogUnusable(stored.DefinitionId, stored.Version, e.Message);
            }
        }
        finally
        {
            publishing.Release();
        }
    }

    /// <inheritdoc/>
    public void Dispose() => publishing.Dispose();

    /// <summary>The published version of a definition, compiled; null when there is none.</summary>
    public async ValueTask<ExecutableWorkflow?> FindPublishedAsync(string definitionId, CancellationToken cancellationToken) =>
        await store.FindPublishedAsync(definitionId, cancellationToken) is { } stored ? Compile(stored) : null;

    /// <summary>The compiled graph of a revision; null when its definition is gone.</summary>
    public async ValueTask<ExecutableWorkflow?> FindRevisionAsync(string definitionId, string revision, CancellationToken cancellationToken) =>
        compiled.Find(definitionId, revision)
            ?? (await store.FindByRevisionAsync(definitionId, revision, cancellationToken) is { } stored ? Compile(stored) : null);

    /// <summary>Reads the published definitions of the store, for a server that starts. One that does not compile any more is reported and left out.</summary>
    public async ValueTask LoadAsync(CancellationToken cancellationToken)
    {
        storyActivities.BecomeReady();
        await registry.RefreshAsync(cancellationToken);
        foreach (var stored in await store.GetPublishedAsync(cancellationToken))
        {
            try
            {
                var workflow = Compile(stored);
                await PublishAsync(stored, workflow, TriggerIndex.TriggersOf(workflow), cancellationToken);
            }
            catch (DefinitionException e)
            {
                LogUnusable(stored.DefinitionId, stored.Version, e.Message);
            }
        }
    }

    /// <summary>What people and runs see as the version is what the store gave it, whatever the file said. It is no part of the revision.</summary>
    private static byte[] Stamp(JsonElement definition, string id, int version)
    {
        using var buffer = new MemoryStream();
        using (var writer = new Utf8JsonWriter(buffer, new JsonWriterOptions { MaxDepth = JsonValues.MaxDepth }))
        {
            writer.WriteStartObject();
            writer.WriteString("id", id);
            writer.WriteNumber("version", version);
            foreach (var property in definition.EnumerateObject().Where(property => property.Name is not ("id" or "version")))
            {
                property.WriteTo(writer);
            }

            writer.WriteEndObject();
        }

        return buffer.ToArray();
    }

    private ExecutableWorkflow Compile(StoredDefinition stored) =>
        compiled.Find(stored.DefinitionId, stored.Revision) ?? compiled.Add(stored, compiler.Compile(stored.Json).Require());

    private async ValueTask PublishAsync(StoredDefinition stored, ExecutableWorkflow workflow, IReadOnlyList<WorkflowTrigger> own, CancellationToken cancellationToken)
    {
        compiled.Publish(stored, workflow);
        Swap(stored.DefinitionId, own);
        await RefreshTypesAsync(stored.DefinitionId, workflow.Definition.UsableAsActivity, cancellationToken);
        await schedules.ReplaceSchedulesAsync(stored.DefinitionId, ScheduleArming.SchedulesOf(workflow, timeProvider.GetUtcNow()), cancellationToken);
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
