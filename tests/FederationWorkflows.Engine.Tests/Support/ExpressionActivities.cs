using System.Collections.Concurrent;
using System.Text.Json;
using FederationWorkflows.Engine.Expressions;

namespace FederationWorkflows.Engine.Tests.Support;

/// <summary>Takes a value into inputs of many types, and shows what came: secrets as they are.</summary>
[Activity("Test", "Test", "Takes values.")]
[NoSideEffects]
internal sealed class Take : CodeActivity
{
    public Input<object?>? Anything { get; set; }

    public Input<string?>? Text { get; set; }

    public Input<int>? Whole { get; set; }

    public Input<double>? Number { get; set; }

    public Input<bool>? Flag { get; set; }

    public Input<DayOfWeek>? Day { get; set; }

    public Input<DateTimeOffset>? Time { get; set; }

    public Input<TimeSpan>? Span { get; set; }

    public Input<byte[]?>? Bytes { get; set; }

    public Input<JsonElement>? Json { get; set; }

    public Input<IDictionary<string, object?>?>? Map { get; set; }

    public Input<ICollection<string>?>? List { get; set; }

    public Input<object[]?>? Items { get; set; }

    public Input<Sensitive<string>?>? Secret { get; set; }

    public Input<Reply?>? Reply { get; set; }

    protected override void Execute(ActivityExecutionContext context)
    {
        var taken = context.GetRequiredService<World>().Taken;
        taken["anything"] = context.GetMasked(Anything);
        taken["text"] = context.GetMasked(Text);
        taken["whole"] = context.GetMasked(Whole);
        taken["number"] = context.GetMasked(Number);
        taken["flag"] = context.GetMasked(Flag);
        taken["day"] = context.GetMasked(Day);
        taken["time"] = context.GetMasked(Time);
        taken["span"] = context.GetMasked(Span);
        taken["bytes"] = context.GetMasked(Bytes);
        taken["json"] = context.GetMasked(Json);
        taken["map"] = context.GetMasked(Map);
        taken["list"] = context.GetMasked(List);
        taken["items"] = context.GetMasked(Items);
        taken["secret"] = context.GetMasked(Secret);
        taken["reply"] = context.GetMasked(Reply);
    }
}

/// <summary>What a service answered.</summary>
internal sealed record Reply(int StatusCode, IReadOnlyDictionary<string, string> Headers, Sensitive<string> Token, IReadOnlyList<ReplyPart> Parts, DateTimeOffset At);

internal sealed record ReplyPart(string Name, byte[] Content);

/// <summary>Gives a record.</summary>
[Activity("Test", "Test", "Asks a service.")]
[NoSideEffects]
internal sealed class Ask : CodeActivity<Reply>
{
    public const string Canary = "canary-7d1e90";

    protected override void Execute(ActivityExecutionContext context) => context.SetResult(new Reply(
        200,
        new Dictionary<string, string> { ["etag"] = "e1" },
        Sensitive.Of(Canary),
        [new ReplyPart("first", [1, 2, 3])],
        new DateTimeOffset(2026, 2, 3, 4, 5, 6, TimeSpan.Zero)));
}

/// <summary>Has one output, and it is not named Result.</summary>
[Activity("Test", "Test", "Measures.")]
[NoSideEffects]
internal sealed class Measure : CodeActivity
{
    public Output<int>? ItemCount { get; set; }

    protected override void Execute(ActivityExecutionContext context) => context.Set(ItemCount, 7);
}

/// <summary>Secrets by name; it remembers which were asked for.</summary>
internal sealed class Vault(params (string Name, string Value)[] secrets) : ISecretSource
{
    public ConcurrentQueue<string> Asked { get; } = new();

    public async ValueTask<Sensitive<string>?> GetAsync(string name, CancellationToken cancellationToken)
    {
        Asked.Enqueue(name);
        await Task.Yield();
        return Array.Find(secrets, secret => secret.Name == name) is { Name: not null } found ? Sensitive.Of(found.Value) : null;
    }
}
