namespace FederationWorkflows.Federation.Tests.Clients;

/// <summary>Time that moves when the test moves it; its timers fire then.</summary>
internal sealed class ManualTime(DateTimeOffset now) : TimeProvider
{
    private readonly List<ManualTimer> timers = [];

    /// <summary>Set when the first timer is made: from then on <see cref="Advance"/> can fire it.</summary>
    public TaskCompletionSource TimerMade { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public override DateTimeOffset GetUtcNow() => now;

    public void Advance(TimeSpan by)
    {
        now += by;
        ManualTimer[] due;
        lock (timers)
        {
            due = [.. timers.Where(timer => timer.Due <= now)];
        }

        foreach (var timer in due)
        {
            timer.Fire();
        }
    }

    /// <summary>Moves to whichever timer is due next, again and again, until <paramref name="running"/> has ended; longer than <paramref name="pause"/> at once is never waited for.</summary>
    public async Task<T> PassAsync<T>(Task<T> running, TimeSpan pause)
    {
        while (!running.IsCompleted)
        {
            DateTimeOffset next;
            lock (timers)
            {
                next = timers.Count == 0 ? DateTimeOffset.MaxValue : timers.Min(timer => timer.Due);
            }

            if (next - now <= pause)
            {
                Advance(next - now);
            }

            await Task.Yield();
        }

        return await running;
    }

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        var timer = new ManualTimer(this, () => callback(state));
        timer.Change(dueTime, period);
        lock (timers)
        {
            timers.Add(timer);
        }

        TimerMade.TrySetResult();
        return timer;
    }

    private sealed class ManualTimer(ManualTime owner, Action callback) : ITimer
    {
        public DateTimeOffset Due { get; private set; } = DateTimeOffset.MaxValue;

        public void Fire()
        {
            Due = DateTimeOffset.MaxValue;
            callback();
        }

        public bool Change(TimeSpan dueTime, TimeSpan period)
        {
            Due = dueTime == Timeout.InfiniteTimeSpan ? DateTimeOffset.MaxValue : owner.GetUtcNow() + dueTime;
            return true;
        }

        public void Dispose() => Due = DateTimeOffset.MaxValue;

        public ValueTask DisposeAsync()
        {
            Dispose();
            return ValueTask.CompletedTask;
        }
    }
}
