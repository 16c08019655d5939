namespace FederationWorkflows.Engine.Activities;

/// <summary>When a fork goes on.</summary>
internal enum ForkJoinMode
{
    /// <summary>When all branches have completed.</summary>
    WaitAll,

    /// <summary>When the first branch has completed; the others are cancelled.</summary>
    WaitAny,
}

/// <summary>Starts all of its branches and waits for all or any of them.</summary>
[Activity("Elsa", "Control Flow", "Branch execution into multiple branches.")]
[NoSideEffects]
[ActivityTraits(IsBrowsable = false)]
internal sealed class Fork : Activity
{
    private readonly ActivityCompletionCallback onBranchCompleted;

    public Fork()
    {
        onBranchCompleted = OnBranchCompletedAsync;
    }

    [Input(Description = "Whether to wait for all branches or for the first one.", UIHint = InputUIHints.DropDown)]
    public ForkJoinMode JoinMode { get; set; }

    public IList<IActivity> Branches { get; set; } = [];

    protected override async ValueTask ExecuteAsync(ActivityExecutionContext context)
    {
        if (Branches.Count == 0)
        {
            await context.CompleteActivityAsync();
        }

        foreach (var branch in Branches)
        {
            await context.ScheduleActivityAsync(branch, onBranchCompleted);
        }
    }

    private ValueTask OnBranchCompletedAsync(ActivityCompletedContext context) =>
        ++context.TargetContext.Cursor == Branches.Count || JoinMode == ForkJoinMode.WaitAny ? context.TargetContext.CompleteActivityAsync() : ValueTask.CompletedTask;
}
