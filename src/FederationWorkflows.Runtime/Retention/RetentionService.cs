using FederationWorkflows.Runtime.Storage;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace FederationWorkflows.Runtime.Retention;

/// <summary>
/// Deletes runs that have ended and are to be kept no longer, and deduplication keys whose window is over. In small transactions with a rest
/// as long as each took, so that no more than half of the store's time goes into it. Several nodes may do so at once.
/// </summary>
internal sealed partial class RetentionService(IRunStore runs, IOptionsMonitor<RetentionOptions> options, TimeProvider timeProvider, ILogger<RetentionService> logger) : BackgroundService
{
    private static readonly TimeSpan ShortestRest = TimeSpan.FromMilliseconds(20);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                await Task.Delay(options.CurrentValue.Interval, timeProvider, stoppingToken);
                await PruneAsync(options.CurrentValue, stoppingToken);
            }
            catch (Exception e) when (!stoppingToken.IsCancellationRequested)
            {
                LogFailed(e);
            }
            catch (OperationCanceledException)
            {
                return;
            }
        }
    }

    private async Task PruneAsync(RetentionOptions current, CancellationToken cancellationToken)
    {
        foreach (var rule in current.Rules)
        {
            var policy = rule.ToPolicy();
            var deleted = await RepeatAsync(() => runs.PruneAsync(policy, current.BatchSize, cancellationToken), atLeast: 1, cancellationToken);
            if (deleted > 0)
            {
                LogPruned(deleted);
            }
        }

        await RepeatAsync(() => runs.PruneDeduplicationAsync(current.BatchSize, cancellationToken), atLeast: current.BatchSize, cancellationToken);
    }

    /// <summary>Goes on while there may be more to delete.</summary>
    private async Task<long> RepeatAsync(Func<ValueTask<int>> delete, int atLeast, CancellationToken cancellationToken)
    {
        var total = 0L;
        while (true)
        {
            var began = timeProvider.GetTimestamp();
            var deleted = await delete();
            total += deleted;
            if (deleted < atLeast)
            {
                return total;
            }

            var took = timeProvider.GetElapsedTime(began);
            await Task.Delay(took > ShortestRest ? took : ShortestRest, timeProvider, cancellationToken);
        }
    }

    [LoggerMessage(LogLevel.Information, "{Count} runs that had ended were deleted, as the rules of retention say")]
    private partial void LogPruned(long count);

    [LoggerMessage(LogLevel.Error, "Runs that are to be kept no longer could not be deleted; the next attempt follows")]
    private partial void LogFailed(Exception exception);
}
