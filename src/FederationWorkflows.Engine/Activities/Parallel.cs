namespace FederationWorkflows.Engine.Activities;

/// <summary>Starts all of its activities and waits for all of them.</summary>
[Activity("Elsa", "Workflows", "Execute a set of activities in parallel.")]
[NoSideEffects]
[ActivityTraits(IsBrowsable = false, IsContainer = true)]
internal sealed class Parallel : Activity
{
    private readonly ActivityCompletionCallback onChildCompleted;

    public Parallel()
    {
        onChildCompleted = OnChildCompletedAsync;
    }

    public IList<IActivity> Activities { get; set; } = [];

    protected override async ValueTask ExecuteAsync(ActivityExecutionContext context)
    {
        if (Activities.Count == 0)
        {
            await context.CompleteActivityAsync();
        }

        foreach (var activity in Activities)
        {
            await context.ScheduleActivityAsync(activity, onChildCompleted);
        }
    }

    private ValueTask OnChildCompletedAsync(ActivityCompletedContext context) =>
        ++context.TargetContext.Cursor == Activities.Count ? context.TargetContext.CompleteActivityAsync() : ValueTask.CompletedTask;
}
