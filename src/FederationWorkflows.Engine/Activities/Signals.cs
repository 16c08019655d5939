namespace FederationWorkflows.Engine.Activities;

/// <summary>Ends the innermost loop.</summary>
internal sealed record BreakSignal;

/// <summary>Completes the workflow with outcomes.</summary>
internal sealed record CompleteSignal(Outcomes Outcomes);

/// <summary>Ends the run.</summary>
internal sealed record FinishSignal;
