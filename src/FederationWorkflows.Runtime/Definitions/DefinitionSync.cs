using System.Threading.Channels;
using FederationWorkflows.Runtime.Nodes;
using FederationWorkflows.Runtime.Storage;
using Microsoft.Extensions.Logging;

namespace FederationWorkflows.Runtime.Definitions;

/// <summary>Has this node follow what any node publishes, retracts or deletes: webhooks, schedules and compiled graphs are those of the store.</summary>
internal sealed partial class DefinitionSync(DefinitionCatalog catalog, IStoreSignals signals, TimeProvider timeProvider, ILogger<DefinitionSync> logger) : BackgroundLoop
{
    private static readonly TimeSpan RetryAfter = TimeSpan.FromSeconds(5);

    private readonly Channel<StoreSignal> told = Channel.CreateUnbounded<StoreSignal>(new UnboundedChannelOptions { SingleReader = true });

    private IDisposable? listening;

    /// <summary>Listens before this node reads the store for the first time, so that nothing is missed in between.</summary>
    public override Task StartAsync(CancellationToken cancellationToken)
    {
        listening = signals.Subscribe(signal =>
        {
            if (signal.Kind is SignalKinds.Definitions or SignalKinds.Everything)
            {
                told.Writer.TryWrite(signal);
            }
        });
        return base.StartAsync(cancellationToken);
    }

    public override void Dispose()
    {
        listening?.Dispose();
        base.Dispose();
    }

    protected override async Task RunAsync(CancellationToken stoppingToken)
    {
        await foreach (var signal in told.Reader.ReadAllAsync(stoppingToken))
        {
            while (!await FollowAsync(signal, stoppingToken))
            {
                await Task.Delay(RetryAfter, timeProvider, stoppingToken);
            }
        }
    }

    private async Task<bool> FollowAsync(StoreSignal signal, CancellationToken cancellationToken)
    {
        try
        {
            await (signal.Kind == SignalKinds.Everything ? catalog.LoadAsync(cancellationToken) : catalog.RefreshAsync(signal.Key, cancellationToken));
            return true;
        }
        catch (Exception e) when (!cancellationToken.IsCancellationRequested)
        {
            LogFailed(e, signal.Key);
            return false;
        }
    }

    [LoggerMessage(LogLevel.Error, "Story {DefinitionId} changed, and this node could not read what became of it; the next attempt follows")]
    private partial void LogFailed(Exception exception, string definitionId);
}
