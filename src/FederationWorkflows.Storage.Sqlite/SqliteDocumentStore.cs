using FederationWorkflows.Runtime.Storage;
using FederationWorkflows.Storage.Sqlite.Database;

namespace FederationWorkflows.Storage.Sqlite;

/// <summary>Keeps documents in the database file.</summary>
internal sealed class SqliteDocumentStore(SqliteDatabase database, InProcessSignals signals) : IDocumentStore
{
    internal const string Select = "SELECT kind, id, alias, json, revision FROM documents";

    internal const string OfId = Select + " WHERE kind = ? AND id = ?";

    internal const string OfAlias = Select + " WHERE kind = ? AND alias = ?";

    internal const string OfKind = Select + " WHERE kind = ? AND id > ? ORDER BY id LIMIT ?";

    private const string Put =
        """
        INSERT INTO documents (kind, id, alias, json, revision) VALUES (?, ?, ?, ?, ?)
        ON CONFLICT (kind, id) DO UPDATE SET alias = excluded.alias, json = excluded.json, revision = excluded.revision
        """;

    public ValueTask<Document?> FindAsync(string kind, string id, CancellationToken cancellationToken) =>
        database.ReadAsync(session => ReadFirst(session, OfId, kind, id), cancellationToken);

    public ValueTask<Document?> FindByAliasAsync(string kind, string alias, CancellationToken cancellationToken) =>
        database.ReadAsync(session => ReadFirst(session, OfAlias, kind, alias), cancellationToken);

    public ValueTask<IReadOnlyList<Document>> ListAsync(string kind, string? after, int limit, CancellationToken cancellationToken) =>
        database.ReadAsync<IReadOnlyList<Document>>(
            session =>
            {
                var documents = new List<Document>();
                using var rows = session.Query(OfKind, kind, after ?? "", limit);
                while (rows.Step())
                {
                    documents.Add(Read(rows));
                }

                return documents;
            },
            cancellationToken);

    public async ValueTask<long> PutAsync(Document document, CancellationToken cancellationToken)
    {
        await database.WriteAsync(
            session =>
            {
                if ((ReadFirst(session, OfId, document.Kind, document.Id)?.Revision ?? 0) != document.Revision)
                {
                    throw DocumentConflictException.Changed(document);
                }

                if (document.Alias is { } alias && ReadFirst(session, OfAlias, document.Kind, alias) is { } other && other.Id != document.Id)
                {
                    throw DocumentConflictException.AliasTaken(document);
                }

                session.Execute(Put, document.Kind, document.Id, document.Alias, document.Json, document.Revision + 1);
            },
            cancellationToken);
        signals.Tell(new StoreSignal(SignalKinds.Documents, document.Kind));
        return document.Revision + 1;
    }

    public async ValueTask<bool> DeleteAsync(string kind, string id, long? revision, CancellationToken cancellationToken)
    {
        var isDeleted = await database.WriteAsync(
            session => revision is { } known
                ? session.Change("DELETE FROM documents WHERE kind = ? AND id = ? AND revision = ?", kind, id, known) > 0
                : session.Change("DELETE FROM documents WHERE kind = ? AND id = ?", kind, id) > 0,
            cancellationToken);
        if (isDeleted)
        {
            signals.Tell(new StoreSignal(SignalKinds.Documents, kind));
        }

        return isDeleted;
    }

    private static Document? ReadFirst(Session session, string sql, string kind, string name)
    {
        using var row = session.Query(sql, kind, name);
        return row.Step() ? Read(row) : null;
    }

    private static Document Read(Statement row) => new(row.Text(0), row.Text(1), row.TextOrNull(2), row.Bytes(3), row.Integer(4));
}
