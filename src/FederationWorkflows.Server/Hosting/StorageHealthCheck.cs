using FederationWorkflows.Runtime.Storage;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace FederationWorkflows.Server.Hosting;

/// <summary>
/// The storage answers a query within five seconds. One that hangs is asked once and not again until it answers, so that probes do not pile up on it.
/// </summary>
internal sealed partial class StorageHealthCheck(IRunStore runs, TimeProvider timeProvider, ILogger<StorageHealthCheck> logger) : IHealthCheck
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    private readonly Lock gate = new();

    private Task? asked;

    public async Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        try
        {
            await Ask().WaitAsync(Patience, timeProvider, cancellationToken);
            return HealthCheckResult.Healthy(runs.Mode);
        }
        catch (TimeoutException)
        {
            LogSilent(runs.Mode, Patience.TotalSeconds);
            return HealthCheckResult.Unhealthy($"The storage has not answered within {Patience.TotalSeconds} seconds.");
        }
        catch (Exception e) when (!cancellationToken.IsCancellationRequested)
        {
            LogFailed(runs.Mode, e.Message);
            return HealthCheckResult.Unhealthy("The storage cannot be used; the log says why.");
        }
    }

    private Task Ask()
    {
        lock (gate)
        {
            // A question of an earlier probe that is still open is this one's, too. It is nobody's in particular, so nobody calls it off.
            return asked is { IsCompleted: false } ? asked : asked = Task.Run(async () => await runs.GetNextTimerAsync(DateTimeOffset.MinValue, CancellationToken.None));
        }
    }

    [LoggerMessage(LogLevel.Warning, "Not ready: the storage ({Mode}) has not answered within {Seconds} s")]
    private partial void LogSilent(string mode, double seconds);

    [LoggerMessage(LogLevel.Warning, "Not ready: the storage ({Mode}) cannot be used: {Reason}")]
    private partial void LogFailed(string mode, string reason);
}
