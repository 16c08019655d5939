using FederationWorkflows.Engine.Execution;
using FederationWorkflows.Engine.Stories;
using FederationWorkflows.Runtime.Storage;
using Microsoft.Extensions.Logging;

namespace FederationWorkflows.Runtime.Runs;

/// <content>
/// Commands for runs that another node drives. That node is asked to let go of the run at its next commit, or to cancel it; who commands is
/// answered only when the change is stored, so that nothing is accepted and lost on the way. A resumption that would have to wait too long for
/// that is stored as work of its own, which the node that drives the run then does.
/// </content>
public sealed partial class WorkflowRuntime
{
    /// <summary>Asks the node that drives a run to do some follow-up work that tells the run something; see <see cref="ToldOf"/>.</summary>
    internal const string ToBeTold = "run-to-be-told";

    private const string Wanted = "run-wanted";

    private const string ToBeCancelled = "run-to-be-cancelled";

    /// <summary>How long a command waits for another node to let go of the run.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    /// <summary>The same for a resumption, which can be stored for later: senders of webhooks give up after a few seconds.</summary>
    private static readonly TimeSpan PatienceToResume = TimeSpan.FromSeconds(2);

    private static readonly TimeSpan Poll = TimeSpan.FromMilliseconds(250);

    /// <summary>What a signal of <see cref="ToBeTold"/> says: the run, and the work's id; null when the key is none of its.</summary>
    internal static (string RunId, string FollowUpId)? ToldOf(StoreSignal signal) =>
        signal.Kind == ToBeTold && signal.Key.IndexOf('\n', StringComparison.Ordinal) is var end and > 0 ? (signal.Key[..end], signal.Key[(end + 1)..]) : null;

    /// <summary>Stores a resumption of a run that cannot be told now.</summary>
    /// <returns>False when there is one of the same id.</returns>
    private async Task<bool> ResumeLaterAsync(string followUpId, string runId, string bookmarkId, object? input, RunCommand? posted, CancellationToken cancellationToken)
    {
        var work = new ResumeRun { RunId = runId, BookmarkId = bookmarkId, Input = input, IsSecret = await KeepsSecretsAsync(runId, cancellationToken) };
        if (!await followUps.AddFollowUpAsync(new FollowUp(followUpId, work.Kind, work.Encode(environment.Codec), environment.TimeProvider.GetUtcNow()), cancellationToken))
        {
            return false;
        }

        posted?.IsStoredAs(followUpId);
        LogStoredForLater(runId, followUpId);
        await AskOwnerAsync(runId, followUpId);
        return true;
    }

    /// <summary>Something that the run is told becomes a secret of its story. One whose version is gone could have had any.</summary>
    private async ValueTask<bool> KeepsSecretsAsync(string runId, CancellationToken cancellationToken) =>
        await runs.FindAsync(runId, cancellationToken) is not { Identity: { } identity }
        || await definitions.FindRevisionAsync(identity.DefinitionId, identity.Revision, cancellationToken) is not { } workflow
        || workflow.Nodes.Any(node => node.GivesSecrets);

    /// <summary>Asks the node that drives a run to do work that is stored. If it does not hear of it, it is found in the store a little later.</summary>
    internal async ValueTask AskOwnerAsync(string runId, string followUpId)
    {
        try
        {
            await signals.PublishAsync(new StoreSignal(ToBeTold, $"{runId}\n{followUpId}"), stopping.Token);
        }
        catch (Exception e)
        {
            LogOwnerNotAsked(e, runId, followUpId);
        }
    }

    /// <summary>
    /// Resumes a bookmark or, where that is not stored soon, as another node drives the run, it waits for its turn or is in a call back into an
    /// activity, stores it as work to be done. The command stays where it is then, so that what was accepted first is done first.
    /// </summary>
    /// <param name="runId">The run that waits.</param>
    /// <param name="bookmarkId">The bookmark.</param>
    /// <param name="input">What the activity gets.</param>
    /// <param name="followUpId">The id of the work.</param>
    /// <param name="patienceWithOthers">How long another node is waited for.</param>
    /// <param name="cancellationToken">Ends waiting for it.</param>
    /// <returns><see cref="CommandOutcome.Elsewhere"/> when work of the same id is stored, and this is not done.</returns>
    internal async Task<CommandOutcome> ResumeOrStoreAsync(string runId, string bookmarkId, object? input, string followUpId, TimeSpan patienceWithOthers, CancellationToken cancellationToken)
    {
        RunCommand? posted = null;
        try
        {
            using var time = new CancellationTokenSource(PatienceToResume + (2 * Poll), environment.TimeProvider);
            using var patience = CancellationTokenSource.CreateLinkedTokenSource(time.Token, cancellationToken);
            try
            {
                var outcome = await CommandAnywhereAsync(runId, () => posted = new RunCommand(run => run.Resume(bookmarkId, input)), Wanted, patienceWithOthers, patience.Token);
                if (outcome != CommandOutcome.Elsewhere)
                {
                    return outcome;
                }

                posted = null;
            }
            catch (LeaseLostException)
            {
                // Who took it over can be told later.
                posted = null;
            }
            catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested && time.IsCancellationRequested)
            {
            }

            // What was answered meanwhile, or waits for the answer that there is nothing to do, needs not be stored.
            if (posted is { IsRefused: true } or { Task.IsCompleted: true })
            {
                return await posted.Task.WaitAsync(cancellationToken);
            }

            if (await ResumeLaterAsync(followUpId, runId, bookmarkId, input, posted, cancellationToken))
            {
                return CommandOutcome.Done;
            }

            return posted?.TryWithdraw() is false ? await posted.Task.WaitAsync(cancellationToken) : CommandOutcome.Elsewhere;
        }
        catch
        {
            // Whoever is told that it failed must not be heard instead of somebody who is accepted now.
            posted?.TryWithdraw();
            throw;
        }
    }

    private async Task<CommandOutcome> CommandAnywhereAsync(
        string runId, Func<RunCommand> newCommand, string signal, TimeSpan patience, CancellationToken cancellationToken, bool revives = false)
    {
        var time = environment.TimeProvider;
        var begun = time.GetTimestamp();
        for (var asked = false; ; asked = true)
        {
            var outcome = await CommandAsync(runId, newCommand, cancellationToken, revives);
            if (outcome != CommandOutcome.Elsewhere)
            {
                // The other node may have done already what it was asked for.
                var isDone = asked && signal == ToBeCancelled && (await runs.FindAsync(runId, cancellationToken))?.SubStatus == WorkflowSubStatus.Cancelled;
                return isDone ? CommandOutcome.Done : outcome;
            }

            if (time.GetElapsedTime(begun) >= patience)
            {
                return outcome;
            }

            await signals.PublishAsync(new StoreSignal(signal, runId), cancellationToken);
            await Task.Delay(Poll, time, cancellationToken);
        }
    }

    private void OnSignal(StoreSignal signal)
    {
        if (signal.Kind is not (Wanted or ToBeCancelled) || !live.TryGetValue(signal.Key, out var entry) || !entry.Task.IsCompletedSuccessfully || entry.Task.Result is not { } actor)
        {
            return;
        }

        if (signal.Kind == Wanted)
        {
            actor.HandOver();
        }
        else
        {
            actor.Post(RunCommand.Cancel());
        }
    }

    [LoggerMessage(LogLevel.Information, "Run {RunId} is driven by another node; what it is to be told is stored as follow-up work {FollowUpId}")]
    private partial void LogStoredForLater(string runId, string followUpId);

    [LoggerMessage(LogLevel.Warning, "The node that drives run {RunId} could not be asked to do follow-up work {FollowUpId}; it is found in the storage a little later")]
    private partial void LogOwnerNotAsked(Exception exception, string runId, string followUpId);
}
