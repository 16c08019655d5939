using FederationWorkflows.Engine;

namespace FederationWorkflows.Server.Tests.Support;

/// <summary>Where a story stops until the test lets it go on.</summary>
public sealed class Gate
{
    private readonly TaskCompletionSource reached = new(TaskCreationOptions.RunContinuationsAsynchronously);

    private readonly TaskCompletionSource opened = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Completes when a story stands here.</summary>
    public Task Reached => reached.Task;

    public void Open() => opened.TrySetResult();

    internal Task PassAsync(CancellationToken cancellationToken)
    {
        reached.TrySetResult();
        return opened.Task.WaitAsync(cancellationToken);
    }
}

[Activity("Test", "Test", "Waits until the test opens the gate.")]
internal sealed class WaitAtGate : CodeActivity
{
    protected override ValueTask ExecuteAsync(ActivityExecutionContext context) => new(context.GetRequiredService<Gate>().PassAsync(context.CancellationToken));
}

/// <summary>A clock whose waits end when the test says so.</summary>
internal sealed class ManualTime : TimeProvider
{
    private readonly List<ManualTimer> timers = [];

    private readonly Lock gate = new();

    private TimeSpan passed;

    public override DateTimeOffset GetUtcNow() => DateTimeOffset.UtcNow + passed;

    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    /// <summary>What is measured takes as long as the test says.</summary>
    public override long GetTimestamp() => passed.Ticks;

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        var timer = new ManualTimer(this, callback, state);
        timer.Change(dueTime, period);
        return timer;
    }

    /// <summary>Lets time pass and fires what is due by then.</summary>
    public void Advance(TimeSpan by)
    {
        ManualTimer[] due;
        lock (gate)
        {
            passed += by;
            due = [.. timers.Where(timer => timer.DueAt <= passed)];
            timers.RemoveAll(due.Contains);
        }

        foreach (var timer in due)
        {
            timer.Fire();
        }
    }

    private sealed class ManualTimer(ManualTime owner, TimerCallback callback, object? state) : ITimer
    {
        public TimeSpan DueAt { get; private set; }

        public void Fire() => callback(state);

        public bool Change(TimeSpan dueTime, TimeSpan period)
        {
            lock (owner.gate)
            {
                owner.timers.Remove(this);
                if (dueTime != Timeout.InfiniteTimeSpan)
                {
                    DueAt = owner.passed + dueTime;
                    owner.timers.Add(this);
                }
            }

            return true;
        }

        public void Dispose() => Change(Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);

        public ValueTask DisposeAsync()
        {
            Dispose();
            return ValueTask.CompletedTask;
        }
    }
}
