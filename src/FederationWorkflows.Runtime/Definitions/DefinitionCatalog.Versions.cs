using System.Globalization;
using System.Security.Claims;
using System.Text.Json;
using FederationWorkflows.Engine;
using FederationWorkflows.Engine.Definitions;
using FederationWorkflows.Runtime.Storage;
using Microsoft.Extensions.Logging;

namespace FederationWorkflows.Runtime.Definitions;

/// <content>
/// What people do to the versions of a definition. A published version never changes: runs are pinned to its content. A draft may be saved
/// over as long as nothing ran it.
/// </content>
public sealed partial class DefinitionCatalog
{
    /// <summary>How often a change is tried that other nodes are quicker with.</summary>
    private const int Attempts = 2;

    /// <summary>Checks a definition and makes it the published version. The content that is published already changes nothing.</summary>
    /// <param name="utf8Json">The definition.</param>
    /// <param name="caller">Who publishes it.</param>
    /// <param name="cancellationToken">Ends the call; nothing is stored then.</param>
    /// <exception cref="DefinitionException">It has errors, or the caller may not publish it; nothing was changed.</exception>
    public async ValueTask<StoredDefinition> PublishAsync(ReadOnlyMemory<byte> utf8Json, ClaimsPrincipal caller, CancellationToken cancellationToken)
    {
        var workflow = compiler.Compile(utf8Json).Require();
        _ = TriggerIndex.TriggersOf(workflow);
        access.RequireToPublish(workflow, caller);
        var definition = workflow.Definition;
        return await ReplaceLatestAsync(definition.DefinitionId, PublishOverAsync, cancellationToken);

        async ValueTask<StoredDefinition?> PublishOverAsync(StoredDefinition? latest)
        {
            if (await store.FindPublishedAsync(definition.DefinitionId, cancellationToken) is { } same && same.Revision == definition.Revision)
            {
                await AdoptAsync(same, cancellationToken);
                return same;
            }

            if (latest?.Revision == definition.Revision)
            {
                return await PublishStoredAsync(latest, caller, cancellationToken);
            }

            var version = NewVersion(definition, latest, caller) with { IsPublished = true };
            var compiled = Compile(version);
            if (!await store.TrySaveAsync(version, latest, cancellationToken))
            {
                return null;
            }

            await AdoptAsync(version, compiled, TriggerIndex.TriggersOf(compiled), cancellationToken);
            LogPublished(version.DefinitionId, version.Version, NameOf(caller));
            return version;
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
        return await ReplaceLatestAsync(definition.DefinitionId, SaveOverAsync, cancellationToken);

        async ValueTask<StoredDefinition?> SaveOverAsync(StoredDefinition? latest)
        {
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
            return await store.TrySaveAsync(draft, latest, cancellationToken) ? draft : null;
        }
    }

    /// <summary>Makes a stored version the published one, and what starts it with it.</summary>
    /// <param name="versionId">The version's id.</param>
    /// <param name="caller">Who publishes it.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    /// <returns>The version; null when there is none of the id.</returns>
    /// <exception cref="DefinitionException">It has errors, or the caller may not publish it; nothing was changed.</exception>
    public async ValueTask<StoredDefinition?> PublishVersionAsync(string versionId, ClaimsPrincipal caller, CancellationToken cancellationToken)
    {
        await changing.WaitAsync(cancellationToken);
        try
        {
            for (var attempt = 1; ; attempt++)
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

                if (await PublishStoredAsync(version, caller, cancellationToken) is { } published)
                {
                    return published;
                }

                if (attempt == Attempts)
                {
                    throw new DefinitionConflictException(version);
                }
            }
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
        if (await store.FindVersionAsync(VersionId(definitionId, version), cancellationToken) is not { } older)
        {
            return null;
        }

        var definition = DefinitionParser.Parse(older.Json);
        return await ReplaceLatestAsync(
            definitionId,
            async latest => NewVersion(definition, latest, caller) is var draft && await store.TrySaveAsync(draft, latest, cancellationToken) ? draft : null,
            cancellationToken);
    }

    /// <summary>The graph of a content that a run from elsewhere is pinned to. A content that is not known is stored beside the other versions: it is neither the latest nor published.</summary>
    /// <exception cref="DefinitionException">It has errors; nothing was stored.</exception>
    /// <exception cref="StoryNotAllowedException">The caller may not let runs of it go on; nothing was stored.</exception>
    internal async ValueTask<ExecutableWorkflow> AddRevisionAsync(JsonElement json, int version, ClaimsPrincipal caller, CancellationToken cancellationToken)
    {
        var definition = DefinitionParser.Parse(json);
        if (await FindRevisionAsync(definition.DefinitionId, definition.Revision, cancellationToken) is { } known)
        {
            access.RequireToStart(known, caller);
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
            access.RequireToStart(workflow, caller);
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

    /// <summary>
    /// Puts something in the place of the latest version. When another node was quicker, what that made of it is read, once: two who change the
    /// same story at the same time do so one after the other.
    /// </summary>
    /// <param name="definitionId">The definition.</param>
    /// <param name="replace">Is given the latest version, and returns what is the latest now; null when it was not any more what it was given.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    /// <exception cref="DefinitionConflictException">Others are quicker again and again.</exception>
    private async ValueTask<StoredDefinition> ReplaceLatestAsync(string definitionId, Func<StoredDefinition?, ValueTask<StoredDefinition?>> replace, CancellationToken cancellationToken)
    {
        await changing.WaitAsync(cancellationToken);
        try
        {
            for (var attempt = 1; ; attempt++)
            {
                var latest = await store.FindLatestAsync(definitionId, cancellationToken);
                if (await replace(latest) is { } replaced)
                {
                    return replaced;
                }

                if (attempt >= Attempts && (await store.FindLatestAsync(definitionId, cancellationToken) ?? latest) is { } other)
                {
                    throw new DefinitionConflictException(other);
                }
            }
        }
        finally
        {
            changing.Release();
        }
    }

    /// <returns>Null when the version was changed or deleted meanwhile.</returns>
    private async ValueTask<StoredDefinition?> PublishStoredAsync(StoredDefinition version, ClaimsPrincipal caller, CancellationToken cancellationToken)
    {
        // Whatever can be wrong with it must be found before it is published. The latest may be saved over meanwhile by another node: what that
        // saved was not looked at here.
        var workflow = Compile(version);
        var own = TriggerIndex.TriggersOf(workflow);
        access.RequireToPublish(workflow, caller);
        var published = version with { IsPublished = true };
        if (!await (version.IsLatest ? store.TrySaveAsync(published, version, cancellationToken) : store.SetPublishedAsync(version.DefinitionId, version.Id, cancellationToken)))
        {
            return null;
        }

        await AdoptAsync(published, workflow, own, cancellationToken);
        LogPublished(published.DefinitionId, published.Version, NameOf(caller));
        return published;
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

    [LoggerMessage(LogLevel.Information, "Story {DefinitionId} version {Version} was published by {Caller}")]
    private partial void LogPublished(string definitionId, int version, string caller);

    [LoggerMessage(LogLevel.Information, "Story {DefinitionId} was retracted by {Caller}")]
    private partial void LogRetracted(string definitionId, string caller);
}
