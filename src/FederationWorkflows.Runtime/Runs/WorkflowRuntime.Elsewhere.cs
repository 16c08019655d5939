using FederationWorkflows.Engine.Execution;
using FederationWorkflows.Runtime.Storage;

namespace FederationWorkflows.Runtime.Runs;

/// <content>
/// Commands for runs that another node drives. That node is asked to let go of the run at its next commit, or to cancel it; who commands is
/// answered only when the change is stored, so that nothing is accepted and lost on the way.
/// </content>
public sealed partial class WorkflowRuntime
{
    private const string Wanted = "run-wanted";

    private const string ToBeCancelled = "run-to-be-cancelled";

    /// <summary>How long a command waits for another node to let go of the run.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private static readonly TimeSpan Poll = TimeSpan.FromMilliseconds(250);

    private async Task<bool> CommandAnywhereAsync(string runId, Func<WorkflowRun, bool> change, string signal, CancellationToken cancellationToken, bool revives = false)
    {
        var time = environment.TimeProvider;
        var begun = time.GetTimestamp();
        for (var asked = false; ; asked = true)
        {
            var outcome = await CommandAsync(runId, change, cancellationToken, revives);
            if (outcome != CommandOutcome.Elsewhere)
            {
                // The other node may have done already what it was asked for.
                return outcome == CommandOutcome.Done
                    || (asked && signal == ToBeCancelled && (await runs.FindAsync(runId, cancellationToken))?.SubStatus == WorkflowSubStatus.Cancelled);
            }

            if (time.GetElapsedTime(begun) >= Patience)
            {
                throw new RunElsewhereException(runId);
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
            actor.Post(new RunCommand(run => run.Cancel()));
        }
    }
}
