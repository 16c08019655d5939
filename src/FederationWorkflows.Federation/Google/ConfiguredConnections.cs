using Microsoft.Extensions.Options;

namespace FederationWorkflows.Federation.Google;

/// <summary>The connections of the host's configuration. Files are read at each use: a rotated key takes effect at once, and no key is kept.</summary>
internal sealed class ConfiguredConnections(IOptionsMonitor<FederationOptions> options, ApplicationDefault applicationDefault) : IConnectionStore
{
    private const int MostNamesListed = 20;

    public IReadOnlyList<string> Names => [.. options.CurrentValue.Connections.Keys.Order(StringComparer.OrdinalIgnoreCase)];

    public async Task<Connection> GetAsync(string name, CancellationToken cancellationToken = default)
    {
        if (!options.CurrentValue.Connections.TryGetValue(name, out var definition))
        {
            throw Unknown(name);
        }

        if (definition.Problem() is { } problem)
        {
            throw CredentialJson.Unusable(name, problem, "");
        }

        if (definition.IsKind(ConnectionOptions.ApplicationDefault))
        {
            return await applicationDefault.ResolveAsync(name, cancellationToken);
        }

        var json = definition.Json ?? await CredentialFile.ReadAsync(name, definition.File!, cancellationToken);
        return definition.IsKind(ConnectionOptions.ServiceAccountKey) ? CredentialJson.ServiceAccountKey(name, json) : CredentialJson.AuthorizedUser(name, json);
    }

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
