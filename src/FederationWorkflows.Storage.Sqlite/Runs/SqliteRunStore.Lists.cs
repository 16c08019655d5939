using FederationWorkflows.Engine.Execution;
using FederationWorkflows.Runtime.Storage;
using FederationWorkflows.Storage.Sqlite.Database;

namespace FederationWorkflows.Storage.Sqlite.Runs;

/// <content>Lists of runs, and what goes.</content>
internal sealed partial class SqliteRunStore
{
    private const string Columns =
        "id, definition_id, definition_version_id, version, revision, correlation_id, started_by, created_at, name, status, sub_status, incident_count, updated_at, finished_at, parent_id";

    public ValueTask<RunSummary?> FindAsync(string runId, CancellationToken cancellationToken) => database.ReadAsync(
        session =>
        {
            using var row = session.Query(RunStatements.Find, runId);
            return row.Step() ? ReadSummary(row) : null;
        },
        cancellationToken);

    public ValueTask<Page<RunSummary>> ListAsync(RunQuery query, CancellationToken cancellationToken) => database.ReadAsync(
        session =>
        {
            var filter = Filter(query);
            long? total = null;
            if (query.CountTotal)
            {
                using var count = session.QueryOnce($"SELECT count(*) FROM runs{filter.Where}", filter.Values);
                count.Step();
                total = count.Integer(0);
            }

            var time = query.OrderBy == RunOrder.Created ? "created_at" : "updated_at";
            var (order, sign) = query.Ascending ? ("ASC", ">") : ("DESC", "<");
            if (query.After is { } after)
            {
                filter.Add($"({time}, id) {sign} (?, ?)", after.At, after.Id);
            }

            var items = new List<RunSummary>();
            filter.Bind(query.Take, query.Skip);
            using var rows = session.QueryOnce($"SELECT {Columns} FROM runs{filter.Where} ORDER BY {time} {order}, id {order} LIMIT ? OFFSET ?", filter.Values);
            while (rows.Step())
            {
                items.Add(ReadSummary(rows));
            }

            return new Page<RunSummary>(items, total);
        },
        cancellationToken);

    public ValueTask<int> PruneDeduplicationAsync(int batchSize, CancellationToken cancellationToken) =>
        database.WriteAsync(session => session.Change(RunStatements.ForgetKeys, timeProvider.GetUtcNow(), batchSize), cancellationToken);

    public ValueTask<int> DeleteAsync(IReadOnlyList<string> runIds, CancellationToken cancellationToken) =>
        database.WriteAsync(session => runIds.Count(id => Delete(session, "DELETE FROM runs WHERE id = ? RETURNING key", id)), cancellationToken);

    /// <summary>Finds them on a connection of its own: the writer has better things to do.</summary>
    public async ValueTask<int> PruneAsync(RetentionPolicy policy, int batchSize, CancellationToken cancellationToken)
    {
        var ids = await database.ReadAsync(session => FindPrunable(session, policy, batchSize), cancellationToken);
        return ids.Count == 0
            ? 0
            : await database.WriteAsync(session => ids.Count(id => Delete(session, "DELETE FROM runs WHERE id = ? AND finished_at IS NOT NULL RETURNING key", id)), cancellationToken);
    }

    private static SqlFilter Filter(RunQuery query)
    {
        var filter = new SqlFilter();
        filter.AddIn("definition_id", query.DefinitionIds.Select(id => (SqlValue)id));
        filter.AddIn("version", query.Versions.Select(version => (SqlValue)version));
        filter.AddIn("sub_status", query.SubStatuses.Select(status => (SqlValue)(long)status));
        if (query.Status is { } status)
        {
            filter.Add("status = ?", (long)status);
        }

        if (query.CorrelationId is not null)
        {
            filter.Add("correlation_id = ?", query.CorrelationId);
        }

        if (query.HasIncidents is { } hasIncidents)
        {
            filter.Add(hasIncidents ? "incident_count > 0" : "incident_count = 0");
        }

        if (query.SearchText is not null)
        {
            // A line break is in none of them, and in no text that is looked for.
            filter.Add(
                "instr(lower(id || char(10) || coalesce(name, '') || char(10) || definition_id || char(10) || definition_version_id || char(10) || coalesce(correlation_id, '')), lower(?)) > 0", query.SearchText);
        }

        foreach (var (time, from, to) in query.Times)
        {
            var column = time switch
            {
                RunTime.Created => "created_at",
                RunTime.Updated => "updated_at",
                _ => "finished_at",
            };
            filter.Add($"{column} >= ?", from ?? DateTimeOffset.MinValue);
            if (to is not null)
            {
                filter.Add($"{column} < ?", to);
            }
        }

        return filter;
    }

    private static RunSummary ReadSummary(Statement row) => new()
    {
        Identity = new RunIdentityFacts(row.Text(0), row.Text(1), row.Text(2), (int)row.Integer(3), row.Text(4), row.TextOrNull(5), row.TextOrNull(6), row.Time(7), row.TextOrNull(14)),
        Name = row.TextOrNull(8),
        Status = (WorkflowStatus)row.Integer(9),
        SubStatus = (WorkflowSubStatus)row.Integer(10),
        IncidentCount = (int)row.Integer(11),
        UpdatedAt = row.Time(12),
        FinishedAt = row.TimeOrNull(13),
    };

    private static bool Delete(Session session, string sql, string id)
    {
        long key;
        using (var deleted = session.Query(sql, id))
        {
            if (!deleted.Step())
            {
                return false;
            }

            key = deleted.Integer(0);
        }

        session.Execute("DELETE FROM run_parts WHERE run = ?", key);
        session.Execute("DELETE FROM run_history WHERE id BETWEEN ? AND ?", FirstHistory(key), FirstHistory(key + 1) - 1);
        session.Execute("DELETE FROM bookmarks WHERE run = ?", key);
        session.Execute("DELETE FROM timers WHERE run = ?", key);
        return true;
    }

    private List<string> FindPrunable(Session session, RetentionPolicy policy, int batchSize)
    {
        WorkflowSubStatus[] statuses = policy.SubStatuses.Count > 0 ? [.. policy.SubStatuses] : [WorkflowSubStatus.Finished, WorkflowSubStatus.Cancelled, WorkflowSubStatus.Faulted];
        var found = new List<(DateTimeOffset EndedAt, string Id)>();
        if (policy.MaxAge is { } age)
        {
            var until = timeProvider.GetUtcNow() - age;
            foreach (var status in statuses)
            {
                using var rows = session.Query(
                    "SELECT finished_at, id FROM runs WHERE sub_status = ? AND finished_at IS NOT NULL AND finished_at <= ? ORDER BY finished_at LIMIT ?",
                    (long)status,
                    until,
                    batchSize);
                AddAll(rows);
            }
        }

        if (policy.MaxPerDefinition is { } kept)
        {
            for (var definitionId = NextDefinition(session, ""); definitionId is not null && found.Count < batchSize; definitionId = NextDefinition(session, definitionId))
            {
                using var rows = session.QueryOnce(
                    $"SELECT finished_at, id FROM runs WHERE definition_id = ? AND finished_at IS NOT NULL AND sub_status IN ({string.Join(", ", statuses.Cast<int>())}) ORDER BY finished_at DESC LIMIT ? OFFSET ?",
                    definitionId,
                    batchSize,
                    kept);
                AddAll(rows);
            }
        }

        return [.. found.OrderBy(run => run.EndedAt).Select(run => run.Id).Distinct().Take(batchSize)];

        void AddAll(Statement rows)
        {
            while (rows.Step())
            {
                found.Add((rows.Time(0), rows.Text(1)));
            }
        }
    }

    private static string? NextDefinition(Session session, string after)
    {
        using var row = session.Query("SELECT min(definition_id) FROM runs WHERE finished_at IS NOT NULL AND definition_id > ?", after);
        row.Step();
        return row.TextOrNull(0);
    }
}
