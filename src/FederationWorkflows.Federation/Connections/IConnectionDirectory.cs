using Microsoft.Extensions.Options;
using FederationWorkflows.Federation.Lint;

namespace FederationWorkflows.Federation.Connections;

/// <summary>What may be told of the connections of a host, to people and to whoever decides about stories. Nothing of it is secret.</summary>
public interface IConnectionDirectory
{
    /// <summary>All connections, by name.</summary>
    /// <exception cref="OptionsValidationException">The configuration is wrong by now.</exception>
    IReadOnlyList<ConnectionFacts> List();

    /// <summary>The connection of a name (case does not matter); null when there is none.</summary>
    /// <exception cref="OptionsValidationException">The configuration is wrong by now.</exception>
    ConnectionFacts? Find(string name);
}

/// <summary>What may be told of a connection.</summary>
public sealed record ConnectionFacts
{
    /// <summary>Its name, as the configuration writes it.</summary>
    public required string Name { get; init; }

    /// <summary>One of <see cref="ConnectionKinds"/>.</summary>
    public required string Kind { get; init; }

    /// <summary>Whose identity it is; null for a Kubernetes cluster's.</summary>
    public required Cloud? Cloud { get; init; }

    /// <summary>The identity in a few words: a role's ARN, a file's path, a place.</summary>
    public required string Identity { get; init; }

    /// <summary>The connections on the way to it, the first of them last; none when it is an identity of its own.</summary>
    public IReadOnlyList<string> Sources { get; init; } = [];

    /// <summary>The stories that may use it; <c>*</c> for every story.</summary>
    public IReadOnlyList<string> Stories { get; init; } = [];

    /// <summary>The roles, beside administrators, whose people may publish stories that name it and start them by hand.</summary>
    public IReadOnlyList<string> Roles { get; init; } = [];

    /// <summary>The OAuth scopes that stories may ask for; none when all.</summary>
    public IReadOnlyList<string> Scopes { get; init; } = [];

    /// <summary>The audience that a role's trust policy pins; null where there is none.</summary>
    public string? Audience { get; init; }

    /// <summary>The longest session of a role; null for other kinds.</summary>
    public TimeSpan? MaxDuration { get; init; }

    /// <summary>When a token of it was last handed out by this node; null when none was.</summary>
    public DateTimeOffset? LastUse { get; init; }

    /// <summary>What the linter finds in it, the worst first.</summary>
    public IReadOnlyList<ConnectionFinding> Findings { get; init; } = [];

    /// <summary>Whether a story may use it.</summary>
    public bool IsFor(string story) => Stories.Contains(ConnectionAccess.EveryStory) || Stories.Contains(story, StringComparer.Ordinal);

    /// <summary>Whether somebody with these roles may publish stories that name it, and start them by hand.</summary>
    public bool IsForRoles(IEnumerable<string> roles) =>
        roles.Any(role => role.Equals(ConnectionAccess.Administrator, StringComparison.OrdinalIgnoreCase) || Roles.Contains(role, StringComparer.OrdinalIgnoreCase));
}

/// <summary>What the linter finds in a connection's configuration, or in the trust policy declared for its role.</summary>
/// <param name="Rule">The rule's id (<see cref="LintRule.Id"/>).</param>
/// <param name="Severity">How much is at stake.</param>
/// <param name="Message">What was found.</param>
/// <param name="Risk">What may come of it.</param>
/// <param name="Fix">How to mend it.</param>
public sealed record ConnectionFinding(string Rule, LintSeverity Severity, string Message, string Risk, string Fix);
