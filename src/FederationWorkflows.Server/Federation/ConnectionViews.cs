using System.Text.Json;
using FederationWorkflows.Federation.Broker;
using FederationWorkflows.Federation.Connections;
using FederationWorkflows.Runtime.Definitions;
using FederationWorkflows.Runtime.Storage;
using FederationWorkflows.Server.Management;

namespace FederationWorkflows.Server.Federation;

/// <summary>Connections with the stories that name them and the exchanges that were made for them.</summary>
internal sealed class ConnectionViews(IConnectionDirectory connections, DefinitionCatalog stories, IAuditStore audit)
{
    /// <summary>All connections, by name.</summary>
    public IReadOnlyList<ConnectionView> List()
    {
        var uses = Uses();
        return [.. connections.List().Select(connection => new ConnectionView(connection, [.. uses[connection.Name]]))];
    }

    /// <summary>A connection; null when there is none of the name.</summary>
    public ConnectionView? Find(string name) => connections.Find(name) is { } connection ? new ConnectionView(connection, [.. Uses()[connection.Name]]) : null;

    /// <summary>The exchanges that were made last, by whatever node, the newest first.</summary>
    public async ValueTask<IReadOnlyList<ExchangeReport>> LastExchangesAsync(string connection, int limit, CancellationToken cancellationToken)
    {
        var entries = await audit.ListAsync(new AuditQuery { Action = ExchangeAudit.Action, Subject = connection, Limit = limit }, cancellationToken);
        return [.. entries.Select(entry => entry.After?.Deserialize<ExchangeReport>(ManagementApi.Json)).OfType<ExchangeReport>()];
    }

    private ILookup<string, ConnectionStory> Uses()
    {
        var named =
            from story in stories.Published
            from connection in story.Connections.Select(use => use.Connection).Distinct(StringComparer.OrdinalIgnoreCase)
            orderby story.Definition.DefinitionId
            select (Connection: connection, Story: new ConnectionStory(story.Definition.DefinitionId, story.Definition.Name ?? story.Definition.DefinitionId, IsAllowed(connection, story.Definition.DefinitionId)));
        return named.ToLookup(use => use.Connection, use => use.Story, StringComparer.OrdinalIgnoreCase);
    }

    private bool IsAllowed(string connection, string definitionId) => connections.Find(connection)?.IsFor(definitionId) is true;
}

/// <summary>A connection with the published stories that name it.</summary>
/// <param name="Facts">What may be told of it.</param>
/// <param name="NamedBy">The stories.</param>
public sealed record ConnectionView(ConnectionFacts Facts, IReadOnlyList<ConnectionStory> NamedBy);

/// <summary>A published story that names a connection.</summary>
/// <param name="DefinitionId">The story.</param>
/// <param name="Name">Its name.</param>
/// <param name="IsAllowed">The connection is for it; otherwise its runs are refused.</param>
public sealed record ConnectionStory(string DefinitionId, string Name, bool IsAllowed);
