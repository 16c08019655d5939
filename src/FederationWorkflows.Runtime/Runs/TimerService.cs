using FederationWorkflows.Runtime.Storage;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace FederationWorkflows.Runtime.Runs;

/// <summary>Resumes runs when their timers are due. The store is the truth; a commit with a timer only wakes this earlier.</summary>
internal sealed partial class TimerService(IRunStore runs, WorkflowRuntime runtime, TimerWaker waker, TimeProvider timeProvider, ILogger<TimerService> logger) : BackgroundService
{
    private const int Batch = 100;

    /// <summary>What was missed is found by looking again after so long.</summary>
    private static readonly TimeSpan Sweep = TimeSpan.FromSeconds(30);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                await FireDueAsync(stoppingToken);
                await SleepAsync(stoppingToken);
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

    private async Task FireDueAsync(CancellationToken cancellationToken)
    {
        foreach (var due in await runs.GetDueTimersAsync(timeProvider.GetUtcNow(), Batch, cancellationToken))
        {
            await runtime.ResumeTimerAsync(due.RunId, due.Timer.Id, cancellationToken);
        }
    }

    private async Task SleepAsync(CancellationToken cancellationToken)
    {
        var next = await runs.GetNextTimerAsync(timeProvider.GetUtcNow(), cancellationToken);
        var wait = next is { } at ? at - timeProvider.GetUtcNow() : Sweep;
        if (wait <= TimeSpan.Zero)
        {
            return;
        }

        using var sleep = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var woken = waker.WaitAsync(sleep.Token);
        var slept = Task.Delay(wait < Sweep ? wait : Sweep, timeProvider, sleep.Token);
        await Task.WhenAny(woken, slept);
        await sleep.CancelAsync();
        await Task.WhenAll(woken, slept).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    [LoggerMessage(LogLevel.Error, "Timers could not be looked at; the next attempt follows")]
    private partial void LogFailed(Exception exception);
}
