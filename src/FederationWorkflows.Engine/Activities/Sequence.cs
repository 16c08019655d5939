namespace FederationWorkflows.Engine.Activities;

/// <summary>Runs its activities one after another.</summary>
[Activity("Elsa", "Workflows", "Execute a set of activities in sequence.")]
[NoSideEffects]
[ActivityTraits(IsBrowsable = false, IsContainer = true)]
internal sealed class Sequence : Activity
{
    private readonly ActivityCompletionCallback onChildCompleted;

    public Sequence()
    {
        onChildCompleted = OnChildCompletedAsync;
    }

    public IList<IActivity> Activities { get; set; } = [];

    protected override ValueTask ExecuteAsync(ActivityExecutionContext context) => NextAsync(context);

    private ValueTask OnChildCompletedAsync(ActivityCompletedContext context) =>
        context.ChildContext.IsTerminal() ? context.TargetContext.CompleteActivityAsync() : NextAsync(context.TargetContext);

    private ValueTask NextAsync(ActivityExecutionContext context) =>
        context.ScheduleOrCompleteAsync(context.Cursor < Activities.Count ? Activities[context.Cursor++] : null, onChildCompleted);
}
