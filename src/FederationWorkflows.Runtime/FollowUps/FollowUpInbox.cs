using System.Threading.Channels;
using FederationWorkflows.Runtime.Runs;
using FederationWorkflows.Runtime.Storage;

namespace FederationWorkflows.Runtime.FollowUps;

/// <summary>Work that runs of this node have just asked for, or that they are to be told of. What does not fit is found in the store.</summary>
internal sealed class FollowUpInbox : IRunObserver
{
    private const int Capacity = 10_000;

    private readonly Channel<FollowUp> fresh = Channel.CreateBounded<FollowUp>(new BoundedChannelOptions(Capacity) { FullMode = BoundedChannelFullMode.DropWrite });

    public void OnCommitted(RunTransaction transaction)
    {
        foreach (var followUp in transaction.NewFollowUps)
        {
            Add(followUp);
        }
    }

    public void Add(FollowUp followUp) => fresh.Writer.TryWrite(followUp);

    public ValueTask<FollowUp> TakeAsync(CancellationToken cancellationToken) => fresh.Reader.ReadAsync(cancellationToken);
}
