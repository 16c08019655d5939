namespace FederationWorkflows.Federation.Tests.Clients;

/// <summary>Time that moves when the test moves it; its timers fire then.</summary>
internal sealed class ManualTime(DateTimeOffset start) : TimeProvider
{
    private readonly List<ManualTimer> timers = [];

    private long now = start.UtcTicks;

    private TaskCompletionSource woken = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Set when the first timer is made: from then on <see cref="Advance"/> can fire it.</summary>
    public TaskCompletionSource TimerMade { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public override DateTimeOffset GetUtcNow() => new(Interlocked.Read(ref now), TimeSpan.Zero);

    public void Advance(TimeSpan by)
    {
        var until = new DateTimeOffset(Interlocked.Add(ref now, by.Ticks), TimeSpan.Zero);
        ManualTimer[] due;
        lock (timers)
        {
            due = [.. timers.Where(timer => timer.Due <= until)];
        }

        foreach (var timer in due)
        {
            timer.Fire();
        }
    }

    /// <summary>
    /// Moves to whichever timer is due next, again and again, until <paramref name="running"/> has ended. A timer that was set for longer than <paramref name="pause"/>
    /// bounds something that may take time of its own, and is waited for only while <paramref name="isHeld"/> says that nothing else can happen.
    /// </summary>
    public async Task<T> PassAsync<T>(Task<T> running, TimeSpan pause, Func<bool>? isHeld = null)
    {
        while (!running.IsCompleted)
        {
            // Before the look: what comes after it is not missed.
            var wake = Volatile.Read(ref woken).Task;
            if (NextDue(isHeld?.Invoke() == true ? TimeSpan.MaxValue : pause) is { } due)
            {
                var by = due - GetUtcNow();
                Advance(by > TimeSpan.Zero ? by : TimeSpan.Zero);
            }
            else
            {
                await Task.WhenAny(running, wake);
            }
        }

        return await running;
    }

    /// <summary>Lets <see cref="PassAsync"/> look again.</summary>
    public void Wake() => Interlocked.Exchange(ref woken, new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)).TrySetResult();

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        var timer = new ManualTimer(this, () => callback(state));
        lock (timers)
        {
            timers.Add(timer);
        }

        timer.Change(dueTime, period);
        TimerMade.TrySetResult();
        return timer;
    }

    private DateTimeOffset? NextDue(TimeSpan longest)
    {
        lock (timers)
        {
            return timers.Where(timer => timer.Due < DateTimeOffset.MaxValue && timer.Length <= longest).Select(static timer => (DateTimeOffset?)timer.Due).Min();
        }
    }

    private void Remove(ManualTimer timer)
    {
        lock (timers)
        {
            timers.Remove(timer);
        }
    }

    private sealed class ManualTimer(ManualTime owner, Action callback) : ITimer
    {
        public DateTimeOffset Due { get; private set; } = DateTimeOffset.MaxValue;

        /// <summary>For how long it was set.</summary>
        public TimeSpan Length { get; private set; }

        public void Fire()
        {
            Due = DateTimeOffset.MaxValue;
            callback();
        }

        public bool Change(TimeSpan dueTime, TimeSpan period)
        {
            lock (owner.timers)
            {
                Length = dueTime;
                Due = dueTime == Timeout.InfiniteTimeSpan ? DateTimeOffset.MaxValue : owner.GetUtcNow() + dueTime;
            }

            owner.Wake();
            return true;
        }

        public void Dispose()
        {
            Due = DateTimeOffset.MaxValue;
            owner.Remove(this);
        }

        public ValueTask DisposeAsync()
        {
            Dispose();
            return ValueTask.CompletedTask;
        }
    }
}
