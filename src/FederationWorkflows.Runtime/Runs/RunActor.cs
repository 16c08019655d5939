using System.Diagnostics.CodeAnalysis;
using System.Threading.Channels;
using FederationWorkflows.Engine.Execution;
using FederationWorkflows.Runtime.Storage;
using FederationWorkflows.Runtime.Telemetry;
using Microsoft.Extensions.Logging;

namespace FederationWorkflows.Runtime.Runs;

/// <summary>
/// Drives one run while it is live on this node: advances it, stores its commits, carries out its effects, and takes commands between turns.
/// It ends when the run waits or has ended and no command is left.
/// </summary>
[SuppressMessage("Design", "CA1001", Justification = "A semaphore whose wait handle is never asked for holds nothing to dispose of.")]
internal sealed partial class RunActor(WorkflowRun run, Lease lease, RunOrigin? origin, RunTelemetry? telemetry, RunActorServices services, RunEndings endings, ILogger logger)
{
    private static readonly TimeSpan LongestSleep = TimeSpan.FromDays(1);

    private readonly Channel<RunCommand> commands = Channel.CreateUnbounded<RunCommand>(new UnboundedChannelOptions { SingleReader = true });

    /// <summary>Held to post and to close, so that what was posted before the end is carried out and what comes after is refused.</summary>
    private readonly Lock closing = new();

    /// <summary>Held to renew and to give back the lease: renewed after it was given back, it would be nobody's.</summary>
    private readonly SemaphoreSlim leasing = new(1, 1);

    private readonly TaskCompletionSource<RunResult> ended = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Commands that changed the run since its last commit. They are answered when that is stored.</summary>
    private readonly List<RunCommand> carried = [];

    /// <summary>Commands that found nothing to change after such. If the commit fails, they may find it another time.</summary>
    private readonly List<RunCommand> refused = [];

    private bool isToEnd;

    private CancellationTokenSource? waitForTurn;

    /// <summary>Until the first commit of a new run.</summary>
    private RunOrigin? origin = origin;

    private bool isReleased;

    private volatile bool isLeaseLost;

    /// <summary>Until when another node waits for the run, as a time stamp; it says so again and again.</summary>
    private long wantedUntil;

    private Task? activityReturned;

    private Task? commandPosted;

    /// <summary>What it is a run of.</summary>
    public Engine.Definitions.WorkflowDefinition Definition => run.Workflow.Definition;

    /// <summary>Completes when the run is let go of.</summary>
    public Task<RunResult> Ended => ended.Task;

    /// <summary>Asks for a command to be carried out between turns.</summary>
    /// <returns>False when the actor takes no more: once it has ended, the run is found in the store.</returns>
    public bool Post(RunCommand command)
    {
        lock (closing)
        {
            var isPosted = commands.Writer.TryWrite(command);
            if (isPosted && command.EndsRun)
            {
                isToEnd = true;
                _ = waitForTurn?.CancelAsync();
            }

            return isPosted;
        }
    }

    /// <summary>The wait for its turn, cancelled when the run is to end. To be disposed of when it has been driven.</summary>
    public CancellationTokenSource WaitForTurn(CancellationToken stopping)
    {
        lock (closing)
        {
            waitForTurn = CancellationTokenSource.CreateLinkedTokenSource(stopping);
            if (isToEnd)
            {
                waitForTurn.Cancel();
            }

            return waitForTurn;
        }
    }

    /// <summary>Asks to let go of the run at a commit, within a second and once nothing of it is in flight: another node has something to tell it.</summary>
    public void HandOver()
    {
        Volatile.Write(ref wantedUntil, services.TimeProvider.GetTimestamp() + services.TimeProvider.TimestampFrequency);
        Post(new RunCommand(_ => false));
    }

    /// <summary>
    /// Stores the new run. If it has its turn, it first goes as far as it can without acting on the world or waiting: a story that only computes
    /// costs one commit. Whoever asked for it is not answered before that, so nothing is lost with the process.
    /// </summary>
    /// <returns>True when it has come to rest and was let go of.</returns>
    public async ValueTask<bool> BeginAsync(bool hasTurn, CancellationToken cancellationToken)
    {
        try
        {
            var rests = hasTurn && run.CommitsBeforeEffects && await GoAheadAsync(cancellationToken) && TryClose();
            await CommitAsync(rests, cancellationToken);
            if (!rests)
            {
                return false;
            }
        }
        catch
        {
            telemetry?.End("not_started", null);
            await CancelInFlightAsync();
            throw;
        }

        Rest();
        return true;
    }

    /// <summary>Drives until there is nothing to do.</summary>
    public async Task DriveAsync(CancellationToken stopping)
    {
        using var scope = BeginScope();
        telemetry?.EnterRun();
        try
        {
            await DriveUntilRestAsync(stopping);
        }
        catch (Exception e)
        {
            await LetGoAsync(e, stopping);
            return;
        }

        Rest();
    }

    /// <summary>Extends the right to drive the run. Without it the run is let go of.</summary>
    public async Task RenewAsync(TimeSpan duration, CancellationToken cancellationToken)
    {
        await leasing.WaitAsync(cancellationToken);
        try
        {
            if (isReleased)
            {
                return;
            }

            var renewed = await services.Runs.ClaimAsync(run.Id, lease.Owner, duration, cancellationToken);
            if (renewed?.Token == lease.Token)
            {
                return;
            }

            // Another node has it, or had it meanwhile: what is in memory here is not the run any more.
            isLeaseLost = true;
            Post(new RunCommand(_ => false));
            if (renewed is not null)
            {
                await services.Runs.ReleaseAsync(run.Id, renewed, cancellationToken);
            }
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            LogNotRenewed(e, run.Id);
        }
        finally
        {
            leasing.Release();
        }
    }

    /// <summary>Whatever is logged meanwhile says of which run it is.</summary>
    private IDisposable? BeginScope() => logger.BeginScope(new KeyValuePair<string, object>[] { new("RunId", run.Id), new("DefinitionId", Definition.DefinitionId) });

    /// <returns>True when there is nothing left to do.</returns>
    private async ValueTask<bool> GoAheadAsync(CancellationToken cancellationToken)
    {
        using var scope = BeginScope();
        telemetry?.EnterRun();
        while (true)
        {
            switch (run.Advance())
            {
                case RunStep.Finished or RunStep.Suspended:
                    return true;
                case RunStep.Wait when !run.IsCommittable:
                    await run.WaitAsync(cancellationToken);
                    telemetry?.EnterRun();
                    break;
                default:
                    return false;
            }
        }
    }

    /// <summary>It waits or has ended, that is stored, and so is that nobody drives it.</summary>
    private void Rest()
    {
        telemetry?.End(MeteredCommits.OutcomeOf(run.SubStatus), run.SubStatus == WorkflowSubStatus.Faulted && run.Incidents.Count > 0 ? run.Incidents[^1].Error : null);
        endings.OnEnded();
        run.Dispose();
        ended.SetResult(new RunResult(run.Summary, run.Output, run.Outcomes, run.Incidents));
    }

    private async Task DriveUntilRestAsync(CancellationToken stopping)
    {
        while (true)
        {
            stopping.ThrowIfCancellationRequested();
            if (isLeaseLost)
            {
                throw new LeaseLostException(run.Id);
            }

            while (commands.Reader.TryRead(out var command))
            {
                Carry(command);
            }

            if (Volatile.Read(ref wantedUntil) is not 0 and var until && !run.IsInFlight && services.TimeProvider.GetTimestamp() < until)
            {
                await CommitAsync(releases: false, stopping);
                throw new RunHandedOverException(run.Id);
            }

            var step = run.Advance();
            telemetry?.EnterRun();
            switch (step)
            {
                case RunStep.Commit:
                    await CommitAsync(releases: false, stopping);
                    break;
                case RunStep.Yield:
                    await Task.Yield();
                    break;
                case RunStep.Wait when carried.Count > 0 && run.IsCommittable:
                    // Who is waiting for the answer does not wait for what is in flight, too.
                    await CommitAsync(releases: false, stopping);
                    break;
                case RunStep.Wait:
                    await WaitAsync(stopping);
                    break;
                default:
                    var rests = TryClose();
                    await CommitAsync(rests, stopping);
                    if (rests)
                    {
                        return;
                    }

                    break;
            }
        }
    }

    private void Carry(RunCommand command)
    {
        if (!command.TryCarry())
        {
            return;
        }

        try
        {
            if (!IsCarried(command.FollowUpId) && command.Change(run))
            {
                carried.Add(command);
            }
            else if (carried.Count > 0)
            {
                command.Refuse();
                refused.Add(command);
            }
            else
            {
                command.TrySetResult(CommandOutcome.Nothing);
            }
        }
        catch (Exception e)
        {
            command.TrySetException(e);
        }
    }

    /// <summary>The work was done by who then stored it, and was asked for again since it is stored.</summary>
    private bool IsCarried(string? followUpId) => followUpId is not null && carried.Exists(command => command.FollowUpId == followUpId);

    private bool TryClose()
    {
        lock (closing)
        {
            return !commands.Reader.TryPeek(out _) && commands.Writer.TryComplete();
        }
    }

    /// <summary>The run goes on from its last commit when it is taken up again. What was not committed has not happened, and nobody is told that it did.</summary>
    private async Task LetGoAsync(Exception reason, CancellationToken stopping)
    {
        var stops = reason is OperationCanceledException && stopping.IsCancellationRequested;
        if (!stops && reason is not RunHandedOverException)
        {
            LogLost(reason, run.Id);
        }

        RunTelemetry.LetGo(telemetry, reason, stops);
        await CancelInFlightAsync();
        lock (closing)
        {
            commands.Writer.TryComplete();
        }

        while (commands.Reader.TryRead(out var command))
        {
            carried.Add(command);
        }

        await ReleaseAsync();
        endings.OnEnded();
        run.Dispose();
        foreach (var command in carried.Concat(refused))
        {
            _ = stops ? command.TrySetCanceled(stopping) : command.TrySetException(reason);
        }

        _ = stops ? ended.TrySetCanceled(stopping) : ended.TrySetException(reason);
    }

    private async Task CancelInFlightAsync()
    {
        try
        {
            await run.AbandonAsync();
        }
        catch (AggregateException e)
        {
            LogNotCancelled(e, run.Id);
        }
    }

    /// <summary>Others need not wait until the lease expires. If the store cannot be reached, this node takes the run up again itself.</summary>
    private async Task ReleaseAsync()
    {
        await leasing.WaitAsync(CancellationToken.None);
        try
        {
            isReleased = true;
            await services.Runs.ReleaseAsync(run.Id, lease, CancellationToken.None);
        }
        catch (Exception e)
        {
            LogNotReleased(e, run.Id);
            endings.OnNotGivenBack();
        }
        finally
        {
            leasing.Release();
        }
    }

    /// <summary>Waits for an activity in flight or for a command, whichever comes first. The other wait goes on.</summary>
    private async Task WaitAsync(CancellationToken stopping)
    {
        activityReturned ??= run.WaitAsync(CancellationToken.None).AsTask();
        commandPosted ??= commands.Reader.WaitToReadAsync(stopping).AsTask();
        if (run.Timers.Count == 0)
        {
            await Task.WhenAny(activityReturned, commandPosted);
        }
        else
        {
            await WaitUntilDueAsync(Task.WhenAny(activityReturned, commandPosted), stopping);
        }

        activityReturned = activityReturned.IsCompleted ? null : activityReturned;
        commandPosted = commandPosted.IsCompleted ? null : commandPosted;
    }

    /// <summary>The time limit of an activity in flight may not be stored yet, since nothing is committed while it runs: the store cannot tell when it is up.</summary>
    private async Task WaitUntilDueAsync(Task happened, CancellationToken stopping)
    {
        var wait = run.Timers.Min(timer => timer.DueAt) - services.TimeProvider.GetUtcNow();
        if (wait > TimeSpan.Zero)
        {
            // A timer of the system takes no longer wait.
            using var sleep = CancellationTokenSource.CreateLinkedTokenSource(stopping);
            var due = Task.Delay(wait < LongestSleep ? wait : LongestSleep, services.TimeProvider, sleep.Token);
            await Task.WhenAny(happened, due);
            await sleep.CancelAsync();
        }

        var now = services.TimeProvider.GetUtcNow();
        foreach (var timer in run.Timers.Where(timer => timer.DueAt <= now).ToArray())
        {
            run.ResumeTimer(timer.Id);
        }
    }
}

/// <summary>What to do when a run is let go of.</summary>
/// <param name="OnEnded">It is not live here any more.</param>
/// <param name="OnNotGivenBack">Its lease is still this node's.</param>
internal readonly record struct RunEndings(Action OnEnded, Action OnNotGivenBack);
