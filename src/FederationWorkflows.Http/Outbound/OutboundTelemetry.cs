using System.Diagnostics;
using System.Diagnostics.Metrics;
using System.Globalization;
using System.Net;

namespace FederationWorkflows.Http.Outbound;

/// <summary>
/// Tells of each request that leaves this host: a client span and its duration. Of the request they say the host and a known method, of the answer the
/// status, and nothing else: paths, queries and headers hold secrets (OpenTelemetry: Semantic conventions for HTTP spans, where these attributes are).
/// To the hosts of <see cref="OutboundPolicy.TraceContextHosts"/> the request says of which trace it is (W3C Trace Context), to no other.
/// </summary>
public sealed class OutboundTelemetry : DelegatingHandler
{
    /// <summary>The name of the source of spans, and of the meter.</summary>
    public const string Name = "FederationWorkflows.Http";

    private const string TraceParent = "traceparent";

    /// <summary>Set to true on a request whose URL holds a secret: its host is not told then.</summary>
    internal static readonly HttpRequestOptionsKey<bool> UrlIsSensitive = new("FederationWorkflows.UrlIsSensitive");

    private static readonly ActivitySource Source = new(Name);

    private static readonly Meter Meter = new(Name);

    private static readonly Histogram<double> Duration = Meter.CreateHistogram<double>(
        "fedflow.http.outbound.duration",
        "s",
        "From sending a request to the head of its answer.",
        advice: new InstrumentAdvice<double> { HistogramBucketBoundaries = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 100] });

    private static readonly HashSet<string> KnownMethods = ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"];

    private readonly string destination;

    private readonly HostPatterns traced;

    /// <summary>A handler for requests of one kind.</summary>
    /// <param name="destination">Where they go, from a small set: <c>google</c>, <c>google-metadata</c>, <c>aws</c>, <c>story</c>.</param>
    /// <param name="policy">Which hosts are told of the trace.</param>
    public OutboundTelemetry(string destination, OutboundPolicy policy)
        : this(destination, HostPatterns.Of(policy.TraceContextHosts))
    {
    }

    internal OutboundTelemetry(string destination, HostPatterns traced)
    {
        this.destination = destination;
        this.traced = traced;
    }

    /// <inheritdoc/>
    protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken) =>
        Source.HasListeners() || Duration.Enabled ? SendObservedAsync(request, cancellationToken) : base.SendAsync(request, cancellationToken);

    private async Task<HttpResponseMessage> SendObservedAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        var method = KnownMethods.Contains(request.Method.Method) ? request.Method.Method : "_OTHER";

        // Below nothing that is traced, it would be a trace of its own that tells nobody anything.
        using var span = Activity.Current is { Recorded: true } ? Source.StartActivity(method == "_OTHER" ? "HTTP" : method, ActivityKind.Client) : null;
        if (span is not null)
        {
            span.SetTag("http.request.method", method);
            span.SetTag("fedflow.destination", destination);
            if (!(request.Options.TryGetValue(UrlIsSensitive, out var sensitive) && sensitive))
            {
                span.SetTag("server.address", request.RequestUri?.IdnHost);
            }

            Propagate(request, span);
        }

        var began = Stopwatch.GetTimestamp();
        try
        {
            var response = await base.SendAsync(request, cancellationToken);
            Ended(span, began, response.StatusCode, null);
            return response;
        }
        catch (Exception e)
        {
            Ended(span, began, null, e);
            throw;
        }
    }

    private void Propagate(HttpRequestMessage request, Activity span)
    {
        // A header that the story wrote, or that stands there since before a redirect within the host, stays.
        if (!traced.IsEmpty && request.RequestUri is { } url && traced.Contains(url.IdnHost) && !request.Headers.Contains(TraceParent))
        {
            request.Headers.TryAddWithoutValidation(TraceParent, span.Id);
        }
    }

    private void Ended(Activity? span, long began, HttpStatusCode? status, Exception? error)
    {
        var code = (int?)status;
        var type = error switch
        {
            null => code >= 400 ? code.Value.ToString(CultureInfo.InvariantCulture) : null,
            HttpRequestException { HttpRequestError: not HttpRequestError.Unknown } e => e.HttpRequestError.ToString(),
            OperationCanceledException => "cancelled",
            _ => error.GetType().Name,
        };
        if (span is not null)
        {
            span.SetTag("http.response.status_code", code);
            if (type is not null)
            {
                span.SetTag("error.type", type);
                span.SetStatus(ActivityStatusCode.Error);
            }
        }

        if (Duration.Enabled)
        {
            var tags = new TagList { { "fedflow.destination", destination } };
            if (code is not null)
            {
                tags.Add("http.response.status_code", code);
            }

            if (type is not null)
            {
                tags.Add("error.type", type);
            }

            Duration.Record(Stopwatch.GetElapsedTime(began).TotalSeconds, tags);
        }
    }
}
