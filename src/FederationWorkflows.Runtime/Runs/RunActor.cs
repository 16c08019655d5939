using System.Threading.Channels;
using FederationWorkflows.Engine.Execution;
using FederationWorkflows.Runtime.Storage;
using Microsoft.Extensions.Logging;

namespace FederationWorkflows.Runtime.Runs;

/// <summary>
/// Drives one run while it is live on this node: advances it, stores its commits, carries out its effects, and takes commands between turns.
/// It ends when the run waits or has ended and no command is left.
/// </summary>
internal sealed partial class RunActor(WorkflowRun run, Lease lease, bool isNew, RunActorServices services, Action<RunActor> onEnded, ILogger logger)
{
    private readonly Channel<Func<WorkflowRun, bool>> commands = Channel.CreateUnbounded<Func<WorkflowRun, bool>>(new UnboundedChannelOptions { SingleReader = true });

    private readonly TaskCompletionSource<RunResult> ended = new(TaskCreationOptions.RunContinuationsAsynchronously);

    private bool isNew = isNew;

    /// <summary>Completes when the run is let go of.</summary>
    public Task<RunResult> Ended => ended.Task;

    /// <summary>Asks for a command to be carried out between turns.</summary>
    /// <returns>Null when the actor has ended: whoever asks finds the run in the store.</returns>
    public Task<bool>? Post(Func<WorkflowRun, bool> command)
    {
        var done = new TaskCompletionSource<bool>(TaskCreationOptions.RunContinuationsAsynchronously);
        return commands.Writer.TryWrite(Carry) ? done.Task : null;

        bool Carry(WorkflowRun target)
        {
            try
            {
                var result = command(target);
                done.SetResult(result);
                return result;
            }
            catch (Exception e)
            {
                done.SetException(e);
                return false;
            }
        }
    }

    /// <summary>Stores the new run before anything of it executes.</summary>
    public ValueTask CommitFirstAsync(CancellationToken cancellationToken) => CommitAsync(cancellationToken);

    /// <summary>Drives until there is nothing to do.</summary>
    public async Task DriveAsync(CancellationToken stopping)
    {
        try
        {
            await DriveUntilRestAsync(stopping);
            await services.Runs.ReleaseAsync(run.Id, lease, CancellationToken.None);
            End(() => ended.SetResult(new RunResult(run.Summary, run.Output, run.Outcomes, run.Incidents)));
        }
        catch (OperationCanceledException) when (stopping.IsCancellationRequested)
        {
            // The process stops: the run goes on from its last commit when it is taken up again.
            run.Abandon();
            End(() => ended.SetCanceled(stopping));
        }
        catch (Exception e)
        {
            run.Abandon();
            LogLost(e, run.Id);
            End(() => ended.SetException(e));
        }
    }

    /// <summary>Nobody can post any more, and whoever asks for the run from now on finds it in the store.</summary>
    private void End(Action tell)
    {
        commands.Writer.TryComplete();
        while (commands.Reader.TryRead(out var late))
        {
            late(run);
        }

        onEnded(this);
        run.Dispose();
        tell();
    }

    private async Task DriveUntilRestAsync(CancellationToken stopping)
    {
        while (true)
        {
            stopping.ThrowIfCancellationRequested();
            while (commands.Reader.TryRead(out var command))
            {
                command(run);
            }

            switch (run.Advance())
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
                    if (commands.Reader.TryPeek(out _))
                    {
                        break;
                    }

                    // From here on nobody can post; what came at the last moment is still carried out.
                    commands.Writer.TryComplete();
                    if (!commands.Reader.TryPeek(out _))
                    {
                        return;
                    }

                    break;
            }
        }
    }

    /// <summary>Waits for an activity in flight or for a command, whichever comes first.</summary>
    private async Task WaitAsync(CancellationToken stopping)
    {
        using var either = CancellationTokenSource.CreateLinkedTokenSource(stopping);
        var activity = run.WaitAsync(either.Token).AsTask();
        var command = commands.Reader.WaitToReadAsync(either.Token).AsTask();
        await Task.WhenAny(activity, command);
        await either.CancelAsync();
        await Task.WhenAll(activity, command).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    private async ValueTask CommitAsync(CancellationToken cancellationToken)
    {
        var commit = run.TakeCommit();
        var (journal, executions) = RunProjection.Project(run.Id, commit.Journal);
        var transaction = new RunTransaction
        {
            Summary = commit.Summary,
            Lease = lease,
            IsNew = isNew,
            State = commit.State,
            Journal = journal,
            Executions = executions,
            NewBookmarks = commit.NewBookmarks,
            RemovedBookmarks = commit.BurnedBookmarks,
            NewTimers = commit.NewTimers,
            RemovedTimers = commit.RemovedTimers,
        };
        await services.Runs.CommitAsync(transaction, cancellationToken);
        isNew = false;
        foreach (var incident in commit.Incidents)
        {
            LogIncident(run.Id, incident.ActivityId, incident.ActivityType, incident.Message);
        }

        foreach (var observer in services.Observers)
        {
            observer.OnCommitted(transaction);
        }

        foreach (var effect in commit.Effects)
        {
            foreach (var handler in services.EffectHandlers)
            {
                await handler.HandleAsync(run.Id, effect, cancellationToken);
            }
        }
    }

    [LoggerMessage(LogLevel.Warning, "Run {RunId}: activity {ActivityId} ({ActivityType}) failed: {Reason}")]
    private partial void LogIncident(string runId, string activityId, string activityType, string reason);

    [LoggerMessage(LogLevel.Error, "Run {RunId} is let go of; it goes on from its last commit when it is taken up again")]
    private partial void LogLost(Exception exception, string runId);
}

/// <summary>What all actors of a node share.</summary>
internal sealed record RunActorServices(IRunStore Runs, IReadOnlyList<IRunObserver> Observers, IReadOnlyList<IEffectHandler> EffectHandlers);
