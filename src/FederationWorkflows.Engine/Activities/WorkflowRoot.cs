namespace FederationWorkflows.Engine.Activities;

/// <summary>The workflow itself: holds its variables, runs its root, and ends the run.</summary>
[Activity("Elsa", "Workflows", "A workflow.", Type = "Workflow")]
[NoSideEffects]
[ActivityTraits(IsBrowsable = false, IsContainer = true)]
internal sealed class WorkflowRoot : Activity
{
    private readonly ActivityCompletionCallback onRootCompleted;

    public WorkflowRoot()
    {
        onRootCompleted = OnRootCompletedAsync;
    }

    public IActivity? Root { get; set; }

    protected override ValueTask ExecuteAsync(ActivityExecutionContext context) => context.ScheduleOrCompleteAsync(Root, onRootCompleted);

    protected override ValueTask OnSignalReceivedAsync(object signal, SignalContext context) => signal switch
    {
        FinishSignal => context.ReceiverActivityExecutionContext.CompleteActivityAsync(),
        CompleteSignal complete => context.ReceiverActivityExecutionContext.CompleteActivityAsync(complete.Outcomes),
        _ => ValueTask.CompletedTask,
    };

    private ValueTask OnRootCompletedAsync(ActivityCompletedContext context) => context.TargetContext.CompleteActivityAsync();
}
