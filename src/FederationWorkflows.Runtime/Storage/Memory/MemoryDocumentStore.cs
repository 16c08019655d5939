namespace FederationWorkflows.Runtime.Storage;

/// <summary>Documents that live as long as the process.</summary>
internal sealed class MemoryDocumentStore(InProcessSignals signals) : IDocumentStore
{
    private readonly Lock gate = new();

    private readonly Dictionary<(string Kind, string Id), Document> documents = [];

    public ValueTask<Document?> FindAsync(string kind, string id, CancellationToken cancellationToken)
    {
        lock (gate)
        {
            return new(documents.GetValueOrDefault((kind, id)));
        }
    }

    public ValueTask<Document?> FindByAliasAsync(string kind, string alias, CancellationToken cancellationToken)
    {
        lock (gate)
        {
            return new(WithAlias(kind, alias));
        }
    }

    public ValueTask<IReadOnlyList<Document>> ListAsync(string kind, string? after, int limit, CancellationToken cancellationToken)
    {
        lock (gate)
        {
            return new([.. documents.Values
                .Where(document => document.Kind == kind && (after is null || string.CompareOrdinal(document.Id, after) > 0))
                .OrderBy(document => document.Id, StringComparer.Ordinal)
                .Take(limit)]);
        }
    }

    public ValueTask<long> PutAsync(Document document, CancellationToken cancellationToken)
    {
        lock (gate)
        {
            var key = (document.Kind, document.Id);
            if ((documents.GetValueOrDefault(key)?.Revision ?? 0) != document.Revision)
            {
                throw DocumentConflictException.Changed(document);
            }

            if (document.Alias is { } alias && WithAlias(document.Kind, alias) is { } other && other.Id != document.Id)
            {
                throw DocumentConflictException.AliasTaken(document);
            }

            documents[key] = document with { Revision = document.Revision + 1, Json = document.Json.ToArray() };
        }

        signals.Tell(new StoreSignal(SignalKinds.Documents, document.Kind));
        return new(document.Revision + 1);
    }

    public ValueTask<bool> DeleteAsync(string kind, string id, long? revision, CancellationToken cancellationToken)
    {
        lock (gate)
        {
            if (documents.GetValueOrDefault((kind, id)) is not { } stored || (revision is not null && stored.Revision != revision))
            {
                return new(false);
            }

            documents.Remove((kind, id));
        }

        signals.Tell(new StoreSignal(SignalKinds.Documents, kind));
        return new(true);
    }

    private Document? WithAlias(string kind, string alias) => documents.Values.FirstOrDefault(document => document.Kind == kind && document.Alias == alias);
}
