using FederationWorkflows.Engine.Execution;
using FederationWorkflows.Runtime.Storage;
using FederationWorkflows.Storage.PostgreSql.Database;
using Npgsql;

namespace FederationWorkflows.Storage.PostgreSql.Runs;

/// <content>Lists of runs, and what goes.</content>
internal sealed partial class PostgreSqlRunStore
{
    private const string Columns =
        "id, definition_id, definition_version_id, version, revision, correlation_id, started_by, created_at, name, status, sub_status, incident_count, updated_at, finished_at, parent_id";

    private const string DeleteRest =
        """
        , parts AS (DELETE FROM run_parts USING gone WHERE run = gone.key)
        , history AS (DELETE FROM run_history USING gone WHERE run = gone.key)
        , waits AS (DELETE FROM bookmarks USING gone WHERE run = gone.key)
        , times AS (DELETE FROM timers USING gone WHERE run = gone.key)
        SELECT count(*) FROM gone
        """;

    public ValueTask<RunSummary?> FindAsync(string runId, CancellationToken cancellationToken) =>
        FirstAsync(new Sql($"SELECT {Columns} FROM runs WHERE id = $1").Text(runId), ReadSummary, cancellationToken);

    public async ValueTask<Page<RunSummary>> ListAsync(RunQuery query, CancellationToken cancellationToken)
    {
        var filter = Filter(query);
        long? total = query.CountTotal ? await FirstAsync(filter.With(where => "SELECT count(*) FROM runs" + where), row => row.GetInt64(0), cancellationToken) : null;
        var time = query.OrderBy == RunOrder.Created ? "created_at" : "updated_at";
        var (order, sign) = query.Ascending ? ("ASC", ">") : ("DESC", "<");
        if (query.After is { } after)
        {
            filter.And($"({time}, id) {sign} ({{0}}, ${filter.Next + 1})").Time(after.At).Text(after.Id);
        }

        var (take, skip) = (filter.Next, filter.Next + 1);
        var items = await database.QueryAsync(
            filter.With(where => $"SELECT {Columns} FROM runs{where} ORDER BY {time} {order}, id {order} LIMIT ${take} OFFSET ${skip}").Integer(query.Take).Integer(query.Skip),
            ReadSummary,
            cancellationToken);
        return new Page<RunSummary>(items, total);
    }

    public async ValueTask<int> PruneDeduplicationAsync(int batchSize, CancellationToken cancellationToken) => await database.ExecuteAsync(
        new Sql("DELETE FROM deduplication WHERE (scope, key_hash) IN (SELECT scope, key_hash FROM deduplication WHERE expires_at <= $1 ORDER BY expires_at LIMIT $2 FOR UPDATE SKIP LOCKED)")
            .Time(timeProvider.GetUtcNow())
            .Integer(batchSize),
        cancellationToken);

    public async ValueTask<int> DeleteAsync(IReadOnlyList<string> runIds, CancellationToken cancellationToken) =>
        (int)await FirstAsync(new Sql("WITH gone AS (DELETE FROM runs WHERE id = ANY ($1) RETURNING key)" + DeleteRest).Texts(runIds), row => row.GetInt64(0), cancellationToken);

    public async ValueTask<int> PruneAsync(RetentionPolicy policy, int batchSize, CancellationToken cancellationToken)
    {
        short[] statuses = [.. (policy.SubStatuses.Count > 0 ? policy.SubStatuses : [WorkflowSubStatus.Finished, WorkflowSubStatus.Cancelled, WorkflowSubStatus.Faulted]).Select(status => (short)status)];
        var found = new List<(DateTimeOffset EndedAt, string Id)>();
        if (policy.MaxAge is { } age)
        {
            foreach (var status in statuses)
            {
                found.AddRange(await EndedAsync(
                    new Sql("SELECT finished_at, id FROM runs WHERE sub_status = $1 AND finished_at IS NOT NULL AND finished_at <= $2 ORDER BY finished_at LIMIT $3")
                        .Small(status)
                        .Time(timeProvider.GetUtcNow() - age)
                        .Integer(batchSize)));
            }
        }

        if (policy.MaxPerDefinition is { } kept)
        {
            var statusList = string.Join(", ", statuses);
            for (var definitionId = await NextDefinitionAsync(""); definitionId is not null && found.Count < batchSize; definitionId = await NextDefinitionAsync(definitionId))
            {
                found.AddRange(await EndedAsync(
                    new Sql($"SELECT finished_at, id FROM runs WHERE definition_id = $1 AND finished_at IS NOT NULL AND sub_status IN ({statusList}) ORDER BY finished_at DESC LIMIT $2 OFFSET $3")
                        .Text(definitionId)
                        .Integer(batchSize)
                        .Integer(kept)));
            }
        }

        string[] ids = [.. found.OrderBy(run => run.EndedAt).Select(run => run.Id).Distinct().Take(batchSize)];
        return ids.Length == 0
            ? 0
            : (int)await FirstAsync(
                new Sql("WITH gone AS (DELETE FROM runs WHERE id = ANY ($1) AND finished_at IS NOT NULL RETURNING key)" + DeleteRest).Texts(ids),
                row => row.GetInt64(0),
                cancellationToken);

        ValueTask<List<(DateTimeOffset EndedAt, string Id)>> EndedAsync(Sql sql) => database.QueryAsync(sql, row => (row.Time(0), row.GetString(1)), cancellationToken);

        ValueTask<string?> NextDefinitionAsync(string after) =>
            FirstAsync(new Sql("SELECT min(definition_id) FROM runs WHERE finished_at IS NOT NULL AND definition_id > $1").Text(after), row => row.TextOrNull(0), cancellationToken);
    }

    private static Sql Filter(RunQuery query)
    {
        var filter = new Sql("");
        if (query.DefinitionIds.Count > 0)
        {
            _ = query.DefinitionIds.Count == 1 ? filter.And("definition_id = {0}").Text(query.DefinitionIds[0]) : filter.And("definition_id = ANY ({0})").Texts(query.DefinitionIds);
        }

        if (query.Versions.Count > 0)
        {
            filter.And("version = ANY ({0})").Integers(query.Versions);
        }

        if (query.SubStatuses.Count > 0)
        {
            filter.And("sub_status = ANY ({0})").Integers(query.SubStatuses.Select(status => (int)status));
        }

        if (query.Status is { } status)
        {
            filter.And("status = {0}").Small((int)status);
        }

        if (query.CorrelationId is not null)
        {
            filter.And("correlation_id = {0}").Text(query.CorrelationId);
        }

        if (query.HasIncidents is { } hasIncidents)
        {
            filter.And("(incident_count > 0) = {0}").Flag(hasIncidents);
        }

        if (query.SearchText is not null)
        {
            // A line break is in none of them, and in no text that is looked for.
            filter.And("position(lower({0}) in lower(concat_ws(E'\\n', id, name, definition_id, definition_version_id, correlation_id))) > 0").Text(query.SearchText);
        }

        foreach (var (time, from, to) in query.Times)
        {
            var column = time switch
            {
                RunTime.Created => "created_at",
                RunTime.Updated => "updated_at",
                _ => "finished_at",
            };
            filter.And($"{column} >= {{0}}").Time(from ?? DateTimeOffset.MinValue);
            if (to is not null)
            {
                filter.And($"{column} < {{0}}").Time(to);
            }
        }

        return filter;
    }

    private static RunSummary ReadSummary(NpgsqlDataReader row) => new()
    {
        Identity = new RunIdentityFacts(row.GetString(0), row.GetString(1), row.GetString(2), row.GetInt32(3), row.GetString(4), row.TextOrNull(5), row.TextOrNull(6), row.Time(7), row.TextOrNull(14)),
        Name = row.TextOrNull(8),
        Status = (WorkflowStatus)row.GetInt16(9),
        SubStatus = (WorkflowSubStatus)row.GetInt16(10),
        IncidentCount = row.GetInt32(11),
        UpdatedAt = row.Time(12),
        FinishedAt = row.TimeOrNull(13),
    };
}
