using FederationWorkflows.Runtime.Definitions;
using FederationWorkflows.Runtime.Storage;
using FederationWorkflows.Server.Access;
using FederationWorkflows.Server.Audit;

namespace FederationWorkflows.Server.Management.Definitions;

/// <summary>Suspending and resuming stories.</summary>
internal static class SuspensionEndpoints
{
    public static void MapSuspension(this IEndpointRouteBuilder api)
    {
        api.MapPost("/definitions/{id}/suspend", SuspendAsync).Requires(Permissions.RunsOperate).Audited("story.suspend", "id");
        api.MapPost("/definitions/{id}/resume", ResumeAsync).Requires(Permissions.RunsOperate).Audited("story.resume", "id");
    }

    /// <summary>Answers with the version that was published, which is the one to resume with.</summary>
    private static async Task<IResult> SuspendAsync(string id, HttpContext context, DefinitionCatalog catalog, IDefinitionStore store, CancellationToken cancellationToken)
    {
        var published = await store.FindPublishedAsync(id, cancellationToken);
        return published is not null && await catalog.RetractAsync(id, context.User, cancellationToken)
            ? Results.Json(new { DefinitionId = id, DefinitionVersionId = published.Id, published.Version }, ManagementApi.Json)
            : NotPublished(id);
    }

    /// <param name="id">The story.</param>
    /// <param name="versionId">The version to publish; the latest when none is named.</param>
    /// <param name="context">The request.</param>
    /// <param name="catalog">The stories.</param>
    /// <param name="store">Their versions.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    private static async Task<IResult> ResumeAsync(string id, string? versionId, HttpContext context, DefinitionCatalog catalog, IDefinitionStore store, CancellationToken cancellationToken)
    {
        var version = string.IsNullOrEmpty(versionId) ? await store.FindLatestAsync(id, cancellationToken) : await store.FindVersionAsync(versionId, cancellationToken);
        return version?.DefinitionId == id && await catalog.PublishVersionAsync(version.Id, context.User, cancellationToken) is { } published
            ? Results.Json(new { DefinitionId = id, DefinitionVersionId = published.Id, published.Version }, ManagementApi.Json)
            : Results.Problem(version is null ? $"There is no such version of story '{id}'." : $"Version '{versionId}' is not one of story '{id}'.", statusCode: StatusCodes.Status404NotFound);
    }

    private static IResult NotPublished(string id) => Results.Problem($"No version of story '{id}' is published.", statusCode: StatusCodes.Status404NotFound);
}
