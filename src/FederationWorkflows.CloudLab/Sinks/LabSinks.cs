using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Routing;

namespace FederationWorkflows.CloudLab;

/// <summary>
/// Sinks: addresses that record what they are sent, for stories that notify somebody. <c>/lab/sink/NAME</c> and below takes anything but GET; GET reads back.
/// <c>/lab/sinks</c> tells them how to answer. Bounded: of each sink the latest requests are kept, of a body the first bytes. Safe for use by several threads.
/// </summary>
public sealed partial class LabSinks : ILabService
{
    private const int MaximumSinks = 100;
    private const int MaximumRequests = 1000;
    private const int MaximumBody = 1024 * 1024;
    private const long MaximumKept = 64L * 1024 * 1024;

    private readonly Lock gate = new();
    private readonly SortedDictionary<string, Sink> sinks = new(StringComparer.Ordinal);
    private readonly TimeProvider time;
    private long kept;

    internal LabSinks(TimeProvider time) => this.time = time;

    /// <summary>What a sink was sent and still has, oldest first.</summary>
    public IReadOnlyList<SinkRequest> Requests(string name)
    {
        lock (gate)
        {
            return sinks.TryGetValue(name, out var sink) ? [.. sink.Requests] : [];
        }
    }

    /// <summary>Tells a sink how to answer what comes next, in place of what it was told before. After that it answers 200.</summary>
    /// <exception cref="ArgumentException">The name or an answer makes no sense, or there are too many sinks.</exception>
    public void Script(string name, params IReadOnlyList<SinkAnswer> answers)
    {
        if (answers.Count > MaximumRequests)
        {
            throw new ArgumentException($"A sink keeps {MaximumRequests} answers at most.");
        }

        if (answers.Select(static answer => answer.Problem()).FirstOrDefault(static problem => problem is not null) is { } problem)
        {
            throw new ArgumentException(problem);
        }

        lock (gate)
        {
            var sink = Get(name) ?? throw new ArgumentException(Refusal);
            sink.Answers.Clear();
            sink.Answers.AddRange(answers);
        }
    }

    /// <summary>Forgets a sink.</summary>
    public void Clear(string name)
    {
        lock (gate)
        {
            if (sinks.Remove(name, out var sink))
            {
                kept -= sink.Requests.Sum(static request => request.Body.Length);
            }
        }
    }

    private static string Refusal => $"A sink's name has 1 to 64 letters, digits, dots, dashes and underscores, and there are {MaximumSinks} sinks at most.";

    void ILabService.Map(IEndpointRouteBuilder routes)
    {
        routes.MapGet("/lab/sink/{name}/{**rest}", (string name) => LabJson.Write(Requests(name)));
        routes.Map("/lab/sink/{name}/{**rest}", RecordAsync).WithOrder(1);
        routes.MapGet("/lab/sinks", () => LabJson.Write(Counts()));
        routes.MapPut("/lab/sinks/{name}/answers", (HttpContext http, string name) => LabJson.ReadAsync<SinkAnswer[]>(http, answers =>
        {
            Script(name, answers);
            return Results.NoContent();
        }));
        routes.MapDelete("/lab/sinks/{name}", (string name) =>
        {
            Clear(name);
            return Results.NoContent();
        });
    }

    private Dictionary<string, int> Counts()
    {
        lock (gate)
        {
            return sinks.ToDictionary(static sink => sink.Key, static sink => sink.Value.Requests.Count);
        }
    }

    private async Task RecordAsync(HttpContext http)
    {
        var (body, isTruncated) = await ReadAsync(http);
        SinkAnswer answer;
        lock (gate)
        {
            if (Get((string)http.Request.RouteValues["name"]!) is not { } sink)
            {
                http.Response.StatusCode = StatusCodes.Status400BadRequest;
                return;
            }

            answer = sink.NextAnswer();
            Keep(sink, Of(http, body, isTruncated, answer.Cut ? null : answer.Status));
        }

        await Task.Delay(TimeSpan.FromMilliseconds(answer.DelayMilliseconds), time, http.RequestAborted);
        if (answer.Cut)
        {
            http.Abort();
            return;
        }

        http.Response.StatusCode = answer.Status;
        if (answer.RetryAfterSeconds is { } seconds)
        {
            http.Response.Headers.RetryAfter = seconds.ToString(CultureInfo.InvariantCulture);
        }

        if (answer.Body.Length > 0)
        {
            await http.Response.WriteAsync(answer.Body, http.RequestAborted);
        }
    }

    private SinkRequest Of(HttpContext http, byte[] body, bool isTruncated, int? status)
    {
        var text = TextOf(body);
        return new SinkRequest
        {
            Number = 0,
            Time = time.GetUtcNow(),
            Method = http.Request.Method,
            Target = http.Features.GetRequiredFeature<IHttpRequestFeature>().RawTarget,
            Headers = http.Request.Headers.ToDictionary(static header => header.Key, static header => header.Value.ToString()),
            Body = text ?? Convert.ToBase64String(body),
            IsBase64 = text is null,
            IsTruncated = isTruncated,
            AnsweredWith = status,
        };
    }

    // Room is made among the sink's own; a body for which there still is none is dropped.
    private void Keep(Sink sink, SinkRequest request)
    {
        while (sink.Requests.Count > 0 && (sink.Requests.Count == MaximumRequests || kept + request.Body.Length > MaximumKept))
        {
            kept -= sink.Requests.Dequeue().Body.Length;
        }

        var recorded = kept + request.Body.Length > MaximumKept ? request with { Body = string.Empty, IsTruncated = true } : request;
        kept += recorded.Body.Length;
        sink.Requests.Enqueue(recorded with { Number = ++sink.Received });
    }

    private Sink? Get(string name)
    {
        if (!sinks.TryGetValue(name, out var sink) && sinks.Count < MaximumSinks && Name().IsMatch(name))
        {
            sinks.Add(name, sink = new Sink());
        }

        return sink;
    }

    private static async Task<(byte[] Body, bool IsTruncated)> ReadAsync(HttpContext http)
    {
        using var body = new MemoryStream();
        var buffer = new byte[16 * 1024];
        var isTruncated = false;
        int read;
        while ((read = await http.Request.Body.ReadAsync(buffer, http.RequestAborted)) > 0)
        {
            var room = (int)Math.Min(read, MaximumBody - body.Length);
            await body.WriteAsync(buffer.AsMemory(0, room), http.RequestAborted);
            isTruncated |= room < read;
        }

        return (body.ToArray(), isTruncated);
    }

    private static string? TextOf(byte[] body)
    {
        try
        {
            return new UTF8Encoding(false, throwOnInvalidBytes: true).GetString(body);
        }
        catch (DecoderFallbackException)
        {
            return null;
        }
    }

    [GeneratedRegex(@"^[A-Za-z0-9._-]{1,64}\z")]
    private static partial Regex Name();

    private sealed class Sink
    {
        public Queue<SinkRequest> Requests { get; } = new();

        public List<SinkAnswer> Answers { get; } = [];

        public long Received { get; set; }

        public SinkAnswer NextAnswer()
        {
            if (Answers.Count == 0)
            {
                return new SinkAnswer();
            }

            var answer = Answers[0];
            if (answer.Times == 1)
            {
                Answers.RemoveAt(0);
            }
            else
            {
                Answers[0] = answer with { Times = answer.Times - 1 };
            }

            return answer;
        }
    }
}
