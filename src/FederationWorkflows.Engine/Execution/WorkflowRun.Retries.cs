using System.Globalization;

namespace FederationWorkflows.Engine.Execution;

/// <content>
/// A failed execution that is tried again waits at a timer of the run, so the wait holds no thread and outlives the process. The next attempt
/// is the same execution: same number, same idempotency key.
/// </content>
public sealed partial class WorkflowRun
{
    private const string RetryTimer = ":retry:";

    private const string TimeoutTimer = ":timeout:";

    private static string TimerId(ActivityExecutionContext context, string kind) => string.Create(CultureInfo.InvariantCulture, $"{context.Number}{kind}{context.FailedAttempts}");

    /// <summary>Waits for another attempt, if the activity's policy grants one.</summary>
    private bool TryWaitForRetry(ActivityExecutionContext context, Exception error)
    {
        if (context.Status != ActivityStatus.Running || context.Node.Retry is not { } policy
            || policy.DelayAfter(context.FailedAttempts + 1, error, Environment.NextRandom()) is not { } delay)
        {
            return false;
        }

        var info = Redaction.Describe(error, context);
        var due = Environment.TimeProvider.GetUtcNow() + delay;
        CancelInFlight(context);
        waits.RemoveOf(context);
        context.Rare.Deferred = null;
        context.FailedAttempts++;
        context.State |= ActivityExecutionContext.Flags.Retrying;
        waits.Add(new RunTimer(TimerId(context, RetryTimer), due, context.Number, null), context);
        MarkDirty(context);
        effectUncommitted |= context.Node.Descriptor.HasSideEffects;
        Journal(context, JournalEvent.Retrying, info, due);
        return true;
    }

    /// <summary>The wait is over. An earlier attempt that does not heed its cancellation must have returned first.</summary>
    private void Retry(ActivityExecutionContext context)
    {
        if ((context.State & ActivityExecutionContext.Flags.InFlight) != 0)
        {
            context.State |= ActivityExecutionContext.Flags.RetryDue;
            MarkDirty(context);
            return;
        }

        context.State &= ~(ActivityExecutionContext.Flags.Retrying | ActivityExecutionContext.Flags.RetryDue);
        context.Restart();
        context.State |= ActivityExecutionContext.Flags.Queued;
        queue.Enqueue(context);
        MarkDirty(context);
    }

    /// <summary>An attempt that was given up has returned: what it set does not count.</summary>
    private void SettleGivenUp(ActivityExecutionContext context)
    {
        if ((context.State & ActivityExecutionContext.Flags.RetryDue) != 0)
        {
            Retry(context);
        }
    }
}
