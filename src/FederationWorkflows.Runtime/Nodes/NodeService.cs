using System.Reflection;
using FederationWorkflows.Runtime.Runs;
using FederationWorkflows.Runtime.Storage;
using FederationWorkflows.Runtime.Telemetry;
using Microsoft.Extensions.Logging;

namespace FederationWorkflows.Runtime.Nodes;

/// <summary>
/// Says every two seconds that this node is alive, and buries those whose row has stood still for six seconds of this node's own clock:
/// their runs are free at once, and are taken up within ten seconds of the death.
/// </summary>
internal sealed partial class NodeService(INodeStore nodes, WorkflowRuntime runtime, TimeProvider timeProvider, ILogger<NodeService> logger) : BackgroundLoop
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(2);

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(6);

    private static readonly string Version = typeof(NodeService).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion ?? "unknown";

    private readonly DateTimeOffset startedAt = timeProvider.GetUtcNow();

    /// <summary>What was read of the others, and since when it has not changed. Clocks of two machines are never compared.</summary>
    private readonly Dictionary<string, (DateTimeOffset LastSeen, long Since)> others = [];

    /// <summary>Says so before anything takes a run: one that is held by a node nobody knows would be free only when its lease expires.</summary>
    public override async Task StartAsync(CancellationToken cancellationToken)
    {
        await SayAliveAsync(cancellationToken);
        await base.StartAsync(cancellationToken);
    }

    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        await base.StopAsync(cancellationToken);
        try
        {
            // Its runs were given back one by one as they were let go of; this is for what that missed.
            var own = (await nodes.GetNodesAsync(cancellationToken)).FirstOrDefault(node => node.Id == runtime.Node);
            if (own is not null)
            {
                await nodes.BuryAsync(own.Id, own.LastSeen, cancellationToken);
            }
        }
        catch (Exception e)
        {
            LogNotLeft(e);
        }
    }

    protected override async Task RunAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                await SayAliveAsync(stoppingToken);
                await BuryAsync(stoppingToken);
            }
            catch (Exception e) when (!stoppingToken.IsCancellationRequested)
            {
                // While the storage cannot be reached, nobody's standing still means anything.
                others.Clear();
                LogFailed(e);
            }

            await Task.Delay(Interval, timeProvider, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private ValueTask SayAliveAsync(CancellationToken cancellationToken) =>
        nodes.HeartbeatAsync(new NodeRecord(runtime.Node, Version, startedAt, timeProvider.GetUtcNow(), runtime.IsDraining), cancellationToken);

    private async Task BuryAsync(CancellationToken cancellationToken)
    {
        var known = await nodes.GetNodesAsync(cancellationToken);
        foreach (var gone in others.Keys.Except(known.Select(node => node.Id)).ToArray())
        {
            others.Remove(gone);
        }

        foreach (var node in known.Where(node => node.Id != runtime.Node))
        {
            if (!others.TryGetValue(node.Id, out var seen) || seen.LastSeen != node.LastSeen)
            {
                others[node.Id] = (node.LastSeen, timeProvider.GetTimestamp());
            }
            else if (timeProvider.GetElapsedTime(seen.Since) >= Patience && await nodes.BuryAsync(node.Id, node.LastSeen, cancellationToken) is { } freed)
            {
                RuntimeMeter.NodesLost.Add(1);
                LogBuried(node.Id, freed);
            }
        }
    }

    [LoggerMessage(LogLevel.Warning, "Node {NodeId} has not been heard of; {Runs} runs of it are free for others")]
    private partial void LogBuried(string nodeId, int runs);

    [LoggerMessage(LogLevel.Error, "This node could not say that it is alive; the next attempt follows")]
    private partial void LogFailed(Exception exception);

    [LoggerMessage(LogLevel.Warning, "This node could not say that it stops; the others notice by themselves")]
    private partial void LogNotLeft(Exception exception);
}
