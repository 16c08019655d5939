using FederationWorkflows.Federation.Broker;
using FederationWorkflows.Federation.Trust;

namespace FederationWorkflows.Federation.Connections;

/// <summary>Tells of the connections of the configuration.</summary>
internal sealed class ConnectionDirectory(ConnectionCatalog catalog, TokenBroker broker, ExpectedTrust trust) : IConnectionDirectory
{
    public IReadOnlyList<ConnectionFacts> List() => [.. catalog.All.Values.OrderBy(connection => connection.Name, StringComparer.OrdinalIgnoreCase).Select(Facts)];

    public ConnectionFacts? Find(string name) => catalog.All.TryGetValue(name, out var connection) ? Facts(connection) : null;

    private ConnectionFacts Facts(ConnectionDefinition connection)
    {
        var options = connection.Options;
        var isRole = options.IsKind(ConnectionKinds.AwsRole);
        return new ConnectionFacts
        {
            Name = connection.Name,
            Kind = connection.Kind!.Name,
            Cloud = connection.Kind.Cloud,
            Identity = Identity(options),
            Sources = [.. Sources(options)],
            Stories = [.. options.Stories],
            Roles = [.. options.Roles],
            Scopes = [.. options.Scopes],
            Audience = options.Audience,
            MaxDuration = isRole ? options.MaxDuration ?? ConnectionRules.LongestChained : null,
            LastUse = broker.LastUse(connection.Name),
            Findings = [.. ConnectionFindings.Of(connection, trust)],
        };
    }

    private static string Identity(ConnectionOptions options) => ConnectionKinds.Find(options.Kind)!.Name switch
    {
        ConnectionKinds.AwsRole => options.RoleArn!,
        ConnectionKinds.WorkloadIdentityPool => options.ServiceAccount ?? options.Provider!,
        ConnectionKinds.ProjectedToken => $"the service account of {options.Issuer} in {options.TokenFile}",
        ConnectionKinds.MetadataServer => "the service account attached to this host",
        ConnectionKinds.ApplicationDefault => "this host's Application Default Credentials",
        ConnectionKinds.AwsProfile => $"profile {options.Profile ?? "default"}",
        ConnectionKinds.AwsEnvironment => "the keys in this host's environment",
        ConnectionKinds.AwsInstance => "the role of this EC2 instance",
        ConnectionKinds.AwsContainer => "the role of this container",
        ConnectionKinds.AwsDefault => "this host's AWS credentials",
        _ => options.File is { Length: > 0 } file ? $"the credential in {file}" : "the credential in the configuration",
    };

    private IEnumerable<string> Sources(ConnectionOptions options)
    {
        for (var at = options; at.Source is { Length: > 0 } name && catalog.All.TryGetValue(name, out var source); at = source.Options)
        {
            yield return source.Name;
        }
    }
}
