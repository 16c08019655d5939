using System.Globalization;
using System.Security.Claims;
using System.Text.Json;
using FederationWorkflows.Engine;
using FederationWorkflows.Engine.Definitions;
using FederationWorkflows.Engine.Execution;
using FederationWorkflows.Runtime.Storage;
using Microsoft.Extensions.Logging;

namespace FederationWorkflows.Runtime.Definitions;

/// <content>
/// What people do to the versions of a definition. A published version never changes: runs are pinned to its content. A draft may be saved
/// over as long as nothing ran it.
/// </content>
public sealed partial class DefinitionCatalog
{
    /// <summary>Checks a definition and makes it the published version. The content that is published already changes nothing.</summary>
    /// <param name="utf8Json">The definition.</param>
    /// <param name="caller">Who publishes it.</param>
    /// <param name="cancellationToken">Ends the call; nothing is stored then.</param>
    /// <exception cref="DefinitionException">It has errors; nothing was changed.</exception>
    public async ValueTask<StoredDefinition> PublishAsync(ReadOnlyMemory<byte> utf8Json, ClaimsPrincipal caller, CancellationToken cancellationToken)
    {
        var workflow = compiler.Compile(utf8Json).Require();
        _ = TriggerIndex.TriggersOf(workflow);
        await changing.WaitAsync(cancellationToken);
        try
        {
            var definition = workflow.Definition;
            if (await store.FindPublishedAsync(definition.DefinitionId, cancellationToken) is { } same && same.Revision == definition.Revision)
            {
                await AdoptAsync(same, cancellationToken);
                return same;
            }

            var latest = await store.FindLatestAsync(definition.DefinitionId, cancellationToken);
            if (latest?.Revision == definition.Revision && await PublishStoredAsync(latest, caller, cancellationToken) is { } stored)
            {
                return stored;
            }

            var version = NewVersion(definition, latest, caller) with { IsPublished = true };
            workflow = Compile(version);
            await store.SaveAsync(version, cancellationToken);
            await AdoptAsync(version, workflow, TriggerIndex.TriggersOf(workflow), cancellationToken);
            LogPublished(version.DefinitionId, version.Version, NameOf(caller));
            return version;
        }
        finally
        {
            changing.Release();
        }
    }

    /// <summary>
    /// Stores a definition as the latest version, which nothing starts until it is published. It may have errors in its activities. The latest
    /// version is saved over when it is a draft that never ran; otherwise there is a new one. The content of the latest version changes nothing.
    /// </summary>
    /// <param name="utf8Json">The definition.</param>
    /// <param name="caller">Who saves it.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    /// <exception cref="DefinitionException">It is no definition at all; nothing was changed.</exception>
    public ValueTask<StoredDefinition> SaveDraftAsync(ReadOnlyMemory<byte> utf8Json, ClaimsPrincipal caller, CancellationToken cancellationToken) =>
        SaveDraftAsync(utf8Json, basedOn: null, caller, cancellationToken);

    /// <inheritdoc cref="SaveDraftAsync(ReadOnlyMemory{byte}, ClaimsPrincipal, CancellationToken)"/>
    /// <param name="utf8Json">The definition.</param>
    /// <param name="basedOn">The revision of the latest version that the caller changed; null to save whatever it is now.</param>
    /// <param name="caller">Who saves it.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    /// <exception cref="DefinitionConflictException">The latest version is another one by now, and not what is to be saved; nothing was changed.</exception>
    public async ValueTask<StoredDefinition> SaveDraftAsync(ReadOnlyMemory<byte> utf8Json, string? basedOn, ClaimsPrincipal caller, CancellationToken cancellationToken)
    {
        var definition = DefinitionParser.Parse(utf8Json);
        await changing.WaitAsync(cancellationToken);
        try
        {
            var latest = await store.FindLatestAsync(definition.DefinitionId, cancellationToken);
            if (latest?.Revision == definition.Revision)
            {
                return latest;
            }

            if (basedOn is not null && latest is not null && latest.Revision != basedOn)
            {
                throw new DefinitionConflictException(latest);
            }

            var draft = latest is { IsPublished: false } && !await HasRunAsync(latest, cancellationToken)
                ? latest with { Revision = definition.Revision, Json = Stamp(definition.Json, latest.Id, latest.Version), CreatedBy = NameOf(caller) }
                : NewVersion(definition, latest, caller);
            await store.SaveAsync(draft, cancellationToken);
            return draft;
        }
        finally
        {
            changing.Release();
        }
    }

    /// <summary>Makes a stored version the published one, and what starts it with it.</summary>
    /// <param name="versionId">The version's id.</param>
    /// <param name="caller">Who publishes it.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    /// <returns>The version; null when there is none of the id.</returns>
    /// <exception cref="DefinitionException">It has errors; nothing was changed.</exception>
    public async ValueTask<StoredDefinition?> PublishVersionAsync(string versionId, ClaimsPrincipal caller, CancellationToken cancellationToken)
    {
        await changing.WaitAsync(cancellationToken);
        try
        {
            if (await store.FindVersionAsync(versionId, cancellationToken) is not { } version)
            {
                return null;
            }

            if (version.IsPublished)
            {
                await AdoptAsync(version, cancellationToken);
                return version;
            }

            return await PublishStoredAsync(version, caller, cancellationToken);
        }
        finally
        {
            changing.Release();
        }
    }

    /// <summary>Leaves a definition without a published version: nothing starts it any more. Its runs go on.</summary>
    /// <returns>False when none was published.</returns>
    public async ValueTask<bool> RetractAsync(string definitionId, ClaimsPrincipal caller, CancellationToken cancellationToken)
    {
        await changing.WaitAsync(cancellationToken);
        try
        {
            // The schedules first: should it end between the two, the story is still published, and its schedules are armed with the next start.
            await DisarmAsync(definitionId, cancellationToken);
            if (!await store.SetPublishedAsync(definitionId, null, cancellationToken))
            {
                return false;
            }

            await WithdrawAsync(definitionId, cancellationToken);
            LogRetracted(definitionId, NameOf(caller));
            return true;
        }
        finally
        {
            changing.Release();
        }
    }

    /// <summary>Stores an older version's content as a new draft.</summary>
    /// <returns>The draft; null when there is no such version.</returns>
    public async ValueTask<StoredDefinition?> RevertAsync(string definitionId, int version, ClaimsPrincipal caller, CancellationToken cancellationToken)
    {
        await changing.WaitAsync(cancellationToken);
        try
        {
            if (await store.FindVersionAsync(VersionId(definitionId, version), cancellationToken) is not { } older)
            {
                return null;
            }

            var draft = NewVersion(DefinitionParser.Parse(older.Json), await store.FindLatestAsync(definitionId, cancellationToken), caller);
            await store.SaveAsync(draft, cancellationToken);
            return draft;
        }
        finally
        {
            changing.Release();
        }
    }

    /// <summary>Deletes versions. A published one among them is retracted with it. The runs they had stay until they are deleted themselves.</summary>
    /// <returns>How many there were.</returns>
    /// <exception cref="DefinitionInUseException">A run of one of them has not ended; nothing was deleted.</exception>
    public async ValueTask<int> DeleteVersionsAsync(IReadOnlyList<string> versionIds, CancellationToken cancellationToken)
    {
        if (versionIds.Count == 0)
        {
            return 0;
        }

        await changing.WaitAsync(cancellationToken);
        try
        {
            var versions = new List<StoredDefinition>();
            foreach (var id in versionIds)
            {
                if (await store.FindVersionAsync(id, cancellationToken) is { } version)
                {
                    versions.Add(version);
                    await RequireUnusedAsync(version.DefinitionId, [version.Version], cancellationToken);
                }
            }

            var retracted = versions.Where(version => version.IsPublished).Select(version => version.DefinitionId).ToArray();
            foreach (var id in retracted)
            {
                await DisarmAsync(id, cancellationToken);
            }

            var deleted = await store.DeleteVersionsAsync([.. versions.Select(version => version.Id)], cancellationToken);
            foreach (var id in retracted)
            {
                await WithdrawAsync(id, cancellationToken);
            }

            return deleted;
        }
        finally
        {
            changing.Release();
        }
    }

    /// <summary>Deletes definitions with all their versions. The runs they had stay until they are deleted themselves.</summary>
    /// <returns>How many there were.</returns>
    /// <exception cref="DefinitionInUseException">A run of one of them has not ended; nothing was deleted.</exception>
    public async ValueTask<int> DeleteDefinitionsAsync(IReadOnlyList<string> definitionIds, CancellationToken cancellationToken)
    {
        if (definitionIds.Count == 0)
        {
            return 0;
        }

        await changing.WaitAsync(cancellationToken);
        try
        {
            foreach (var id in definitionIds)
            {
                await RequireUnusedAsync(id, [], cancellationToken);
            }

            var deleted = await store.DeleteDefinitionsAsync(definitionIds, cancellationToken);
            foreach (var id in definitionIds)
            {
                await WithdrawAsync(id, cancellationToken);
            }

            return deleted;
        }
        finally
        {
            changing.Release();
        }
    }

    /// <summary>The graph of a content that a run from elsewhere is pinned to. A content that is not known is stored beside the other versions: it is neither the latest nor published.</summary>
    /// <exception cref="DefinitionException">It has errors; nothing was stored.</exception>
    internal async ValueTask<ExecutableWorkflow> AddRevisionAsync(JsonElement json, int version, ClaimsPrincipal caller, CancellationToken cancellationToken)
    {
        var definition = DefinitionParser.Parse(json);
        if (await FindRevisionAsync(definition.DefinitionId, definition.Revision, cancellationToken) is { } known)
        {
            return known;
        }

        await changing.WaitAsync(cancellationToken);
        try
        {
            var latest = await store.FindLatestAsync(definition.DefinitionId, cancellationToken);
            var stored = NewVersion(definition, latest, caller);
            if (latest is not null)
            {
                var id = $"{definition.DefinitionId}:{definition.Revision}";
                stored = stored with { Id = id, Version = version, Json = Stamp(json, id, version), IsLatest = false };
            }

            var workflow = Compile(stored);
            await store.SaveAsync(stored, cancellationToken);
            return workflow;
        }
        finally
        {
            changing.Release();
        }
    }

    private static string VersionId(string definitionId, int version) => string.Create(CultureInfo.InvariantCulture, $"{definitionId}:{version}");

    private static string NameOf(ClaimsPrincipal caller) => caller.Identity?.Name ?? "unknown";

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

    private StoredDefinition NewVersion(WorkflowDefinition definition, StoredDefinition? latest, ClaimsPrincipal caller)
    {
        var version = (latest?.Version ?? 0) + 1;
        var id = VersionId(definition.DefinitionId, version);
        return new StoredDefinition
        {
            Id = id,
            DefinitionId = definition.DefinitionId,
            Version = version,
            Revision = definition.Revision,
            Json = Stamp(definition.Json, id, version),
            IsLatest = true,
            CreatedAt = timeProvider.GetUtcNow(),
            CreatedBy = NameOf(caller),
        };
    }

    /// <returns>Null when the version was deleted meanwhile.</returns>
    private async ValueTask<StoredDefinition?> PublishStoredAsync(StoredDefinition version, ClaimsPrincipal caller, CancellationToken cancellationToken)
    {
        // Whatever can be wrong with it must be found before it is published.
        var workflow = Compile(version);
        var own = TriggerIndex.TriggersOf(workflow);
        if (!await store.SetPublishedAsync(version.DefinitionId, version.Id, cancellationToken))
        {
            return null;
        }

        version = version with { IsPublished = true };
        await AdoptAsync(version, workflow, own, cancellationToken);
        LogPublished(version.DefinitionId, version.Version, NameOf(caller));
        return version;
    }

    /// <summary>A run is pinned to what it began with, also when it has ended and is looked at or tried again.</summary>
    private async ValueTask<bool> HasRunAsync(StoredDefinition draft, CancellationToken cancellationToken)
    {
        var query = new RunQuery
        {
            DefinitionIds = [draft.DefinitionId],
            Versions = [draft.Version],
            Times = [new RunTimeFilter(RunTime.Created, draft.CreatedAt, null)],
            Take = 1,
            CountTotal = false,
        };
        return (await runs.ListAsync(query, cancellationToken)).Items.Count > 0;
    }

    private async ValueTask RequireUnusedAsync(string definitionId, IReadOnlyList<int> versions, CancellationToken cancellationToken)
    {
        var query = new RunQuery { DefinitionIds = [definitionId], Versions = versions, Status = WorkflowStatus.Running, Take = 1, CountTotal = false };
        if ((await runs.ListAsync(query, cancellationToken)).Items is [var run, ..])
        {
            throw new DefinitionInUseException(run);
        }
    }

    [LoggerMessage(LogLevel.Information, "Story {DefinitionId} version {Version} was published by {Caller}")]
    private partial void LogPublished(string definitionId, int version, string caller);

    [LoggerMessage(LogLevel.Information, "Story {DefinitionId} was retracted by {Caller}")]
    private partial void LogRetracted(string definitionId, string caller);
}
