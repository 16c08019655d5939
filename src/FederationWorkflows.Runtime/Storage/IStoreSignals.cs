namespace FederationWorkflows.Runtime.Storage;

/// <summary>
/// Tells all nodes over one storage, this one included, that something changed, so that they need not poll. A hint and no more: it may be
/// lost while a node is cut off (then <see cref="SignalKinds.Everything"/> follows), and what it tells of must be found in the store anyway.
/// </summary>
public interface IStoreSignals
{
    /// <summary>Tells all nodes.</summary>
    ValueTask PublishAsync(StoreSignal signal, CancellationToken cancellationToken);

    /// <summary>Listens until disposed of. The listener is called on the teller's turn, one signal after the other: it must be quick and must not fail.</summary>
    IDisposable Subscribe(Action<StoreSignal> listener);
}

/// <summary>Something changed.</summary>
/// <param name="Kind">What: one of <see cref="SignalKinds"/> or one's own, up to 100 characters without a line feed.</param>
/// <param name="Key">Which; may be empty, up to 1000 characters.</param>
public readonly record struct StoreSignal(string Kind, string Key);

/// <summary>The kinds of signal that the stores themselves send, each once what it tells of is stored.</summary>
public static class SignalKinds
{
    /// <summary>The schedules of the definition in the key were replaced.</summary>
    public const string Schedules = "schedules";

    /// <summary>The definition in the key was saved, published, retracted or deleted.</summary>
    public const string Definitions = "definitions";

    /// <summary>The node in the key was buried: its runs are free.</summary>
    public const string Nodes = "nodes";

    /// <summary>A document of the kind in the key was stored or deleted.</summary>
    public const string Documents = "documents";

    /// <summary>Signals may have been lost: anything may have changed.</summary>
    public const string Everything = "everything";
}
