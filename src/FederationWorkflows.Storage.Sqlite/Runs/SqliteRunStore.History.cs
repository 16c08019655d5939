using FederationWorkflows.Runtime.Storage;
using FederationWorkflows.Storage.Sqlite.Database;

namespace FederationWorkflows.Storage.Sqlite.Runs;

/// <content>What happened in a run.</content>
internal sealed partial class SqliteRunStore
{
    /// <summary>Commits a run may have: see the schema's run_history.</summary>
    private const long MaxCommits = 1 << 28;

    public ValueTask<Page<JournalRecord>> GetJournalAsync(string runId, JournalQuery query, CancellationToken cancellationToken) => database.ReadAsync(
        session => Key(session, runId) is not { } key
            ? new Page<JournalRecord>([], 0)
            : query.HasFilters ? query.PageOf(Histories(session, key).SelectMany(history => StoredRecords.ReadJournal(history))) : Page(session, key, query),
        cancellationToken);

    public ValueTask<IReadOnlyList<ActivityExecutionRecord>> GetExecutionsAsync(string runId, string? activityNodeId, CancellationToken cancellationToken) => database.ReadAsync(
        session => Key(session, runId) is { } key ? StoredRecords.ReadExecutions(Histories(session, key), activityNodeId) : [],
        cancellationToken);

    private static long FirstHistory(long key) => key * MaxCommits;

    private static long? Key(Session session, string runId)
    {
        using var row = session.Query(RunStatements.Key, runId);
        return row.Step() ? row.Integer(0) : null;
    }

    private static IEnumerable<byte[]> Histories(Session session, long key)
    {
        using var rows = session.Query(RunStatements.History, FirstHistory(key), FirstHistory(key + 1) - 1);
        while (rows.Step())
        {
            yield return rows.Bytes(1);
        }
    }

    /// <summary>A page of the whole journal: commits before it are counted and not read.</summary>
    private static Page<JournalRecord> Page(Session session, long key, JournalQuery query)
    {
        var items = new List<JournalRecord>();
        var skip = (long)query.Skip;
        using (var rows = session.Query(RunStatements.History, FirstHistory(key), FirstHistory(key + 1) - 1))
        {
            while (items.Count < query.Take && rows.Step())
            {
                var count = rows.Integer(0);
                if (skip < count)
                {
                    items.AddRange(StoredRecords.ReadJournal(rows.Bytes(1)).Skip((int)skip).Take(query.Take - items.Count));
                }

                skip = Math.Max(0, skip - count);
            }
        }

        using var total = session.Query(RunStatements.JournalLength, FirstHistory(key), FirstHistory(key + 1) - 1);
        total.Step();
        return new Page<JournalRecord>(items, total.Integer(0));
    }
}
