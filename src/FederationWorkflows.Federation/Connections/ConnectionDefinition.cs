using System.Collections.Frozen;
using FederationWorkflows.Engine.Stories;

namespace FederationWorkflows.Federation.Connections;

/// <summary>
/// A connection as it is configured now. Immutable, and the same object as long as its configuration, that of its sources and that of the endpoints
/// stay as they are: whoever keeps something for it need not ask whether it is still the same connection.
/// </summary>
internal sealed class ConnectionDefinition
{
    private readonly FrozenSet<string> stories;

    private readonly FrozenSet<string> roles;

    private readonly FrozenSet<string> scopes;

    private readonly bool isForEveryStory;

    public ConnectionDefinition(string name, ConnectionOptions options, string fingerprint, bool isForEverybody)
    {
        Name = name;
        Options = options;
        Kind = ConnectionKinds.Find(options.Kind);
        Fingerprint = fingerprint;
        IsForEverybody = isForEverybody;
        stories = options.Stories.ToFrozenSet(StringComparer.Ordinal);
        roles = options.Roles.Append(ConnectionAccess.Administrator).ToFrozenSet(StringComparer.OrdinalIgnoreCase);
        scopes = options.Scopes.ToFrozenSet(StringComparer.Ordinal);
        isForEveryStory = isForEverybody || stories.Contains(ConnectionAccess.EveryStory);
    }

    /// <summary>As the configuration writes it.</summary>
    public string Name { get; }

    public ConnectionOptions Options { get; }

    /// <summary>Null when the configuration names none that there is.</summary>
    public ConnectionKind? Kind { get; }

    /// <summary>A hash of all that decides what comes of it.</summary>
    public string Fingerprint { get; }

    /// <summary>The host has one user, who is its administrator.</summary>
    public bool IsForEverybody { get; }

    public bool IsFor(string story) => isForEveryStory || stories.Contains(story);

    /// <summary>Whether somebody may use it.</summary>
    /// <param name="person">His roles (<see cref="Hands.Of"/>).</param>
    public bool IsForRoles(string person) => IsForEverybody || roles.Contains(person) || (person.Contains(',', StringComparison.Ordinal) && Hands.RolesOf(person).Any(roles.Contains));

    /// <summary>The first of the scopes that stories may not ask for; null when they may ask for all.</summary>
    public string? RefusedScope(IReadOnlyList<string> wanted)
    {
        for (var index = 0; scopes.Count > 0 && index < wanted.Count; index++)
        {
            if (wanted[index] is not { } scope || !scopes.Contains(scope))
            {
                return wanted[index] ?? "";
            }
        }

        return null;
    }
}
