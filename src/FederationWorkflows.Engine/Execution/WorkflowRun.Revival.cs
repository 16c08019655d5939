namespace FederationWorkflows.Engine.Execution;

/// <content>A run that faulted may go on from where it failed.</content>
public sealed partial class WorkflowRun
{
    /// <summary>The trigger that started the run; null when none did.</summary>
    public string? TriggerActivityId => trigger?.Id;

    /// <summary>
    /// Lets a run that faulted go on: what failed executes again, as the same execution, and so does what waited when the run ended, since what it
    /// waited for is gone. Time limits begin anew. The run that called this one has been told of the fault, and is not told again.
    /// </summary>
    /// <param name="person">Who lets it go on (<see cref="Stories.Hands.Of"/>); null for nobody in particular.</param>
    /// <returns>False when the run did not fault.</returns>
    public bool RetryFaulted(string? person = null) =>
        OnTurn(() =>
        {
            if (Status != WorkflowStatus.Finished || SubStatus != WorkflowSubStatus.Faulted || root is null)
            {
                return false;
            }

            Status = WorkflowStatus.Running;
            Touch(person);
            SubStatus = WorkflowSubStatus.Executing;
            finishedAt = null;
            incidents.Clear();
            committedIncidents = 0;
            Revive(root);
            return true;
        });

    /// <summary>Somebody lets the run go on: what not everybody may use, he must be allowed to use, too. Stored with the next commit.</summary>
    /// <param name="person">His roles (<see cref="Stories.Hands.Of"/>).</param>
    public void Touch(string? person)
    {
        if (person is not null)
        {
            Hands = Stories.Hands.With(Hands, person);
        }
    }

    private void Revive(ActivityExecutionContext context)
    {
        var isQueued = (context.State & ActivityExecutionContext.Flags.Queued) != 0;
        var isLeaf = context.Status == ActivityStatus.Running && context.FirstChild is null;
        if (!isQueued && (isLeaf || context.Status == ActivityStatus.Faulted))
        {
            context.FailedAttempts = 0;
            Journal(context, JournalEvent.Retrying);
            Retry(context);
        }
        else if (context.Status == ActivityStatus.Running && context.Node.Timeout is { } timeout)
        {
            waits.Add(new RunTimer(TimerId(context, TimeoutTimer), Environment.TimeProvider.GetUtcNow() + timeout, context.Number, null), context);
        }

        foreach (var child in context.Children())
        {
            Revive(child);
        }
    }
}
