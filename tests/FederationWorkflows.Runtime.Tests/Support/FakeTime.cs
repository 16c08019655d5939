namespace FederationWorkflows.Runtime.Tests.Support;

/// <summary>A clock that stands until a test moves it; its timers fire while it is moved.</summary>
public sealed class FakeTime : TimeProvider
{
    private readonly Lock gate = new();

    private readonly List<FakeTimer> timers = [];

    private readonly List<(DateTimeOffset DueAt, int Count, TaskCompletionSource Armed)> watchers = [];

    private DateTimeOffset now = new(2026, 1, 31, 12, 0, 0, TimeSpan.Zero);

    public DateTimeOffset Now => GetUtcNow();

    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    public override DateTimeOffset GetUtcNow()
    {
        lock (gate)
        {
            return now;
        }
    }

    public override long GetTimestamp() => GetUtcNow().UtcTicks;

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        var timer = new FakeTimer(this, callback, state);
        timer.Change(dueTime, period);
        return timer;
    }

    /// <summary>Moves the clock; what becomes due on the way fires at its own time.</summary>
    public void Advance(TimeSpan by)
    {
        var target = Now + by;
        while (true)
        {
            FakeTimer? next;
            lock (gate)
            {
                next = timers.Where(timer => timer.DueAt <= target).MinBy(timer => timer.DueAt);
                if (next is null)
                {
                    now = target;
                    return;
                }

                now = next.DueAt > now ? next.DueAt : now;
                next.Reschedule(now);
            }

            next.Fire();
        }
    }

    /// <summary>Completes when so many sleep until exactly this time: from then on moving the clock wakes them.</summary>
    public Task SleeperAsync(DateTimeOffset dueAt, int count = 1)
    {
        lock (gate)
        {
            if (Sleepers(dueAt) >= count)
            {
                return Task.CompletedTask;
            }

            var armed = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            watchers.Add((dueAt, count, armed));
            return armed.Task.WaitAsync(TimeSpan.FromMinutes(2));
        }
    }

    private int Sleepers(DateTimeOffset dueAt) => timers.Count(timer => timer.DueAt == dueAt);

    private sealed class FakeTimer(FakeTime time, TimerCallback callback, object? state) : ITimer
    {
        private TimeSpan period = Timeout.InfiniteTimeSpan;

        public DateTimeOffset DueAt { get; private set; } = DateTimeOffset.MaxValue;

        public bool Change(TimeSpan dueTime, TimeSpan period)
        {
            lock (time.gate)
            {
                this.period = period;
                time.timers.Remove(this);
                if (dueTime != Timeout.InfiniteTimeSpan)
                {
                    DueAt = time.now + dueTime;
                    time.timers.Add(this);
                    foreach (var watcher in time.watchers.Where(watcher => watcher.DueAt == DueAt && time.Sleepers(DueAt) >= watcher.Count))
                    {
                        watcher.Armed.TrySetResult();
                    }
                }
            }

            return true;
        }

        public void Reschedule(DateTimeOffset firedAt)
        {
            if (period > TimeSpan.Zero)
            {
                DueAt = firedAt + period;
            }
            else
            {
                time.timers.Remove(this);
            }
        }

        public void Fire() => callback(state);

        public void Dispose()
        {
            lock (time.gate)
            {
                time.timers.Remove(this);
            }
        }

        public ValueTask DisposeAsync()
        {
            Dispose();
            return ValueTask.CompletedTask;
        }
    }
}
