using System.Text.Json.Nodes;
using FederationWorkflows.Runtime.Storage;
using FederationWorkflows.Server.Access;
using FederationWorkflows.Server.Management.Contract;

namespace FederationWorkflows.Server.Management.Definitions;

/// <summary>The way to an activity inside others (Elsa contract: subgraph).</summary>
internal static class SubgraphEndpoints
{
    public static void MapSubgraphs(this IEndpointRouteBuilder api)
    {
        api.MapGet("/workflow-definitions/subgraph/segments/{id}", FindSegmentsAsync).Answers<ActivityPath>().Requires(Permissions.StoriesRead);
        api.MapGet("/workflow-definitions/subgraph/{id}", FindNodeAsync).Answers<ActivityNode>().Requires(Permissions.StoriesRead);
    }

    private static async Task<IResult> FindNodeAsync(string id, string? parentNodeId, HttpContext context, IDefinitionStore store, DefinitionView view, CancellationToken cancellationToken)
    {
        if (await store.FindVersionAsync(id, cancellationToken) is not { } version)
        {
            return DefinitionListEndpoints.NoStory(id);
        }

        var root = view.Full(version, context.User)["root"];
        var activity = string.IsNullOrEmpty(parentNodeId) ? root as JsonObject : ActivityTree.Find(root, parentNodeId);
        return activity is null ? NoActivity(parentNodeId) : ManagementApi.Answer(Node(activity, null));
    }

    /// <summary>The activities around one that are no flowchart, outermost first, and the innermost of them, which is to be shown.</summary>
    private static async Task<IResult> FindSegmentsAsync(string id, string? childNodeId, HttpContext context, IDefinitionStore store, DefinitionView view, CancellationToken cancellationToken)
    {
        if (await store.FindVersionAsync(id, cancellationToken) is not { } version)
        {
            return DefinitionListEndpoints.NoStory(id);
        }

        var root = view.Full(version, context.User)["root"];
        var around = new Dictionary<string, (JsonObject Activity, string Parent, string Property)>();
        ActivityTree.Visit(root, null, (activity, parent, property) => around[ActivityTree.NodeId(activity, parent)] = (activity, parent, property));
        if (!around.TryGetValue(childNodeId ?? "", out var child))
        {
            return NoActivity(childNodeId);
        }

        var segments = new List<JsonNode>();
        var container = (JsonObject)root!;
        for (var (inner, current) = (child, child.Parent); around.TryGetValue(current, out var outer); (inner, current) = (outer, outer.Parent))
        {
            if (ActivityTree.Text(outer.Activity, "type") is "Elsa.Flowchart" or "Elsa.Workflow")
            {
                continue;
            }

            container = segments.Count == 0 ? outer.Activity : container;
            segments.Insert(0, new JsonObject
            {
                ["activityNodeId"] = current,
                ["activityId"] = ActivityTree.Text(outer.Activity, "id"),
                ["activityType"] = ActivityTree.Text(outer.Activity, "type"),
                ["activityName"] = ActivityTree.Text(outer.Activity, "name"),
                ["portName"] = PortOf(inner.Property),
            });
        }

        return ManagementApi.Answer(new JsonObject
        {
            ["childNode"] = Node(child.Activity, PortOf(child.Property)),
            ["container"] = Node(container, null),
            ["pathSegments"] = new JsonArray([.. segments]),
        });
    }

    private static string PortOf(string property) => property.Length == 0 ? property : char.ToUpperInvariant(property[0]) + property[1..];

    private static JsonObject Node(JsonObject activity, string? port) => new()
    {
        ["activity"] = activity.DeepClone(),
        ["activityId"] = ActivityTree.Text(activity, "id"),
        ["nodeId"] = activity["nodeId"]?.DeepClone(),
        ["port"] = port,
        ["parents"] = new JsonArray(),
        ["children"] = new JsonArray(),
    };

    private static IResult NoActivity(string? nodeId) => Results.Problem($"There is no activity '{nodeId}' in this version.", statusCode: StatusCodes.Status404NotFound);
}
