using FederationWorkflows.Runtime.Storage;
using FederationWorkflows.Storage.PostgreSql.Database;

namespace FederationWorkflows.Storage.PostgreSql;

/// <summary>Knows the nodes that share the database.</summary>
internal sealed class PostgreSqlNodeStore(PostgreSqlDatabase database, TimeProvider timeProvider) : INodeStore
{
    public async ValueTask HeartbeatAsync(NodeRecord node, CancellationToken cancellationToken) => await database.ExecuteAsync(
        new Sql("SELECT heartbeat_1($1, $2, $3, $4, $5)").Text(node.Id).Text(node.Version).Time(node.StartedAt).Time(timeProvider.GetUtcNow()).Flag(node.IsDraining),
        cancellationToken);

    public async ValueTask<IReadOnlyList<NodeRecord>> GetNodesAsync(CancellationToken cancellationToken) => await database.QueryAsync(
        new Sql("SELECT id, version, started_at, last_seen, is_draining FROM nodes ORDER BY id"),
        row => new NodeRecord(row.GetString(0), row.GetString(1), row.Time(2), row.Time(3), row.GetBoolean(4)),
        cancellationToken);

    public async ValueTask<int?> BuryAsync(string nodeId, DateTimeOffset lastSeen, CancellationToken cancellationToken)
    {
        var freed = await database.QueryAsync(
            new Sql(
                """
                WITH dead AS (DELETE FROM nodes WHERE id = $1 AND last_seen = $2 RETURNING id),
                  freed AS (UPDATE runs SET lease_owner = NULL, lease_expires_at = '-infinity' FROM dead WHERE lease_owner = dead.id RETURNING 1),
                  told AS (SELECT pg_notify('fedflow_' || current_schema(), 'nodes' || chr(10) || id) FROM dead)
                SELECT (SELECT count(*) FROM freed), (SELECT count(*) FROM told) FROM dead
                """).Text(nodeId).Time(lastSeen),
            row => (int)row.GetInt64(0),
            cancellationToken);
        return freed.Count == 0 ? null : freed[0];
    }
}
