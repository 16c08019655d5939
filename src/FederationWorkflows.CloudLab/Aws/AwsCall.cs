using System.Security.Cryptography;
using System.Text.Json.Nodes;
using FederationWorkflows.Federation.Trust;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace FederationWorkflows.CloudLab.Aws;

/// <summary>One HTTP request as AWS reads it, and what the event log will say of it.</summary>
internal sealed class AwsCall
{
    public AwsCall(HttpContext http, DateTimeOffset now)
    {
        Http = http;
        Now = now;
        var target = http.Features.GetRequiredFeature<IHttpRequestFeature>().RawTarget;
        var question = target.IndexOf('?', StringComparison.Ordinal);
        RawPath = question < 0 ? target : target[..question];
        Query = question < 0 ? [] : ParsePairs(target[(question + 1)..]);
        RequestId = Guid.NewGuid().ToString();
    }

    public HttpContext Http { get; }

    public DateTimeOffset Now { get; }

    public string Method => Http.Request.Method;

    /// <summary>The path as it came, percent-encoded.</summary>
    public string RawPath { get; }

    /// <summary>The query's names and values, decoded, in the order they came.</summary>
    public IReadOnlyList<KeyValuePair<string, string>> Query { get; }

    public string RequestId { get; }

    public string EventSource { get; set; } = "sts.amazonaws.com";

    public string? EventName { get; set; }

    public string? Region { get; set; }

    public LabUserIdentity? Identity { get; set; }

    public JsonObject? RequestParameters { get; set; }

    public JsonObject? ResponseElements { get; set; }

    /// <summary>What is to happen when the call has done its work; null: nothing but the answer.</summary>
    public IDisposable? Ending { get; set; }

    public string? QueryValue(string name) => Query.FirstOrDefault(pair => pair.Key == name) is { Key: not null } found ? found.Value : null;

    public string? Header(string name) => Http.Request.Headers.TryGetValue(name, out var values) ? values.ToString() : null;

    /// <summary>The condition keys every request has (IAM User Guide, "AWS global condition context keys").</summary>
    public ConditionContext RequestContext(ConditionContext callerContext) => callerContext
        .With("aws:CurrentTime", Now.UtcDateTime.ToString("yyyy-MM-ddTHH:mm:ssZ", System.Globalization.CultureInfo.InvariantCulture))
        .With("aws:EpochTime", Now.ToUnixTimeSeconds().ToString(System.Globalization.CultureInfo.InvariantCulture))
        .With("aws:SourceIp", Http.Connection.RemoteIpAddress is { } address ? [address.ToString()] : [])
        .With("aws:SecureTransport", Http.Request.IsHttps ? "true" : "false")
        .With("aws:UserAgent", Header("User-Agent") is { } agent ? [agent] : [])
        .With("aws:RequestedRegion", Region is { } region ? [region] : []);

    /// <summary>Reads the whole body, of at most <paramref name="limit"/> bytes.</summary>
    public async Task<byte[]> ReadBodyAsync(int limit, Func<AwsException> tooLarge, CancellationToken cancellationToken)
    {
        if (Http.Request.ContentLength > limit)
        {
            throw tooLarge();
        }

        using var body = new MemoryStream((int)(Http.Request.ContentLength ?? 0));
        var buffer = new byte[16 * 1024];
        int read;
        while ((read = await Http.Request.Body.ReadAsync(buffer, cancellationToken)) > 0)
        {
            if (body.Length + read > limit)
            {
                throw tooLarge();
            }

            await body.WriteAsync(buffer.AsMemory(0, read), cancellationToken);
        }

        return body.ToArray();
    }

    /// <summary>Begins an answer that says no.</summary>
    public void Refuse(AwsException exception)
    {
        Http.Response.StatusCode = exception.Status;
        if (exception.RetryAfterSeconds is { } seconds)
        {
            Http.Response.Headers.RetryAfter = seconds.ToString(System.Globalization.CultureInfo.InvariantCulture);
        }
    }

    public LabEvent ToEvent(string? errorCode = null, string? errorMessage = null, string? explanation = null) => new()
    {
        EventTime = Now,
        EventSource = EventSource,
        EventName = EventName ?? $"{Method} {RawPath}",
        RequestId = RequestId,
        AwsRegion = Region,
        SourceIpAddress = Http.Connection.RemoteIpAddress?.ToString(),
        UserAgent = Header("User-Agent"),
        UserIdentity = Identity,
        RequestParameters = RequestParameters,
        ResponseElements = errorCode is null ? ResponseElements : null,
        ErrorCode = errorCode,
        ErrorMessage = errorMessage,
        Explanation = explanation,
    };

    /// <summary>Reads <c>name=value&amp;...</c> of a query or a form.</summary>
    public static List<KeyValuePair<string, string>> ParsePairs(string text)
    {
        var pairs = new List<KeyValuePair<string, string>>();
        foreach (var pair in text.Split('&', StringSplitOptions.RemoveEmptyEntries))
        {
            var equals = pair.IndexOf('=', StringComparison.Ordinal);
            pairs.Add(equals < 0 ? new(Decode(pair), string.Empty) : new(Decode(pair[..equals]), Decode(pair[(equals + 1)..])));
        }

        return pairs;
    }

    public static string HashOf(ReadOnlySpan<byte> data) => Convert.ToHexStringLower(SHA256.HashData(data));

    private static string Decode(string text) => Uri.UnescapeDataString(text.Replace('+', ' '));
}
