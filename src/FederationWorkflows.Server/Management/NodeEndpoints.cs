using FederationWorkflows.Runtime.Nodes;
using FederationWorkflows.Server.Access;
using FederationWorkflows.Server.Audit;
using FederationWorkflows.Server.Management.Contract;

namespace FederationWorkflows.Server.Management;

/// <summary>The processes that drive runs.</summary>
internal static class NodeEndpoints
{
    public static void MapNodes(this IEndpointRouteBuilder api)
    {
        api.MapGet("/nodes", ListAsync).Answers<Listed<NodeFacts>>().Requires(Permissions.RunsRead);
        api.MapPost("/nodes/{id}/drain", DrainAsync).Answers<NodeDrained>(StatusCodes.Status202Accepted).Requires(Permissions.RunsOperate).Audited("node.drain", "id");
    }

    private static async Task<IResult> ListAsync(NodeDrain nodes, CancellationToken cancellationToken)
    {
        var items = await nodes.GetNodesAsync(cancellationToken);
        return Results.Json(new { Items = items.Select(node => new { node.Id, node.Version, node.StartedAt, node.LastSeen, node.IsDraining, IsThis = node.Id == nodes.ThisNode }) }, ManagementApi.Json);
    }

    /// <param name="id">A node's id, or <c>this</c> for the one that is asked.</param>
    /// <param name="context">The request.</param>
    /// <param name="nodes">The nodes.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    private static async Task<IResult> DrainAsync(string id, HttpContext context, NodeDrain nodes, CancellationToken cancellationToken)
    {
        var node = id == "this" ? nodes.ThisNode : id;
        var before = (await nodes.GetNodesAsync(cancellationToken)).FirstOrDefault(known => known.Id == node);
        if (!await nodes.DrainAsync(node, cancellationToken))
        {
            return Results.Problem($"There is no node '{id}'. GET /api/nodes lists those that are alive.", statusCode: StatusCodes.Status404NotFound);
        }

        context.Tell(node, before: before is null ? null : new { before.IsDraining }, after: new { IsDraining = true });
        return Results.Json(new { Id = node }, ManagementApi.Json, statusCode: StatusCodes.Status202Accepted);
    }
}
