using FederationWorkflows.Runtime.Definitions;
using FederationWorkflows.Runtime.Storage;
using FederationWorkflows.Server.Access;
using FederationWorkflows.Server.Management.Contract;

namespace FederationWorkflows.Server.Management.Definitions;

/// <summary>Suspending and resuming stories.</summary>
internal static class SuspensionEndpoints
{
    public static void MapSuspension(this IEndpointRouteBuilder api)
    {
        api.MapPost("/definitions/{definitionId}/suspend", SuspendAsync).Answers<StoryVersionFacts>().Requires(Permissions.RunsOperate).AuditedStories("story.suspend");
        api.MapPost("/definitions/{definitionId}/resume", ResumeAsync).Answers<StoryVersionFacts>().Requires(Permissions.RunsOperate).AuditedStories("story.resume");
    }

    /// <summary>Answers with the version that was published, which is the one to resume with.</summary>
    private static async Task<IResult> SuspendAsync(string definitionId, HttpContext context, DefinitionCatalog catalog, IDefinitionStore store, CancellationToken cancellationToken)
    {
        var published = await store.FindPublishedAsync(definitionId, cancellationToken);
        return published is not null && await catalog.RetractAsync(definitionId, context.User, cancellationToken)
            ? Results.Json(new { DefinitionId = definitionId, DefinitionVersionId = published.Id, published.Version }, ManagementApi.Json)
            : NotPublished(definitionId);
    }

    /// <param name="definitionId">The story.</param>
    /// <param name="versionId">The version to publish; the latest when none is named.</param>
    /// <param name="context">The request.</param>
    /// <param name="catalog">The stories.</param>
    /// <param name="store">Their versions.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    private static async Task<IResult> ResumeAsync(string definitionId, string? versionId, HttpContext context, DefinitionCatalog catalog, IDefinitionStore store, CancellationToken cancellationToken)
    {
        var version = string.IsNullOrEmpty(versionId) ? await store.FindLatestAsync(definitionId, cancellationToken) : await store.FindVersionAsync(versionId, cancellationToken);
        return version?.DefinitionId == definitionId && await catalog.PublishVersionAsync(version.Id, context.User, cancellationToken) is { } published
            ? Results.Json(new { DefinitionId = definitionId, DefinitionVersionId = published.Id, published.Version }, ManagementApi.Json)
            : Results.Problem(version is null ? $"There is no such version of story '{definitionId}'." : $"Version '{versionId}' is not one of story '{definitionId}'.", statusCode: StatusCodes.Status404NotFound);
    }

    private static IResult NotPublished(string definitionId) => Results.Problem($"No version of story '{definitionId}' is published.", statusCode: StatusCodes.Status404NotFound);
}
