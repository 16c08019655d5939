using FederationWorkflows.Runtime.Nodes;
using FederationWorkflows.Runtime.Storage;
using FederationWorkflows.Runtime.Telemetry;
using Microsoft.Extensions.Logging;

namespace FederationWorkflows.Runtime.Runs;

/// <summary>
/// Resumes runs when their timers are due. The store is the truth; a commit with a timer only wakes this earlier. A timer that cannot be
/// fired, because another node drives its run or its definition is gone, stays in the store and is tried again later.
/// </summary>
internal sealed partial class TimerService(IRunStore runs, WorkflowRuntime runtime, TimerWaker waker, IStoreSignals signals, TimeProvider timeProvider, ILogger<TimerService> logger) : BackgroundLoop
{
    private const int Batch = 100;

    /// <summary>After a night without a server more runs may be due than fit into memory.</summary>
    private static readonly TimeSpan WhenCrowded = TimeSpan.FromSeconds(1);

    private readonly Backoff<(string RunId, string TimerId)> attempts = new(timeProvider);

    protected override async Task RunAsync(CancellationToken stoppingToken)
    {
        using var listening = signals.Subscribe(signal =>
        {
            // A dead node's runs were held until now.
            if (signal.Kind is SignalKinds.Nodes or SignalKinds.Everything)
            {
                attempts.Restart();
                waker.Alarm.Ring();
            }
        });
        await waker.Alarm.RunAsync(LookAsync, LogFailed, attempts.Restart, stoppingToken);
    }

    private async Task<DateTimeOffset?> LookAsync(DateTimeOffset now, CancellationToken cancellationToken)
    {
        var mayBeMore = await FireDueAsync(now, cancellationToken);
        if (runtime.IsCrowded)
        {
            return now + WhenCrowded;
        }

        return mayBeMore ? now : Alarm.Earlier(await runs.GetNextTimerAsync(now, cancellationToken), attempts.NextAt);
    }

    /// <summary>Begins to fire what is due. Each on its own, for a run may take long to be loaded or to reach its next commit.</summary>
    /// <returns>True when more may be due.</returns>
    private async Task<bool> FireDueAsync(DateTimeOffset now, CancellationToken cancellationToken)
    {
        // Those that cannot be fired come first in the store; they must not hide the others.
        var limit = attempts.Count + Batch;
        var due = await runs.GetDueTimersAsync(now, limit, cancellationToken);
        if (due.Count < limit)
        {
            attempts.Keep(due.Select(stored => (stored.RunId, stored.Timer.Id)).ToHashSet());
        }

        var begun = 0;
        foreach (var stored in due)
        {
            if (runtime.IsCrowded)
            {
                break;
            }

            var key = (stored.RunId, stored.Timer.Id);
            if (attempts.TryBegin(key))
            {
                begun++;
                _ = FireAsync(key, stored.Timer.DueAt, cancellationToken);
            }
        }

        return begun > 0 && due.Count == limit;
    }

    private async Task FireAsync((string RunId, string TimerId) key, DateTimeOffset dueAt, CancellationToken cancellationToken)
    {
        try
        {
            if (await runtime.ResumeTimerAsync(key.RunId, key.TimerId, cancellationToken) == CommandOutcome.Done)
            {
                attempts.Succeeded(key);
                RuntimeMeter.TimerLag.Record((timeProvider.GetUtcNow() - dueAt).TotalSeconds, new KeyValuePair<string, object?>("fedflow.timer.kind", "timer"));
                return;
            }
        }
        catch (Exception e) when (!cancellationToken.IsCancellationRequested)
        {
            LogNotFired(e, key.TimerId, key.RunId);
        }
        catch (OperationCanceledException)
        {
            return;
        }

        attempts.Failed(key);
        waker.Alarm.Ring();
    }

    [LoggerMessage(LogLevel.Error, "Timers could not be looked at; the next attempt follows")]
    private partial void LogFailed(Exception exception);

    [LoggerMessage(LogLevel.Error, "Timer {TimerId} of run {RunId} could not be fired; the next attempt follows")]
    private partial void LogNotFired(Exception exception, string timerId, string runId);
}
