using System.Globalization;
using FederationWorkflows.Engine;

namespace FederationWorkflows.Http.Requests;

/// <summary>Sends a request and goes on along the port of its status code.</summary>
[Activity("Elsa", "HTTP", "Send an HTTP request.", DisplayName = "HTTP Request (flow)", Kind = ActivityKind.Task)]
[FlowNode(Unmatched, FailedToConnect, TimedOut, Outcomes.Done)]
internal sealed class FlowSendHttpRequest : SendHttpRequestBase
{
    private const string Unmatched = "Unmatched status code";

    private const string FailedToConnect = "Failed to connect";

    private const string TimedOut = "Timeout";

    [Input(Description = "The status codes that have a port of their own.", UIHint = InputUIHints.MultiText, DefaultValue = new[] { 200 }, Order = 10)]
    public Input<ICollection<int>>? ExpectedStatusCodes { get; set; }

    protected override ValueTask OnAnsweredAsync(ActivityExecutionContext context, int statusCode)
    {
        var expected = context.Get(ExpectedStatusCodes) ?? [];
        return expected.Count == 0 ? context.CompleteActivityAsync()
            : context.CompleteActivityWithOutcomesAsync(expected.Contains(statusCode) ? statusCode.ToString(CultureInfo.InvariantCulture) : Unmatched, Outcomes.Done);
    }

    protected override ValueTask OnFailedToConnectAsync(ActivityExecutionContext context) => context.CompleteActivityWithOutcomesAsync(FailedToConnect);

    protected override ValueTask OnTimedOutAsync(ActivityExecutionContext context) => context.CompleteActivityWithOutcomesAsync(TimedOut);
}
