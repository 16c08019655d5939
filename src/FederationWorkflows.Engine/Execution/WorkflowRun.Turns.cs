using System.Globalization;
using FederationWorkflows.Engine.Stories;

namespace FederationWorkflows.Engine.Execution;

/// <content>What happens to one execution: it begins, settles, is cancelled.</content>
public sealed partial class WorkflowRun
{
    internal void MarkDirty(ActivityExecutionContext context)
    {
        if ((context.State & ActivityExecutionContext.Flags.Dirty) == 0)
        {
            context.State |= ActivityExecutionContext.Flags.Dirty;
            commit.Dirty.Add(context);
        }
    }

    internal void CancelChildren(ActivityExecutionContext context)
    {
        while (context.LastChild is { } child)
        {
            Cancel(child);
        }
    }

    internal void Cancel(ActivityExecutionContext context)
    {
        CancelChildren(context);
        if (context.Status is ActivityStatus.Completed or ActivityStatus.Canceled)
        {
            return;
        }

        // What failed stays known as failed.
        if (context.Status != ActivityStatus.Faulted)
        {
            var begun = context.Status != ActivityStatus.Pending;
            context.Status = ActivityStatus.Canceled;
            CancelInFlight(context);
            if (begun)
            {
                Journal(context, JournalEvent.Canceled);
            }
        }

        Remove(context);
    }

    /// <summary>It may ask for its token only later; the token is cancelled then, too.</summary>
    private static void CancelInFlight(ActivityExecutionContext context)
    {
        if ((context.State & ActivityExecutionContext.Flags.InFlight) != 0)
        {
            context.Rare.Cancel();
        }
    }

    private void Execute(ActivityExecutionContext context)
    {
        context.State &= ~ActivityExecutionContext.Flags.Queued;
        context.Status = ActivityStatus.Running;
        context.StartedAt = Environment.TimeProvider.GetUtcNow();
        MarkDirty(context);
        Journal(context, JournalEvent.Started);
        if (++executions > Environment.Limits.MaxExecutions)
        {
            Fault(context, new InvalidOperationException($"The run has executed more than {Environment.Limits.MaxExecutions} activities. Look for a loop that does not end."));
            End(WorkflowSubStatus.Faulted);
            return;
        }

        if (context.Node.Timeout is { } timeout)
        {
            waits.Add(new RunTimer(TimerId(context, TimeoutTimer), context.StartedAt + timeout, context.Number, null), context);
        }

        Listener?.OnEntering(context.Number);
        ValueTask pending;
        try
        {
            pending = InputEvaluation.EvaluateAndInvokeAsync(context);
        }
        catch (Exception e)
        {
            Fault(context, e);
            return;
        }

        Follow(context, pending, isCallback: false);
    }

    /// <summary>Calls into the activity again: a child completed, or a bookmark resumed. Calls never overlap.</summary>
    private void Enter(ActivityExecutionContext context, Func<ValueTask> call)
    {
        if ((context.State & ActivityExecutionContext.Flags.InFlight) != 0)
        {
            (context.Rare.Deferred ??= new Queue<Func<ValueTask>>()).Enqueue(call);
            return;
        }

        Listener?.OnEntering(context.Number);
        ValueTask pending;
        try
        {
            pending = call();
        }
        catch (Exception e)
        {
            Fault(context, e);
            return;
        }

        Follow(context, pending, isCallback: true);
    }

    private void Follow(ActivityExecutionContext context, ValueTask pending, bool isCallback)
    {
        if (pending.IsCompletedSuccessfully)
        {
            pending.GetAwaiter().GetResult();
            Settle(context);
            return;
        }

        inFlight.Add(context, pending, isCallback);
    }

    /// <summary>Takes over what an execution did, on the driver's turn.</summary>
    private void Settle(ActivityExecutionContext context)
    {
        var rare = context.RareOrNull;
        if (context.Status != ActivityStatus.Running)
        {
            return;
        }

        if ((context.State & ActivityExecutionContext.Flags.Retrying) != 0)
        {
            SettleGivenUp(context);
            return;
        }

        if (rare is not null)
        {
            if (rare.Failure is { } failure)
            {
                rare.Failure = null;
                Fault(context, failure);
                return;
            }

            try
            {
                TakeOver(context, rare);
            }
            catch (Exception e)
            {
                Fault(context, e);
                return;
            }

            if (context.Status != ActivityStatus.Running || Status == WorkflowStatus.Finished)
            {
                return;
            }
        }

        if (context is { Outputs: { } values, OutputsPublished: false })
        {
            try
            {
                Publish(context, values);
            }
            catch (ValueConversionException e)
            {
                Fault(context, e);
                return;
            }
        }

        var completes = context.CompletionRequested || (context.Node.CompletesByItself && !context.HasBookmarks);
        if (!completes)
        {
            MarkDirty(context);
        }
        else
        {
            MarkCompleted(context);
        }

        // A signal finds its sender completed; where it ends what holds the sender, there is nobody left to tell.
        if (rare?.Signals is { } signals)
        {
            rare.Signals = null;
            foreach (var signal in signals)
            {
                Propagate(context, signal);
            }
        }

        if (completes)
        {
            NotifyParent(context);
        }
    }

    private void TakeOver(ActivityExecutionContext context, ActivityExecutionContext.RareState rare)
    {
        if (rare.VariableWrites is { } writes)
        {
            rare.VariableWrites = null;
            foreach (var (scope, index, value) in writes)
            {
                scope.Assign(index, value);
            }
        }

        if (rare.WorkflowOutputs is { } values)
        {
            rare.WorkflowOutputs = null;
            foreach (var (name, value) in values)
            {
                output[name] = value;
            }
        }

        if (rare.RunName is { } runName)
        {
            rare.RunName = null;
            Name = runName.Length == 0 ? null : runName;
        }

        if (rare.CorrelationId is { } correlation)
        {
            rare.CorrelationId = null;
            Identity = Identity with { CorrelationId = correlation.Length == 0 ? null : correlation };
        }

        if (rare.Effects is { } effects)
        {
            rare.Effects = null;
            commit.CarryOut(effects);
        }

        if (rare.FollowUps is { } followUps)
        {
            rare.FollowUps = null;
            effectUncommitted = true;
            for (var i = 0; i < followUps.Count; i++)
            {
                commit.FollowUp(new RunFollowUp(string.Create(CultureInfo.InvariantCulture, $"{context.Id}:{context.Attempt}:{i}"), followUps[i]));
            }
        }

        if (rare.NewBookmarks is { } created)
        {
            rare.NewBookmarks = null;
            foreach (var (bookmark, resumeAt) in created)
            {
                waits.Add(bookmark, context);
                if (resumeAt is { } at)
                {
                    waits.Add(new RunTimer(bookmark.Id, at, context.Number, bookmark.Id), context);
                }
            }

            MarkDirty(context);
            Journal(context, JournalEvent.Suspended);
        }

        if (rare.Children is { } children)
        {
            rare.Children = null;
            foreach (var (node, callback, variables) in children)
            {
                Schedule(context, node, callback, variables);
            }
        }
    }

    private void Propagate(ActivityExecutionContext sender, object signal)
    {
        var context = new SignalContext(sender, sender);
        for (var receiver = sender.ParentActivityExecutionContext; receiver is not null && !context.Stopped && Status == WorkflowStatus.Running;)
        {
            var next = receiver.ParentActivityExecutionContext;
            context.ReceiverActivityExecutionContext = receiver;
            if (receiver.Status == ActivityStatus.Running)
            {
                var target = receiver;
                Enter(target, () => target.Node.Activity.SignalAsync(signal, context));
            }

            receiver = next;
        }
    }
}
