using FederationWorkflows.Runtime.Storage;
using FederationWorkflows.Storage.Sqlite.Database;
using FederationWorkflows.Storage.Sqlite.Runs;

namespace FederationWorkflows.Storage.Sqlite;

/// <summary>Keeps follow-up work in the database file.</summary>
internal sealed class SqliteFollowUpStore(SqliteDatabase database) : IFollowUpStore
{
    internal const string Oldest = "SELECT id, kind, payload, created_at FROM follow_ups WHERE (created_at, id) > (?, ?) ORDER BY created_at, id LIMIT ?";

    internal const string OfId = "SELECT id, kind, payload, created_at FROM follow_ups WHERE id = ?";

    private const string Add = "INSERT INTO follow_ups (id, kind, payload, created_at) VALUES (?, ?, ?, ?) ON CONFLICT (id) DO NOTHING RETURNING 1";

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

    public ValueTask<FollowUp?> FindFollowUpAsync(string id, CancellationToken cancellationToken) => database.ReadAsync(
        session =>
        {
            using var rows = session.Query(OfId, id);
            return rows.Step() ? new FollowUp(rows.Text(0), rows.Text(1), rows.Bytes(2), rows.Time(3)) : null;
        },
        cancellationToken);

    public ValueTask<bool> AddFollowUpAsync(FollowUp followUp, CancellationToken cancellationToken) => database.WriteAsync(
        session =>
        {
            using var row = session.Query(Add, followUp.Id, followUp.Kind, followUp.Payload, followUp.CreatedAt);
            return row.Step();
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
