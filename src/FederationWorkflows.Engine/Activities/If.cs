namespace FederationWorkflows.Engine.Activities;

/// <summary>Runs one of two activities.</summary>
[Activity("Elsa", "Branching", "Evaluate a Boolean condition to determine which activity to execute next.")]
[NoSideEffects]
internal sealed class If : Activity<bool>
{
    private readonly ActivityCompletionCallback onBranchCompleted;

    public If()
    {
        onBranchCompleted = OnBranchCompletedAsync;
    }

    [Input(Description = "The condition to evaluate.", UIHint = InputUIHints.SingleLine)]
    public Input<bool> Condition { get; set; } = new(false);

    [Port]
    public IActivity? Then { get; set; }

    [Port]
    public IActivity? Else { get; set; }

    protected override ValueTask ExecuteAsync(ActivityExecutionContext context)
    {
        var condition = context.Get(Condition);
        context.Set(Result, condition);
        return context.ScheduleOrCompleteAsync(condition ? Then : Else, onBranchCompleted);
    }

    private ValueTask OnBranchCompletedAsync(ActivityCompletedContext context) => context.TargetContext.CompleteActivityAsync();
}
