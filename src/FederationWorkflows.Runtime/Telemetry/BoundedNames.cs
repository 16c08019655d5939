using System.Collections.Concurrent;

namespace FederationWorkflows.Runtime.Telemetry;

/// <summary>Lets the first names through, and calls all others <see cref="Other"/>, so that no measure has more series than the backend can take.</summary>
internal sealed class BoundedNames(int limit)
{
    public const string Other = "(other)";

    private readonly ConcurrentDictionary<string, string> known = new();

    private int count;

    public string Bound(string name) =>
        known.TryGetValue(name, out var same) ? same
        : Volatile.Read(ref count) >= limit || Interlocked.Increment(ref count) > limit ? Other
        : known.GetOrAdd(name, name);
}
