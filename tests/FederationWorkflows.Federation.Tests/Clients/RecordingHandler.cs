using System.Net;
using System.Text;

namespace FederationWorkflows.Federation.Tests.Clients;

/// <summary>Stands in for the network: keeps what was sent and answers as the test says.</summary>
internal sealed class RecordingHandler : HttpMessageHandler
{
    public List<Sent> Requests { get; } = [];

    public Sent Only => Requests.ShouldHaveSingleItem();

    public Func<Sent, CancellationToken, Task<HttpResponseMessage>> OnRequest { get; set; } = (sent, _) => throw new InvalidOperationException($"No answer was set for {sent.Url}.");

    public void Answer(string body, HttpStatusCode status = HttpStatusCode.OK, string contentType = "application/json", string? retryAfter = null) =>
        OnRequest = (_, _) => Task.FromResult(Make(body, status, contentType, retryAfter));

    public void AnswerXml(string body, HttpStatusCode status = HttpStatusCode.OK, string? retryAfter = null) => Answer(body, status, "text/xml", retryAfter);

    public void Throw(Exception exception) => OnRequest = (_, _) => Task.FromException<HttpResponseMessage>(exception);

    /// <summary>Never answers; ends only when the request is cancelled.</summary>
    public void Hang() => OnRequest = async (_, cancellation) =>
    {
        await Task.Delay(Timeout.InfiniteTimeSpan, cancellation);
        throw new InvalidOperationException("The delay cannot end but by cancellation.");
    };

    public static HttpResponseMessage Make(string body, HttpStatusCode status = HttpStatusCode.OK, string contentType = "application/json", string? retryAfter = null)
    {
        var response = new HttpResponseMessage(status) { Content = new StringContent(body, Encoding.UTF8, contentType) };
        response.Headers.Add("Metadata-Flavor", "Google"); // As the metadata server marks its answers; to others it means nothing.
        if (retryAfter is not null)
        {
            response.Headers.TryAddWithoutValidation("Retry-After", retryAfter);
        }

        return response;
    }

    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        var body = request.Content is null ? "" : await request.Content.ReadAsStringAsync(cancellationToken);
        var headers = request.Headers.Concat(request.Content?.Headers ?? Enumerable.Empty<KeyValuePair<string, IEnumerable<string>>>())
            .ToDictionary(header => header.Key, header => string.Join(", ", header.Value), StringComparer.OrdinalIgnoreCase);
        var sent = new Sent(request.Method.Method, request.RequestUri!.AbsoluteUri, headers, body);
        Requests.Add(sent);
        var response = await OnRequest(sent, cancellationToken);
        response.RequestMessage = request;
        return response;
    }

    internal sealed record Sent(string Method, string Url, IReadOnlyDictionary<string, string> Headers, string Body)
    {
        public IReadOnlyDictionary<string, string> Form { get; } = ParseForm(Body);

        private static Dictionary<string, string> ParseForm(string body) => body.Contains('=', StringComparison.Ordinal)
            ? body.Split('&').Select(pair => pair.Split('=', 2)).ToDictionary(pair => WebUtility.UrlDecode(pair[0]), pair => WebUtility.UrlDecode(pair[^1]))
            : [];
    }
}
