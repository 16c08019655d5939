using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Text;
using System.Text.Json;

namespace FederationWorkflows.Benchmarks.Load;

/// <summary>What a client is to do.</summary>
internal sealed record LoadOrder
{
    /// <summary>The servers, <c>http://address:port</c>; connections are spread over them.</summary>
    public required IReadOnlyList<Uri> Servers { get; init; }

    /// <summary>The path that is posted to.</summary>
    public required string Path { get; init; }

    /// <summary>Each sends one request after another.</summary>
    public int Connections { get; init; } = 128;

    /// <summary>Not measured; what is accepted counts as accepted all the same.</summary>
    public double WarmUpSeconds { get; init; }

    public double Seconds { get; init; }

    /// <summary>Requests that are offered per second, whether or not they are taken; null to send the next as soon as one is answered.</summary>
    public double? OfferedPerSecond { get; init; }

    /// <summary>Where the ids of the runs that were accepted are written, one a line.</summary>
    public required string IdsFile { get; init; }
}

/// <summary>What a client saw.</summary>
internal sealed record LoadResult
{
    /// <summary>Requests that were answered with 2xx, the warm-up's too.</summary>
    public long Accepted { get; init; }

    /// <summary>Of the measured ones.</summary>
    public double AcceptedPerSecond { get; init; }

    /// <summary>Milliseconds from the request to the whole answer, of measured ones that were accepted.</summary>
    public double P50 { get; init; }

    public double P99 { get; init; }

    /// <summary>Requests answered with 429.</summary>
    public long TurnedAway { get; init; }

    /// <summary>Of them, those that were not told when to come again.</summary>
    public long WithoutRetryAfter { get; init; }

    /// <summary>Other answers, and connections that broke.</summary>
    public IReadOnlyDictionary<string, long> Others { get; init; } = new Dictionary<string, long>();
}

/// <summary>
/// Posts to servers over many connections, in a process of its own: the same for all rows, and plain sockets, so that it takes little from
/// what it measures.
/// </summary>
internal sealed class LoadClient(LoadOrder order)
{
    public const string Name = "load-client";

    private const string Body = """
        {"id":"evt-20260217-000042","source":"edr","severity":5,"actor":{"email":"svc-rotation@example.com","ip":"203.0.113.42"},
        "title":"Access key used from a new place","labels":[{"name":"env","value":"prod"},{"name":"team","value":"payments"}],
        "finding":{"resource":"arn:aws:iam::123456789012:role/deploy","score":87,"first_seen":"2026-02-17T03:04:05Z"}}
        """;

    private readonly ConcurrentDictionary<string, long> others = new();

    private readonly ConcurrentBag<(List<float> Latencies, List<string> Ids)> connections = [];

    private long accepted;

    private long turnedAway;

    private long withoutRetryAfter;

    public static async Task<int> RunAsync(string order)
    {
        var result = await new LoadClient(JsonSerializer.Deserialize<LoadOrder>(order)!).RunAsync();
        await Console.Out.WriteLineAsync(JsonSerializer.Serialize(result));
        return 0;
    }

    private async Task<LoadResult> RunAsync()
    {
        var begin = Stopwatch.GetTimestamp();
        await Task.WhenAll(Enumerable.Range(0, order.Connections).Select(number => SendAllAsync(number, begin)));
        await File.WriteAllLinesAsync(order.IdsFile, connections.SelectMany(connection => connection.Ids));
        var latencies = connections.SelectMany(connection => connection.Latencies).ToArray();
        Array.Sort(latencies);
        return new LoadResult
        {
            Accepted = accepted,
            AcceptedPerSecond = latencies.Length / order.Seconds,
            P50 = Percentile(latencies, 0.5),
            P99 = Percentile(latencies, 0.99),
            TurnedAway = turnedAway,
            WithoutRetryAfter = withoutRetryAfter,
            Others = others,
        };
    }

    private static double Percentile(float[] sorted, double share) => sorted.Length == 0 ? 0 : sorted[(int)(share * (sorted.Length - 1))];

    private async Task SendAllAsync(int number, long begin)
    {
        var server = order.Servers[number % order.Servers.Count];
        var request = Encoding.ASCII.GetBytes(string.Create(
            CultureInfo.InvariantCulture,
            $"POST {order.Path} HTTP/1.1\r\nHost: {server.Authority}\r\nContent-Type: application/json\r\nContent-Length: {Body.Length}\r\n\r\n{Body}"));
        var (latencies, ids) = (new List<float>(), new List<string>());
        connections.Add((latencies, ids));
        try
        {
            using var connection = await LoadConnection.OpenAsync(server);
            var pause = order.Connections / (order.OfferedPerSecond ?? double.PositiveInfinity);
            var due = pause * number / order.Connections;
            while (true)
            {
                var now = Stopwatch.GetElapsedTime(begin).TotalSeconds;
                if (due > now)
                {
                    await Task.Delay(TimeSpan.FromSeconds(due - now));
                }

                var sent = Stopwatch.GetElapsedTime(begin).TotalSeconds;
                if (sent >= order.WarmUpSeconds + order.Seconds)
                {
                    return;
                }

                // What could not be sent in time is not made up for.
                due = Math.Max(due + pause, sent);
                var answer = await connection.ExchangeAsync(request);
                var answered = Stopwatch.GetElapsedTime(begin).TotalSeconds;
                Count(answer, ids);
                if (answer.IsAccepted && answered >= order.WarmUpSeconds && answered < order.WarmUpSeconds + order.Seconds)
                {
                    latencies.Add((float)((answered - sent) * 1000));
                }
            }
        }
        catch (Exception e) when (e is System.Net.Sockets.SocketException or InvalidDataException)
        {
            others.AddOrUpdate($"broken: {e.Message}", 1, (_, count) => count + 1);
        }
    }

    private void Count(Answer answer, List<string> ids)
    {
        if (answer.IsAccepted)
        {
            Interlocked.Increment(ref accepted);
            if (answer.RunId is { } id)
            {
                ids.Add(id);
            }
        }
        else if (answer.Status == 429)
        {
            Interlocked.Increment(ref turnedAway);
            Interlocked.Add(ref withoutRetryAfter, answer.HasRetryAfter ? 0 : 1);
        }
        else
        {
            others.AddOrUpdate(answer.Status.ToString(CultureInfo.InvariantCulture), 1, (_, count) => count + 1);
        }
    }
}
