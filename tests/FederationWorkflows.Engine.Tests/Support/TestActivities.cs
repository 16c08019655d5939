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
        var answer = await world.Gate(Id).Task.WaitAsync(context.CancellationToken);
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

/// <summary>Fails, quoting its input.</summary>
[Activity("Test", "Test", "Fails.")]
[NoSideEffects]
internal sealed class Fail : CodeActivity
{
    public Input<string>? Text { get; set; }

    protected override void Execute(ActivityExecutionContext context) => throw new InvalidOperationException($"refused '{context.Get(Text)}'");
}
