using FederationWorkflows.Runtime.Storage;
using FederationWorkflows.Storage.PostgreSql.Database;
using Npgsql;

namespace FederationWorkflows.Storage.PostgreSql;

/// <summary>Keeps follow-up work in the database.</summary>
internal sealed class PostgreSqlFollowUpStore(PostgreSqlDatabase database) : IFollowUpStore
{
    public async ValueTask<IReadOnlyList<FollowUp>> GetFollowUpsAsync(int limit, FollowUp? after, CancellationToken cancellationToken) => await database.QueryAsync(
        new Sql("SELECT id, kind, payload, created_at FROM follow_ups WHERE (created_at, id) > ($1, $2) ORDER BY created_at, id LIMIT $3")
            .Time(after?.CreatedAt ?? DateTimeOffset.MinValue)
            .Text(after?.Id ?? "")
            .Integer(limit),
        Read,
        cancellationToken);

    public async ValueTask<FollowUp?> FindFollowUpAsync(string id, CancellationToken cancellationToken) =>
        (await database.QueryAsync(new Sql("SELECT id, kind, payload, created_at FROM follow_ups WHERE id = $1").Text(id), Read, cancellationToken)).FirstOrDefault();

    public async ValueTask<bool> AddFollowUpAsync(FollowUp followUp, CancellationToken cancellationToken) =>
        await database.ExecuteAsync(
            new Sql("INSERT INTO follow_ups (id, kind, payload, created_at) VALUES ($1, $2, $3, $4) ON CONFLICT (id) DO NOTHING")
                .Text(followUp.Id)
                .Text(followUp.Kind)
                .Bytes(followUp.Payload)
                .Time(followUp.CreatedAt),
            cancellationToken) > 0;

    public async ValueTask RemoveFollowUpsAsync(IReadOnlyList<string> ids, CancellationToken cancellationToken) =>
        await database.ExecuteAsync(new Sql("DELETE FROM follow_ups WHERE id = ANY ($1)").Texts(ids), cancellationToken);

    private static FollowUp Read(NpgsqlDataReader row) => new(row.GetString(0), row.GetString(1), row.GetFieldValue<byte[]>(2), row.Time(3));
}
