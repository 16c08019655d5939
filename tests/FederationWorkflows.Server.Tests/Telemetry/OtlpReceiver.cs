using System.Collections.Concurrent;
using System.Globalization;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace FederationWorkflows.Server.Tests.Telemetry;

/// <summary>A span as it was received.</summary>
internal sealed record ReceivedSpan(
    string Name, string TraceId, string SpanId, string ParentId, int Kind, IReadOnlyDictionary<string, string> Attributes, IReadOnlyList<ReceivedLink> Links, int Status, string StatusMessage);

/// <summary>A link of a span: to which it leads, and what it says of the relation.</summary>
internal sealed record ReceivedLink(string TraceId, string SpanId, string Relation);

/// <summary>A point of a measure: the number of a counter, or the count of a histogram.</summary>
internal sealed record ReceivedPoint(string Name, IReadOnlyDictionary<string, string> Attributes, double Value);

/// <summary>A collector: takes OTLP over HTTP (opentelemetry-proto's trace.proto and metrics.proto, whose field numbers are used here) and keeps it.</summary>
internal sealed class OtlpReceiver : IAsyncDisposable
{
    private readonly WebApplication app;

    private OtlpReceiver(WebApplication app) => this.app = app;

    public string Address => app.Urls.Single();

    public ConcurrentQueue<(string Path, string? ContentType, string? ApiKey, byte[] Body)> Requests { get; } = new();

    public static async Task<OtlpReceiver> StartAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Logging.ClearProviders();
        var receiver = new OtlpReceiver(builder.Build());
        receiver.app.Run(receiver.TakeAsync);
        await receiver.app.StartAsync(TestContext.Current.CancellationToken);
        return receiver;
    }

    public ValueTask DisposeAsync() => app.DisposeAsync();

    public IReadOnlyList<ReceivedSpan> Spans() =>
    [
        .. from request in Requests
           where request.Path == "/v1/traces"
           from resource in new Protobuf(request.Body).Messages(1)
           from scope in resource.Messages(2)
           from span in scope.Messages(2)
           select new ReceivedSpan(
               span.Text(5), Hex(span.Bytes(1)), Hex(span.Bytes(2)), Hex(span.Bytes(4)), (int)span.Scalar(6), Attributes(span.Messages(9)),
               [.. span.Messages(13).Select(link => new ReceivedLink(Hex(link.Bytes(1)), Hex(link.Bytes(2)), Attributes(link.Messages(4)).GetValueOrDefault("fedflow.link", "")))],
               (int)(span.Message(15)?.Scalar(3) ?? 0), span.Message(15)?.Text(2) ?? ""),
    ];

    public IReadOnlyList<ReceivedPoint> Points() =>
    [
        .. from request in Requests
           where request.Path == "/v1/metrics"
           from resource in new Protobuf(request.Body).Messages(1)
           from scope in resource.Messages(2)
           from metric in scope.Messages(2)
           from point in Points(metric)
           select point,
    ];

    /// <summary>What says whose telemetry it is.</summary>
    public IReadOnlyDictionary<string, string> Resource() =>
        Attributes(new Protobuf(Requests.First(request => request.Path == "/v1/traces").Body).Message(1)!.Message(1)!.Messages(1));

    private static IEnumerable<ReceivedPoint> Points(Protobuf metric)
    {
        foreach (var kind in new[] { 5, 7 })
        {
            foreach (var point in metric.Message(kind)?.Messages(1) ?? [])
            {
                yield return new ReceivedPoint(metric.Text(1), Attributes(point.Messages(7)), point.Has(4) ? point.Double(4) : (long)point.Scalar(6));
            }
        }

        foreach (var point in metric.Message(9)?.Messages(1) ?? [])
        {
            yield return new ReceivedPoint(metric.Text(1), Attributes(point.Messages(9)), point.Scalar(4));
        }
    }

    private static Dictionary<string, string> Attributes(IEnumerable<Protobuf> pairs) => pairs.ToDictionary(pair => pair.Text(1), pair => Value(pair.Message(2)!));

    private static string Value(Protobuf value) =>
        value.Has(1) ? value.Text(1)
        : value.Has(2) ? (value.Scalar(2) != 0 ? "true" : "false")
        : value.Has(3) ? ((long)value.Scalar(3)).ToString(CultureInfo.InvariantCulture)
        : value.Has(4) ? value.Double(4).ToString(CultureInfo.InvariantCulture)
        : "";

    private static string Hex(byte[] bytes) => Convert.ToHexStringLower(bytes);

    private async Task TakeAsync(HttpContext context)
    {
        using var body = new MemoryStream();
        await context.Request.Body.CopyToAsync(body, context.RequestAborted);
        Requests.Enqueue((context.Request.Path, context.Request.ContentType, context.Request.Headers["api-key"], body.ToArray()));
        context.Response.ContentType = "application/x-protobuf";
    }
}
