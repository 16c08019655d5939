using System.Diagnostics;
using System.Security.Cryptography;
using System.Text;
using FederationWorkflows.Engine.Execution;

namespace FederationWorkflows.Runtime.Telemetry;

/// <summary>Where a run stands among traces.</summary>
internal static class RunTraceContext
{
    /// <summary>The part of a run's saved state that names its latest span, in the form of W3C Trace Context's traceparent.</summary>
    private const string PartKey = "trace";

    /// <summary>
    /// A run's trace has the run's id, so that whoever knows one can look up the other, and every node that drives the run adds to the same trace.
    /// Ids are UUIDs; their last seven bytes are random, as W3C Trace Context Level 2 wants those of trace ids to be.
    /// </summary>
    public static ActivityTraceId TraceIdOf(string runId) =>
        runId.Length == 32 && runId.All(char.IsAsciiHexDigitLower) && runId.Any(digit => digit != '0')
            ? ActivityTraceId.CreateFromString(runId)
            : ActivityTraceId.CreateFromBytes(SHA256.HashData(Encoding.UTF8.GetBytes(runId)).AsSpan(0, 16));

    public static string Format(Activity span) => $"00-{span.TraceId.ToHexString()}-{span.SpanId.ToHexString()}-{(span.Recorded ? "01" : "00")}";

    public static StatePart ToPart(Activity span) => new(PartKey, Encoding.ASCII.GetBytes(Format(span)));

    /// <summary>The span of the part of the run that was driven before; null when that was not traced.</summary>
    public static ActivityContext? Find(IReadOnlyDictionary<string, byte[]> parts) => parts.TryGetValue(PartKey, out var data) ? Parse(Encoding.ASCII.GetString(data)) : null;

    public static ActivityContext? Parse(string? traceParent) => ActivityContext.TryParse(traceParent, null, isRemote: true, out var context) ? context : null;
}
