using System.Net;
using System.Net.Sockets;

namespace FederationWorkflows.Server.Access.Sessions;

/// <summary>
/// Bounds how often passwords are tried within a quarter of an hour: for one user from one address, for one user from everywhere, and from one
/// address for anybody. The first is so much lower than the second that nobody keeps another from signing in by failing in his name.
/// </summary>
internal sealed class SignInThrottle(TimeProvider timeProvider)
{
    public const int PerUserAndAddress = 10;

    public const int PerUser = 100;

    public const int PerAddress = 50;

    /// <summary>Beyond it the oldest counts are dropped: memory is bounded, whoever calls.</summary>
    private const int Capacity = 20_000;

    private static readonly TimeSpan Window = TimeSpan.FromMinutes(15);

    private readonly Lock gate = new();

    private readonly Dictionary<string, (DateTimeOffset Began, int Count)> attempts = new(StringComparer.Ordinal);

    /// <summary>Counts an attempt before it is made, so that many at once do not slip through.</summary>
    /// <returns>Null to go on; otherwise how long to wait.</returns>
    public TimeSpan? Begin(string name, IPAddress? address)
    {
        var now = timeProvider.GetUtcNow();
        var keys = Keys(name, address);
        lock (gate)
        {
            foreach (var (key, limit) in keys)
            {
                if (attempts.TryGetValue(key, out var counted) && counted.Began + Window > now && counted.Count >= limit)
                {
                    return counted.Began + Window - now;
                }
            }

            foreach (var (key, _) in keys)
            {
                attempts[key] = attempts.TryGetValue(key, out var counted) && counted.Began + Window > now ? (counted.Began, counted.Count + 1) : (now, 1);
            }

            if (attempts.Count > Capacity)
            {
                foreach (var (key, _) in attempts.OrderBy(attempt => attempt.Value.Began).Take(Capacity / 10).ToArray())
                {
                    attempts.Remove(key);
                }
            }
        }

        return null;
    }

    /// <summary>The attempt was right: it is not one of those that count.</summary>
    public void Succeeded(string name, IPAddress? address)
    {
        lock (gate)
        {
            foreach (var (key, _) in Keys(name, address))
            {
                if (attempts.TryGetValue(key, out var counted))
                {
                    attempts[key] = counted with { Count = counted.Count - 1 };
                }
            }
        }
    }

    private static (string Key, int Limit)[] Keys(string name, IPAddress? address)
    {
        var user = name.ToLowerInvariant();
        var from = Network(address);
        return [($"both\n{user}\n{from}", PerUserAndAddress), ($"user\n{user}", PerUser), ($"address\n{from}", PerAddress)];
    }

    /// <summary>Whoever has an IPv6 address has 2^64 of them.</summary>
    private static string Network(IPAddress? address)
    {
        if (address is null)
        {
            return "";
        }

        var plain = address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address;
        return plain.AddressFamily == AddressFamily.InterNetworkV6 ? Convert.ToHexString(plain.GetAddressBytes().AsSpan(0, 8)) : plain.ToString();
    }
}
