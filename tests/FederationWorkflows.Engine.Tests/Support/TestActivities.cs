using System.Collections.Concurrent;

namespace FederationWorkflows.Engine.Tests.Support;

/// <summary>Waits for a test to resume it.</summary>
[Activity("Test", "Test", "Waits.")]
[NoSideEffects]
internal sealed class Wait : CodeActivity<object>
{
    protected override void Execute(ActivityExecutionContext context) => context.CreateBookmark(context.Activity.Id, OnResumeAsync);

    private ValueTask OnResumeAsync(ActivityExecutionContext context)
    {
        context.SetResult(context.ResumeInput);
        return ValueTask.CompletedTask;
    }
}

/// <summary>What test activities act on.</summary>
internal sealed class World
{
    public ConcurrentDictionary<string, TaskCompletionSource<object?>> Gates { get; } = new();

    public ConcurrentQueue<string> Calls { get; } = new();

    /// <summary>What <see cref="Take"/> took last, by the names of its inputs.</summary>
    public ConcurrentDictionary<string, object?> Taken { get; } = new();

    public ConcurrentDictionary<string, int> Turns { get; } = new();

    public Dictionary<string, Func<ActivityExecutionContext, ValueTask>> Scripts { get; } = [];

    /// <summary>The latest call of each activity, as the world sees it.</summary>
    public ConcurrentDictionary<string, Task> Running { get; } = new();

    /// <summary>Looks at the call before the world does.</summary>
    public Action<ActivityExecutionContext>? OnCall { get; set; }

    public Exception? FailWith { get; set; }

    public TaskCompletionSource<object?> Gate(string id) => Gates.GetOrAdd(id, _ => new TaskCompletionSource<object?>(TaskCreationOptions.RunContinuationsAsynchronously));
}

/// <summary>Acts on the world and waits for its answer.</summary>
[Activity("Test", "Test", "Calls the world.")]
internal sealed class Call : CodeActivity<object>
{
    public Input<object?>? Argument { get; set; }

    protected override async ValueTask ExecuteAsync(ActivityExecutionContext context)
    {
        var world = context.GetRequiredService<World>();
        world.Calls.Enqueue(context.IdempotencyKey);
        world.OnCall?.Invoke(context);
        var call = world.Gate(Id).Task.WaitAsync(context.CancellationToken);
        world.Running[Id] = call;
        var answer = await call;
        if (world.FailWith is { } failure)
        {
            throw failure;
        }

        context.SetResult(answer);
    }
}

/// <summary>Makes a secret, as a token endpoint would.</summary>
[Activity("Test", "Test", "Makes a secret.")]
[NoSideEffects]
internal sealed class MakeSecret : CodeActivity<Sensitive<string>>
{
    [System.ComponentModel.DataAnnotations.Required]
    public Input<string> Content { get; set; } = default!;

    protected override void Execute(ActivityExecutionContext context) => context.SetResult(Sensitive.Of(context.Get(Content)!));
}

/// <summary>Tells others.</summary>
[Activity("Test", "Test", "Tells others.")]
internal sealed class Send : CodeActivity
{
    public Input<string>? Subject { get; set; }

    [TakesSensitive]
    public Input<string>? Body { get; set; }
}

/// <summary>Fails, quoting its input.</summary>
[Activity("Test", "Test", "Fails.")]
[NoSideEffects]
internal sealed class Fail : CodeActivity
{
    public Input<string>? Text { get; set; }

    protected override void Execute(ActivityExecutionContext context) => throw new InvalidOperationException($"refused '{context.Get(Text)}'");
}

/// <summary>Completes with other outcomes each time it executes.</summary>
[Activity("Test", "Test", "Takes turns.")]
[NoSideEffects]
internal sealed class Turns : CodeActivity
{
    public Input<string>? Outcomes { get; set; }

    protected override async ValueTask ExecuteAsync(ActivityExecutionContext context)
    {
        var turn = context.GetRequiredService<World>().Turns.AddOrUpdate(Id, 0, (_, before) => before + 1);
        var outcomes = context.Get(Outcomes)!.Split(',')[turn];
        await context.CompleteActivityWithOutcomesAsync(outcomes.Split('+', StringSplitOptions.RemoveEmptyEntries));
    }
}

/// <summary>Starts a run, and inside a run waits for the same thing.</summary>
[Activity("Test", "Test", "Something that happens.")]
[NoSideEffects]
internal sealed class Event : Trigger<object>
{
    public override IEnumerable<object> GetTriggerPayloads(TriggerIndexingContext context) => [Id];

    protected override async ValueTask ExecuteAsync(ActivityExecutionContext context)
    {
        if (context.IsTriggerOfWorkflow)
        {
            context.SetResult(context.TriggerPayload);
            await context.CompleteActivityAsync();
        }
        else
        {
            context.CreateBookmark(Id, OnResumeAsync);
        }
    }

    private ValueTask OnResumeAsync(ActivityExecutionContext context)
    {
        context.SetResult(context.ResumeInput);
        return context.CompleteActivityAsync();
    }
}

/// <summary>Adds one to a variable.</summary>
[Activity("Test", "Test", "Counts.")]
[NoSideEffects]
internal sealed class Increment : CodeActivity
{
    public string Variable { get; set; } = "";

    protected override void Execute(ActivityExecutionContext context) => context.SetVariable(Variable, context.GetVariable<int>(Variable) + 1);
}

/// <summary>Neither completes nor waits for anything.</summary>
[Activity("Test", "Test", "Hangs.")]
[NoSideEffects]
internal sealed class Hang : Activity;

/// <summary>Does what the test says; what it says under "id!" on resumption, under "id+" when its child has completed.</summary>
[Activity("Test", "Test", "Does what the test says.")]
internal sealed class Do : CodeActivity<object>
{
    public Activity? Child { get; set; }

    public ValueTask OnResumeAsync(ActivityExecutionContext context) => context.GetRequiredService<World>().Scripts[Id + "!"](context);

    public ValueTask OnChildCompletedAsync(ActivityCompletedContext context) => context.TargetContext.GetRequiredService<World>().Scripts[Id + "+"](context.TargetContext);

    protected override ValueTask ExecuteAsync(ActivityExecutionContext context) => context.GetRequiredService<World>().Scripts[Id](context);
}

/// <summary>As <see cref="Do"/>, and completes only when told to.</summary>
[Activity("Test", "Test", "Does what the test says.")]
internal sealed class DoOnly : Activity<object>
{
    public Activity? Child { get; set; }

    public ValueTask OnResumeAsync(ActivityExecutionContext context) => context.GetRequiredService<World>().Scripts[Id + "!"](context);

    public ValueTask OnChildCompletedAsync(ActivityCompletedContext context) => context.TargetContext.GetRequiredService<World>().Scripts[Id + "+"](context.TargetContext);

    protected override ValueTask ExecuteAsync(ActivityExecutionContext context) => context.GetRequiredService<World>().Scripts[Id](context);
}
