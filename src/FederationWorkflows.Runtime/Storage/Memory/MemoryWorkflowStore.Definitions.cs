namespace FederationWorkflows.Runtime.Storage;

/// <content>Definitions.</content>
internal sealed partial class MemoryWorkflowStore
{
    private readonly Dictionary<string, StoredDefinition> definitions = [];

    public ValueTask SaveAsync(StoredDefinition definition, CancellationToken cancellationToken)
    {
        lock (gate)
        {
            Put(definition);
        }

        signals.Tell(new(SignalKinds.Definitions, definition.DefinitionId));
        return ValueTask.CompletedTask;
    }

    public ValueTask<bool> TrySaveAsync(StoredDefinition definition, StoredDefinition? latest, CancellationToken cancellationToken)
    {
        lock (gate)
        {
            var now = definitions.Values.FirstOrDefault(other => other.DefinitionId == definition.DefinitionId && other.IsLatest);
            if (now is null ? latest is not null : latest is null || !now.IsAs(latest))
            {
                return new(false);
            }

            Put(definition);
        }

        signals.Tell(new(SignalKinds.Definitions, definition.DefinitionId));
        return new(true);
    }

    public ValueTask<StoredDefinition?> FindVersionAsync(string id, CancellationToken cancellationToken) => Find(definition => definition.Id == id);

    public ValueTask<StoredDefinition?> FindLatestAsync(string definitionId, CancellationToken cancellationToken) =>
        Find(definition => definition.DefinitionId == definitionId && definition.IsLatest);

    public ValueTask<StoredDefinition?> FindPublishedAsync(string definitionId, CancellationToken cancellationToken) =>
        Find(definition => definition.DefinitionId == definitionId && definition.IsPublished);

    public ValueTask<StoredDefinition?> FindByRevisionAsync(string definitionId, string revision, CancellationToken cancellationToken) =>
        Find(definition => definition.DefinitionId == definitionId && definition.Revision == revision);

    public ValueTask<IReadOnlyList<StoredDefinition>> GetPublishedAsync(CancellationToken cancellationToken)
    {
        lock (gate)
        {
            return new([.. definitions.Values.Where(definition => definition.IsPublished)]);
        }
    }

    public ValueTask<Page<StoredDefinition>> ListAsync(DefinitionQuery query, CancellationToken cancellationToken)
    {
        lock (gate)
        {
            var matches = definitions.Values.Where(definition => IsWanted(definition, query)).Select(definition => (Definition: definition, Name: Fold(definition.FindName()))).ToList();
            matches.Sort((one, other) => (query.Descending ? -1 : 1) * query.OrderBy switch
            {
                DefinitionOrder.Name => Then(string.CompareOrdinal(one.Name, other.Name), one.Definition, other.Definition),
                DefinitionOrder.Version => Then(one.Definition.Version.CompareTo(other.Definition.Version), one.Definition, other.Definition),
                _ => Then(one.Definition.CreatedAt.CompareTo(other.Definition.CreatedAt), one.Definition, other.Definition),
            });
            return new(new Page<StoredDefinition>([.. matches.Skip(query.Skip).Take(query.Take).Select(match => match.Definition)], matches.Count));
        }

        static int Then(int order, StoredDefinition one, StoredDefinition other) => order != 0 ? order : string.CompareOrdinal(one.Id, other.Id);
    }

    public ValueTask<bool> SetPublishedAsync(string definitionId, string? versionId, CancellationToken cancellationToken)
    {
        lock (gate)
        {
            var versions = definitions.Values.Where(definition => definition.DefinitionId == definitionId).ToArray();
            if (!versions.Any(definition => versionId is null ? definition.IsPublished : definition.Id == versionId))
            {
                return new(false);
            }

            foreach (var version in versions)
            {
                definitions[version.Id] = version with { IsPublished = version.Id == versionId };
            }
        }

        signals.Tell(new(SignalKinds.Definitions, definitionId));
        return new(true);
    }

    public ValueTask<int> DeleteVersionsAsync(IReadOnlyList<string> ids, CancellationToken cancellationToken) =>
        new(Delete(definitions => definitions.Where(definition => ids.Contains(definition.Id))).Count);

    public ValueTask<int> DeleteDefinitionsAsync(IReadOnlyList<string> definitionIds, CancellationToken cancellationToken) =>
        new(Delete(definitions => definitions.Where(definition => definitionIds.Contains(definition.DefinitionId))).DistinctBy(definition => definition.DefinitionId).Count());

    /// <summary>Lower case of ASCII letters: the databases know no more.</summary>
    private static string Fold(string text) => string.Create(text.Length, text, (folded, source) =>
    {
        for (var i = 0; i < source.Length; i++)
        {
            folded[i] = char.IsAsciiLetterUpper(source[i]) ? char.ToLowerInvariant(source[i]) : source[i];
        }
    });

    private static bool IsWanted(StoredDefinition definition, DefinitionQuery query) =>
        (query.DefinitionIds.Count == 0 || query.DefinitionIds.Contains(definition.DefinitionId))
        && (query.Ids.Count == 0 || query.Ids.Contains(definition.Id))
        && query.Versions switch
        {
            DefinitionVersions.Latest => definition.IsLatest,
            DefinitionVersions.Published => definition.IsPublished,
            DefinitionVersions.LatestOrPublished => definition.IsLatest || definition.IsPublished,
            _ => true,
        }
        && (query.SearchText is not { } text
            || definition.DefinitionId.Contains(text, StringComparison.OrdinalIgnoreCase)
            || definition.FindName().Contains(text, StringComparison.OrdinalIgnoreCase)
            || definition.FindDescription()?.Contains(text, StringComparison.OrdinalIgnoreCase) is true);

    private void Put(StoredDefinition definition)
    {
        foreach (var other in definitions.Values.Where(other => other.DefinitionId == definition.DefinitionId && other.Id != definition.Id).ToArray())
        {
            definitions[other.Id] = other with { IsLatest = other.IsLatest && !definition.IsLatest, IsPublished = other.IsPublished && !definition.IsPublished };
        }

        definitions[definition.Id] = definition;
    }

    private ValueTask<StoredDefinition?> Find(Func<StoredDefinition, bool> predicate)
    {
        lock (gate)
        {
            return new(definitions.Values.FirstOrDefault(predicate));
        }
    }

    private List<StoredDefinition> Delete(Func<IEnumerable<StoredDefinition>, IEnumerable<StoredDefinition>> choose)
    {
        List<StoredDefinition> deleted;
        lock (gate)
        {
            deleted = [.. choose(definitions.Values)];
            foreach (var version in deleted)
            {
                definitions.Remove(version.Id);
            }

            foreach (var definitionId in deleted.Select(version => version.DefinitionId).Distinct())
            {
                var left = definitions.Values.Where(definition => definition.DefinitionId == definitionId).MaxBy(definition => definition.Version);
                if (left is null)
                {
                    RemoveSchedules(definitionId);
                }
                else if (!definitions.Values.Any(definition => definition.DefinitionId == definitionId && definition.IsLatest))
                {
                    definitions[left.Id] = left with { IsLatest = true };
                }
            }
        }

        foreach (var definitionId in deleted.Select(version => version.DefinitionId).Distinct())
        {
            signals.Tell(new(SignalKinds.Definitions, definitionId));
        }

        return deleted;
    }
}
