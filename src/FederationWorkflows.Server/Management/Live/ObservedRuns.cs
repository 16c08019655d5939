using System.Collections.Concurrent;
using System.Collections.Frozen;
using System.Threading.Channels;
using FederationWorkflows.Runtime.Runs;
using FederationWorkflows.Runtime.Storage;

namespace FederationWorkflows.Server.Management.Live;

/// <summary>
/// Which runs somebody looks at, and which of those changed. A commit of any other run costs one look into an immutable set; those of one
/// run that come close together are told of once.
/// </summary>
internal sealed class ObservedRuns : IRunObserver
{
    private readonly Dictionary<string, HashSet<string>> byConnection = [];

    private readonly Lock changing = new();

    private readonly ConcurrentDictionary<string, bool> pending = new();

    private readonly Channel<string> changed = Channel.CreateUnbounded<string>(new UnboundedChannelOptions { SingleReader = true });

    private FrozenSet<string> current = FrozenSet<string>.Empty;

    /// <summary>The runs somebody looks at.</summary>
    public IReadOnlyCollection<string> Current => Volatile.Read(ref current);

    /// <summary>Runs that changed. Say <see cref="Take"/> before one is looked at.</summary>
    public ChannelReader<string> Changed => changed.Reader;

    /// <returns>False when the connection looks at too many.</returns>
    public bool Add(string connectionId, string runId, int most)
    {
        lock (changing)
        {
            var own = byConnection.TryGetValue(connectionId, out var known) ? known : byConnection[connectionId] = [];
            if (own.Count >= most && !own.Contains(runId))
            {
                return false;
            }

            own.Add(runId);
            Swap();
        }

        // It may have gone on between the page's reading it and this.
        Tell(runId);
        return true;
    }

    public void Remove(string connectionId)
    {
        lock (changing)
        {
            byConnection.Remove(connectionId);
            Swap();
        }
    }

    public void OnCommitted(RunTransaction transaction)
    {
        var runId = transaction.Summary.Identity.Id;
        if (Volatile.Read(ref current).Contains(runId))
        {
            Tell(runId);
        }
    }

    /// <summary>A run changed; what was told and not taken yet covers it.</summary>
    public void Tell(string runId)
    {
        if (pending.TryAdd(runId, true))
        {
            changed.Writer.TryWrite(runId);
        }
    }

    /// <summary>Whoever tells the watchers looks at the run now: a later change is told again.</summary>
    public void Take(string runId) => pending.TryRemove(runId, out _);

    private void Swap() => Volatile.Write(ref current, byConnection.Values.SelectMany(runs => runs).ToFrozenSet(StringComparer.Ordinal));
}
