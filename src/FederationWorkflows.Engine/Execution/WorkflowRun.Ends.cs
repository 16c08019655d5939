namespace FederationWorkflows.Engine.Execution;

/// <content>How activities end, and what comes of it.</content>
public sealed partial class WorkflowRun
{
    private void Complete(ActivityExecutionContext context)
    {
        MarkCompleted(context);
        NotifyParent(context);
    }

    private void MarkCompleted(ActivityExecutionContext context)
    {
        CancelChildren(context);
        context.Status = ActivityStatus.Completed;
        triggerUsed |= context.Node == trigger;
        Journal(context, JournalEvent.Completed);
        effectUncommitted |= context.Node.Descriptor.HasSideEffects;
        commit.HasCompletions = true;
        if ((context.State & ActivityExecutionContext.Flags.InFlight) == 0)
        {
            // Its token is linked to the run's, which lives longer.
            context.RareOrNull?.Dispose();
        }

        Remove(context);
    }

    private void NotifyParent(ActivityExecutionContext context)
    {
        if (Status == WorkflowStatus.Finished)
        {
            return;
        }

        if (context.ParentActivityExecutionContext is not { } parent)
        {
            Outcomes = context.CompletionResult as Outcomes ?? Outcomes;
            End(incidents.Count > 0 && !Workflow.ContinuesWithIncidents ? WorkflowSubStatus.Faulted : WorkflowSubStatus.Finished);
            return;
        }

        if (context.Callback is { } callback && parent.Status == ActivityStatus.Running)
        {
            if ((parent.State & ActivityExecutionContext.Flags.InFlight) != 0)
            {
                CallBackLater(parent, context, callback);
                return;
            }

            Listener?.OnEntering(parent.Number);
            ValueTask pending;
            try
            {
                pending = callback(new ActivityCompletedContext(parent, context));
            }
            catch (Exception e)
            {
                Fault(parent, e);
                return;
            }

            Follow(parent, pending, isCallback: true);
        }
    }

    /// <summary>Apart, so that the common case pays for no closure.</summary>
    private void CallBackLater(ActivityExecutionContext parent, ActivityExecutionContext child, ActivityCompletionCallback callback) =>
        Enter(parent, () => callback(new ActivityCompletedContext(parent, child)));

    /// <summary>Puts outputs into the register and into what captures them.</summary>
    private void Publish(ActivityExecutionContext context, object?[] values)
    {
        context.OutputsPublished = true;
        Capture(context, values);
        Volatile.Write(ref outputs[context.Node.Index], values);
        commit.Publish(context.Node);
    }

    private void Capture(ActivityExecutionContext context, object?[] values)
    {
        var captures = context.Node.Captures ?? [];
        for (var slot = 0; slot < captures.Length; slot++)
        {
            if (captures[slot] is not { } capture)
            {
                continue;
            }

            object? value;
            try
            {
                value = capture.Convert(values[slot]);
            }
            catch (ValueConversionException e)
            {
                var target = capture.Variable is null ? $"workflow output '{capture.WorkflowOutput}'" : $"variable '{capture.Variable.Variable.Name}'";
                throw new ValueConversionException($"Output '{context.Node.Descriptor.Outputs[slot].Name}' does not fit {target}: it {e.Message}.");
            }

            if (value is Sensitive)
            {
                // A story that keeps the output as a secret means it: it is one in the register and the journal, too.
                values[slot] = value;
            }

            if (capture.WorkflowOutput is { } workflowOutput)
            {
                output[workflowOutput] = value;
            }
            else
            {
                var scope = context;
                while (scope.Node != capture.Variable!.Scope)
                {
                    scope = scope.ParentActivityExecutionContext!;
                }

                scope.Assign(capture.Variable.Index, value);
            }
        }
    }

    private void Fault(ActivityExecutionContext context, Exception error)
    {
        if (context.Status is not (ActivityStatus.Running or ActivityStatus.Pending))
        {
            return;
        }

        // Nobody would hear of what its children do.
        CancelChildren(context);
        if (TryWaitForRetry(context, error))
        {
            return;
        }

        context.Status = ActivityStatus.Faulted;
        CancelInFlight(context);
        waits.RemoveOf(context);
        MarkDirty(context);
        effectUncommitted |= context.Node.Descriptor.HasSideEffects;
        Report(context, error);
    }

    private void Report(ActivityExecutionContext context, Exception error)
    {
        var info = Redaction.Describe(error, context);
        incidents.Add(new Incident(context.Node.Id, context.Node.NodeId, context.Node.Descriptor.TypeName, context.Number, info.Message, info, Environment.TimeProvider.GetUtcNow()));
        Journal(context, JournalEvent.Faulted, info);
    }

    private void End(WorkflowSubStatus subStatus)
    {
        Status = WorkflowStatus.Finished;
        SubStatus = subStatus;
        waits.Clear();
        TellParent(atEnd: true);
        StartOnFault();
        if (inFlight.Count > 0)
        {
            _ = StoppingSource.CancelAsync();
        }
    }

    private void Remove(ActivityExecutionContext context)
    {
        waits.RemoveOf(context);
        ExecutionTree.Unlink(context);
        context.State |= ActivityExecutionContext.Flags.Removed;
        live--;
        if ((context.State & ActivityExecutionContext.Flags.Persisted) != 0)
        {
            commit.Remove(context);
        }
    }
}
