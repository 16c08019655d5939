using FederationWorkflows.Runtime.Storage;
using FederationWorkflows.Storage.PostgreSql.Database;

namespace FederationWorkflows.Storage.PostgreSql.Runs;

/// <content>What happened in a run.</content>
internal sealed partial class PostgreSqlRunStore
{
    public async ValueTask<Page<JournalRecord>> GetJournalAsync(string runId, JournalQuery query, CancellationToken cancellationToken)
    {
        if (query.HasFilters)
        {
            var all = await HistoriesAsync(runId, cancellationToken);
            return query.PageOf(all.SelectMany(history => StoredRecords.ReadJournal(history)));
        }

        // Commits outside of the page are counted and not sent. The first that is sent says how much of the journal is before it.
        var rows = await database.QueryAsync(
            new Sql(
                """
                SELECT before, total, (SELECT data FROM run_history h WHERE h.run = c.run AND h.number = c.number)
                FROM (
                  SELECT h.run, h.number, sum(journal_count) OVER (ORDER BY h.number) - journal_count AS before, journal_count, sum(journal_count) OVER () AS total
                  FROM run_history h JOIN runs r ON r.key = h.run WHERE r.id = $1
                ) c
                WHERE (before < $2 + $3 AND before + journal_count > $2) OR before = 0
                ORDER BY number
                """).Text(runId).Number(query.Skip).Number(query.Take),
            row => (Before: row.GetInt64(0), Total: row.GetInt64(1), Data: row.GetFieldValue<byte[]>(2)),
            cancellationToken);
        var items = rows.SelectMany(row => StoredRecords.ReadJournal(row.Data).Select((record, i) => (Place: row.Before + i, Record: record)))
            .Where(item => item.Place >= query.Skip && item.Place < (long)query.Skip + query.Take)
            .Select(item => item.Record);
        return new Page<JournalRecord>([.. items], rows.Count == 0 ? 0 : rows[0].Total);
    }

    public async ValueTask<IReadOnlyList<ActivityExecutionRecord>> GetExecutionsAsync(string runId, string? activityNodeId, CancellationToken cancellationToken) =>
        StoredRecords.ReadExecutions(await HistoriesAsync(runId, cancellationToken), activityNodeId);

    private ValueTask<List<byte[]>> HistoriesAsync(string runId, CancellationToken cancellationToken) => database.QueryAsync(
        new Sql("SELECT h.data FROM run_history h JOIN runs r ON r.key = h.run WHERE r.id = $1 ORDER BY h.number").Text(runId),
        row => row.GetFieldValue<byte[]>(0),
        cancellationToken);
}
