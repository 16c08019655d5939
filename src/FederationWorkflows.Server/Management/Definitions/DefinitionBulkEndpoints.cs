using System.Security.Claims;
using FederationWorkflows.Engine.Definitions;
using FederationWorkflows.Runtime.Definitions;
using FederationWorkflows.Runtime.Storage;
using FederationWorkflows.Server.Access;
using FederationWorkflows.Server.Management.Contract;

namespace FederationWorkflows.Server.Management.Definitions;

/// <summary>Changing several definitions at once (Elsa contract: bulk actions).</summary>
internal static class DefinitionBulkEndpoints
{
    /// <summary>Definitions named in one call.</summary>
    private const int MaxIds = 1000;

    public static void MapDefinitionBulkActions(this IEndpointRouteBuilder api)
    {
        api.MapPost("/bulk-actions/delete/workflow-definitions/by-definition-id", DeleteAsync).Answers<HowManyDeleted>().Requires(Permissions.StoriesWrite).AuditedStories("story.delete");
        api.MapPost("/bulk-actions/delete/workflow-definitions/by-id", DeleteVersionsAsync).Answers<HowManyDeleted>().Requires(Permissions.StoriesWrite).AuditedStories("story.delete-version");
        api.MapPost("/bulk-actions/publish/workflow-definitions/by-definition-ids", PublishAsync).Answers<StoriesPublished>().Requires(Permissions.StoriesWrite).AuditedStories("story.publish");
        api.MapPost("/bulk-actions/retract/workflow-definitions/by-definition-ids", RetractAsync).Answers<StoriesRetracted>().Requires(Permissions.StoriesWrite).AuditedStories("story.retract");
    }

    private static async Task<IResult> DeleteAsync(DefinitionIds request, DefinitionCatalog catalog, CancellationToken cancellationToken) =>
        Results.Json(new { Deleted = await catalog.DeleteDefinitionsAsync(Bounded(request.Definitions), cancellationToken) }, ManagementApi.Json);

    private static async Task<IResult> DeleteVersionsAsync(VersionIds request, HttpContext context, DefinitionCatalog catalog, IDefinitionStore store, CancellationToken cancellationToken)
    {
        var ids = Bounded(request.Versions);
        foreach (var id in ids)
        {
            if (await store.FindVersionAsync(id, cancellationToken) is { } version)
            {
                await context.Stories().WatchAsync(version.DefinitionId, cancellationToken);
            }
        }

        return Results.Json(new { Deleted = await catalog.DeleteVersionsAsync(ids, cancellationToken) }, ManagementApi.Json);
    }

    /// <summary>
    /// Those without errors are published; those with errors are told together, and stay as they are. When that is all of them, nothing has changed,
    /// and the answer is a refusal.
    /// </summary>
    private static async Task<IResult> PublishAsync(DefinitionIds request, HttpContext context, DefinitionCatalog catalog, IDefinitionStore store, CancellationToken cancellationToken)
    {
        var published = new List<string>();
        var already = new List<string>();
        var unknown = new List<string>();
        var refused = new Dictionary<string, IReadOnlyList<DefinitionProblem>>(StringComparer.Ordinal);
        foreach (var id in Bounded(request.Definitions))
        {
            if (await store.FindLatestAsync(id, cancellationToken) is not { } latest)
            {
                unknown.Add(id);
            }
            else if (latest.IsPublished)
            {
                already.Add(id);
            }
            else
            {
                await TryPublishAsync(latest, context.User, catalog, published, refused, cancellationToken);
            }
        }

        if (refused.Count > 0 && published.Count == 0)
        {
            throw new DefinitionException([.. refused.Values.SelectMany(problems => problems)]);
        }

        var errors = refused.ToDictionary(story => story.Key, IReadOnlyList<string> (story) => [.. story.Value.Select(problem => problem.Message)]);
        return Results.Json(new StoriesPublished(published, already, unknown, UpdatedConsumers: [], errors), ManagementApi.Json);
    }

    private static async ValueTask TryPublishAsync(
        StoredDefinition latest, ClaimsPrincipal caller, DefinitionCatalog catalog, List<string> published, Dictionary<string, IReadOnlyList<DefinitionProblem>> refused, CancellationToken cancellationToken)
    {
        try
        {
            if (await catalog.PublishVersionAsync(latest.Id, caller, cancellationToken) is not null)
            {
                published.Add(latest.DefinitionId);
            }
        }
        catch (DefinitionException e)
        {
            refused[latest.DefinitionId] = [.. e.Problems.Select(problem => problem with { Message = $"{latest.FindName()}: {problem.Message}" })];
        }
    }

    private static async Task<IResult> RetractAsync(DefinitionIds request, HttpContext context, DefinitionCatalog catalog, IDefinitionStore store, CancellationToken cancellationToken)
    {
        var retracted = new List<string>();
        var already = new List<string>();
        var unknown = new List<string>();
        foreach (var id in Bounded(request.Definitions))
        {
            var list = await catalog.RetractAsync(id, context.User, cancellationToken) ? retracted
                : await store.FindLatestAsync(id, cancellationToken) is null ? unknown
                : already;
            list.Add(id);
        }

        return Results.Json(new { Retracted = retracted, AlreadyRetracted = already, NotFound = unknown }, ManagementApi.Json);
    }

    private static IReadOnlyList<string> Bounded(IReadOnlyList<string>? ids) =>
        ids is { Count: > MaxIds } ? throw ManagementBody.Wrong("too-many", $"At most {MaxIds} stories can be named in one call.") : [.. (ids ?? []).Distinct(StringComparer.Ordinal)];

    private sealed record DefinitionIds([property: System.Text.Json.Serialization.JsonPropertyName("definitionIds")] IReadOnlyList<string>? Definitions) : INamesStories
    {
        IEnumerable<string> INamesStories.DefinitionIds => Bounded(Definitions);
    }

    private sealed record VersionIds([property: System.Text.Json.Serialization.JsonPropertyName("ids")] IReadOnlyList<string>? Versions);
}
