using System.Diagnostics;
using System.Diagnostics.Metrics;

namespace FederationWorkflows.Federation;

/// <summary>Tells of calls to clouds: what they took and came to, and on the activity's span which role and principal they were about.</summary>
internal static class CloudTelemetry
{
    public const string MeterName = "FederationWorkflows.Federation";

    /// <summary>The runtime's spans, of which one is current while an activity executes. Any other that may be current is not ours to describe.</summary>
    private const string ActivitySpans = "FederationWorkflows.Runtime";

    private static readonly Meter Meter = new(MeterName);

    private static readonly Histogram<double> Duration = Meter.CreateHistogram<double>(
        "fedflow.cloud.call.duration",
        "s",
        "One call to a cloud, the SDK's retries included.",
        advice: new InstrumentAdvice<double> { HistogramBucketBoundaries = [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 90] });

    private static readonly Counter<long> Exchanges = Meter.CreateCounter<long>("fedflow.token.exchanges", "{exchange}", "Tokens and credentials that were asked for.");

    public static Task<T> ObserveAsync<T>(OutboundCall call, Func<Task<T>> run)
    {
        Describe(call);
        return Duration.Enabled || Exchanges.Enabled ? MeasureAsync(call, run) : run();
    }

    private static void Describe(OutboundCall call)
    {
        if (Activity.Current is not { IsAllDataRequested: true, Source.Name: ActivitySpans } span)
        {
            return;
        }

        span.SetTag("fedflow.cloud", NameOf(call.Cloud));
        span.SetTag("fedflow.cloud.operation", call.Api);
        span.SetTag("fedflow.cloud.role", Shown(call.Role));
        span.SetTag("fedflow.cloud.principal", Shown(call.Principal));
    }

    private static async Task<T> MeasureAsync<T>(OutboundCall call, Func<Task<T>> run)
    {
        var began = Stopwatch.GetTimestamp();
        var result = "ok";
        try
        {
            return await run();
        }
        catch (Exception e)
        {
            result = e switch
            {
                FederationException { Side: FailureSide.Cloud } => "refused",
                FederationException { Side: FailureSide.Network } => "no_answer",
                FederationException => "invalid",
                OperationCanceledException => "cancelled",
                _ => "failed",
            };
            throw;
        }
        finally
        {
            var cloud = new KeyValuePair<string, object?>("fedflow.cloud", NameOf(call.Cloud));
            var operation = new KeyValuePair<string, object?>("fedflow.cloud.operation", call.Api);
            var outcome = new KeyValuePair<string, object?>("fedflow.outcome", result);
            Duration.Record(Stopwatch.GetElapsedTime(began).TotalSeconds, cloud, operation, outcome);
            if (call.GivesToken)
            {
                Exchanges.Add(1, cloud, operation, outcome);
            }
        }
    }

    /// <summary>They were checked to be names before the call; nothing that looks like a secret passes all the same.</summary>
    private static string? Shown(string? name) => CloudText.Message(name) is { Length: > 0 } shown ? shown : null;

    private static string NameOf(Cloud cloud) => cloud == Cloud.Aws ? "aws" : "google";
}
