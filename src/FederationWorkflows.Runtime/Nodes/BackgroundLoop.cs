using Microsoft.Extensions.Hosting;

namespace FederationWorkflows.Runtime.Nodes;

/// <summary>Work that goes on while the node runs. Being stopped is its normal end, also when the host could not start and stops what had begun.</summary>
public abstract class BackgroundLoop : BackgroundService
{
    /// <summary>Works until it is stopped.</summary>
    protected abstract Task RunAsync(CancellationToken stoppingToken);

    /// <inheritdoc/>
    protected sealed override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        try
        {
            await RunAsync(stoppingToken);
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // The end that was asked for.
        }
    }
}
