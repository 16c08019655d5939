using System.Diagnostics;
using FederationWorkflows.Server.Telemetry;
using OpenTelemetry.Trace;

namespace FederationWorkflows.Server.Tests.Telemetry;

public sealed class TraceRatioSamplerTests
{
    [Theory]
    [InlineData(0, 0, 0)]
    [InlineData(0.25, 2_300, 2_700)]
    [InlineData(1, 10_000, 10_000)]
    public void It_takes_its_share_of_runs_whose_ids_begin_with_the_time(double ratio, int atLeast, int atMost)
    {
        var sampler = new TraceRatioSampler(ratio);
        var random = new Random(20_260_101);
        Span<byte> id = stackalloc byte[16];
        var sampled = 0;
        for (var i = 0; i < 10_000; i++)
        {
            random.NextBytes(id);
            "0199aabbccdd7"u8[..6].CopyTo(id);
            var parent = new ActivityContext(ActivityTraceId.CreateFromBytes(id), default, ActivityTraceFlags.None);
            sampled += Decide(sampler, parent, parent.TraceId) == SamplingDecision.RecordAndSample ? 1 : 0;
        }

        sampled.ShouldBeInRange(atLeast, atMost);
    }

    [Theory]
    [InlineData(1, ActivityTraceFlags.None, SamplingDecision.Drop)]
    [InlineData(0, ActivityTraceFlags.Recorded, SamplingDecision.RecordAndSample)]
    public void Below_a_span_it_does_as_was_done_there(double ratio, ActivityTraceFlags flags, SamplingDecision decision)
    {
        var parent = new ActivityContext(ActivityTraceId.CreateRandom(), ActivitySpanId.CreateRandom(), flags);

        Decide(new TraceRatioSampler(ratio), parent, parent.TraceId).ShouldBe(decision);
    }

    private static SamplingDecision Decide(TraceRatioSampler sampler, ActivityContext parent, ActivityTraceId trace) =>
        sampler.ShouldSample(new SamplingParameters(parent, trace, "span", ActivityKind.Internal)).Decision;
}
