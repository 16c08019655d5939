namespace FederationWorkflows.Engine;

/// <summary>The names an activity completes with; connections of the same port follow (Elsa contract: Outcomes).</summary>
public sealed record Outcomes(params IReadOnlyList<string> Names)
{
    /// <summary>The outcome of an activity that names none.</summary>
    public const string Done = "Done";

    /// <summary><see cref="Done"/> alone.</summary>
    public static Outcomes Default { get; } = new(Done);

    /// <summary>No outcome: no connection follows.</summary>
    public static Outcomes None { get; } = new([]);
}

/// <summary>Called when a scheduled child has completed. It must be a method of the activity that scheduled the child, found again by name after a restart.</summary>
public delegate ValueTask ActivityCompletionCallback(ActivityCompletedContext context);

/// <summary>Called when a bookmark is resumed. It must be a method of the activity that made the bookmark, found again by name after a restart.</summary>
public delegate ValueTask ExecuteActivityDelegate(ActivityExecutionContext context);

/// <summary>A child that completed, and the activity that scheduled it.</summary>
/// <param name="TargetContext">The activity that scheduled the child.</param>
/// <param name="ChildContext">The child.</param>
public readonly record struct ActivityCompletedContext(ActivityExecutionContext TargetContext, ActivityExecutionContext ChildContext)
{
    /// <summary>What the child completed with: <see cref="Engine.Outcomes"/> or another result, or null.</summary>
    public object? Result => ChildContext.CompletionResult;

    /// <summary>The child's outcomes.</summary>
    public Outcomes Outcomes => ChildContext.CompletionResult as Outcomes ?? Outcomes.Default;
}

/// <summary>A signal on its way up from the activity that sent it.</summary>
public sealed class SignalContext
{
    internal SignalContext(ActivityExecutionContext sender, ActivityExecutionContext receiver)
    {
        SenderActivityExecutionContext = sender;
        ReceiverActivityExecutionContext = receiver;
    }

    /// <summary>The activity that sent it.</summary>
    public ActivityExecutionContext SenderActivityExecutionContext { get; }

    /// <summary>The activity that receives it now.</summary>
    public ActivityExecutionContext ReceiverActivityExecutionContext { get; internal set; }

    internal bool Stopped { get; private set; }

    /// <summary>No activity further up receives it.</summary>
    public void StopPropagation() => Stopped = true;
}
