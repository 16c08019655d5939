using FederationWorkflows.Runtime.Storage;
using FederationWorkflows.Storage.Sqlite.Database;

namespace FederationWorkflows.Storage.Sqlite;

/// <summary>Keeps the versions of definitions in the database file.</summary>
internal sealed class SqliteDefinitionStore(SqliteDatabase database, InProcessSignals signals) : IDefinitionStore
{
    internal const string Select = "SELECT id, definition_id, version, revision, json, is_latest, is_published, created_at, created_by FROM definitions";

    internal const string Latest = Select + " WHERE definition_id = ? AND is_latest = 1";

    internal const string Published = Select + " WHERE definition_id = ? AND is_published = 1";

    internal const string OfRevision = Select + " WHERE definition_id = ? AND revision = ? LIMIT 1";

    internal const string OfId = Select + " WHERE id = ?";

    private const string Put =
        """
        INSERT INTO definitions (id, definition_id, version, revision, name, json, is_latest, is_published, created_at, created_by)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
        ON CONFLICT (id) DO UPDATE SET definition_id = excluded.definition_id, version = excluded.version, revision = excluded.revision, name = excluded.name,
          json = excluded.json, is_latest = excluded.is_latest, is_published = excluded.is_published, created_at = excluded.created_at, created_by = excluded.created_by
        """;

    private const string ClearLatest = "UPDATE definitions SET is_latest = 0 WHERE definition_id = ? AND is_latest = 1";

    private const string ClearPublished = "UPDATE definitions SET is_published = 0 WHERE definition_id = ? AND is_published = 1";

    public async ValueTask SaveAsync(StoredDefinition definition, CancellationToken cancellationToken)
    {
        await database.WriteAsync(session => Save(session, definition), cancellationToken);
        Tell(definition.DefinitionId);
    }

    public async ValueTask<bool> TrySaveAsync(StoredDefinition definition, StoredDefinition? latest, CancellationToken cancellationToken)
    {
        var isSaved = await database.WriteAsync(
            session =>
            {
                if (!IsStill(session, definition.DefinitionId, latest))
                {
                    return false;
                }

                Save(session, definition);
                return true;
            },
            cancellationToken);
        if (isSaved)
        {
            Tell(definition.DefinitionId);
        }

        return isSaved;
    }

    public ValueTask<StoredDefinition?> FindVersionAsync(string id, CancellationToken cancellationToken) => FindAsync(OfId, cancellationToken, id);

    public ValueTask<StoredDefinition?> FindLatestAsync(string definitionId, CancellationToken cancellationToken) => FindAsync(Latest, cancellationToken, definitionId);

    public ValueTask<StoredDefinition?> FindPublishedAsync(string definitionId, CancellationToken cancellationToken) => FindAsync(Published, cancellationToken, definitionId);

    public ValueTask<StoredDefinition?> FindByRevisionAsync(string definitionId, string revision, CancellationToken cancellationToken) =>
        FindAsync(OfRevision, cancellationToken, definitionId, revision);

    public ValueTask<IReadOnlyList<StoredDefinition>> GetPublishedAsync(CancellationToken cancellationToken) => database.ReadAsync<IReadOnlyList<StoredDefinition>>(
        session =>
        {
            using var rows = session.Query(Select + " WHERE is_published = 1");
            return ReadAll(rows);
        },
        cancellationToken);

    public ValueTask<Page<StoredDefinition>> ListAsync(DefinitionQuery query, CancellationToken cancellationToken) => database.ReadAsync(
        session =>
        {
            var filter = new SqlFilter();
            filter.AddIn("definition_id", query.DefinitionIds.Select(id => (SqlValue)id));
            filter.AddIn("id", query.Ids.Select(id => (SqlValue)id));
            if (query.Versions != DefinitionVersions.All)
            {
                filter.Add(query.Versions switch
                {
                    DefinitionVersions.Latest => "is_latest = 1",
                    DefinitionVersions.Published => "is_published = 1",
                    _ => "(is_latest = 1 OR is_published = 1)",
                });
            }

            if (query.SearchText is not null)
            {
                // Bytes would be taken for SQLite's own form of JSON, and a text ends at a zero character.
                const string Description = @"json_extract(replace(CAST(json AS TEXT), '\u0000', '\ufffd'), '$.description')";
                filter.Add(
                    $"(instr(lower(definition_id), lower(?)) > 0 OR instr(lower(name), lower(?)) > 0 OR instr(lower({Description}), lower(?)) > 0)",
                    query.SearchText, query.SearchText, query.SearchText);
            }

            using var count = session.QueryOnce($"SELECT count(*) FROM definitions{filter.Where}", filter.Values);
            count.Step();
            var column = query.OrderBy switch
            {
                DefinitionOrder.Name => "lower(name)",
                DefinitionOrder.Version => "version",
                _ => "created_at",
            };
            var order = query.Descending ? "DESC" : "ASC";
            filter.Bind(query.Take, query.Skip);
            using var rows = session.QueryOnce($"{Select}{filter.Where} ORDER BY {column} {order}, id {order} LIMIT ? OFFSET ?", filter.Values);
            return new Page<StoredDefinition>(ReadAll(rows), count.Integer(0));
        },
        cancellationToken);

    public async ValueTask<bool> SetPublishedAsync(string definitionId, string? versionId, CancellationToken cancellationToken)
    {
        var isDone = await database.WriteAsync(
            session =>
            {
                if (versionId is null)
                {
                    return session.Change(ClearPublished, definitionId) > 0;
                }

                using (var version = session.Query("SELECT 1 FROM definitions WHERE id = ? AND definition_id = ?", versionId, definitionId))
                {
                    if (!version.Step())
                    {
                        return false;
                    }
                }

                session.Execute(ClearPublished, definitionId);
                session.Execute("UPDATE definitions SET is_published = 1 WHERE id = ?", versionId);
                return true;
            },
            cancellationToken);
        if (isDone)
        {
            Tell(definitionId);
        }

        return isDone;
    }

    public async ValueTask<int> DeleteVersionsAsync(IReadOnlyList<string> ids, CancellationToken cancellationToken) =>
        (await DeleteAsync("DELETE FROM definitions WHERE id = ? RETURNING definition_id", ids, cancellationToken)).Count;

    public async ValueTask<int> DeleteDefinitionsAsync(IReadOnlyList<string> definitionIds, CancellationToken cancellationToken) =>
        (await DeleteAsync("DELETE FROM definitions WHERE definition_id = ? RETURNING definition_id", definitionIds, cancellationToken)).Distinct().Count();

    private static List<StoredDefinition> ReadAll(Statement rows)
    {
        var definitions = new List<StoredDefinition>();
        while (rows.Step())
        {
            definitions.Add(Read(rows));
        }

        return definitions;
    }

    private static StoredDefinition Read(Statement row) => new()
    {
        Id = row.Text(0),
        DefinitionId = row.Text(1),
        Version = (int)row.Integer(2),
        Revision = row.Text(3),
        Json = row.Bytes(4),
        IsLatest = row.Integer(5) != 0,
        IsPublished = row.Integer(6) != 0,
        CreatedAt = row.Time(7),
        CreatedBy = row.Text(8),
    };

    private ValueTask<StoredDefinition?> FindAsync(string sql, CancellationToken cancellationToken, params SqlValue[] values) => database.ReadAsync(
        session =>
        {
            using var row = session.Query(sql, values);
            return row.Step() ? Read(row) : null;
        },
        cancellationToken);

    /// <summary>Deletes by each of these ids and mends what the deletions leave.</summary>
    /// <returns>The definition of each version that was deleted.</returns>
    private async ValueTask<List<string>> DeleteAsync(string sql, IReadOnlyList<string> ids, CancellationToken cancellationToken)
    {
        var deleted = await database.WriteAsync(
            session =>
            {
                var definitions = new List<string>();
                foreach (var id in ids)
                {
                    using var rows = session.Query(sql, id);
                    while (rows.Step())
                    {
                        definitions.Add(rows.Text(0));
                    }
                }

                foreach (var definitionId in definitions.Distinct())
                {
                    session.Execute(
                        """
                        UPDATE definitions SET is_latest = 1
                        WHERE key = (SELECT key FROM definitions WHERE definition_id = ?1 ORDER BY version DESC LIMIT 1)
                          AND NOT EXISTS (SELECT 1 FROM definitions WHERE definition_id = ?1 AND is_latest = 1)
                        """,
                        definitionId);
                    session.Execute("DELETE FROM schedules WHERE definition_id = ?1 AND NOT EXISTS (SELECT 1 FROM definitions WHERE definition_id = ?1)", definitionId);
                }

                return definitions;
            },
            cancellationToken);
        foreach (var definitionId in deleted.Distinct())
        {
            Tell(definitionId);
        }

        return deleted;
    }

    private static bool IsStill(Session session, string definitionId, StoredDefinition? latest)
    {
        using var rows = session.Query(Latest, definitionId);
        return rows.Step() ? latest is not null && Read(rows).IsAs(latest) : latest is null;
    }

    private static void Save(Session session, StoredDefinition definition)
    {
        if (definition.IsLatest)
        {
            session.Execute(ClearLatest, definition.DefinitionId);
        }

        if (definition.IsPublished)
        {
            session.Execute(ClearPublished, definition.DefinitionId);
        }

        session.Execute(
            Put,
            definition.Id,
            definition.DefinitionId,
            definition.Version,
            definition.Revision,
            definition.FindName(),
            definition.Json,
            definition.IsLatest,
            definition.IsPublished,
            definition.CreatedAt,
            definition.CreatedBy);
    }

    private void Tell(string definitionId) => signals.Tell(new StoreSignal(SignalKinds.Definitions, definitionId));
}
