using System.Text;
using System.Text.Unicode;
using FederationWorkflows.Engine;
using FederationWorkflows.Http.Outbound;
using Polly;
using Polly.Retry;

namespace FederationWorkflows.Http.Requests;

/// <summary>How a request ended.</summary>
internal enum ExchangeEnd
{
    Answered,
    FailedToConnect,
    TimedOut,
}

/// <summary>A request that was sent, and what became of it.</summary>
/// <param name="End">How it ended.</param>
/// <param name="Response">The answer, when there is one.</param>
/// <param name="Content">The body by its content type: JSON, text or bytes; a secret when it repeats one of the request.</param>
/// <param name="Note">What the journal should say about it, or null.</param>
internal sealed record HttpExchange(ExchangeEnd End, HttpResponseData? Response, object? Content, string? Note)
{
    private const int MaxRetries = 8;

    private static readonly int[] TransientStatuses = [408, 409, 429, 500, 502, 503, 504];

    /// <summary>Sends a request, once or with retries: up to eight, after 1, 2, 4 ... seconds.</summary>
    /// <exception cref="OutboundRequestRefusedException">This host does not send it.</exception>
    /// <exception cref="OutboundResponseTooLargeException">The answer is too long.</exception>
    /// <exception cref="OperationCanceledException">The activity was cancelled.</exception>
    public static async Task<HttpExchange> SendAsync(StoryRequest request, IOutboundHttp http, TimeSpan timeout, bool retry, TimeProvider time, CancellationToken cancellationToken)
    {
        if (!retry)
        {
            return await AttemptAsync(request, http, timeout, time, cancellationToken);
        }

        var pipeline = new ResiliencePipelineBuilder<HttpExchange> { TimeProvider = time }
            .AddRetry(new RetryStrategyOptions<HttpExchange>
            {
                MaxRetryAttempts = MaxRetries,
                Delay = TimeSpan.FromSeconds(1),
                BackoffType = DelayBackoffType.Exponential,
                ShouldHandle = attempt => new(attempt.Outcome.Result is { IsTransient: true }),
            })
            .Build();
        return await pipeline.ExecuteAsync(async token => await AttemptAsync(request, http, timeout, time, token), cancellationToken);
    }

    private bool IsTransient => Response is null || TransientStatuses.Contains(Response.StatusCode);

    private static async Task<HttpExchange> AttemptAsync(StoryRequest request, IOutboundHttp http, TimeSpan timeout, TimeProvider time, CancellationToken cancellationToken)
    {
        using var limit = new CancellationTokenSource(timeout, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, limit.Token);
        try
        {
            using var invoker = new HttpMessageInvoker(http.CreateHandler());
            using var message = request.ToMessage();
            using var response = await invoker.SendAsync(message, either.Token);
            var body = await response.Content.ReadAsByteArrayAsync(either.Token);
            return Read(response, body, request.Secrets);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return new HttpExchange(ExchangeEnd.TimedOut, null, null, $"'{request.Url.IdnHost}' did not answer within {timeout}.");
        }
        catch (Exception e) when (e is HttpRequestException or IOException)
        {
            return new HttpExchange(ExchangeEnd.FailedToConnect, null, null, $"The exchange with '{request.Url.IdnHost}' failed: {Describe(e, request.Secrets)}");
        }
    }

    /// <summary>A malformed answer is quoted by the library's message, and may repeat what it was sent.</summary>
    private static string Describe(Exception error, List<string> secrets)
    {
        var message = (error.InnerException ?? error).Message;
        return secrets.Count == 0 ? message : error is HttpRequestException { HttpRequestError: var kind } ? kind.ToString() : error.GetType().Name;
    }

    private static HttpExchange Read(HttpResponseMessage response, byte[] body, List<string> secrets)
    {
        var headers = new Dictionary<string, string[]>();
        var secretHeaders = new Dictionary<string, Sensitive<string>>();
        foreach (var (name, values) in response.Headers.NonValidated.Concat(response.Content.Headers.NonValidated))
        {
            var texts = values.ToArray();
            if (SecretEcho.IsIn(name, secrets))
            {
                continue;
            }

            if (HeaderFields.IsSecret(name) || Array.Exists(texts, text => SecretEcho.IsIn(text, secrets)))
            {
                secretHeaders[name.ToLowerInvariant()] = Sensitive.Of(string.Join(", ", texts));
            }
            else
            {
                headers[name.ToLowerInvariant()] = texts;
            }
        }

        var contentType = response.Content.Headers.NonValidated.TryGetValues("Content-Type", out var types) ? types.ToString() : null;
        var (content, note) = Parse(contentType, body);
        if (content is not null && SecretEcho.IsIn(body, content, secrets))
        {
            content = Sensitive.Of(content);
            note = "The answer repeats a secret of the request, so its content is kept as a secret.";
        }

        var data = new HttpResponseData
        {
            StatusCode = (int)response.StatusCode,
            ReasonPhrase = SecretEcho.IsIn(response.ReasonPhrase, secrets) ? Sensitive.Mask : response.ReasonPhrase,
            Headers = headers,
            SecretHeaders = secretHeaders,
            ContentType = SecretEcho.IsIn(contentType, secrets) ? Sensitive.Mask : contentType,
            ContentLength = body.Length,
        };
        return new HttpExchange(ExchangeEnd.Answered, data, content, note);
    }

    private static (object? Content, string? Note) Parse(string? contentType, byte[] body)
    {
        if (body.Length == 0)
        {
            return (null, null);
        }

        var type = BodyType.Parse(contentType) ?? new BodyType(BodyKind.Binary, null, null);
        var encoding = type.FindEncoding() ?? Encoding.UTF8;
        switch (type.Kind)
        {
            case BodyKind.Json:
                var (json, problem) = JsonBody.Parse(body, encoding);
                return problem is null
                    ? (json is { } value ? JsonValues.Unwrap(value) : null, null)
                    : (BodyType.Decode(body, encoding), $"The answer says it is JSON, but is not: {problem.Message} (line {problem.Line}, column {problem.Column}). Its content is kept as text.");
            case BodyKind.Binary when contentType is not null || !Utf8.IsValid(body):
                return (body, null);
            default:
                return (BodyType.Decode(body, encoding), null);
        }
    }
}
