namespace FederationWorkflows.Runtime.Storage;

/// <summary>
/// Knows which nodes are alive. A lease lasts for minutes, since renewing thousands of them every few seconds would cost a write each; a
/// node instead writes one row every few seconds. Who sees that another's row stands still for some seconds of his own clock buries that
/// node, which gives back all its leases at once. If it was only slow, its fencing tokens are worth nothing any more.
/// </summary>
public interface INodeStore
{
    /// <summary>Says that a node is alive: stores its row, seen at the store's present time.</summary>
    ValueTask HeartbeatAsync(NodeRecord node, CancellationToken cancellationToken);

    /// <summary>All nodes, by id.</summary>
    ValueTask<IReadOnlyList<NodeRecord>> GetNodesAsync(CancellationToken cancellationToken);

    /// <summary>Removes a node that stopped, or that died, and gives back its leases.</summary>
    /// <param name="nodeId">The node: the owner in its leases.</param>
    /// <param name="lastSeen">When it was last seen, as it was read. One that has been seen since is not touched.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    /// <returns>How many runs are free now; null when it has been seen since, or another node has buried it already.</returns>
    ValueTask<int?> BuryAsync(string nodeId, DateTimeOffset lastSeen, CancellationToken cancellationToken);
}

/// <summary>A process that drives runs.</summary>
/// <param name="Id">Unique among all that ever were: the owner in its leases.</param>
/// <param name="Version">The product's version it runs.</param>
/// <param name="StartedAt">When it started, UTC.</param>
/// <param name="LastSeen">When it last said that it is alive, UTC, to the microsecond. A heartbeat ignores it.</param>
/// <param name="IsDraining">It takes no new runs.</param>
public sealed record NodeRecord(string Id, string Version, DateTimeOffset StartedAt, DateTimeOffset LastSeen, bool IsDraining);
