using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;
using FederationWorkflows.Federation.Connections;

namespace FederationWorkflows.Federation.Broker;

/// <summary>
/// The tokens that exchanges gave, until shortly before their end. Looking one up takes no lock and makes no garbage. Whoever asks for the same
/// at the same time waits for one exchange; it belongs to none of them, so none of them can cancel it for the others.
/// </summary>
internal sealed partial class TokenCache : IDisposable
{
    /// <summary>How long a refusal counts for those who ask for the same.</summary>
    public static readonly TimeSpan RefusalCounts = TimeSpan.FromSeconds(5);

    /// <summary>How often tokens are looked over: those of yesterday go, idle ones are sealed, used ones are refreshed.</summary>
    public static readonly TimeSpan Round = TimeSpan.FromSeconds(30);

    private static readonly TimeSpan LongestPassing = TimeSpan.FromMinutes(1);

    private static readonly TimeSpan RefreshPause = TimeSpan.FromSeconds(30);

    private static readonly TimeSpan InUse = TimeSpan.FromMinutes(5);

    private readonly ConcurrentDictionary<ExchangeKey, Entry> entries = new();

    private readonly MemorySeal seal = new();

    private readonly CancellationTokenSource stopping = new();

    private readonly Func<ExchangeKey, ConnectionUser, CancellationToken, Task<(object Token, DateTimeOffset ExpiresAt)>> exchange;

    private readonly BrokerOptions settings;

    private readonly TimeProvider time;

    private readonly Func<double> random;

    private readonly ITimer rounds;

    private int count;

    private volatile bool isDisposed;

    public TokenCache(
        Func<ExchangeKey, ConnectionUser, CancellationToken, Task<(object Token, DateTimeOffset ExpiresAt)>> exchange,
        BrokerOptions settings,
        TimeProvider time,
        Func<double> random)
    {
        this.exchange = exchange;
        this.settings = settings;
        this.time = time;
        this.random = random;
        rounds = time.CreateTimer(_ => LookOver(), null, Round, Timeout.InfiniteTimeSpan);
    }

    public int Count => Volatile.Read(ref count);

    /// <summary>The token of an exchange: the one there is, or a new one.</summary>
    /// <exception cref="FederationException">The exchange failed, or did a moment ago.</exception>
    public ValueTask<T> GetAsync<T>(in ExchangeKey key, ConnectionUser user, CancellationToken cancellationToken)
        where T : class
    {
        var now = time.GetUtcNow().UtcTicks;
        return entries.TryGetValue(key, out var entry) && Find(entry, user, now) is { } held
            ? new((T)held.Token)
            : new(WaitAsync<T>(key.ToKeep(), user, cancellationToken));
    }

    /// <summary>When a token of a connection was last handed out by this process; null when none was, or it is forgotten.</summary>
    public DateTimeOffset? LastUse(string connection)
    {
        var last = 0L;
        foreach (var (key, entry) in entries)
        {
            if (string.Equals(key.Connection.Name, connection, StringComparison.OrdinalIgnoreCase))
            {
                last = Math.Max(last, Volatile.Read(ref entry.LastUse));
            }
        }

        return last == 0 ? null : new DateTimeOffset(last, TimeSpan.Zero);
    }

    /// <summary>Forgets the tokens of connections that are not what they were.</summary>
    public void Retain(IReadOnlyCollection<ConnectionDefinition> connections)
    {
        foreach (var (key, entry) in entries)
        {
            if (!connections.Contains(key.Connection))
            {
                Remove(key, entry);
            }
        }
    }

    public void Dispose()
    {
        // A container disposes of what it made once for each name it has.
        if (isDisposed)
        {
            return;
        }

        isDisposed = true;
        rounds.Dispose();
        stopping.Cancel();
        foreach (var (key, entry) in entries)
        {
            Remove(key, entry);
        }

        seal.Dispose();
        stopping.Dispose();
    }

    /// <summary>The token that is there and good.</summary>
    private HeldToken? Find(Entry entry, ConnectionUser user, long now)
    {
        if (Volatile.Read(ref entry.Held) is not { } held || now >= held.GoodUntil)
        {
            return null;
        }

        // To the second: what many threads write often is slow for all of them.
        if (now - Volatile.Read(ref entry.LastUse) > TimeSpan.TicksPerSecond)
        {
            Volatile.Write(ref entry.LastUse, now);
        }

        if (held.IsSealed)
        {
            lock (entry)
            {
                if (entry.Held is not { } still)
                {
                    return null;
                }

                held = still.Open(seal);
                Volatile.Write(ref entry.Held, held);
            }
        }

        if (now >= held.RefreshAt)
        {
            Refresh(entry, user, now);
        }

        BrokerTelemetry.Hit(entry.Key.Kind);
        return held;
    }

    private async Task<T> WaitAsync<T>(ExchangeKey key, ConnectionUser user, CancellationToken cancellationToken)
        where T : class
    {
        Task<HeldToken> flight;
        while (true)
        {
            var entry = GetOrAdd(key);
            lock (entry)
            {
                if (entry.IsRemoved)
                {
                    continue;
                }

                var now = time.GetUtcNow().UtcTicks;
                if (Find(entry, user, now) is { } held)
                {
                    return (T)held.Token;
                }

                if (entry.Failure is { } failure && now < entry.FailureUntil)
                {
                    throw failure;
                }

                Volatile.Write(ref entry.LastUse, now);
                flight = Fly(entry, user);
            }

            break;
        }

        BrokerTelemetry.Missed(key.Kind);
        Trim();
        return (T)(await flight.WaitAsync(cancellationToken)).Token;
    }

    private Entry GetOrAdd(ExchangeKey key)
    {
        if (entries.TryGetValue(key, out var known))
        {
            return known;
        }

        var fresh = new Entry(key);
        var entry = entries.GetOrAdd(key, fresh);
        if (ReferenceEquals(entry, fresh))
        {
            Interlocked.Increment(ref count);
        }

        return entry;
    }

    /// <summary>The exchange that is under way, or a new one. Called with the entry locked.</summary>
    private Task<HeldToken> Fly(Entry entry, ConnectionUser user)
    {
        if (entry.Flight is null)
        {
            entry.LastUser = user;
            ObjectDisposedException.ThrowIf(isDisposed, this);
            entry.Flight = Task.Run(() => ExchangeAsync(entry, user));

            // Whoever waited may be gone by then.
            _ = entry.Flight.ContinueWith(static flight => _ = flight.Exception, CancellationToken.None, TaskContinuationOptions.OnlyOnFaulted, TaskScheduler.Default);
        }

        return entry.Flight;
    }

    private async Task<HeldToken> ExchangeAsync(Entry entry, ConnectionUser user)
    {
        try
        {
            var (token, expiresAt) = await exchange(entry.Key, user, stopping.Token);
            var held = HeldToken.Of(token, expiresAt, time.GetUtcNow(), random());
            lock (entry)
            {
                entry.Flight = null;
                entry.Failure = null;
                if (!entry.IsRemoved)
                {
                    entry.Put(held);
                }
            }

            return held;
        }
        catch (Exception e)
        {
            BrokerTelemetry.Failed(entry.Key.Kind);
            lock (entry)
            {
                entry.Flight = null;
                Remember(entry, e);
            }

            throw;
        }
    }

    /// <summary>A refusal counts for a moment, so that a thousand runs do not hear of it a thousand times; what passes only as long as the cloud asked to wait.</summary>
    private void Remember(Entry entry, Exception error)
    {
        var now = time.GetUtcNow().UtcTicks;
        var wait = error is not FederationException { Side: FailureSide.Cloud or FailureSide.Network } known ? TimeSpan.Zero
            : !known.IsRetryable ? RefusalCounts
            : known.RetryAfter is { } asked ? (asked < LongestPassing ? asked : LongestPassing)
            : TimeSpan.Zero;
        entry.Failure = wait > TimeSpan.Zero ? error : null;
        entry.FailureUntil = now + wait.Ticks;
        if (entry.Held is { } held && held.RefreshAt <= now)
        {
            // It goes on to be handed out while it is good.
            var pause = wait > RefreshPause ? wait : RefreshPause * (0.75 + (0.5 * random()));
            Volatile.Write(ref entry.Held, held.RefreshedAt(now + pause.Ticks));
        }
    }

    private void Refresh(Entry entry, ConnectionUser user, long now)
    {
        lock (entry)
        {
            if (entry.Flight is null && !entry.IsRemoved && !isDisposed && entry.Held is { } held && now >= held.RefreshAt)
            {
                BrokerTelemetry.Refreshed(entry.Key.Kind);

                // Not as a part of what happens to be asking.
                using (ExecutionContext.SuppressFlow())
                {
                    _ = Fly(entry, user);
                }
            }
        }
    }

    private void LookOver()
    {
        if (isDisposed)
        {
            return;
        }

        var now = time.GetUtcNow().UtcTicks;
        var idle = now - settings.SealAfter.Ticks;
        foreach (var (key, entry) in entries)
        {
            var held = Volatile.Read(ref entry.Held);
            var lastUse = Volatile.Read(ref entry.LastUse);
            if (held is null ? entry.Flight is null && now >= entry.FailureUntil : now >= held.GoodUntil)
            {
                Remove(key, entry);
            }
            else if (held is not null && now >= held.RefreshAt && lastUse > now - InUse.Ticks && entry.LastUser is { } user)
            {
                Refresh(entry, user, now);
            }
            else if (held is { IsSealed: false } && lastUse < idle)
            {
                Interlocked.CompareExchange(ref entry.Held, held.Seal(seal), held);
            }
        }

        rounds.Change(Round, Timeout.InfiniteTimeSpan);
    }

    /// <summary>Keeps the number of tokens bounded: those of the past go first, then a tenth of all, those unused for the longest time.</summary>
    private void Trim()
    {
        var most = settings.MaxEntries;
        if (Count <= most)
        {
            return;
        }

        var now = time.GetUtcNow().UtcTicks;
        var idle = entries.Where(pair => pair.Value.Flight is null).OrderBy(pair => pair.Value.Held is { } held && now < held.GoodUntil ? Volatile.Read(ref pair.Value.LastUse) : 0).ToArray();
        foreach (var (key, entry) in idle.Take(Count - most + (most / 10)))
        {
            Remove(key, entry);
        }
    }

    private void Remove(ExchangeKey key, Entry entry)
    {
        if (entries.TryRemove(KeyValuePair.Create(key, entry)))
        {
            Interlocked.Decrement(ref count);
            lock (entry)
            {
                entry.IsRemoved = true;
                Interlocked.Exchange(ref entry.Held, null)?.Wipe();
            }
        }
    }

    /// <summary>What is kept for one exchange. Locked to change it; looked up without.</summary>
    [SuppressMessage("StyleCop.CSharp.MaintainabilityRules", "SA1401", Justification = "Written with Volatile and Interlocked.")]
    private sealed class Entry(ExchangeKey key)
    {
        /// <summary>So many tokens that were kept before are still known: a run may have one of them.</summary>
        private const int MostFormer = 4;

        public HeldToken? Held;

        public long LastUse;

        private string[] former = [];

        public ExchangeKey Key => key;

        public Task<HeldToken>? Flight { get; set; }

        public Exception? Failure { get; set; }

        public long FailureUntil { get; set; }

        public ConnectionUser? LastUser { get; set; }

        /// <summary>Until then no other token takes the place of one that the cloud refuses. UTC ticks.</summary>
        public long ReplacementCountsUntil { get; set; }

        public bool IsRemoved { get; set; }

        /// <summary>Keeps another token, or none.</summary>
        public void Put(HeldToken? next)
        {
            if (Held is { } held)
            {
                former = [held.Mark, .. former.Take(MostFormer - 1)];
            }

            Volatile.Write(ref Held, next);
        }

        public bool Gave(string mark) => Held?.Mark == mark || former.Contains(mark);
    }
}
