using System.Threading.Channels;
using FederationWorkflows.Engine.Stories;
using FederationWorkflows.Runtime.Runs;
using FederationWorkflows.Runtime.Storage;

namespace FederationWorkflows.Runtime.FollowUps;

/// <summary>Work that runs of this node have just asked for, or that they are to be told of. What does not fit is found in the store.</summary>
internal sealed class FollowUpInbox : IRunObserver
{
    private const int Capacity = 10_000;

    private readonly Channel<FollowUp> telling = NewChannel();

    private readonly Channel<FollowUp> starting = NewChannel();

    public void OnCommitted(RunTransaction transaction)
    {
        foreach (var followUp in transaction.NewFollowUps)
        {
            Add(followUp);
        }
    }

    public void Add(FollowUp followUp) => (FollowUpWork.TellsRun(followUp.Kind) ? telling : starting).Writer.TryWrite(followUp);

    /// <summary>What tells a run something, or what may start one: the second waits for room, and the first must not.</summary>
    public ValueTask<FollowUp> TakeAsync(bool tellsRun, CancellationToken cancellationToken) => (tellsRun ? telling : starting).Reader.ReadAsync(cancellationToken);

    private static Channel<FollowUp> NewChannel() => Channel.CreateBounded<FollowUp>(new BoundedChannelOptions(Capacity) { FullMode = BoundedChannelFullMode.DropWrite });
}
