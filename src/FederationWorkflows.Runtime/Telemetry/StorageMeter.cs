using System.Diagnostics.Metrics;

namespace FederationWorkflows.Runtime.Telemetry;

/// <summary>What every storage counts and measures, whatever it keeps runs in.</summary>
public static class StorageMeter
{
    /// <summary>The meter's name.</summary>
    public const string Name = "FederationWorkflows.Storage";

    private static readonly Meter Meter = new(Name);

    private static readonly Histogram<int> Batch = Meter.CreateHistogram<int>(
        "fedflow.commit.batch.size", "{commit}", "Writes that went to disk in one transaction.", advice: new InstrumentAdvice<int> { HistogramBucketBoundaries = [1, 2, 4, 8, 16, 32, 64, 128, 256, 512] });

    private static readonly Counter<long> Errors = Meter.CreateCounter<long>("fedflow.storage.errors", "{error}", "Times the storage could not be read or written.");

    /// <summary>Writes of several runs went to disk in one transaction.</summary>
    public static void Stored(int writes) => Batch.Record(writes);

    /// <summary>The storage could not be used.</summary>
    /// <param name="system">The storage's kind, e.g. <c>sqlite</c>.</param>
    /// <param name="isTransient">It may go away by itself.</param>
    public static void Failed(string system, bool isTransient)
    {
        if (Errors.Enabled)
        {
            Errors.Add(1, new("db.system.name", system), new("fedflow.transient", isTransient));
        }
    }
}
