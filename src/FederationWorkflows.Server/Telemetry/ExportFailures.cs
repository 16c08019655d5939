using System.Collections.Concurrent;
using System.Diagnostics.Tracing;

namespace FederationWorkflows.Server.Telemetry;

/// <summary>
/// Logs that exports fail, each kind of failure once in a minute: OpenTelemetry says so only as events of its own. What the events tell besides their
/// name stays out of the log, for it may be of the request and its headers.
/// </summary>
internal sealed partial class ExportFailures(Uri endpoint, ILogger logger) : EventListener
{
    private static readonly TimeSpan Quiet = TimeSpan.FromMinutes(1);

    private readonly ConcurrentDictionary<string, long> logged = new();

    protected override void OnEventSourceCreated(EventSource eventSource)
    {
        if (eventSource.Name.StartsWith("OpenTelemetry", StringComparison.Ordinal))
        {
            EnableEvents(eventSource, EventLevel.Warning);
        }
    }

    protected override void OnEventWritten(EventWrittenEventArgs eventData)
    {
        // The base class calls this from its constructor on, when nothing of this class is set.
        if (logged is null || eventData.EventName is not { } name)
        {
            return;
        }

        var now = TimeProvider.System.GetTimestamp();
        if (logged.TryGetValue(name, out var last) && TimeProvider.System.GetElapsedTime(last, now) < Quiet)
        {
            return;
        }

        logged[name] = now;
        LogFailure(endpoint, name);
    }

    [LoggerMessage(LogLevel.Warning, "Telemetry does not get to {Endpoint} ({Event}). Check that a collector listens there, by the protocol of Telemetry:Protocol; runs are not affected")]
    private partial void LogFailure(Uri endpoint, string @event);
}
