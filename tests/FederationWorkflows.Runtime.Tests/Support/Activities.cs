using System.Collections.Concurrent;
using System.ComponentModel.DataAnnotations;
using FederationWorkflows.Engine;
using FederationWorkflows.Engine.Execution;

namespace FederationWorkflows.Runtime.Tests.Support;

/// <summary>What test activities act on.</summary>
internal sealed class World
{
    private readonly ConcurrentDictionary<string, TaskCompletionSource<object?>> gates = new();

    private readonly ConcurrentDictionary<string, TaskCompletionSource<CancellationToken>> arrivals = new();

    public ConcurrentQueue<string> Calls { get; } = new();

    /// <summary>Opened by the test, it answers the calls of an activity.</summary>
    public TaskCompletionSource<object?> Gate(string id) => gates.GetOrAdd(id, _ => new(TaskCreationOptions.RunContinuationsAsynchronously));

    /// <summary>A new gate for the calls of an activity that come now.</summary>
    public TaskCompletionSource<object?> Reopen(string id) => gates[id] = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Completes with its token when an activity is in flight.</summary>
    public Task<CancellationToken> ArrivalAsync(string id) => Arrival(id).Task.WaitAsync(Patience.Longest);

    public void Arrive(string id, CancellationToken token) => Arrival(id).TrySetResult(token);

    private TaskCompletionSource<CancellationToken> Arrival(string id) => arrivals.GetOrAdd(id, _ => new(TaskCreationOptions.RunContinuationsAsynchronously));
}

/// <summary>Waits for a test, or for a time, to resume it.</summary>
[Activity("Test", "Test", "Waits.")]
[NoSideEffects]
internal sealed class Wait : CodeActivity<object>
{
    public Input<long?>? Minutes { get; set; }

    protected override void Execute(ActivityExecutionContext context) => context.CreateBookmark(new CreateBookmarkArgs
    {
        BookmarkName = "Test.Event",
        Stimulus = context.Activity.Id,
        Callback = OnResumeAsync,
        ResumeAt = context.Get(Minutes) is { } minutes ? context.TimeProvider.GetUtcNow().AddMinutes(minutes) : null,
    });

    private ValueTask OnResumeAsync(ActivityExecutionContext context)
    {
        context.GetRequiredService<World>().Calls.Enqueue($"{context.WorkflowIdentity.Id}:{context.Activity.Id}:{context.ResumeInput}");
        context.SetResult(context.ResumeInput);
        return ValueTask.CompletedTask;
    }
}

/// <summary>Acts on the world and waits for its answer.</summary>
[Activity("Test", "Test", "Calls the world.")]
internal sealed class Call : CodeActivity<object>
{
    protected override async ValueTask ExecuteAsync(ActivityExecutionContext context)
    {
        var world = context.GetRequiredService<World>();
        world.Calls.Enqueue(context.IdempotencyKey);
        world.Arrive(Id, context.CancellationToken);
        context.SetResult(await world.Gate(Id).Task.WaitAsync(context.CancellationToken));
    }
}

/// <summary>Acts on the world at once.</summary>
[Activity("Test", "Test", "Acts on the world.")]
internal sealed class Act : CodeActivity
{
    protected override void Execute(ActivityExecutionContext context) => context.GetRequiredService<World>().Calls.Enqueue(context.IdempotencyKey);
}

/// <summary>Has an effect, once it is stored.</summary>
[Activity("Test", "Test", "Has an effect.")]
internal sealed class Notify : CodeActivity
{
    protected override void Execute(ActivityExecutionContext context) => context.AddEffect(context.Activity.Id);
}

/// <summary>Makes a secret of what it is given, as a token endpoint would.</summary>
[Activity("Test", "Test", "Makes a secret.")]
internal sealed class MakeSecret : CodeActivity<Sensitive<string>>
{
    [Required]
    [Input(CanContainSecrets = true)]
    public Input<string> Seed { get; set; } = default!;

    public Output<TokenPair>? Pair { get; set; }

    protected override void Execute(ActivityExecutionContext context)
    {
        var secret = Sensitive.Of(context.Get(Seed)!);
        context.SetResult(secret);
        context.Set(Pair, new TokenPair("bearer", secret));
    }
}

internal sealed record TokenPair(string Kind, Sensitive<string> Token);

/// <summary>Fails, quoting its input.</summary>
[Activity("Test", "Test", "Fails.")]
internal sealed class Quote : CodeActivity
{
    [TakesSensitive]
    public Input<string>? Text { get; set; }

    protected override void Execute(ActivityExecutionContext context) =>
        throw new InvalidOperationException($"refused '{context.Get(Text)}'", new IOException($"cause: {context.Get(Text)}"));
}

/// <summary>Has an output that nothing can render.</summary>
[Activity("Test", "Test", "Has an odd input.")]
[NoSideEffects]
internal sealed class Odd : CodeActivity
{
    protected override void Execute(ActivityExecutionContext context) => context.JournalData["odd"] = new Unreadable(null);

    private sealed class Unreadable(string? text)
    {
        public string Text => text ?? throw new InvalidOperationException("cannot be read");
    }
}
