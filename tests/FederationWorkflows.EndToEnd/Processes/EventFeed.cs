using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Text;

namespace FederationWorkflows.EndToEnd.Processes;

/// <summary>What became of an event that was sent.</summary>
/// <param name="Event">The event.</param>
/// <param name="Status">The answer's status; null when no answer came, so that nobody knows.</param>
/// <param name="RunId">The run the answer names.</param>
/// <param name="RetryAfter">The answer says when to come again.</param>
/// <param name="Text">The answer's body.</param>
internal sealed record Delivery(string Event, HttpStatusCode? Status, string? RunId, bool RetryAfter, string Text)
{
    public bool IsAccepted => Status is { } status && (int)status is >= 200 and < 300;
}

/// <summary>Sends events, each once and with an id of its own, to any server that listens, until it is stopped.</summary>
internal sealed class EventFeed : IAsyncDisposable
{
    private readonly HttpClient client = new(new SocketsHttpHandler { UseProxy = false }) { Timeout = TimeSpan.FromSeconds(20) };

    private readonly ConcurrentQueue<Delivery> deliveries = new();

    private readonly CancellationTokenSource stop = new();

    private readonly Func<IReadOnlyList<Uri>> servers;

    private readonly TimeSpan pause;

    private readonly Task[] senders;

    private int last;

    private int accepted;

    /// <param name="servers">Those that listen now.</param>
    /// <param name="senders">How many send at once.</param>
    /// <param name="pause">What each waits after each event.</param>
    public EventFeed(Func<IReadOnlyList<Uri>> servers, int senders, TimeSpan pause)
    {
        this.servers = servers;
        this.pause = pause;
        this.senders = [.. Enumerable.Range(0, senders).Select(_ => Task.Run(SendAllAsync))];
    }

    public IReadOnlyList<Delivery> Deliveries => [.. deliveries];

    private int Accepted => Volatile.Read(ref accepted);

    /// <summary>Waits until so many more events were accepted.</summary>
    /// <exception cref="TimeoutException">That takes longer than the patience.</exception>
    public async Task PassAsync(int count, TimeSpan patience, CancellationToken cancellationToken)
    {
        var clock = Stopwatch.StartNew();
        var wanted = Accepted + count;
        while (Accepted < wanted)
        {
            await Task.Delay(10, cancellationToken);
            if (clock.Elapsed > patience)
            {
                throw new TimeoutException($"{Accepted} of {wanted} events were accepted within {patience}.");
            }
        }
    }

    /// <summary>Ends the feed; what is under way is awaited.</summary>
    public async Task StopAsync()
    {
        await stop.CancelAsync();
        await Task.WhenAll(senders);
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        client.Dispose();
        stop.Dispose();
    }

    private async Task SendAllAsync()
    {
        while (!stop.IsCancellationRequested)
        {
            if (servers() is { Count: > 0 } listening)
            {
                var number = Interlocked.Increment(ref last);
                var delivery = await SendAsync(listening[number % listening.Count], string.Create(CultureInfo.InvariantCulture, $"e-{number}"));
                deliveries.Enqueue(delivery);
                Interlocked.Add(ref accepted, delivery.IsAccepted ? 1 : 0);
            }

            await Task.Delay(pause, stop.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private async Task<Delivery> SendAsync(Uri server, string id)
    {
        try
        {
            using var content = new StringContent($$"""{"event":"{{id}}"}""", Encoding.UTF8, "application/json");
            using var answer = await client.PostAsync(new Uri(server, "/workflows/events"), content);
            var run = answer.Headers.TryGetValues("x-elsa-workflow-instance-id", out var ids) ? ids.Single() : null;
            return new Delivery(id, answer.StatusCode, run, answer.Headers.RetryAfter is not null, await answer.Content.ReadAsStringAsync());
        }
        catch (Exception e) when (e is HttpRequestException or TaskCanceledException or IOException)
        {
            return new Delivery(id, null, null, false, e.Message);
        }
    }
}
