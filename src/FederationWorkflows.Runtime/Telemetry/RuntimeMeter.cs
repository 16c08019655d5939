using System.Diagnostics.Metrics;

namespace FederationWorkflows.Runtime.Telemetry;

/// <summary>
/// What the runtime counts and measures. Every instrument is on the operator's page (docs/telemetry.md). Where nobody listens, an instrument costs a
/// look at a field: values that take work to find are asked for only when it is enabled.
/// </summary>
public static class RuntimeMeter
{
    /// <summary>The meter's name.</summary>
    public const string Name = "FederationWorkflows.Runtime";

    internal const string Definition = "fedflow.definition.id";

    internal const string Outcome = "fedflow.outcome";

    internal const string ActivityType = "fedflow.activity.type";

    internal const string Reason = "fedflow.reason";

    private static readonly Meter Meter = new(Name);

    internal static readonly Counter<long> Started = Meter.CreateCounter<long>("fedflow.runs.started", "{run}", "Runs whose start is on disk.");

    internal static readonly Counter<long> Ended = Meter.CreateCounter<long>("fedflow.runs.ended", "{run}", "Runs whose end is on disk.");

    internal static readonly Counter<long> Suspended = Meter.CreateCounter<long>("fedflow.runs.suspended", "{run}", "Times a run came to wait for something outside.");

    internal static readonly Counter<long> Rejected = Meter.CreateCounter<long>("fedflow.runs.rejected", "{run}", "Runs that were asked for and not taken.");

    internal static readonly Counter<long> LetGo = Meter.CreateCounter<long>("fedflow.runs.let_go", "{run}", "Runs let go of before they came to rest.");

    internal static readonly Histogram<double> ActivityDuration = Meter.CreateHistogram<double>(
        "fedflow.activity.duration", "s", "From an attempt's begin to its end, waiting included.", advice: Buckets(0.001, 0.005, 0.025, 0.1, 0.5, 2.5, 10, 60, 600, 3600));

    internal static readonly Counter<long> Retries = Meter.CreateCounter<long>("fedflow.activity.retries", "{attempt}", "Attempts that failed and are followed by another.");

    internal static readonly Counter<long> Faults = Meter.CreateCounter<long>("fedflow.activity.faults", "{fault}", "Activities that failed for good.");

    internal static readonly Histogram<double> CommitDuration = Meter.CreateHistogram<double>(
        "fedflow.commit.duration", "s", "From handing a commit to the storage to its answer.", advice: Buckets(0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1, 5, 30));

    internal static readonly Histogram<double> TimerLag = Meter.CreateHistogram<double>(
        "fedflow.timer.lag", "s", "From when a timer or a schedule was due to when what it did was on disk.", advice: Buckets(0.01, 0.05, 0.1, 0.5, 1, 5, 30, 60, 300, 3600));

    internal static readonly Counter<long> Takeovers = Meter.CreateCounter<long>("fedflow.lease.takeovers", "{run}", "Runs taken up that were let go of, here or by another node.");

    internal static readonly Counter<long> NodesLost = Meter.CreateCounter<long>("fedflow.nodes.lost", "{node}", "Other nodes that this one found dead.");

    /// <summary>Definition ids as they may be told: an installation that makes definitions without end does not make series without end.</summary>
    internal static readonly BoundedNames Definitions = new(500);

    /// <summary>What is to be asked for on each look. Disposing of the meter ends that.</summary>
    /// <param name="running">Runs that are driven.</param>
    /// <param name="queued">Runs that wait for their turn.</param>
    internal static Meter Observe(Func<int> running, Func<int> queued)
    {
        var meter = new Meter(Name);
        meter.CreateObservableUpDownCounter("fedflow.runs.running", running, "{run}", "Runs that this node drives.");
        meter.CreateObservableUpDownCounter("fedflow.runs.queued", queued, "{run}", "Runs that wait for this node to drive them.");
        return meter;
    }

    private static InstrumentAdvice<double> Buckets(params double[] boundaries) => new() { HistogramBucketBoundaries = boundaries };
}
