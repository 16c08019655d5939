using System.Globalization;
using System.Net.Http.Headers;
using FederationWorkflows.Engine;

namespace FederationWorkflows.Http.Requests;

/// <summary>An answer whose status makes the request an attempt that failed.</summary>
public sealed class HttpStatusException(string host, int status, TimeSpan? retryAfter)
    : Exception(string.Create(CultureInfo.InvariantCulture, $"'{host}' answered with status {status}.")), IRetryFacts
{
    /// <summary>Too many requests, bad gateway, unavailable, gateway timeout: the same request may succeed a little later (RFC 9110, 15.6; RFC 6585, 4).</summary>
    private static readonly int[] Passing = [429, 502, 503, 504];

    /// <inheritdoc/>
    public int? StatusCode => status;

    /// <inheritdoc/>
    public TimeSpan? RetryAfter => retryAfter;

    /// <inheritdoc/>
    public string? Category => null;

    /// <summary>The error that the activity's retry policy answers with another attempt; null when this answer is the last.</summary>
    internal static HttpStatusException? Of(ActivityExecutionContext context, string host, HttpResponseData response)
    {
        if (response.StatusCode < 400)
        {
            return null;
        }

        var error = new HttpStatusException(host, response.StatusCode, RetryAfterOf(response, context.TimeProvider.GetUtcNow()));
        return context.WouldRetry(error, onlyIfNamed: !Passing.Contains(response.StatusCode)) ? error : null;
    }

    /// <summary>Seconds or a date (RFC 9110, 10.2.3).</summary>
    private static TimeSpan? RetryAfterOf(HttpResponseData response, DateTimeOffset now) =>
        response.Headers.TryGetValue("retry-after", out var values) && values is [var text] && RetryConditionHeaderValue.TryParse(text, out var value)
            ? value.Delta ?? (value.Date is { } date && date > now ? date - now : null)
            : null;
}
