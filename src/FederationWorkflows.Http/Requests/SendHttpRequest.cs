using FederationWorkflows.Engine;

namespace FederationWorkflows.Http.Requests;

/// <summary>What to do when a status code comes back.</summary>
internal sealed class HttpStatusCodeCase
{
    public int StatusCode { get; set; }

    public IActivity? Activity { get; set; }
}

/// <summary>Sends a request and runs the activity its status code is given.</summary>
[Activity("Elsa", "HTTP", "Send an HTTP request.", DisplayName = "HTTP Request", Kind = ActivityKind.Task)]
internal sealed class SendHttpRequest : SendHttpRequestBase
{
    private readonly ActivityCompletionCallback onChildCompleted;

    public SendHttpRequest()
    {
        onChildCompleted = OnChildCompletedAsync;
    }

    [Input(Description = "The status codes to expect and what to do with each.", UIHint = InputUIHints.HttpStatusCodes, Order = 10)]
    public ICollection<HttpStatusCodeCase> ExpectedStatusCodes { get; set; } = [];

    [Port]
    public IActivity? UnmatchedStatusCode { get; set; }

    [Port]
    public IActivity? FailedToConnect { get; set; }

    [Port]
    public IActivity? Timeout { get; set; }

    protected override ValueTask OnAnsweredAsync(ActivityExecutionContext context, int statusCode)
    {
        var match = ExpectedStatusCodes.FirstOrDefault(expected => expected.StatusCode == statusCode);
        return ContinueAsync(context, match is null ? UnmatchedStatusCode : match.Activity);
    }

    protected override ValueTask OnFailedToConnectAsync(ActivityExecutionContext context) => ContinueAsync(context, FailedToConnect);

    protected override ValueTask OnTimedOutAsync(ActivityExecutionContext context) => ContinueAsync(context, Timeout);

    private ValueTask ContinueAsync(ActivityExecutionContext context, IActivity? child) =>
        child is null ? context.CompleteActivityAsync() : context.ScheduleActivityAsync(child, onChildCompleted);

    private ValueTask OnChildCompletedAsync(ActivityCompletedContext context) => context.TargetContext.CompleteActivityAsync();
}
