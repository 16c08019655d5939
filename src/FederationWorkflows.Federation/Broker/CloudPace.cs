using System.Collections.Concurrent;
using Microsoft.Extensions.Options;

namespace FederationWorkflows.Federation.Broker;

/// <summary>
/// How fast each service of a cloud is asked: a token bucket (GCRA) of its own for each, and a pause for all who ask it when it says that it is too
/// much. .NET's own limiters know no other clock than the machine's.
/// </summary>
internal sealed class CloudPace(IOptionsMonitor<FederationOptions> options, TimeProvider time, Func<double> random)
{
    private const string Code = "TooManyExchanges";

    private static readonly TimeSpan FirstPause = TimeSpan.FromSeconds(1);

    private static readonly TimeSpan LongestPause = TimeSpan.FromMinutes(5);

    private static readonly string[] Throttled = ["Throttling", "ThrottlingException", "RequestLimitExceeded", "SlowDown", "RESOURCE_EXHAUSTED", "rateLimitExceeded"];

    private readonly ConcurrentDictionary<string, Service> services = new(StringComparer.Ordinal);

    /// <summary>Asks a service when it is its turn.</summary>
    /// <param name="cloud">The cloud.</param>
    /// <param name="name">The service, in words for a message.</param>
    /// <param name="ask">The call.</param>
    /// <param name="cancellationToken">Ends waiting, and the call.</param>
    /// <exception cref="FederationException">The turn would come later than a call may take, and says when; or what the call throws.</exception>
    public async Task<T> AskAsync<T>(Cloud cloud, string name, Func<CancellationToken, Task<T>> ask, CancellationToken cancellationToken)
    {
        var service = services.GetOrAdd(name, _ => new Service());
        var current = options.CurrentValue;
        var wait = service.Reserve(time.GetUtcNow().UtcTicks, TimeSpan.TicksPerSecond / current.Broker.ExchangesPerSecond, current.Broker.Burst, current.Timeout.Ticks);
        if (wait > current.Timeout.Ticks)
        {
            throw TooMany(cloud, name, TimeSpan.FromTicks(wait));
        }

        if (wait > 0)
        {
            await Task.Delay(TimeSpan.FromTicks(wait), time, cancellationToken);
        }

        try
        {
            var answer = await ask(cancellationToken);
            service.Answered();
            return answer;
        }
        catch (FederationException e) when (e.Side == FailureSide.Cloud && IsTooMuch(e))
        {
            service.Pause(time.GetUtcNow().UtcTicks, e.RetryAfter, random());
            throw;
        }
    }

    private static bool IsTooMuch(FederationException e) => e.HttpStatus == 429 || Throttled.Contains(e.Code) || (e.HttpStatus == 503 && e.RetryAfter is not null);

    private static FederationException TooMany(Cloud cloud, string name, TimeSpan wait) => new(new Failure
    {
        Cloud = cloud,
        Side = FailureSide.Here,
        Service = name,
        Api = name,
        Code = Code,
        Detail = $"this host asks it for too much, or it asked for a pause: the next turn is in {Math.Ceiling(wait.TotalSeconds)} s",
        Advice = $"Try again then. {FederationOptions.Section}:{nameof(FederationOptions.Broker)} sets how much is asked for at once.",
        IsRetryable = true,
        RetryAfter = wait,
    });

    private sealed class Service
    {
        private readonly Lock turns = new();

        /// <summary>When the bucket is full again.</summary>
        private long fullAt;

        private long pausedUntil;

        private int pauses;

        /// <summary>Takes a turn.</summary>
        /// <returns>How long to wait for it; when that is more than allowed, none was taken.</returns>
        public long Reserve(long now, long interval, int burst, long longest)
        {
            lock (turns)
            {
                var start = Math.Max(now, pausedUntil);
                var next = Math.Max(fullAt, start) + interval;
                var wait = Math.Max(start, next - (interval * burst)) - now;
                if (wait <= longest)
                {
                    fullAt = next;
                }

                return wait;
            }
        }

        public void Answered()
        {
            lock (turns)
            {
                pauses = 0;
            }
        }

        public void Pause(long now, TimeSpan? asked, double random)
        {
            lock (turns)
            {
                var own = FirstPause * Math.Pow(2, Math.Min(pauses++, 8)) * (0.75 + (0.5 * random));
                var pause = asked ?? own;
                pausedUntil = Math.Max(pausedUntil, now + (pause < LongestPause ? pause : LongestPause).Ticks);
            }
        }
    }
}
