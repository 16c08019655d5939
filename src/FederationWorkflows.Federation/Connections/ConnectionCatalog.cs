using System.Collections.Frozen;
using System.Security.Cryptography;
using System.Text.Json;
using FederationWorkflows.Federation.Google;
using Microsoft.Extensions.Options;

namespace FederationWorkflows.Federation.Connections;

/// <summary>
/// The connections as the host's configuration has them at this moment: an immutable snapshot, replaced when the configuration is. Where the configuration
/// is wrong by now nothing can be used until it is mended, rather than what it said before.
/// </summary>
internal sealed class ConnectionCatalog(IOptionsMonitor<FederationOptions> options)
{
    private const int MostNamesListed = 20;

    private readonly Lock replacing = new();

    private Snapshot snapshot = Snapshot.Empty;

    /// <summary>The configuration was replaced, and there are other connections than before. Called by whoever noticed.</summary>
    public event Action? Replaced;

    /// <summary>All connections, by name.</summary>
    /// <exception cref="OptionsValidationException">The configuration is wrong by now.</exception>
    public FrozenDictionary<string, ConnectionDefinition> All
    {
        get
        {
            var current = options.CurrentValue;
            var known = Volatile.Read(ref snapshot);
            return ReferenceEquals(known.Of, current) ? known.Connections : Replace(current);
        }
    }

    /// <summary>The connection of a name; case does not matter.</summary>
    /// <exception cref="FederationException"><see cref="FailureCodes.UnknownConnection"/>.</exception>
    public ConnectionDefinition Get(string name)
    {
        var all = All;
        if (!all.TryGetValue(name, out var found))
        {
            throw Unknown(name, all.Keys);
        }

        return found;
    }

    private FrozenDictionary<string, ConnectionDefinition> Replace(FederationOptions current)
    {
        FrozenDictionary<string, ConnectionDefinition> connections;
        lock (replacing)
        {
            if (ReferenceEquals(snapshot.Of, current))
            {
                return snapshot.Connections;
            }

            var before = snapshot.Connections;
            connections = current.Connections
                .Select(pair => Define(pair.Key, pair.Value, current))
                .Select(defined => before.TryGetValue(defined.Name, out var same) && same.Name == defined.Name && same.Fingerprint == defined.Fingerprint ? same : defined)
                .ToFrozenDictionary(defined => defined.Name, StringComparer.OrdinalIgnoreCase);
            Volatile.Write(ref snapshot, new Snapshot(current, connections));
        }

        Replaced?.Invoke();
        return connections;
    }

    private static ConnectionDefinition Define(string name, ConnectionOptions connection, FederationOptions all) =>
        new(name, connection, FingerprintOf(name, connection, all), all.HasOneUser);

    /// <summary>Of what it says itself, what those say that it is reached from, and where the clouds are.</summary>
    private static string FingerprintOf(string name, ConnectionOptions connection, FederationOptions all)
    {
        var chain = new List<object?> { name, all.Endpoints, all.AwsRegion, all.HasOneUser };
        for (var at = connection; at is not null && chain.Count < 64; at = at.Source is { } source ? all.Connections.GetValueOrDefault(source) : null)
        {
            chain.Add(at);
            chain.Add(at.Json?.Reveal());
        }

        return Convert.ToHexStringLower(SHA256.HashData(JsonSerializer.SerializeToUtf8Bytes(chain)));
    }

    private static FederationException Unknown(string name, IEnumerable<string> all)
    {
        var names = all.Order(StringComparer.OrdinalIgnoreCase).ToArray();
        var listed = string.Join(", ", names.Take(MostNamesListed)) + (names.Length > MostNamesListed ? ", ..." : "");
        return Failure.Input(
            null,
            CredentialJson.Service,
            $"connection '{CloudText.Message(name)}'",
            "no connection has this name",
            names.Length == 0
                ? $"No connections are defined: an administrator adds them under {FederationOptions.Section}:{nameof(FederationOptions.Connections)} of the host's configuration."
                : $"The connections of this host are: {listed}.",
            FailureCodes.UnknownConnection);
    }

    private sealed record Snapshot(FederationOptions? Of, FrozenDictionary<string, ConnectionDefinition> Connections)
    {
        public static Snapshot Empty { get; } = new(null, FrozenDictionary<string, ConnectionDefinition>.Empty);
    }
}
