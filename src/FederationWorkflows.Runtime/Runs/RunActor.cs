using System.Threading.Channels;
using FederationWorkflows.Engine.Execution;
using FederationWorkflows.Engine.Stories;
using FederationWorkflows.Runtime.Storage;
using FederationWorkflows.Runtime.Telemetry;
using Microsoft.Extensions.Logging;

namespace FederationWorkflows.Runtime.Runs;

/// <summary>
/// Drives one run while it is live on this node: advances it, stores its commits, carries out its effects, and takes commands between turns.
/// It ends when the run waits or has ended and no command is left.
/// </summary>
#pragma warning disable CA1001 // A semaphore whose wait handle is never asked for holds nothing to dispose of.
internal sealed partial class RunActor(WorkflowRun run, Lease lease, RunOrigin? origin, RunTelemetry? telemetry, RunActorServices services, RunEndings endings, ILogger logger)
#pragma warning restore CA1001
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
            return commands.Writer.TryWrite(command);
        }
    }

    /// <summary>Asks to let go of the run at a commit, within a second and once nothing of it is in flight: another node has something to tell it.</summary>
    public void HandOver()
    {
        Volatile.Write(ref wantedUntil, services.TimeProvider.GetTimestamp() + services.TimeProvider.TimestampFrequency);
        Post(new RunCommand(_ => false));
    }

    /// <summary>Stores the new run before anything of it executes.</summary>
    public async ValueTask CommitFirstAsync(CancellationToken cancellationToken)
    {
        try
        {
            await CommitAsync(cancellationToken);
        }
        catch
        {
            telemetry?.End("not_started", null);
            throw;
        }
    }

    /// <summary>Drives until there is nothing to do.</summary>
    public async Task DriveAsync(CancellationToken stopping)
    {
        // Whatever is logged meanwhile says of which run it is.
        using var scope = logger.BeginScope(new KeyValuePair<string, object>[] { new("RunId", run.Id), new("DefinitionId", Definition.DefinitionId) });
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

        telemetry?.End(MeteredCommits.OutcomeOf(run.SubStatus), run.SubStatus == WorkflowSubStatus.Faulted && run.Incidents.Count > 0 ? run.Incidents[^1].Error : null);
        await ReleaseAsync();
        endings.OnEnded();
        run.Dispose();
        ended.SetResult(new RunResult(run.Summary, run.Output, run.Outcomes, run.Incidents));
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
                await CommitAsync(stopping);
                throw new RunHandedOverException(run.Id);
            }

            var step = run.Advance();
            telemetry?.EnterRun();
            switch (step)
            {
                case RunStep.Commit:
                    await CommitAsync(stopping);
                    break;
                case RunStep.Yield:
                    await Task.Yield();
                    break;
                case RunStep.Wait:
                    await WaitAsync(stopping);
                    break;
                default:
                    await CommitAsync(stopping);
                    if (TryClose())
                    {
                        return;
                    }

                    break;
            }
        }
    }

    private void Carry(RunCommand command)
    {
        try
        {
            if (command.Change(run))
            {
                carried.Add(command);
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
        try
        {
            await run.AbandonAsync();
        }
        catch (AggregateException e)
        {
            LogNotCancelled(e, run.Id);
        }

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
        foreach (var command in carried)
        {
            _ = stops ? command.TrySetCanceled(stopping) : command.TrySetException(reason);
        }

        _ = stops ? ended.TrySetCanceled(stopping) : ended.TrySetException(reason);
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

    private async ValueTask CommitAsync(CancellationToken cancellationToken)
    {
        using var commit = run.TakeCommit();
        var (journal, executions) = RunProjection.Project(run.Id, commit.Journal);
        var transaction = new RunTransaction
        {
            Summary = commit.Summary,
            Lease = lease,
            IsNew = origin is not null,
            State = telemetry?.WithPart(commit.State) ?? commit.State,
            Journal = journal,
            Executions = executions,
            NewBookmarks = commit.NewBookmarks,
            RemovedBookmarks = commit.BurnedBookmarks,
            NewTimers = commit.NewTimers,
            RemovedTimers = commit.RemovedTimers,
            NewFollowUps = [.. commit.FollowUps.Select(followUp => new FollowUp(followUp.Id, followUp.Work.Kind, Traced(followUp.Work).Encode(services.Codec), commit.Summary.UpdatedAt))],
            RemovedFollowUps = FollowUpsDone(),
            Deduplication = origin?.Deduplication,
            Schedule = origin?.Schedule,
        };
        await services.Runs.CommitMeteredAsync(transaction, cancellationToken);
        origin = null;
        foreach (var incident in commit.Incidents)
        {
            LogIncident(run.Id, incident.ActivityId, incident.ActivityType, incident.Message);
        }

        foreach (var observer in services.Observers)
        {
            try
            {
                observer.OnCommitted(transaction);
            }
            catch (Exception e)
            {
                LogObserverFailed(e, run.Id, observer.GetType().Name);
            }
        }

        foreach (var command in carried)
        {
            command.TrySetResult(CommandOutcome.Done);
        }

        carried.Clear();
        await CarryOutAsync(commit.Effects, cancellationToken);
    }

    private IReadOnlyList<string> FollowUpsDone()
    {
        if (carried.Count == 0)
        {
            return origin?.FollowUpId is { } done ? [done] : [];
        }

        return [.. carried.Select(command => command.FollowUpId).Append(origin?.FollowUpId).OfType<string>()];
    }

    /// <summary>A run that this one starts is told by which.</summary>
    private FollowUpWork Traced(FollowUpWork work) => work is StartStory start && telemetry?.TraceParent is { } traceParent ? start with { TraceParent = traceParent } : work;

    /// <summary>The commit stands whatever becomes of its effects.</summary>
    private async ValueTask CarryOutAsync(IReadOnlyList<object> effects, CancellationToken cancellationToken)
    {
        foreach (var effect in effects)
        {
            foreach (var handler in services.EffectHandlers)
            {
                try
                {
                    await handler.HandleAsync(run.Id, effect, cancellationToken);
                }
                catch (Exception e)
                {
                    LogEffectFailed(e, run.Id, effect.GetType().Name, handler.GetType().Name);
                }
            }
        }
    }

    [LoggerMessage(LogLevel.Warning, "Run {RunId}: activity {ActivityId} ({ActivityType}) failed: {Reason}")]
    private partial void LogIncident(string runId, string activityId, string activityType, string reason);

    [LoggerMessage(LogLevel.Error, "Run {RunId} is let go of; it goes on from its last commit when it is taken up again")]
    private partial void LogLost(Exception exception, string runId);

    [LoggerMessage(LogLevel.Error, "Run {RunId}: the effect {Effect} was not carried out by {Handler}; the run goes on")]
    private partial void LogEffectFailed(Exception exception, string runId, string effect, string handler);

    [LoggerMessage(LogLevel.Error, "Run {RunId}: {Observer} failed to take note of a commit; the run goes on")]
    private partial void LogObserverFailed(Exception exception, string runId, string observer);

    [LoggerMessage(LogLevel.Warning, "Run {RunId}: its lease could not be renewed; the next attempt follows")]
    private partial void LogNotRenewed(Exception exception, string runId);

    [LoggerMessage(LogLevel.Warning, "Run {RunId}: its lease could not be given back; it is taken up again here")]
    private partial void LogNotReleased(Exception exception, string runId);

    [LoggerMessage(LogLevel.Error, "Run {RunId}: an activity in flight did not take its cancellation")]
    private partial void LogNotCancelled(Exception exception, string runId);
}

/// <summary>What to do when a run is let go of.</summary>
/// <param name="OnEnded">It is not live here any more.</param>
/// <param name="OnNotGivenBack">Its lease is still this node's.</param>
internal readonly record struct RunEndings(Action OnEnded, Action OnNotGivenBack);
