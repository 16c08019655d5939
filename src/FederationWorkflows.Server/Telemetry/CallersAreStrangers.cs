using System.Diagnostics;

namespace FederationWorkflows.Server.Telemetry;

/// <summary>
/// A request's span does not become a part of the trace that its caller names: whoever can send a webhook could otherwise choose what is traced here, and
/// write into anybody's trace. <see cref="RequestSpan"/> links the two instead.
/// </summary>
internal sealed class CallersAreStrangers : DistributedContextPropagator
{
    public override IReadOnlyCollection<string> Fields => [];

    public override void Inject(Activity? activity, object? carrier, PropagatorSetterCallback? setter)
    {
    }

    public override void ExtractTraceIdAndState(object? carrier, PropagatorGetterCallback? getter, out string? traceId, out string? traceState)
    {
        traceId = null;
        traceState = null;
    }

    public override IEnumerable<KeyValuePair<string, string?>>? ExtractBaggage(object? carrier, PropagatorGetterCallback? getter) => null;
}
