using FederationWorkflows.Runtime.Storage;
using FederationWorkflows.Storage.Sqlite.Database;
using FederationWorkflows.Storage.Sqlite.Runs;

namespace FederationWorkflows.Storage.Sqlite;

/// <summary>Keeps schedules in the database file.</summary>
internal sealed class SqliteScheduleStore(SqliteDatabase database, InProcessSignals signals) : IScheduleStore
{
    internal const string Select = "SELECT id, definition_id, revision, activity_id, due_at, payload FROM schedules";

    internal const string OfDefinition = Select + " WHERE definition_id = ? ORDER BY id";

    internal const string Due = Select + " WHERE due_at IS NOT NULL AND due_at <= ? ORDER BY due_at, id LIMIT ?";

    internal const string Next = "SELECT min(due_at) FROM schedules WHERE due_at IS NOT NULL AND due_at > ?";

    private const string Put =
        """
        INSERT INTO schedules (id, definition_id, revision, activity_id, due_at, payload) VALUES (?, ?, ?, ?, ?, ?)
        ON CONFLICT (id) DO UPDATE SET definition_id = excluded.definition_id, revision = excluded.revision, activity_id = excluded.activity_id,
          due_at = excluded.due_at, payload = excluded.payload
        """;

    public async ValueTask ReplaceSchedulesAsync(string definitionId, IReadOnlyList<ScheduleRecord> schedules, CancellationToken cancellationToken)
    {
        await database.WriteAsync(
            session =>
            {
                var stored = Read(session, OfDefinition, definitionId).ToDictionary(schedule => schedule.Id, schedule => schedule.Revision);
                foreach (var gone in stored.Keys.Except(schedules.Select(schedule => schedule.Id)))
                {
                    session.Execute("DELETE FROM schedules WHERE id = ?", gone);
                }

                foreach (var schedule in schedules.Where(schedule => stored.GetValueOrDefault(schedule.Id) != schedule.Revision))
                {
                    session.Execute(Put, schedule.Id, schedule.DefinitionId, schedule.Revision, schedule.ActivityId, schedule.DueAt, schedule.Payload);
                }
            },
            cancellationToken);
        signals.Tell(new StoreSignal(SignalKinds.Schedules, definitionId));
    }

    public ValueTask<IReadOnlyList<ScheduleRecord>> GetSchedulesAsync(string definitionId, CancellationToken cancellationToken) =>
        database.ReadAsync<IReadOnlyList<ScheduleRecord>>(session => Read(session, OfDefinition, definitionId), cancellationToken);

    public ValueTask<IReadOnlyList<ScheduleRecord>> GetDueSchedulesAsync(DateTimeOffset until, int limit, CancellationToken cancellationToken) =>
        database.ReadAsync<IReadOnlyList<ScheduleRecord>>(session => Read(session, Due, until, limit), cancellationToken);

    public ValueTask<DateTimeOffset?> GetNextScheduleAsync(DateTimeOffset after, CancellationToken cancellationToken) => database.ReadAsync(
        session =>
        {
            using var row = session.Query(Next, after);
            row.Step();
            return row.TimeOrNull(0);
        },
        cancellationToken);

    public ValueTask<bool> AdvanceScheduleAsync(ScheduleFiring firing, CancellationToken cancellationToken) =>
        database.WriteAsync(session => session.Change(RunStatements.Advance, firing.NextDueAt, firing.Id, firing.ExpectedDueAt) > 0, cancellationToken);

    private static List<ScheduleRecord> Read(Session session, string sql, params ReadOnlySpan<SqlValue> values)
    {
        var schedules = new List<ScheduleRecord>();
        using var rows = session.Query(sql, values);
        while (rows.Step())
        {
            schedules.Add(new ScheduleRecord(rows.Text(0), rows.Text(1), rows.Text(2), rows.Text(3), rows.TimeOrNull(4), rows.Bytes(5)));
        }

        return schedules;
    }
}
