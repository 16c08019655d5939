using System.Threading.Channels;

namespace FederationWorkflows.Runtime.Nodes;

/// <summary>
/// Has a service look when there may be something to do: at the time its last look named, when somebody rings, and now and then anyway, to
/// find what no ring told of. A look that failed, most likely because the storage cannot be reached, is repeated soon, and less often the
/// longer that lasts.
/// </summary>
/// <param name="timeProvider">The clock.</param>
/// <param name="sweep">The longest time between two looks.</param>
internal sealed class Alarm(TimeProvider timeProvider, TimeSpan sweep)
{
    private static readonly TimeSpan FirstRetry = TimeSpan.FromSeconds(1);

    private static readonly TimeSpan LongestRetry = TimeSpan.FromSeconds(30);

    private readonly Channel<bool> rung = Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });

    /// <summary>Ends the wait for the next look, also that after a failed one.</summary>
    public void Ring() => rung.Writer.TryWrite(true);

    /// <summary>Looks, waits and looks again, until it is stopped.</summary>
    /// <param name="look">Is given the present time, and returns when to look again: a time that has come for at once, null for when nothing is known to come.</param>
    /// <param name="onFailed">Is told of a look that failed.</param>
    /// <param name="onRecovered">Is told when a look succeeds after others failed; another look follows at once.</param>
    /// <param name="cancellationToken">Ends it.</param>
    public async Task RunAsync(Func<DateTimeOffset, CancellationToken, Task<DateTimeOffset?>> look, Action<Exception> onFailed, Action onRecovered, CancellationToken cancellationToken)
    {
        for (var failures = 0; ;)
        {
            cancellationToken.ThrowIfCancellationRequested();
            var now = timeProvider.GetUtcNow();
            DateTimeOffset? next;
            try
            {
                next = await look(now, cancellationToken);
            }
            catch (Exception e) when (!cancellationToken.IsCancellationRequested)
            {
                onFailed(e);
                var retry = FirstRetry * Math.Pow(2, Math.Min(failures++, 10));
                await SleepAsync(timeProvider.GetUtcNow() + (retry < LongestRetry ? retry : LongestRetry), cancellationToken);
                continue;
            }

            if (failures > 0)
            {
                failures = 0;
                onRecovered();
                continue;
            }

            await SleepAsync(Earlier(next, now + sweep)!.Value, cancellationToken);
        }
    }

    /// <summary>The earlier of two times, either of which may be unknown.</summary>
    public static DateTimeOffset? Earlier(DateTimeOffset? one, DateTimeOffset? other) => one is null || other < one ? other : one;

    private async Task SleepAsync(DateTimeOffset until, CancellationToken cancellationToken)
    {
        var wait = until - timeProvider.GetUtcNow();
        if (wait <= TimeSpan.Zero)
        {
            return;
        }

        using var sleep = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var ring = rung.Reader.ReadAsync(sleep.Token).AsTask();
        var slept = Task.Delay(wait, timeProvider, sleep.Token);
        await Task.WhenAny(ring, slept);
        await sleep.CancelAsync();
        await Task.WhenAll(ring, slept).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }
}
