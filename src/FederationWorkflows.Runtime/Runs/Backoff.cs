using System.Collections.Concurrent;

namespace FederationWorkflows.Runtime.Runs;

/// <summary>What is being tried, and what is not to be tried again yet: after each failure the wait doubles, from 30 seconds to 5 minutes.</summary>
internal sealed class Backoff<TKey>(TimeProvider timeProvider)
    where TKey : notnull
{
    private static readonly TimeSpan First = TimeSpan.FromSeconds(30);

    private static readonly TimeSpan Longest = TimeSpan.FromMinutes(5);

    private readonly ConcurrentDictionary<TKey, Attempt> attempts = new();

    private int round;

    /// <summary>How many are being tried or waiting to be.</summary>
    public int Count => attempts.Count;

    /// <summary>When the next one may be tried again; null when none waits for that.</summary>
    public DateTimeOffset? NextAt =>
        attempts.Values.Where(attempt => attempt.RetryAt != DateTimeOffset.MaxValue).Select(attempt => (DateTimeOffset?)attempt.RetryAt).Min();

    /// <summary>Whether it may be tried now; of several who ask at once one may. If so, it must be followed by <see cref="Succeeded"/> or <see cref="Failed"/>.</summary>
    public bool TryBegin(TKey key)
    {
        while (true)
        {
            if (!attempts.TryGetValue(key, out var before))
            {
                if (attempts.TryAdd(key, new Attempt(0, DateTimeOffset.MaxValue, Volatile.Read(ref round))))
                {
                    return true;
                }
            }
            else if (before.RetryAt > timeProvider.GetUtcNow())
            {
                return false;
            }
            else if (attempts.TryUpdate(key, before with { RetryAt = DateTimeOffset.MaxValue, Round = Volatile.Read(ref round) }, before))
            {
                return true;
            }
        }
    }

    /// <summary>What stood in the way may be gone: everything may be tried again at once, also what is being tried now and will fail.</summary>
    public void Restart()
    {
        Interlocked.Increment(ref round);
        foreach (var attempt in attempts)
        {
            if (attempt.Value.RetryAt != DateTimeOffset.MaxValue)
            {
                attempts.TryUpdate(attempt.Key, AtOnce(Volatile.Read(ref round)), attempt.Value);
            }
        }
    }

    /// <summary>What stood in the way of this one is gone: it may be tried again at once.</summary>
    public void Restart(TKey key)
    {
        if (attempts.TryGetValue(key, out var attempt) && attempt.RetryAt != DateTimeOffset.MaxValue)
        {
            attempts.TryRemove(KeyValuePair.Create(key, attempt));
        }
    }

    public void Succeeded(TKey key) => attempts.TryRemove(key, out _);

    public void Failed(TKey key)
    {
        var current = Volatile.Read(ref round);
        var before = attempts.GetValueOrDefault(key);
        var next = before is null || before.Round == current ? Later(before?.Failures ?? 0, current) : AtOnce(current);
        attempts[key] = next;
        if (Volatile.Read(ref round) is var now && now != current)
        {
            // What began a new round may have passed this by while it was still being tried.
            attempts.TryUpdate(key, AtOnce(now), next);
        }
    }

    /// <summary>Forgets what waits to be tried again and is not wanted any more.</summary>
    public void Keep(IReadOnlySet<TKey> wanted)
    {
        foreach (var attempt in attempts)
        {
            if (attempt.Value.RetryAt != DateTimeOffset.MaxValue && !wanted.Contains(attempt.Key))
            {
                attempts.TryRemove(attempt);
            }
        }
    }

    private static Attempt AtOnce(int round) => new(0, DateTimeOffset.MinValue, round);

    private Attempt Later(int failures, int current)
    {
        var wait = First * Math.Pow(2, Math.Min(failures, 10));
        return new Attempt(failures + 1, timeProvider.GetUtcNow() + (wait < Longest ? wait : Longest), current);
    }

    private sealed record Attempt(int Failures, DateTimeOffset RetryAt, int Round);
}
