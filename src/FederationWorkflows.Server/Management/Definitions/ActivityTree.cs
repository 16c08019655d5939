using System.Text.Json.Nodes;
using FederationWorkflows.Engine.Descriptors;

namespace FederationWorkflows.Server.Management.Definitions;

/// <summary>The activities of a definition's JSON, at all depths (Elsa contract: what has a type, an id and a version is an activity).</summary>
internal static class ActivityTree
{
    /// <summary>What the node id of every root begins with.</summary>
    public const string Prefix = "Workflow1";

    /// <summary>Places in which an object that looks like an activity is data.</summary>
    private static readonly HashSet<string> Data = new(StringComparer.Ordinal) { "metadata", "customProperties", "expression", "memoryReference" };

    /// <summary>Calls back for every activity, those outside before those inside.</summary>
    /// <param name="root">The root activity.</param>
    /// <param name="catalog">Makes of an object without a version an activity if it has its type; null for none.</param>
    /// <param name="visit">Gets the activity, the node id of the one around it, and the property that holds it.</param>
    public static void Visit(JsonNode? root, ActivityCatalog? catalog, Action<JsonObject, string, string> visit) => Visit(root, Prefix, "root", catalog, visit);

    /// <summary>Finds an activity by its node id; null when there is none.</summary>
    public static JsonObject? Find(JsonNode? root, string nodeId)
    {
        JsonObject? found = null;
        Visit(root, null, (activity, parent, _) => found ??= NodeId(activity, parent) == nodeId ? activity : null);
        return found;
    }

    public static string NodeId(JsonObject activity, string parent) => $"{parent}:{Text(activity, "id")}";

    public static string? Text(JsonObject json, string property) => json[property] is JsonValue value && value.TryGetValue<string>(out var text) ? text : null;

    public static bool IsActivity(JsonNode? node, ActivityCatalog? catalog = null) =>
        node is JsonObject json && Text(json, "type") is { } type && Text(json, "id") is not null && (json.ContainsKey("version") || catalog?.Find(type) is not null);

    private static void Visit(JsonNode? node, string parent, string property, ActivityCatalog? catalog, Action<JsonObject, string, string> visit)
    {
        switch (node)
        {
            case JsonArray items:
                foreach (var item in items)
                {
                    Visit(item, parent, property, catalog, visit);
                }

                break;
            case JsonObject json:
                if (IsActivity(json, catalog))
                {
                    visit(json, parent, property);
                    parent = NodeId(json, parent);
                }

                foreach (var (name, value) in json.ToArray())
                {
                    if (!Data.Contains(name))
                    {
                        Visit(value, parent, name, catalog, visit);
                    }
                }

                break;
        }
    }
}
