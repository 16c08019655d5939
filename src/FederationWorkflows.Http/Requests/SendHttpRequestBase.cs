using System.ComponentModel.DataAnnotations;
using FederationWorkflows.Engine;
using FederationWorkflows.Http.Outbound;

namespace FederationWorkflows.Http.Requests;

/// <summary>What the two request activities have in common: the inputs, the outputs and the exchange.</summary>
internal abstract class SendHttpRequestBase : Activity<HttpResponseData>
{
    private const string Security = "Security";

    private const string Advanced = "Advanced";

    [Required]
    [Input(Description = "The URL to send the request to.", UIHint = InputUIHints.SingleLine, Order = 0)]
    [TakesSensitive]
    public Input<Uri?>? Url { get; set; }

    [Input(
        Description = "The HTTP method to use.", UIHint = InputUIHints.DropDown, DefaultValue = "GET", Order = 1,
        Options = new[] { "GET", "POST", "PUT", "DELETE", "PATCH", "OPTIONS", "HEAD" })]
    public Input<string>? Method { get; set; }

    [Input(Description = "The content to send: text as it is, bytes, or anything else as JSON or as a form.", UIHint = InputUIHints.MultiLine, Order = 2)]
    [TakesSensitive]
    public Input<object?>? Content { get; set; }

    [Input(
        Description = "The content type. application/json when empty.", UIHint = InputUIHints.DropDown, Order = 3,
        Options = new[] { "", "text/plain", "text/html", "application/json", "application/xml", "application/x-www-form-urlencoded" })]
    public Input<string?>? ContentType { get; set; }

    [Input(Description = "The Authorization header, for example: Bearer and a token.", Category = Security, Order = 4)]
    [TakesSensitive]
    public Input<Sensitive<string>?>? Authorization { get; set; }

    [Input(Description = "Send the Authorization header as it is, even when it is not a scheme and a credential.", Category = Security, Order = 5)]
    public Input<bool>? DisableAuthorizationHeaderValidation { get; set; }

    [Input(Description = "The headers to send: a text or a list of texts for each name.", Category = Advanced, UIHint = InputUIHints.JsonEditor, Order = 6)]
    [TakesSensitive]
    public Input<IDictionary<string, object?>?>? RequestHeaders { get; set; }

    [Input(Description = "Retry time-outs, connection errors and the statuses 408, 409, 429, 500, 502, 503, 504: up to 8 times, after 1, 2, 4 ... seconds.", Category = Advanced, Order = 7)]
    public Input<bool>? EnableResiliency { get; set; }

    [Input(Description = "How long the request may take, for example 00:00:10. The server's own limit is the longest.", Category = Advanced, Order = 8)]
    public Input<TimeSpan?>? RequestTimeout { get; set; }

    [Output(Description = "The status code.")]
    public Output<int>? StatusCode { get; set; }

    [Output(Description = "The content by its content type: JSON, text or bytes.")]
    public Output<object?>? ParsedContent { get; set; }

    [Output(Description = "The headers, a list of texts for each name; the names are in lower case.")]
    public Output<IDictionary<string, object?>>? ResponseHeaders { get; set; }

    protected override async ValueTask ExecuteAsync(ActivityExecutionContext context)
    {
        var http = context.GetRequiredService<IOutboundHttp>();
        var request = StoryRequest.Read(this, context);
        var timeout = context.Get(RequestTimeout) ?? http.Timeout;
        if (timeout <= TimeSpan.Zero)
        {
            throw new InvalidOperationException("The request's time limit must be above zero, for example 00:00:10.");
        }

        timeout = timeout < http.Timeout ? timeout : http.Timeout;
        var exchange = await HttpExchange.SendAsync(request, http, timeout, context.Get(EnableResiliency), context.TimeProvider, context.CancellationToken);
        if (exchange.Note is { } note)
        {
            context.JournalData["Note"] = note;
        }

        if (exchange.Response is { } response)
        {
            if (HttpStatusException.Of(context, request.Url.IdnHost, response) is { } failed)
            {
                throw failed;
            }

            context.SetResult(response);
            context.Set(StatusCode, response.StatusCode);
            context.Set(ParsedContent, exchange.Content);
            context.Set(ResponseHeaders, Merge(response));
            await OnAnsweredAsync(context, response.StatusCode);
        }
        else if (exchange.End == ExchangeEnd.TimedOut)
        {
            await OnTimedOutAsync(context);
        }
        else
        {
            await OnFailedToConnectAsync(context);
        }
    }

    /// <summary>There is an answer; its outputs are set.</summary>
    protected abstract ValueTask OnAnsweredAsync(ActivityExecutionContext context, int statusCode);

    /// <summary>There is no answer, because the connection failed.</summary>
    protected abstract ValueTask OnFailedToConnectAsync(ActivityExecutionContext context);

    /// <summary>There is no answer within the time.</summary>
    protected abstract ValueTask OnTimedOutAsync(ActivityExecutionContext context);

    private static Dictionary<string, object?> Merge(HttpResponseData response) =>
        response.Headers.Select(p => KeyValuePair.Create(p.Key, (object?)p.Value.ToArray<object?>()))
            .Concat(response.SecretHeaders.Select(p => KeyValuePair.Create(p.Key, (object?)p.Value)))
            .ToDictionary();
}
