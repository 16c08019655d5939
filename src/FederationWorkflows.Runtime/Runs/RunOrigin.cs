using FederationWorkflows.Engine.Stories;
using FederationWorkflows.Runtime.Storage;

namespace FederationWorkflows.Runtime.Runs;

/// <summary>Where a new run comes from, and what its first commit does besides storing it.</summary>
internal sealed record RunOrigin
{
    /// <summary>It is on disk that this run is to be started: on a busy node it waits for room. Who asks from outside is turned away instead.</summary>
    public bool WaitsForRoom { get; init; }

    /// <summary>The people through whose hands it goes.</summary>
    public IReadOnlyList<string> Hands { get; init; } = Engine.Stories.Hands.None;

    /// <summary>The run that starts it.</summary>
    public RunParent? Parent { get; init; }

    /// <summary>The span of the run that starts it, as W3C Trace Context's traceparent; null when that is not traced.</summary>
    public string? TraceParent { get; init; }

    /// <summary>The follow-up work that this start does.</summary>
    public string? FollowUpId { get; init; }

    /// <summary>The schedule that it moves on.</summary>
    public ScheduleFiring? Schedule { get; init; }

    /// <summary>The key that keeps the same request from starting a second run.</summary>
    public Deduplication? Deduplication { get; init; }
}
