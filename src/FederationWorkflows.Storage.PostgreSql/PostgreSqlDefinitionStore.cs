using FederationWorkflows.Runtime.Storage;
using FederationWorkflows.Storage.PostgreSql.Database;
using Npgsql;

namespace FederationWorkflows.Storage.PostgreSql;

/// <summary>Keeps the versions of definitions in the database.</summary>
internal sealed class PostgreSqlDefinitionStore(PostgreSqlDatabase database, PostgreSqlSignals signals) : IDefinitionStore
{
    private const string Select = "SELECT id, definition_id, version, revision, json, is_latest, is_published, created_at, created_by FROM definitions";

    /// <summary>Two nodes that change the versions of one definition do so one after the other.</summary>
    private const string LockDefinition = "SELECT pg_advisory_xact_lock(hashtext(current_schema()), hashtext($1))";

    private const string Put =
        """
        INSERT INTO definitions (id, definition_id, version, revision, name, json, is_latest, is_published, created_at, created_by)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
        ON CONFLICT (id) DO UPDATE SET definition_id = excluded.definition_id, version = excluded.version, revision = excluded.revision, name = excluded.name,
          json = excluded.json, is_latest = excluded.is_latest, is_published = excluded.is_published, created_at = excluded.created_at, created_by = excluded.created_by
        """;

    public async ValueTask SaveAsync(StoredDefinition definition, CancellationToken cancellationToken) =>
        await database.TransactAsync([new Sql(LockDefinition).Text(definition.DefinitionId), .. Saving(definition)], cancellationToken);

    public ValueTask<bool> TrySaveAsync(StoredDefinition definition, StoredDefinition? latest, CancellationToken cancellationToken) => database.UseAsync(
        async connection =>
        {
            await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
            await ExecuteAsync(new Sql(LockDefinition).Text(definition.DefinitionId));
            await using (var command = new Sql(Select + " WHERE definition_id = $1 AND is_latest").Text(definition.DefinitionId).On(connection))
            await using (var rows = await command.ExecuteReaderAsync(cancellationToken))
            {
                if (await rows.ReadAsync(cancellationToken) ? latest is null || !Read(rows).IsAs(latest) : latest is not null)
                {
                    return false;
                }
            }

            foreach (var statement in Saving(definition))
            {
                await ExecuteAsync(statement);
            }

            await transaction.CommitAsync(cancellationToken);
            return true;

            async Task ExecuteAsync(Sql statement)
            {
                await using var command = statement.On(connection);
                await command.ExecuteNonQueryAsync(cancellationToken);
            }
        },
        cancellationToken);

    public ValueTask<StoredDefinition?> FindVersionAsync(string id, CancellationToken cancellationToken) => FirstAsync(new Sql(Select + " WHERE id = $1").Text(id), cancellationToken);

    public ValueTask<StoredDefinition?> FindLatestAsync(string definitionId, CancellationToken cancellationToken) =>
        FirstAsync(new Sql(Select + " WHERE definition_id = $1 AND is_latest").Text(definitionId), cancellationToken);

    public ValueTask<StoredDefinition?> FindPublishedAsync(string definitionId, CancellationToken cancellationToken) =>
        FirstAsync(new Sql(Select + " WHERE definition_id = $1 AND is_published").Text(definitionId), cancellationToken);

    public ValueTask<StoredDefinition?> FindByRevisionAsync(string definitionId, string revision, CancellationToken cancellationToken) =>
        FirstAsync(new Sql(Select + " WHERE definition_id = $1 AND revision = $2 LIMIT 1").Text(definitionId).Text(revision), cancellationToken);

    public async ValueTask<IReadOnlyList<StoredDefinition>> GetPublishedAsync(CancellationToken cancellationToken) =>
        await database.QueryAsync(new Sql(Select + " WHERE is_published"), Read, cancellationToken);

    public async ValueTask<Page<StoredDefinition>> ListAsync(DefinitionQuery query, CancellationToken cancellationToken)
    {
        var filter = Filter(query);
        var total = await database.QueryAsync(filter.With(where => "SELECT count(*) FROM definitions" + where), row => row.GetInt64(0), cancellationToken);
        var column = query.OrderBy switch
        {
            DefinitionOrder.Name => "lower(name COLLATE \"C\")",
            DefinitionOrder.Version => "version",
            _ => "created_at",
        };
        var order = query.Descending ? "DESC" : "ASC";
        var (take, skip) = (filter.Next, filter.Next + 1);
        var items = await database.QueryAsync(
            filter.With(where => $"{Select}{where} ORDER BY {column} {order}, id {order} LIMIT ${take} OFFSET ${skip}").Integer(query.Take).Integer(query.Skip),
            Read,
            cancellationToken);
        return new Page<StoredDefinition>(items, total[0]);
    }

    public async ValueTask<bool> SetPublishedAsync(string definitionId, string? versionId, CancellationToken cancellationToken)
    {
        var change = versionId is null
            ? new Sql(Published("UPDATE definitions SET is_published = false WHERE definition_id = $3 AND is_published"))
            : new Sql(Published(
                """
                UPDATE definitions SET is_published = (id = $4)
                WHERE definition_id = $3 AND (is_published OR id = $4) AND EXISTS (SELECT 1 FROM definitions WHERE definition_id = $3 AND id = $4)
                """));
        change.Text(signals.Channel).Text(PostgreSqlSignals.Write(new StoreSignal(SignalKinds.Definitions, definitionId))).Text(definitionId);
        var told = await database.TransactAsync([new Sql(LockDefinition).Text(definitionId), versionId is null ? change : change.Text(versionId)], cancellationToken);
        return told[1] > 0;

        static string Published(string update) => $"WITH changed AS ({update} RETURNING 1) SELECT pg_notify($1, $2) FROM (SELECT 1 FROM changed LIMIT 1) AS one";
    }

    public async ValueTask<int> DeleteVersionsAsync(IReadOnlyList<string> ids, CancellationToken cancellationToken) =>
        (await DeleteAsync("DELETE FROM definitions WHERE id = ANY ($1) RETURNING definition_id", ids, cancellationToken)).Count;

    public async ValueTask<int> DeleteDefinitionsAsync(IReadOnlyList<string> definitionIds, CancellationToken cancellationToken) =>
        (await DeleteAsync("DELETE FROM definitions WHERE definition_id = ANY ($1) RETURNING definition_id", definitionIds, cancellationToken)).Distinct().Count();

    private static Sql Filter(DefinitionQuery query)
    {
        var filter = new Sql("");
        if (query.DefinitionIds.Count > 0)
        {
            filter.And("definition_id = ANY ({0})").Texts(query.DefinitionIds);
        }

        if (query.Ids.Count > 0)
        {
            filter.And("id = ANY ({0})").Texts(query.Ids);
        }

        if (query.Versions != DefinitionVersions.All)
        {
            filter.And(query.Versions switch
            {
                DefinitionVersions.Latest => "is_latest",
                DefinitionVersions.Published => "is_published",
                _ => "(is_latest OR is_published)",
            });
        }

        if (query.SearchText is not null)
        {
            // A zero character as an escape is JSON, but none of the server's texts can have it.
            const string Description = @"replace(convert_from(json, 'UTF8'), '\u0000', '\ufffd')::json ->> 'description'";
            filter.And($"(position(lower({{0}}) in lower(definition_id)) > 0 OR position(lower({{0}}) in lower(name)) > 0 OR position(lower({{0}}) in lower({Description})) > 0)").Text(query.SearchText);
        }

        return filter;
    }

    private static StoredDefinition Read(NpgsqlDataReader row) => new()
    {
        Id = row.GetString(0),
        DefinitionId = row.GetString(1),
        Version = row.GetInt32(2),
        Revision = row.GetString(3),
        Json = row.GetFieldValue<byte[]>(4),
        IsLatest = row.GetBoolean(5),
        IsPublished = row.GetBoolean(6),
        CreatedAt = row.Time(7),
        CreatedBy = row.GetString(8),
    };

    private async ValueTask<StoredDefinition?> FirstAsync(Sql sql, CancellationToken cancellationToken) => (await database.QueryAsync(sql, Read, cancellationToken)).FirstOrDefault();

    /// <summary>Deletes and mends what the deletions leave.</summary>
    /// <returns>The definition of each version that was deleted.</returns>
    private ValueTask<List<string>> DeleteAsync(string sql, IReadOnlyList<string> ids, CancellationToken cancellationToken) => database.UseAsync(
        async connection =>
        {
            await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
            var deleted = new List<string>();
            await using (var command = new Sql(sql).Texts(ids).On(connection))
            await using (var rows = await command.ExecuteReaderAsync(cancellationToken))
            {
                while (await rows.ReadAsync(cancellationToken))
                {
                    deleted.Add(rows.GetString(0));
                }
            }

            foreach (var definitionId in deleted.Distinct())
            {
                Sql[] mending =
                [
                    new Sql(
                        """
                        UPDATE definitions SET is_latest = true
                        WHERE key = (SELECT key FROM definitions WHERE definition_id = $1 ORDER BY version DESC LIMIT 1)
                          AND NOT EXISTS (SELECT 1 FROM definitions WHERE definition_id = $1 AND is_latest)
                        """).Text(definitionId),
                    new Sql("DELETE FROM schedules WHERE definition_id = $1 AND NOT EXISTS (SELECT 1 FROM definitions WHERE definition_id = $1)").Text(definitionId),
                    Changed(definitionId),
                ];
                foreach (var statement in mending)
                {
                    await using var command = statement.On(connection);
                    await command.ExecuteNonQueryAsync(cancellationToken);
                }
            }

            await transaction.CommitAsync(cancellationToken);
            return deleted;
        },
        cancellationToken);

    private Sql[] Saving(StoredDefinition definition) =>
    [
        new Sql("UPDATE definitions SET is_latest = false WHERE definition_id = $1 AND is_latest AND $2").Text(definition.DefinitionId).Flag(definition.IsLatest),
        new Sql("UPDATE definitions SET is_published = false WHERE definition_id = $1 AND is_published AND $2").Text(definition.DefinitionId).Flag(definition.IsPublished),
        new Sql(Put)
            .Text(definition.Id)
            .Text(definition.DefinitionId)
            .Integer(definition.Version)
            .Text(definition.Revision)
            .Text(definition.FindName())
            .Bytes(definition.Json)
            .Flag(definition.IsLatest)
            .Flag(definition.IsPublished)
            .Time(definition.CreatedAt)
            .Text(definition.CreatedBy),
        Changed(definition.DefinitionId),
    ];

    private Sql Changed(string definitionId) => signals.Notify(new StoreSignal(SignalKinds.Definitions, definitionId));
}
