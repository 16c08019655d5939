using FederationWorkflows.Runtime.Storage;
using FederationWorkflows.Storage.Sqlite.Database;
using FederationWorkflows.Storage.Sqlite.Runs;

namespace FederationWorkflows.Storage.Sqlite;

/// <summary>Keeps follow-up work in the database file.</summary>
internal sealed class SqliteFollowUpStore(SqliteDatabase database) : IFollowUpStore
{
    internal const string Oldest = "SELECT id, kind, payload, created_at FROM follow_ups WHERE (created_at, id) > (?, ?) ORDER BY created_at, id LIMIT ?";

    public ValueTask<IReadOnlyList<FollowUp>> GetFollowUpsAsync(int limit, FollowUp? after, CancellationToken cancellationToken) => database.ReadAsync<IReadOnlyList<FollowUp>>(
        session =>
        {
            var work = new List<FollowUp>();
            using var rows = session.Query(Oldest, after?.CreatedAt ?? DateTimeOffset.MinValue, after?.Id ?? "", limit);
            while (rows.Step())
            {
                work.Add(new FollowUp(rows.Text(0), rows.Text(1), rows.Bytes(2), rows.Time(3)));
            }

            return work;
        },
        cancellationToken);

    public ValueTask RemoveFollowUpsAsync(IReadOnlyList<string> ids, CancellationToken cancellationToken) => database.WriteAsync(
        session =>
        {
            foreach (var id in ids)
            {
                session.Execute(RunStatements.RemoveFollowUp, id);
            }
        },
        cancellationToken);
}
