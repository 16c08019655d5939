using FederationWorkflows.Runtime.Storage;
using FederationWorkflows.Storage.Sqlite.Database;

namespace FederationWorkflows.Storage.Sqlite;

/// <summary>Knows the nodes that use the database file: one, and those that were killed before it.</summary>
internal sealed class SqliteNodeStore(SqliteDatabase database, TimeProvider timeProvider, InProcessSignals signals) : INodeStore
{
    internal const string ReleaseAll = "UPDATE runs SET lease_owner = NULL, lease_expires_at = 0 WHERE lease_owner = ?";

    private const string Put =
        """
        INSERT INTO nodes (id, version, started_at, last_seen, is_draining) VALUES (?, ?, ?, ?, ?)
        ON CONFLICT (id) DO UPDATE SET version = excluded.version, started_at = excluded.started_at, last_seen = excluded.last_seen, is_draining = excluded.is_draining
        """;

    public ValueTask HeartbeatAsync(NodeRecord node, CancellationToken cancellationToken) =>
        database.WriteAsync(session => session.Execute(Put, node.Id, node.Version, node.StartedAt, timeProvider.GetUtcNow(), node.IsDraining), cancellationToken);

    public ValueTask<IReadOnlyList<NodeRecord>> GetNodesAsync(CancellationToken cancellationToken) => database.ReadAsync<IReadOnlyList<NodeRecord>>(
        session =>
        {
            var nodes = new List<NodeRecord>();
            using var rows = session.Query("SELECT id, version, started_at, last_seen, is_draining FROM nodes ORDER BY id");
            while (rows.Step())
            {
                nodes.Add(new NodeRecord(rows.Text(0), rows.Text(1), rows.Time(2), rows.Time(3), rows.Integer(4) != 0));
            }

            return nodes;
        },
        cancellationToken);

    public async ValueTask<int?> BuryAsync(string nodeId, DateTimeOffset lastSeen, CancellationToken cancellationToken)
    {
        var freed = await database.WriteAsync(
            session => session.Change("DELETE FROM nodes WHERE id = ? AND last_seen = ?", nodeId, lastSeen) == 0 ? (int?)null : session.Change(ReleaseAll, nodeId),
            cancellationToken);
        if (freed is not null)
        {
            signals.Tell(new StoreSignal(SignalKinds.Nodes, nodeId));
        }

        return freed;
    }
}
