using FederationWorkflows.Runtime.Nodes;
using FederationWorkflows.Runtime.Storage;
using FederationWorkflows.Runtime.Telemetry;
using Microsoft.Extensions.Logging;

namespace FederationWorkflows.Runtime.Runs;

/// <summary>
/// Renews the leases of the runs that are live here, several times before they expire, and takes up the runs that should be
/// executing but are let go of: by a node that stopped or died, or because a commit failed.
/// </summary>
internal sealed partial class LeaseService(IRunStore runs, WorkflowRuntime runtime, IStoreSignals signals, TimeProvider timeProvider, ILogger<LeaseService> logger) : BackgroundLoop
{
    private const int PageSize = 100;

    /// <summary>How soon a run that could not be given back is taken up again.</summary>
    private static readonly TimeSpan Again = TimeSpan.FromSeconds(5);

    private static readonly TimeSpan BetweenRenewals = TimeSpan.FromMinutes(1);

    /// <summary>How soon the runs of a node that died are looked for again when there is no room for them.</summary>
    private static readonly TimeSpan WhenCrowded = TimeSpan.FromSeconds(5);

    private readonly Backoff<string> attempts = new(timeProvider);

    private readonly Alarm alarm = new(timeProvider, BetweenRenewals);

    /// <summary>The storage is back, and leases may be about to expire.</summary>
    private volatile bool isBack;

    /// <summary>This looks again soon, with more leases than can be renewed each time.</summary>
    private bool isCrowded;

    private DateTimeOffset renewedAt;

    protected override async Task RunAsync(CancellationToken stoppingToken)
    {
        using var listening = signals.Subscribe(signal =>
        {
            if (signal.Kind is SignalKinds.Nodes or SignalKinds.Everything)
            {
                isBack |= signal.Kind == SignalKinds.Everything;
                attempts.Restart();
                alarm.Ring();
            }
        });
        await Task.WhenAll(TakeUpOwnAsync(stoppingToken), alarm.RunAsync(LookAsync, LogFailed, attempts.Restart, stoppingToken));
    }

    private async Task<DateTimeOffset?> LookAsync(DateTimeOffset now, CancellationToken cancellationToken)
    {
        if (!isCrowded || isBack || now - renewedAt >= BetweenRenewals)
        {
            isBack = false;
            await runtime.RenewLeasesAsync(cancellationToken);
            renewedAt = now;
        }

        await TakeUpAsync(cancellationToken);
        isCrowded = runtime.IsCrowded;
        return isCrowded ? timeProvider.GetUtcNow() + WhenCrowded : null;
    }

    /// <summary>
    /// Takes up the runs that this node let go of but could not give back, most likely because the store was not to be reached. They are
    /// still this node's, so that no other would take them up before their leases expire.
    /// </summary>
    private async Task TakeUpOwnAsync(CancellationToken cancellationToken)
    {
        await foreach (var (runId, letGoAt) in runtime.NotGivenBack.ReadAllAsync(cancellationToken))
        {
            if (letGoAt + Again - timeProvider.GetUtcNow() is var wait && wait > TimeSpan.Zero)
            {
                await Task.Delay(wait, timeProvider, cancellationToken);
            }

            while (!await TryTakeUpOwnAsync(runId, cancellationToken))
            {
                await Task.Delay(Again, timeProvider, cancellationToken);
            }
        }
    }

    private async Task<bool> TryTakeUpOwnAsync(string runId, CancellationToken cancellationToken)
    {
        try
        {
            if (await runtime.ContinueAsync(runId, cancellationToken))
            {
                LogTakenUp(runId);
            }

            return true;
        }
        catch (Exception e) when (!cancellationToken.IsCancellationRequested)
        {
            LogNotTakenUp(e, runId);
            return false;
        }
    }

    private async Task TakeUpAsync(CancellationToken cancellationToken)
    {
        while (!runtime.IsCrowded && await TakeUpSomeAsync(cancellationToken))
        {
        }
    }

    /// <summary>Those that cannot be taken up come first in the store; they must not hide the others.</summary>
    /// <returns>True when there may be more.</returns>
    private async Task<bool> TakeUpSomeAsync(CancellationToken cancellationToken)
    {
        var limit = attempts.Count + PageSize;
        var abandoned = (await runs.GetAbandonedAsync(timeProvider.GetUtcNow(), limit, cancellationToken)).ToHashSet();
        var isAll = abandoned.Count < limit;
        abandoned.RemoveWhere(runtime.IsLive);
        if (isAll)
        {
            attempts.Keep(abandoned);
        }

        var begun = 0;
        foreach (var runId in abandoned.Where(attempts.TryBegin))
        {
            begun++;
            try
            {
                if (await runtime.ContinueAsync(runId, cancellationToken))
                {
                    RuntimeMeter.Takeovers.Add(1);
                    LogTakenUp(runId);
                }
            }
            catch (Exception e) when (!cancellationToken.IsCancellationRequested)
            {
                LogNotTakenUp(e, runId);
            }

            // Also when it was taken up: if it is let go of again, the reason is likely to last. What somebody drives is forgotten with the next look.
            attempts.Failed(runId);
        }

        return !isAll && begun > 0;
    }

    [LoggerMessage(LogLevel.Information, "Run {RunId} was let go of, and goes on here from its last commit")]
    private partial void LogTakenUp(string runId);

    [LoggerMessage(LogLevel.Error, "Run {RunId} cannot be taken up; the next attempt follows")]
    private partial void LogNotTakenUp(Exception exception, string runId);

    [LoggerMessage(LogLevel.Error, "Leases could not be looked after; the next attempt follows")]
    private partial void LogFailed(Exception exception);
}
