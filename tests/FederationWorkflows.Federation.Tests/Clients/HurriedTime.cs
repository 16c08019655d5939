namespace FederationWorkflows.Federation.Tests.Clients;

/// <summary>The time of real servers, in which waits between attempts are over at once and time limits never come: how busy the machine is decides nothing.</summary>
internal sealed class HurriedTime : TimeProvider
{
    private static readonly TimeSpan ShortestLimit = TimeSpan.FromSeconds(20);

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) =>
        TimeProvider.System.CreateTimer(callback, state, dueTime >= ShortestLimit || dueTime == Timeout.InfiniteTimeSpan ? Timeout.InfiniteTimeSpan : TimeSpan.FromMilliseconds(1), period);
}
