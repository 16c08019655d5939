using System.Net;
using System.Text;
using FederationWorkflows.Engine;

namespace FederationWorkflows.Http.Endpoints;

/// <summary>Answers the caller that waits for this run. A secret in the answer is sent as the mask.</summary>
[Activity("Elsa", "HTTP", "Write a response to the current HTTP request.", DisplayName = "HTTP Response")]
[NoSideEffects]
internal sealed class WriteHttpResponse : CodeActivity
{
    /// <summary>Stories answer callers; cookies would reach into the sign-in of the people who use the same host.</summary>
    private static readonly HashSet<string> HostsOwn = new(StringComparer.OrdinalIgnoreCase) { "Set-Cookie", "Set-Cookie2", "Clear-Site-Data", "Strict-Transport-Security" };

    [Input(Description = "The status code to return.", UIHint = InputUIHints.DropDown)]
    public Input<HttpStatusCode> StatusCode { get; set; } = new(HttpStatusCode.OK);

    [Input(Description = "The content to return: text, bytes, or anything else as JSON.", UIHint = InputUIHints.MultiLine)]
    [TakesSensitive]
    public Input<object?>? Content { get; set; }

    [Input(
        Description = "The content type. By the content when empty.", UIHint = InputUIHints.DropDown,
        Options = new[] { "", "text/plain", "text/html", "application/json", "application/xml", "application/x-www-form-urlencoded", "application/octet-stream" })]
    public Input<string?>? ContentType { get; set; }

    [Input(Description = "The headers to return: a text or a list of texts for each name.", Category = "Advanced", UIHint = InputUIHints.JsonEditor)]
    [TakesSensitive]
    public Input<IDictionary<string, object?>?>? ResponseHeaders { get; set; }

    protected override void Execute(ActivityExecutionContext context)
    {
        var status = (int)context.Get(StatusCode);
        if (status < 200)
        {
            throw new InvalidOperationException($"The status {status} is no answer: it announces one. Use a status from 200 to 599.");
        }

        var masked = new List<string>();
        var contentType = context.Get(ContentType);
        if (!string.IsNullOrWhiteSpace(contentType) && (!HeaderFields.IsValue(contentType) || BodyType.Parse(contentType) is null))
        {
            throw new InvalidOperationException("The content type is not valid. Write it as application/json.");
        }

        var headers = new Dictionary<string, string[]>(StringComparer.OrdinalIgnoreCase);
        if (context.IsSensitive(ResponseHeaders))
        {
            // A name may be the secret, and names are sent, stored and shown in clear.
            throw new InvalidOperationException("The headers of an answer are a secret as a whole, and secrets are not sent to callers. Leave out what reads a secret.");
        }

        foreach (var header in HeaderValues.Read(context.Get(ResponseHeaders), isSensitive: false))
        {
            if (HostsOwn.Contains(header.Name))
            {
                throw new InvalidOperationException($"The header '{header.Name}' cannot be set by a story: it would act on people's sessions with this server.");
            }

            if (header.IsSensitive)
            {
                masked.Add(header.Name);
                headers[header.Name] = [Sensitive.Mask];
            }
            else if (header.Name.Equals("Content-Type", StringComparison.OrdinalIgnoreCase))
            {
                contentType = string.IsNullOrWhiteSpace(contentType) ? header.Values[0] : contentType;
            }
            else
            {
                headers[header.Name] = header.Values;
            }
        }

        var content = context.GetMasked(Content);
        if (context.IsSensitive(Content) || InClear.FindSecrets(content).Count > 0)
        {
            masked.Insert(0, "content");
        }

        var (body, defaultType) = Render(context.IsSensitive(Content) ? Sensitive.Mask : content);
        if (status is 204 or 205 or 304 || body is null)
        {
            (body, contentType) = ([], null);
        }
        else
        {
            contentType = string.IsNullOrWhiteSpace(contentType) ? defaultType : content is string ? BodyType.WithUtf8(contentType) : contentType;
        }

        context.JournalData["StatusCode"] = status;
        if (masked.Count > 0)
        {
            context.JournalData["Masked"] = $"Secrets are not sent to callers; these parts of the answer were masked: {string.Join(", ", masked)}.";
        }

        context.AddEffect(new HttpResponseEffect(status, contentType, headers, body));
    }

    private static (byte[]? Body, string ContentType) Render(object? content) => content switch
    {
        null => (null, ""),
        string text => (Encoding.UTF8.GetBytes(text), "text/plain; charset=utf-8"),
        byte[] bytes => (bytes, "application/octet-stream"),
        _ => (Encoding.UTF8.GetBytes(JsonValues.ToJson(content)), "application/json"),
    };
}
