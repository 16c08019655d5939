namespace FederationWorkflows.Server.Tests.Support;

/// <summary>The machine's clock, moved on by a test. Timers run as ever.</summary>
internal sealed class Clock : TimeProvider
{
    private long ticks;

    public override DateTimeOffset GetUtcNow() => base.GetUtcNow().AddTicks(Interlocked.Read(ref ticks));

    public void Advance(TimeSpan by) => Interlocked.Add(ref ticks, by.Ticks);
}
