using Microsoft.Extensions.Logging;

namespace FederationWorkflows.Runtime.Storage;

/// <summary>Tells listeners within the process, which is everybody where no other process shares the storage.</summary>
public sealed partial class InProcessSignals(ILogger<InProcessSignals> logger) : IStoreSignals
{
    private readonly Lock gate = new();

    private Subscription[] subscriptions = [];

    /// <inheritdoc/>
    public ValueTask PublishAsync(StoreSignal signal, CancellationToken cancellationToken)
    {
        Tell(signal);
        return ValueTask.CompletedTask;
    }

    /// <summary>Tells all listeners. One that fails is logged and keeps the others from nothing.</summary>
    public void Tell(StoreSignal signal)
    {
        foreach (var subscription in Volatile.Read(ref subscriptions))
        {
            try
            {
                subscription.Listener(signal);
            }
            catch (Exception e)
            {
                LogListenerFailed(e, signal.Kind);
            }
        }
    }

    /// <inheritdoc/>
    public IDisposable Subscribe(Action<StoreSignal> listener)
    {
        var subscription = new Subscription(this, listener);
        lock (gate)
        {
            subscriptions = [.. subscriptions, subscription];
        }

        return subscription;
    }

    private void Remove(Subscription subscription)
    {
        lock (gate)
        {
            subscriptions = [.. subscriptions.Where(other => other != subscription)];
        }
    }

    [LoggerMessage(LogLevel.Error, "A listener to signals of kind {Kind} failed; the others go on")]
    private partial void LogListenerFailed(Exception exception, string kind);

    private sealed class Subscription(InProcessSignals owner, Action<StoreSignal> listener) : IDisposable
    {
        public Action<StoreSignal> Listener => listener;

        public void Dispose() => owner.Remove(this);
    }
}
