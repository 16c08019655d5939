using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using FederationWorkflows.Runtime.Telemetry;

namespace FederationWorkflows.Runtime.Tests.Telemetry;

/// <summary>What is measured by code that the test itself has called or started: other tests run in the same process.</summary>
internal sealed class Measures : IDisposable
{
    private static readonly AsyncLocal<Measures?> Mine = new();

    private readonly MeterListener listener = new();

    private readonly ConcurrentQueue<(string Name, double Value, string Tags)> measured = new();

    public Measures()
    {
        Mine.Value = this;
        listener.InstrumentPublished = (instrument, own) =>
        {
            if (instrument.Meter.Name == RuntimeMeter.Name)
            {
                own.EnableMeasurementEvents(instrument);
            }
        };
        listener.SetMeasurementEventCallback<long>((instrument, value, tags, _) => Take(instrument, value, tags));
        listener.SetMeasurementEventCallback<double>((instrument, value, tags, _) => Take(instrument, value, tags));
        listener.Start();
    }

    /// <summary>The values of an instrument, in order, with what distinguishes them.</summary>
    public IReadOnlyList<(double Value, string Tags)> Of(string name) => [.. measured.Where(one => one.Name == name).Select(one => (one.Value, one.Tags))];

    public void Dispose() => listener.Dispose();

    private void Take(Instrument instrument, double value, ReadOnlySpan<KeyValuePair<string, object?>> tags)
    {
        if (ReferenceEquals(Mine.Value, this))
        {
            measured.Enqueue((instrument.Name, value, string.Join(' ', tags.ToArray().Select(tag => $"{tag.Key}={tag.Value}"))));
        }
    }
}
