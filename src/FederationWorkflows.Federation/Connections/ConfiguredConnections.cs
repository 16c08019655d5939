using FederationWorkflows.Federation.Google;
using Microsoft.Extensions.Options;

namespace FederationWorkflows.Federation.Connections;

/// <summary>The connections of the host's configuration. Files are read at each use: a rotated key takes effect at once, and no key is kept.</summary>
internal sealed class ConfiguredConnections(IOptionsMonitor<FederationOptions> options, ApplicationDefault applicationDefault) : IConnectionStore
{
    private const int MostNamesListed = 20;

    public IReadOnlyList<string> Names => [.. options.CurrentValue.Connections.Keys.Order(StringComparer.OrdinalIgnoreCase)];

    public async Task<Connection> GetAsync(string name, CancellationToken cancellationToken = default)
    {
        var all = options.CurrentValue.Connections;
        if (!all.TryGetValue(name, out var definition))
        {
            throw Unknown(name);
        }

        if (ConnectionRules.Problem(name, all) is { } problem)
        {
            throw CredentialJson.Unusable(name, problem, "");
        }

        return ConnectionKinds.Find(definition.Kind)!.Name switch
        {
            ConnectionKinds.ApplicationDefault => await applicationDefault.ResolveAsync(name, cancellationToken),
            ConnectionKinds.MetadataServer => new MetadataServerConnection(name),
            ConnectionKinds.ServiceAccountKey => CredentialJson.ServiceAccountKey(name, await CredentialAsync(name, definition, cancellationToken)),
            ConnectionKinds.AuthorizedUser => CredentialJson.AuthorizedUser(name, await CredentialAsync(name, definition, cancellationToken)),
            ConnectionKinds.ExternalAccount => CredentialJson.ExternalAccount(name, await CredentialAsync(name, definition, cancellationToken), options.CurrentValue.Endpoints),
            ConnectionKinds.AwsRole => new AwsRoleConnection(name, definition.RoleArn!, await GetAsync(definition.Source!, cancellationToken))
            {
                Audience = definition.Audience,
                ServiceAccount = Given(definition.ServiceAccount),
                SessionName = Given(definition.SessionName),
                SessionPolicy = Given(definition.SessionPolicy),
                MaxDuration = definition.MaxDuration ?? ConnectionRules.LongestChained,
                Region = Given(definition.Region),
                ExternalId = Given(definition.ExternalId),
            },
            var kind => throw CredentialJson.Unusable(name, $"its kind {kind} has no client in this version", ""),
        };
    }

    private static string? Given(string? text) => string.IsNullOrWhiteSpace(text) ? null : text;

    private static async ValueTask<string> CredentialAsync(string name, ConnectionOptions definition, CancellationToken cancellationToken) =>
        definition.Json is { } json && !string.IsNullOrWhiteSpace(json.Reveal()) ? json.Reveal() : await CredentialFile.ReadAsync(name, definition.File!, cancellationToken);

    private FederationException Unknown(string name)
    {
        var names = Names;
        var listed = string.Join(", ", names.Take(MostNamesListed)) + (names.Count > MostNamesListed ? ", ..." : "");
        return Failure.Input(
            Cloud.Google,
            CredentialJson.Service,
            $"connection '{CloudText.Message(name)}'",
            "no connection has this name",
            names.Count == 0
                ? $"No connections are defined: an administrator adds them under {FederationOptions.Section}:{nameof(FederationOptions.Connections)} of the host's configuration."
                : $"The connections of this host are: {listed}.",
            FailureCodes.UnknownConnection);
    }
}
