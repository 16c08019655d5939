namespace FederationWorkflows.Engine.Activities;

/// <summary>What its body's scope gets from it.</summary>
internal interface IDeclaresBodyVariables
{
    /// <summary>The variables of each round, in the order in which rounds hand them over.</summary>
    IEnumerable<Variable> BodyVariables { get; }
}

/// <summary>A loop that a break ends: its body is cancelled at once, and it completes.</summary>
internal abstract class Loop : Activity
{
    public const string CurrentValueName = "CurrentValue";

    public const string CurrentIndexName = "CurrentIndex";

    [Port]
    public IActivity? Body { get; set; }

    protected override ValueTask OnSignalReceivedAsync(object signal, SignalContext context)
    {
        if (signal is not BreakSignal)
        {
            return ValueTask.CompletedTask;
        }

        context.StopPropagation();
        return context.ReceiverActivityExecutionContext.CompleteActivityAsync();
    }

    /// <summary>An item of a collection input, as sensitive as the collection.</summary>
    internal static object? ItemOf(ActivityExecutionContext context, Input<ICollection<object?>> input, object?[] items, int index) =>
        items[index] is { } item and not Sensitive && context.GetMasked(input) is Sensitive ? Sensitive.Of(item) : items[index];

    protected static Variable Declare<T>(string loopId, string name) => new($"{loopId}:{name}", name, typeof(T));
}

/// <summary>Counts.</summary>
[Activity("Elsa", "Looping", "Iterate over a sequence of steps between a start and an end number.")]
[NoSideEffects]
internal sealed class For : Loop, IDeclaresBodyVariables
{
    private readonly ActivityCompletionCallback onRoundCompleted;

    public For()
    {
        onRoundCompleted = OnRoundCompletedAsync;
    }

    [RefusesSensitive]
    [Input(Description = "The starting number.", Order = 1)]
    public Input<int> Start { get; set; } = new(0);

    [RefusesSensitive]
    [Input(Description = "The ending number.", Order = 2)]
    public Input<int> End { get; set; } = new(0);

    [RefusesSensitive]
    [Input(Description = "The step size; below zero counts down.", Order = 3)]
    public Input<int> Step { get; set; } = new(1);

    [Input(Description = "Whether the end number is part of the loop.", Order = 4)]
    public Input<bool> OuterBoundInclusive { get; set; } = new(true);

    [Output(Description = "The number of the current round.")]
    public Output<object>? CurrentValue { get; set; }

    public IEnumerable<Variable> BodyVariables => [Declare<int>(Id, CurrentValueName)];

    protected override ValueTask ExecuteAsync(ActivityExecutionContext context)
    {
        context.Cursor = context.Get(Start);
        return RoundAsync(context);
    }

    private ValueTask OnRoundCompletedAsync(ActivityCompletedContext completed)
    {
        var context = completed.TargetContext;
        var step = context.Get(Step);
        if (step == 0)
        {
            throw new InvalidOperationException("The step is 0, so the loop would never end. Set \"step\" to another number.");
        }

        var next = (long)context.Cursor + step;
        if (next is > int.MaxValue or < int.MinValue)
        {
            return context.CompleteActivityAsync();
        }

        context.Cursor = (int)next;
        return RoundAsync(context);
    }

    private ValueTask RoundAsync(ActivityExecutionContext context)
    {
        var value = context.Cursor;
        var end = context.Get(End);
        var inclusive = context.Get(OuterBoundInclusive);
        var inside = context.Get(Step) >= 0 ? inclusive ? value <= end : value < end : inclusive ? value >= end : value > end;
        if (!inside || Body is null)
        {
            return context.CompleteActivityAsync();
        }

        object current = value;
        context.Set(CurrentValue, current);
        context.Schedule(((Activity)Body).Node, onRoundCompleted, [current]);
        return ValueTask.CompletedTask;
    }
}

/// <summary>Takes the items of a collection one after another.</summary>
[Activity("Elsa", "Looping", "Iterate over a set of values.")]
[NoSideEffects]
internal sealed class ForEach : Loop, IDeclaresBodyVariables
{
    private readonly ActivityCompletionCallback onRoundCompleted;

    public ForEach()
    {
        onRoundCompleted = OnRoundCompletedAsync;
    }

    [Input(Description = "The items to iterate over.")]
    public Input<ICollection<object?>> Items { get; set; } = new(Array.Empty<object?>());

    [Output(Description = "The item of the current round.")]
    public Output<object>? CurrentValue { get; set; }

    public IEnumerable<Variable> BodyVariables => [Declare<object>(Id, CurrentValueName), Declare<int>(Id, CurrentIndexName)];

    protected override ValueTask ExecuteAsync(ActivityExecutionContext context) => RoundAsync(context);

    private ValueTask OnRoundCompletedAsync(ActivityCompletedContext completed)
    {
        completed.TargetContext.Cursor++;
        return RoundAsync(completed.TargetContext);
    }

    private ValueTask RoundAsync(ActivityExecutionContext context)
    {
        var items = (object?[]?)context.Get(Items) ?? throw new InvalidOperationException("Input 'Items' is null. Give the loop a list; an empty one, [], is fine.");
        if (context.Cursor >= items.Length)
        {
            return context.CompleteActivityAsync();
        }

        var item = ItemOf(context, Items, items, context.Cursor);
        context.Set(CurrentValue, item);
        if (Body is null)
        {
            return context.CompleteActivityAsync();
        }

        context.Schedule(((Activity)Body).Node, onRoundCompleted, [item, context.Cursor]);
        return ValueTask.CompletedTask;
    }
}

/// <summary>Takes all items of a collection at once.</summary>
[Activity("Elsa", "Looping", "Schedule an activity for each item in parallel.")]
[NoSideEffects]
internal sealed class ParallelForEach : Activity, IDeclaresBodyVariables
{
    private readonly ActivityCompletionCallback onRoundCompleted;

    public ParallelForEach()
    {
        onRoundCompleted = OnRoundCompletedAsync;
    }

    [Input(Description = "The items to iterate over.")]
    public Input<ICollection<object?>> Items { get; set; } = new(Array.Empty<object?>());

    [Port]
    public IActivity? Body { get; set; }

    public IEnumerable<Variable> BodyVariables =>
        [new($"{Id}:{Loop.CurrentValueName}", Loop.CurrentValueName, typeof(object)), new($"{Id}:{Loop.CurrentIndexName}", Loop.CurrentIndexName, typeof(int))];

    protected override ValueTask ExecuteAsync(ActivityExecutionContext context)
    {
        var items = (object?[]?)context.Get(Items) ?? [];
        if (items.Length == 0 || Body is null)
        {
            return context.CompleteActivityAsync();
        }

        context.Cursor = items.Length;
        for (var i = 0; i < items.Length; i++)
        {
            context.Schedule(((Activity)Body).Node, onRoundCompleted, [Loop.ItemOf(context, Items, items, i), i]);
        }

        return ValueTask.CompletedTask;
    }

    private ValueTask OnRoundCompletedAsync(ActivityCompletedContext context) =>
        --context.TargetContext.Cursor == 0 ? context.TargetContext.CompleteActivityAsync() : ValueTask.CompletedTask;
}

/// <summary>Runs its body while a condition holds.</summary>
[Activity("Elsa", "Looping", "Execute an activity while a given condition evaluates to true.")]
[NoSideEffects]
internal sealed class While : Loop
{
    private readonly ActivityCompletionCallback onRoundCompleted;

    public While()
    {
        onRoundCompleted = OnRoundCompletedAsync;
    }

    [Input(Description = "The condition, evaluated before each round.", AutoEvaluate = false, UIHint = InputUIHints.SingleLine)]
    public Input<bool> Condition { get; set; } = new(false);

    protected override async ValueTask ExecuteAsync(ActivityExecutionContext context)
    {
        if (!await context.EvaluateAsync(Condition))
        {
            await context.CompleteActivityAsync();
            return;
        }

        if (Body is null)
        {
            throw new InvalidOperationException("The condition is true and the loop has no body, so it would never end. Give it a \"body\".");
        }

        await context.ScheduleActivityAsync(Body, onRoundCompleted);
    }

    private ValueTask OnRoundCompletedAsync(ActivityCompletedContext context) => ExecuteAsync(context.TargetContext);
}

/// <summary>Ends the innermost loop.</summary>
[Activity("Elsa", "Looping", "Break out of a loop.")]
[NoSideEffects]
[ActivityTraits(IsTerminal = true)]
internal sealed class Break : Activity, Definitions.ICompiled
{
    public void OnCompiled(Definitions.NodeCompilation compilation)
    {
        for (var parent = compilation.Node.Parent; parent is not null; parent = parent.Parent)
        {
            if (parent.Activity is Loop)
            {
                return;
            }
        }

        compilation.Report("break-outside-loop", "There is no For, ForEach or While around this Break: it only ends the list or chart that holds it.", "", Definitions.ProblemSeverity.Warning);
    }

    protected override async ValueTask ExecuteAsync(ActivityExecutionContext context)
    {
        await context.SendSignalAsync(new BreakSignal());
        await context.CompleteActivityAsync();
    }
}
