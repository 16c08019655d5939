using FederationWorkflows.Federation.Connections;

namespace FederationWorkflows.Federation.Broker;

/// <content>Tokens that a cloud refuses before their end: they were revoked, or one of the clocks is wrong.</content>
internal sealed partial class TokenCache
{
    /// <summary>How long a replacement counts: if the cloud refuses that, too, yet another one would be no better.</summary>
    public static readonly TimeSpan ReplacementCounts = TimeSpan.FromMinutes(1);

    /// <summary>The exchanges that gave a token: the one that is kept, or one of those before it.</summary>
    /// <param name="mark">Its <see cref="TokenMark"/>.</param>
    public IEnumerable<ExchangeKey> GiversOf(string mark)
    {
        foreach (var (key, entry) in entries)
        {
            lock (entry)
            {
                if (!entry.Gave(mark))
                {
                    continue;
                }
            }

            yield return key;
        }
    }

    /// <summary>The token in place of one that a cloud refused: the one that others got in its place meanwhile, or a new one. They all wait for one exchange.</summary>
    /// <returns>Null when it took the place of another one a moment ago itself.</returns>
    /// <exception cref="FederationException">The exchange failed, or did a moment ago.</exception>
    public async Task<object?> ReplaceAsync(ExchangeKey key, string mark, ConnectionUser user, CancellationToken cancellationToken)
    {
        Task<HeldToken> flight;
        while (true)
        {
            var entry = GetOrAdd(key.ToKeep());
            lock (entry)
            {
                if (entry.IsRemoved)
                {
                    continue;
                }

                var now = time.GetUtcNow().UtcTicks;
                if (entry.Held is { } kept && kept.Mark != mark && Find(entry, user, now) is { } other)
                {
                    return other.Token;
                }

                if (entry.Flight is null)
                {
                    if (entry.Failure is { } failure && now < entry.FailureUntil)
                    {
                        throw failure;
                    }

                    if (now < entry.ReplacementCountsUntil)
                    {
                        return null;
                    }

                    entry.ReplacementCountsUntil = now + ReplacementCounts.Ticks;
                    entry.Put(null);
                }

                Volatile.Write(ref entry.LastUse, now);
                flight = Fly(entry, user);
            }

            break;
        }

        BrokerTelemetry.Replaced(key.Kind);
        return (await flight.WaitAsync(cancellationToken)).Token;
    }
}
