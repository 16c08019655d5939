namespace FederationWorkflows.Engine;

/// <summary>Anything that can be a step of a workflow.</summary>
public interface IActivity
{
    /// <summary>The activity's id, unique in its definition.</summary>
    string Id { get; }

    /// <summary>The type name, e.g. <c>Elsa.If</c>.</summary>
    string Type { get; }

    /// <summary>The name the author gave, or null.</summary>
    string? Name { get; }

    /// <summary>Begins the activity. What it does not complete at once it completes in a callback or when a bookmark resumes.</summary>
    ValueTask ExecuteAsync(ActivityExecutionContext context);
}

/// <summary>
/// Base of activities (Elsa contract: <c>Activity</c>). An instance belongs to one compiled definition and is shared by all of its runs:
/// what a single run needs to remember goes into the context, never into a field. It does not complete by itself.
/// </summary>
public abstract class Activity : IActivity
{
    /// <inheritdoc/>
    public string Id { get; internal set; } = "";

    /// <inheritdoc/>
    public string Type { get; internal set; } = "";

    /// <inheritdoc/>
    public string? Name { get; internal set; }

    /// <summary>The id with those of all ancestors: <c>Workflow1:root:child</c>.</summary>
    public string NodeId => Node.NodeId;

    /// <summary>The activity's place in the compiled definition; set once by the compiler.</summary>
    internal ActivityNode Node { get; set; } = null!;

    ValueTask IActivity.ExecuteAsync(ActivityExecutionContext context) => ExecuteAsync(context);

    internal ValueTask InvokeAsync(ActivityExecutionContext context) => ExecuteAsync(context);

    internal ValueTask SignalAsync(object signal, SignalContext context) => OnSignalReceivedAsync(signal, context);

    /// <summary>What the activity does. Override this or <see cref="Execute"/>.</summary>
    protected virtual ValueTask ExecuteAsync(ActivityExecutionContext context)
    {
        Execute(context);
        return ValueTask.CompletedTask;
    }

    /// <summary>What the activity does, when it waits for nothing.</summary>
    protected virtual void Execute(ActivityExecutionContext context)
    {
    }

    /// <summary>A descendant sent a signal and no activity between stopped it.</summary>
    protected virtual ValueTask OnSignalReceivedAsync(object signal, SignalContext context) => ValueTask.CompletedTask;
}

/// <summary>An activity with one main output, <see cref="Result"/>.</summary>
/// <typeparam name="T">The type of the result.</typeparam>
public abstract class Activity<T> : Activity
{
    /// <summary>The main output.</summary>
    public Output<T>? Result { get; set; }
}

/// <summary>
/// An activity that completes when its execution returns, unless it created a bookmark, scheduled nothing it waits for
/// or already completed (Elsa contract: <c>CodeActivity</c>).
/// </summary>
public abstract class CodeActivity : Activity;

/// <summary>A <see cref="CodeActivity"/> with one main output, <see cref="Result"/>.</summary>
/// <typeparam name="T">The type of the result.</typeparam>
public abstract class CodeActivity<T> : CodeActivity
{
    /// <summary>The main output.</summary>
    public Output<T>? Result { get; set; }
}

/// <summary>An activity that can start a workflow: it tells what must happen for that.</summary>
public interface ITrigger : IActivity
{
    /// <summary>
    /// The stimuli that start a workflow here, computed when a definition is published.
    /// Inputs that only a run could evaluate cannot be part of them.
    /// </summary>
    /// <exception cref="Definitions.DefinitionException">An input the trigger needs is missing or not constant.</exception>
    IEnumerable<object> GetTriggerPayloads(TriggerIndexingContext context);
}

/// <summary>Base of activities that can start a workflow (Elsa contract: <c>Trigger</c>).</summary>
public abstract class Trigger : Activity, ITrigger
{
    /// <inheritdoc/>
    public abstract IEnumerable<object> GetTriggerPayloads(TriggerIndexingContext context);
}

/// <summary>A <see cref="Trigger"/> with one main output, <see cref="Result"/>.</summary>
/// <typeparam name="T">The type of the result.</typeparam>
public abstract class Trigger<T> : Trigger
{
    /// <summary>The main output.</summary>
    public Output<T>? Result { get; set; }
}
