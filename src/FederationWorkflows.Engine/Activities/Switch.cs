namespace FederationWorkflows.Engine.Activities;

/// <summary>How many cases a switch takes.</summary>
internal enum SwitchMode
{
    /// <summary>The first one that matches.</summary>
    MatchFirst,

    /// <summary>Every one that matches.</summary>
    MatchAny,
}

/// <summary>A case of a switch.</summary>
internal sealed class SwitchCase
{
    public string Label { get; set; } = "";

    public Input<bool>? Condition { get; set; }

    public IActivity? Activity { get; set; }
}

/// <summary>Runs the activities of the cases that match.</summary>
[Activity("Elsa", "Branching", "Evaluate a set of case conditions and schedule the activity for a matching case.")]
[NoSideEffects]
internal sealed class Switch : Activity
{
    private readonly ActivityCompletionCallback onCaseCompleted;

    public Switch()
    {
        onCaseCompleted = OnCaseCompletedAsync;
    }

    [Input(Description = "The cases to evaluate.", UIHint = InputUIHints.SwitchEditor)]
    public ICollection<SwitchCase> Cases { get; set; } = [];

    [Input(Description = "Whether the first match or all matches are taken.", UIHint = InputUIHints.DropDown)]
    public Input<SwitchMode> Mode { get; set; } = new(SwitchMode.MatchFirst);

    [Port]
    public IActivity? Default { get; set; }

    public Output<object>? Output { get; set; }

    protected override async ValueTask ExecuteAsync(ActivityExecutionContext context)
    {
        var matches = new List<SwitchCase>();
        foreach (var @case in Cases)
        {
            if (await context.EvaluateAsync(@case.Condition))
            {
                matches.Add(@case);
            }
        }

        var taken = context.Get(Mode) == SwitchMode.MatchFirst ? matches.Take(1) : matches;
        IActivity?[] activities = matches.Count == 0 ? [Default] : [.. taken.Select(match => match.Activity)];
        foreach (var activity in activities.OfType<IActivity>())
        {
            context.Cursor++;
            await context.ScheduleActivityAsync(activity, onCaseCompleted);
        }

        if (context.Cursor == 0)
        {
            await context.CompleteActivityAsync();
        }
    }

    private ValueTask OnCaseCompletedAsync(ActivityCompletedContext context) =>
        --context.TargetContext.Cursor == 0 ? context.TargetContext.CompleteActivityAsync() : ValueTask.CompletedTask;
}
