using System.Buffers.Binary;
using System.Diagnostics;
using OpenTelemetry.Trace;

namespace FederationWorkflows.Server.Telemetry;

/// <summary>
/// Traces a share of runs and requests, and of each all or nothing. It goes by the last seven bytes of the trace id, which are random (OpenTelemetry:
/// "TraceState: Probability Sampling"): the first ones of a run's, as of every UUID of version 7, are the time, by which the SDK's own sampler would go.
/// </summary>
internal sealed class TraceRatioSampler : Sampler
{
    private const long All = 1L << 56;

    private readonly long rejected;

    public TraceRatioSampler(double ratio) => rejected = All - (long)(All * ratio);

    public override SamplingResult ShouldSample(in SamplingParameters samplingParameters)
    {
        var parent = samplingParameters.ParentContext;
        var isSampled = parent.SpanId != default ? parent.TraceFlags.HasFlag(ActivityTraceFlags.Recorded) : RandomPartOf(samplingParameters.TraceId) >= rejected;
        return new SamplingResult(isSampled ? SamplingDecision.RecordAndSample : SamplingDecision.Drop);
    }

    private static long RandomPartOf(ActivityTraceId id)
    {
        Span<byte> bytes = stackalloc byte[16];
        id.CopyTo(bytes);
        return BinaryPrimitives.ReadInt64BigEndian(bytes[8..]) & (All - 1);
    }
}
