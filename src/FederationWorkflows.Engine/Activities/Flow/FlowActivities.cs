using FederationWorkflows.Engine.Definitions;

namespace FederationWorkflows.Engine.Activities;

/// <summary>Takes one of two ways.</summary>
[Activity("Elsa", "Branching", "Evaluate a Boolean condition to determine which path to execute next.")]
[FlowNode("True", "False")]
[NoSideEffects]
internal sealed class FlowDecision : Activity
{
    private static readonly Outcomes True = new("True");

    private static readonly Outcomes False = new("False");

    [Input(Description = "The condition to evaluate.", UIHint = InputUIHints.SingleLine)]
    public Input<bool> Condition { get; set; } = new(false);

    protected override ValueTask ExecuteAsync(ActivityExecutionContext context) => context.CompleteActivityAsync(context.Get(Condition) ? True : False);
}

/// <summary>A case of a flow switch.</summary>
internal sealed class FlowSwitchCase
{
    public string Label { get; set; } = "";

    public Input<bool>? Condition { get; set; }
}

/// <summary>Takes the ways of the cases that match.</summary>
[Activity("Elsa", "Branching", "Evaluate a set of case conditions and continue along the matching paths.")]
[NoSideEffects]
internal sealed class FlowSwitch : Activity
{
    private static readonly Outcomes Default = new("Default");

    [Input(Description = "The cases to evaluate.", UIHint = InputUIHints.FlowSwitchEditor)]
    public ICollection<FlowSwitchCase> Cases { get; set; } = [];

    [Input(Description = "Whether the first match or all matches are taken.", UIHint = InputUIHints.DropDown)]
    public Input<SwitchMode> Mode { get; set; } = new(SwitchMode.MatchFirst);

    protected override async ValueTask ExecuteAsync(ActivityExecutionContext context)
    {
        var matches = new List<string>();
        foreach (var @case in Cases)
        {
            if (await context.EvaluateAsync(@case.Condition))
            {
                matches.Add(@case.Label);
            }
        }

        await context.CompleteActivityAsync(matches.Count == 0 ? Default
            : context.Get(Mode) == SwitchMode.MatchFirst ? new Outcomes(matches[0])
            : new Outcomes([.. matches.Distinct(StringComparer.Ordinal)]));
    }
}

/// <summary>Takes several ways at once.</summary>
[Activity("Elsa", "Branching", "Explicitly fork the flow of execution into multiple branches.")]
[NoSideEffects]
internal sealed class FlowFork : Activity
{
    [Input(Description = "The names of the branches, one port each.", UIHint = InputUIHints.DynamicOutcomes)]
    public Input<ICollection<string>>? Branches { get; set; }

    protected override ValueTask ExecuteAsync(ActivityExecutionContext context) =>
        context.IsSensitive(Branches) ? throw new InvalidOperationException("Input 'Branches' was given a secret, but outcomes are shown to everybody.")
            : context.CompleteActivityAsync(context.Get(Branches) is { } branches ? new Outcomes([.. branches]) : Outcomes.Default);
}

/// <summary>When a join goes on.</summary>
internal enum FlowJoinMode
{
    /// <summary>When the first branch has arrived; the others are cancelled.</summary>
    WaitAny,

    /// <summary>When all branches have arrived and all were taken.</summary>
    WaitAll,

    /// <summary>When all branches that were taken have arrived.</summary>
    WaitAllActive,
}

/// <summary>Merges branches. The flowchart around it decides when it executes.</summary>
[Activity("Elsa", "Branching", "Merge multiple branches into a single branch of execution.", DisplayName = "Join")]
[NoSideEffects]
internal sealed class FlowJoin : CodeActivity, ICompiled
{
    [Input(Description = "Whether to wait for all branches or for the first one.", UIHint = InputUIHints.DropDown)]
    public Input<FlowJoinMode> Mode { get; set; } = new(FlowJoinMode.WaitAny);

    /// <summary>The mode is needed before the join executes, so it cannot depend on a run.</summary>
    public FlowJoinMode FixedMode { get; private set; }

    public void OnCompiled(NodeCompilation compilation)
    {
        if (Mode.Compiled is { } compiled)
        {
            if (compiled.TryGetConstant(out var mode))
            {
                FixedMode = (FlowJoinMode)mode!;
            }
            else
            {
                compilation.Report("join-mode-not-fixed", "The mode of a join must be a fixed value: use a Literal of WaitAny, WaitAll or WaitAllActive.", ".mode");
            }
        }
    }
}
