using FederationWorkflows.Runtime.Runs;
using FederationWorkflows.Runtime.Storage;
using Microsoft.Extensions.Hosting;

namespace FederationWorkflows.Runtime.Nodes;

/// <summary>Shows the nodes, and has any of them take no new runs. A drained node goes back to work when it is started again.</summary>
public sealed class NodeDrain(WorkflowRuntime runtime, INodeStore nodes, IStoreSignals signals) : IHostedService, IDisposable
{
    private const string Kind = "drain";

    private readonly CancellationTokenSource stopping = new();

    private IDisposable? listening;

    /// <summary>The id of this node.</summary>
    public string ThisNode => runtime.Node;

    /// <summary>The nodes that are alive, by id.</summary>
    public ValueTask<IReadOnlyList<NodeRecord>> GetNodesAsync(CancellationToken cancellationToken) => nodes.GetNodesAsync(cancellationToken);

    /// <summary>Asks a node to take no new runs. It says so in its own record within some seconds.</summary>
    /// <returns>False when there is no such node.</returns>
    public async ValueTask<bool> DrainAsync(string nodeId, CancellationToken cancellationToken)
    {
        if (nodeId != ThisNode && (await GetNodesAsync(cancellationToken)).All(node => node.Id != nodeId))
        {
            return false;
        }

        await signals.PublishAsync(new StoreSignal(Kind, nodeId), cancellationToken);
        return true;
    }

    /// <inheritdoc/>
    public Task StartAsync(CancellationToken cancellationToken)
    {
        listening = signals.Subscribe(signal =>
        {
            if (signal.Kind == Kind && signal.Key == ThisNode)
            {
                // Nobody waits for the last run: it shows in the list of runs.
                _ = runtime.DrainAsync(stopping.Token);
            }
        });
        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    public async Task StopAsync(CancellationToken cancellationToken)
    {
        listening?.Dispose();
        await stopping.CancelAsync();
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        listening?.Dispose();
        stopping.Dispose();
    }
}
