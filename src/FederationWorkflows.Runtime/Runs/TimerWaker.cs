using System.Threading.Channels;
using FederationWorkflows.Runtime.Storage;

namespace FederationWorkflows.Runtime.Runs;

/// <summary>Wakes the timer service when a commit brings a timer, which may be due earlier than what it sleeps for.</summary>
internal sealed class TimerWaker : IRunObserver
{
    private readonly Channel<bool> woken = Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });

    public void OnCommitted(RunTransaction transaction)
    {
        if (transaction.NewTimers.Count > 0)
        {
            Wake();
        }
    }

    public void Wake() => woken.Writer.TryWrite(true);

    public async Task WaitAsync(CancellationToken cancellationToken) => await woken.Reader.ReadAsync(cancellationToken);
}
