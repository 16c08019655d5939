using FederationWorkflows.Federation.Connections;
using FederationWorkflows.Federation.Google;

namespace FederationWorkflows.Federation.Broker;

/// <summary>What is exchanged for.</summary>
internal enum ExchangeKind
{
    /// <summary>A Google access token.</summary>
    AccessToken,

    /// <summary>An ID token that Google issues.</summary>
    IdToken,

    /// <summary>Temporary credentials of an AWS role.</summary>
    AwsRole,

    /// <summary>AWS credentials that this host has.</summary>
    AwsSource,

    /// <summary>A token that a cluster projects into this host's file system.</summary>
    ProjectedToken,
}

/// <summary>
/// A whole exchange: two that are equal give tokens that can do the same. The connection stands for its identity and all of its configuration, since
/// it is another object when anything of that changes.
/// </summary>
internal readonly struct ExchangeKey : IEquatable<ExchangeKey>
{
    private ExchangeKey(ExchangeKind kind, ConnectionDefinition connection)
    {
        Kind = kind;
        Connection = connection;
    }

    public ExchangeKind Kind { get; }

    public ConnectionDefinition Connection { get; }

    /// <summary>Of an access token.</summary>
    public IReadOnlyList<string>? Scopes { get; private init; }

    /// <summary>Of an ID token: its audience.</summary>
    public string? Audience { get; private init; }

    /// <summary>Of an ID token: the service account that is impersonated for it; null for the connection's own identity.</summary>
    public string? ServiceAccount { get; private init; }

    /// <summary>Of an ID token of the metadata server: what it tells of the machine; null for any other ID token.</summary>
    public MetadataTokenFormat? Format { get; private init; }

    /// <summary>Of a role.</summary>
    public string? SessionName { get; private init; }

    /// <summary>Of a role: the session policy; null for none.</summary>
    public string? SessionPolicy { get; private init; }

    /// <summary>Of a role: seconds.</summary>
    public int Duration { get; private init; }

    public static ExchangeKey AccessToken(ConnectionDefinition connection, IReadOnlyList<string> scopes) => new(ExchangeKind.AccessToken, connection) { Scopes = scopes };

    public static ExchangeKey IdToken(ConnectionDefinition connection, string audience, string? serviceAccount) =>
        new(ExchangeKind.IdToken, connection) { Audience = audience, ServiceAccount = serviceAccount };

    public static ExchangeKey MetadataToken(ConnectionDefinition connection, string audience, MetadataTokenFormat format) =>
        new(ExchangeKind.IdToken, connection) { Audience = audience, Format = format };

    public static ExchangeKey AwsRole(ConnectionDefinition connection, int duration, string? sessionPolicy, string sessionName) =>
        new(ExchangeKind.AwsRole, connection) { Duration = duration, SessionPolicy = sessionPolicy, SessionName = sessionName };

    public static ExchangeKey AwsSource(ConnectionDefinition connection) => new(ExchangeKind.AwsSource, connection);

    public static ExchangeKey ProjectedToken(ConnectionDefinition connection) => new(ExchangeKind.ProjectedToken, connection);

    /// <summary>The same, with a list of scopes that nobody else can change.</summary>
    public ExchangeKey ToKeep() => Scopes is null ? this : AccessToken(Connection, [.. Scopes]);

    public bool Equals(ExchangeKey other) =>
        ReferenceEquals(Connection, other.Connection)
        && Kind == other.Kind
        && Duration == other.Duration
        && Format == other.Format
        && Audience == other.Audience
        && ServiceAccount == other.ServiceAccount
        && SessionName == other.SessionName
        && SessionPolicy == other.SessionPolicy
        && HasSame(Scopes, other.Scopes);

    public override bool Equals(object? obj) => obj is ExchangeKey other && Equals(other);

    public override int GetHashCode()
    {
        var hash = default(HashCode);
        hash.Add(System.Runtime.CompilerServices.RuntimeHelpers.GetHashCode(Connection));
        hash.Add((int)Kind);
        hash.Add(Duration);
        hash.Add(Format is { } format ? (int)format : -1);
        hash.Add(Audience);
        hash.Add(ServiceAccount);
        hash.Add(SessionName);
        hash.Add(SessionPolicy);
        for (var index = 0; index < (Scopes?.Count ?? 0); index++)
        {
            hash.Add(Scopes![index]);
        }

        return hash.ToHashCode();
    }

    private static bool HasSame(IReadOnlyList<string>? one, IReadOnlyList<string>? other)
    {
        if (ReferenceEquals(one, other))
        {
            return true;
        }

        if (one is null || other is null || one.Count != other.Count)
        {
            return false;
        }

        for (var index = 0; index < one.Count; index++)
        {
            if (one[index] != other[index])
            {
                return false;
            }
        }

        return true;
    }
}
