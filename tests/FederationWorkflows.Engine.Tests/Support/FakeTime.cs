namespace FederationWorkflows.Engine.Tests.Support;

/// <summary>A clock that stands until a test moves it.</summary>
internal sealed class FakeTime : TimeProvider
{
    private DateTimeOffset now = new(2026, 1, 31, 12, 0, 0, TimeSpan.Zero);

    public override DateTimeOffset GetUtcNow() => now;

    public void Advance(TimeSpan by) => now += by;
}
