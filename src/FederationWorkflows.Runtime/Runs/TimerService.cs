using FederationWorkflows.Runtime.Storage;
using FederationWorkflows.Runtime.Telemetry;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace FederationWorkflows.Runtime.Runs;

/// <summary>
/// Resumes runs when their timers are due. The store is the truth; a commit with a timer only wakes this earlier. A timer that cannot be
/// fired, because another node drives its run or its definition is gone, stays in the store and is tried again later.
/// </summary>
internal sealed partial class TimerService(IRunStore runs, WorkflowRuntime runtime, TimerWaker waker, IStoreSignals signals, TimeProvider timeProvider, ILogger<TimerService> logger) : BackgroundService
{
    private const int Batch = 100;

    /// <summary>What was missed is found by looking again after so long.</summary>
    private static readonly TimeSpan Sweep = TimeSpan.FromSeconds(30);

    private readonly Backoff<(string RunId, string TimerId)> attempts = new(timeProvider);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var listening = signals.Subscribe(signal =>
        {
            // A dead node's runs were held until now.
            if (signal.Kind is SignalKinds.Nodes or SignalKinds.Everything)
            {
                attempts.Restart();
                waker.Wake();
            }
        });
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                // One moment for both: a timer that comes due in between would be in neither.
                var now = timeProvider.GetUtcNow();
                if (!await FireDueAsync(now, stoppingToken))
                {
                    await SleepAsync(now, stoppingToken);
                }
            }
            catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
            {
                return;
            }
            catch (Exception e)
            {
                LogFailed(e);
                await Task.Delay(Sweep, timeProvider, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
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
        waker.Wake();
    }

    private async Task SleepAsync(DateTimeOffset now, CancellationToken cancellationToken)
    {
        var until = now + Sweep;
        foreach (var at in new[] { await runs.GetNextTimerAsync(now, cancellationToken), attempts.NextAt })
        {
            until = at < until ? at.Value : until;
        }

        var wait = until - timeProvider.GetUtcNow();
        if (wait <= TimeSpan.Zero)
        {
            return;
        }

        using var sleep = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var woken = waker.WaitAsync(sleep.Token);
        var slept = Task.Delay(wait, timeProvider, sleep.Token);
        await Task.WhenAny(woken, slept);
        await sleep.CancelAsync();
        await Task.WhenAll(woken, slept).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    [LoggerMessage(LogLevel.Error, "Timers could not be looked at; the next attempt follows")]
    private partial void LogFailed(Exception exception);

    [LoggerMessage(LogLevel.Error, "Timer {TimerId} of run {RunId} could not be fired; the next attempt follows")]
    private partial void LogNotFired(Exception exception, string timerId, string runId);
}
