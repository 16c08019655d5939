using FederationWorkflows.Runtime.Storage;
using FederationWorkflows.Storage.PostgreSql.Database;
using Npgsql;

namespace FederationWorkflows.Storage.PostgreSql;

/// <summary>Keeps schedules in the database.</summary>
internal sealed class PostgreSqlScheduleStore(PostgreSqlDatabase database, PostgreSqlSignals signals) : IScheduleStore
{
    private const string Select = "SELECT id, definition_id, revision, activity_id, due_at, payload FROM schedules";

    public async ValueTask ReplaceSchedulesAsync(string definitionId, IReadOnlyList<ScheduleRecord> schedules, CancellationToken cancellationToken) => await database.TransactAsync(
        [
            new Sql("DELETE FROM schedules WHERE definition_id = $1 AND NOT id = ANY ($2)").Text(definitionId).Texts(schedules.Select(schedule => schedule.Id)),

            // In order, so that nodes that arm the same definition at once do not wait for each other in a circle.
            .. schedules.OrderBy(schedule => schedule.Id, StringComparer.Ordinal).Select(schedule => new Sql(
                """
                INSERT INTO schedules AS stored (id, definition_id, revision, activity_id, due_at, payload) VALUES ($1, $2, $3, $4, $5, $6)
                ON CONFLICT (id) DO UPDATE SET definition_id = excluded.definition_id, revision = excluded.revision, activity_id = excluded.activity_id,
                  due_at = excluded.due_at, payload = excluded.payload
                WHERE stored.revision <> excluded.revision OR stored.definition_id <> excluded.definition_id
                """)
                .Text(schedule.Id)
                .Text(schedule.DefinitionId)
                .Text(schedule.Revision)
                .Text(schedule.ActivityId)
                .Time(schedule.DueAt)
                .Bytes(schedule.Payload)),
            signals.Notify(new StoreSignal(SignalKinds.Schedules, definitionId)),
        ],
        cancellationToken);

    public async ValueTask<IReadOnlyList<ScheduleRecord>> GetSchedulesAsync(string definitionId, CancellationToken cancellationToken) =>
        await database.QueryAsync(new Sql(Select + " WHERE definition_id = $1 ORDER BY id").Text(definitionId), Read, cancellationToken);

    public async ValueTask<IReadOnlyList<ScheduleRecord>> GetDueSchedulesAsync(DateTimeOffset until, int limit, CancellationToken cancellationToken) => await database.QueryAsync(
        new Sql(Select + " WHERE due_at IS NOT NULL AND due_at <= $1 ORDER BY due_at, id LIMIT $2").Time(until).Integer(limit),
        Read,
        cancellationToken);

    public async ValueTask<DateTimeOffset?> GetNextScheduleAsync(DateTimeOffset after, CancellationToken cancellationToken) =>
        (await database.QueryAsync(new Sql("SELECT min(due_at) FROM schedules WHERE due_at IS NOT NULL AND due_at > $1").Time(after), row => row.TimeOrNull(0), cancellationToken))[0];

    public async ValueTask<bool> AdvanceScheduleAsync(ScheduleFiring firing, CancellationToken cancellationToken) => await database.ExecuteAsync(
        new Sql("UPDATE schedules SET due_at = $1 WHERE id = $2 AND due_at = $3").Time(firing.NextDueAt).Text(firing.Id).Time(firing.ExpectedDueAt),
        cancellationToken) > 0;

    private static ScheduleRecord Read(NpgsqlDataReader row) =>
        new(row.GetString(0), row.GetString(1), row.GetString(2), row.GetString(3), row.TimeOrNull(4), row.GetFieldValue<byte[]>(5));
}
