using FederationWorkflows.Runtime.Storage;
using FederationWorkflows.Storage.PostgreSql.Database;
using Npgsql;

namespace FederationWorkflows.Storage.PostgreSql;

/// <summary>Keeps documents in the database. A change and its signal are one statement: nobody hears of what is not stored.</summary>
internal sealed class PostgreSqlDocumentStore(PostgreSqlDatabase database, PostgreSqlSignals signals) : IDocumentStore
{
    private const string Select = "SELECT kind, id, alias, json, revision FROM documents";

    private const string Insert =
        "INSERT INTO documents (kind, id, alias, json, revision) VALUES ($3, $4, $5, $6, 1) ON CONFLICT (kind, id) DO NOTHING RETURNING revision";

    private const string Update = "UPDATE documents SET alias = $5, json = $6, revision = revision + 1 WHERE kind = $3 AND id = $4 AND revision = $7 RETURNING revision";

    public async ValueTask<Document?> FindAsync(string kind, string id, CancellationToken cancellationToken) =>
        (await database.QueryAsync(new Sql(Select + " WHERE kind = $1 AND id = $2").Text(kind).Text(id), Read, cancellationToken)).FirstOrDefault();

    public async ValueTask<Document?> FindByAliasAsync(string kind, string alias, CancellationToken cancellationToken) =>
        (await database.QueryAsync(new Sql(Select + " WHERE kind = $1 AND alias = $2").Text(kind).Text(alias), Read, cancellationToken)).FirstOrDefault();

    public async ValueTask<IReadOnlyList<Document>> ListAsync(string kind, string? after, int limit, CancellationToken cancellationToken) => await database.QueryAsync(
        new Sql(Select + " WHERE kind = $1 AND id > $2 ORDER BY id LIMIT $3").Text(kind).Text(after ?? "").Integer(limit),
        Read,
        cancellationToken);

    public async ValueTask<long> PutAsync(Document document, CancellationToken cancellationToken)
    {
        var change = Telling(document.Revision == 0 ? Insert : Update, document.Kind).Text(document.Id).Text(document.Alias).Bytes(document.Json);
        try
        {
            var stored = await database.QueryAsync(document.Revision == 0 ? change : change.Number(document.Revision), row => row.GetInt64(0), cancellationToken);
            return stored.Count > 0 ? stored[0] : throw DocumentConflictException.Changed(document);
        }
        catch (PostgresException e) when (e.SqlState == PostgresErrorCodes.UniqueViolation)
        {
            throw DocumentConflictException.AliasTaken(document);
        }
    }

    public async ValueTask<bool> DeleteAsync(string kind, string id, long? revision, CancellationToken cancellationToken)
    {
        var deletion = revision is { } known
            ? Telling("DELETE FROM documents WHERE kind = $3 AND id = $4 AND revision = $5 RETURNING revision", kind).Text(id).Number(known)
            : Telling("DELETE FROM documents WHERE kind = $3 AND id = $4 RETURNING revision", kind).Text(id);
        return (await database.QueryAsync(deletion, row => row.GetInt64(0), cancellationToken)).Count > 0;
    }

    private static Document Read(NpgsqlDataReader row) => new(row.GetString(0), row.GetString(1), row.TextOrNull(2), row.GetFieldValue<byte[]>(3), row.GetInt64(4));

    /// <summary>A change that tells all nodes if it changed something; its own parameters begin with $3, the kind.</summary>
    private Sql Telling(string change, string kind) => new Sql($"WITH changed AS ({change}) SELECT revision, pg_notify($1, $2) FROM changed")
        .Text(signals.Channel)
        .Text(PostgreSqlSignals.Write(new StoreSignal(SignalKinds.Documents, kind)))
        .Text(kind);
}
