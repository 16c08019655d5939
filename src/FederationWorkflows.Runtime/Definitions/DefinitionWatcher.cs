using System.Threading.Channels;
using FederationWorkflows.Runtime.Storage;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace FederationWorkflows.Runtime.Definitions;

/// <summary>Takes over what other nodes publish and retract.</summary>
internal sealed partial class DefinitionWatcher(DefinitionCatalog catalog, IStoreSignals signals, ILogger<DefinitionWatcher> logger) : BackgroundService
{
    private const int Capacity = 1_000;

    /// <summary>Definitions to look at; empty text for all of them.</summary>
    private readonly Channel<string> changed = Channel.CreateBounded<string>(new BoundedChannelOptions(Capacity) { FullMode = BoundedChannelFullMode.DropOldest });

    private IDisposable? listening;

    /// <summary>It listens before the catalog is loaded, so that no change falls between.</summary>
    public override Task StartAsync(CancellationToken cancellationToken)
    {
        listening = signals.Subscribe(signal =>
        {
            if (signal.Kind is SignalKinds.Definitions or SignalKinds.Everything)
            {
                changed.Writer.TryWrite(signal.Kind == SignalKinds.Everything ? "" : signal.Key);
            }
        });
        return base.StartAsync(cancellationToken);
    }

    public override void Dispose()
    {
        listening?.Dispose();
        base.Dispose();
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            string definitionId;
            try
            {
                definitionId = await changed.Reader.ReadAsync(stoppingToken);
            }
            catch (OperationCanceledException)
            {
                return;
            }

            try
            {
                await (definitionId.Length == 0 ? catalog.LoadAsync(stoppingToken) : catalog.RefreshAsync(definitionId, stoppingToken));
            }
            catch (Exception e) when (!stoppingToken.IsCancellationRequested)
            {
                LogNotRefreshed(e, definitionId);
            }
        }
    }

    [LoggerMessage(LogLevel.Error, "A change of story '{DefinitionId}' on another node could not be taken over; it is at the next change or start")]
    private partial void LogNotRefreshed(Exception exception, string definitionId);
}
