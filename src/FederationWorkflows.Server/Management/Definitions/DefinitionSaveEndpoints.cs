using System.Security.Claims;
using System.Text.Json.Nodes;
using FederationWorkflows.Runtime.Definitions;
using FederationWorkflows.Runtime.Storage;
using FederationWorkflows.Server.Access;
using FederationWorkflows.Server.Management.Contract;

namespace FederationWorkflows.Server.Management.Definitions;

/// <summary>Changing definitions (Elsa contract: workflow definitions).</summary>
internal static class DefinitionSaveEndpoints
{
    public static void MapDefinitionSaving(this IEndpointRouteBuilder api)
    {
        api.MapPost("/workflow-definitions", SaveAsync).Answers<StorySaved>().Requires(Permissions.StoriesWrite).AuditedStories("story.save");
        api.MapPost("/workflow-definitions/{definitionId}/publish", PublishAsync).Answers<StorySaved>().Requires(Permissions.StoriesWrite).AuditedStories("story.publish");
        api.MapPost("/workflow-definitions/{definitionId}/retract", RetractAsync).Answers<Story>().Requires(Permissions.StoriesWrite).AuditedStories("story.retract");
        api.MapPost("/workflow-definitions/{definitionId}/revert/{version:int}", RevertAsync).Answers<StorySummary>().Requires(Permissions.StoriesWrite).AuditedStories("story.revert");
        api.MapDelete("/workflow-definitions/{definitionId}", DeleteAsync).Answers(StatusCodes.Status204NoContent).Requires(Permissions.StoriesWrite).AuditedStories("story.delete");
        api.MapDelete("/workflow-definition-versions/{id}", DeleteVersionAsync).Answers(StatusCodes.Status204NoContent).Requires(Permissions.StoriesWrite).AuditedStories("story.delete-version");

        // Nothing refers to a version, so nothing changes.
        api.MapPost("/workflow-definitions/{definitionId}/update-references", (string definitionId) => ManagementApi.Answer(new JsonObject { ["affectedWorkflows"] = new JsonArray() })).Answers<ReferencesUpdated>().Requires(Permissions.StoriesRead);
    }

    private static async Task<IResult> SaveAsync(HttpContext context, DefinitionSaving saving, DefinitionView view, CancellationToken cancellationToken)
    {
        var body = await ManagementBody.ReadObjectAsync(context, cancellationToken);
        if (body["model"] is not JsonObject model)
        {
            throw ManagementBody.Wrong("missing-model", "The body must be {\"model\":{...},\"publish\":false}.", "$.model");
        }

        var publish = body["publish"] is JsonValue value && value.TryGetValue<bool>(out var wanted) && wanted;
        body.Remove("model");
        if (ActivityTree.Text(model, "definitionId") is { Length: > 0 } known)
        {
            await context.Stories().WatchAsync(known, cancellationToken);
        }

        var saved = await saving.SaveAsync(model, publish, basis: null, EditingPages.PageOf(context.Request), context.User, cancellationToken);
        context.Stories().Made(saved.Definition.DefinitionId);
        return Saved(saved, view, context.User);
    }

    private static async Task<IResult> PublishAsync(string definitionId, HttpContext context, DefinitionCatalog catalog, IDefinitionStore store, DefinitionView view, CancellationToken cancellationToken) =>
        await store.FindLatestAsync(definitionId, cancellationToken) is { } latest && await catalog.PublishVersionAsync(latest.Id, context.User, cancellationToken) is { } published
            ? Saved(new SavedDefinition(published, latest.IsPublished), view, context.User)
            : DefinitionListEndpoints.NoStory(definitionId);

    private static async Task<IResult> RetractAsync(string definitionId, HttpContext context, DefinitionCatalog catalog, IDefinitionStore store, DefinitionView view, CancellationToken cancellationToken)
    {
        if (!await catalog.RetractAsync(definitionId, context.User, cancellationToken))
        {
            throw ManagementBody.Wrong("not-published", $"No version of story '{definitionId}' is published.");
        }

        return await store.FindLatestAsync(definitionId, cancellationToken) is { } latest ? ManagementApi.Answer(view.Full(latest, context.User)) : DefinitionListEndpoints.NoStory(definitionId);
    }

    private static async Task<IResult> RevertAsync(string definitionId, int version, HttpContext context, DefinitionCatalog catalog, CancellationToken cancellationToken) =>
        await catalog.RevertAsync(definitionId, version, context.User, cancellationToken) is { } draft ? ManagementApi.Answer(DefinitionView.Summary(draft, context.User)) : DefinitionListEndpoints.NoStory(definitionId);

    /// <summary>Deleting what is not there is done: a client that lost the answer asks again.</summary>
    private static async Task<IResult> DeleteAsync(string definitionId, DefinitionCatalog catalog, CancellationToken cancellationToken)
    {
        await catalog.DeleteDefinitionsAsync([definitionId], cancellationToken);
        return Results.NoContent();
    }

    private static async Task<IResult> DeleteVersionAsync(string id, HttpContext context, DefinitionCatalog catalog, IDefinitionStore store, CancellationToken cancellationToken)
    {
        if (await store.FindVersionAsync(id, cancellationToken) is { } version)
        {
            await context.Stories().WatchAsync(version.DefinitionId, cancellationToken);
        }

        await catalog.DeleteVersionsAsync([id], cancellationToken);
        return Results.NoContent();
    }

    /// <summary>Stories that use this one as an activity mean whatever is published, so none need to be changed with it.</summary>
    private static IResult Saved(SavedDefinition saved, DefinitionView view, ClaimsPrincipal caller) => ManagementApi.Answer(new JsonObject
    {
        ["workflowDefinition"] = view.Full(saved.Definition, caller),
        ["alreadyPublished"] = saved.WasPublished,
        ["consumingWorkflowCount"] = 0,
        ["validationErrors"] = new JsonArray(),
    });
}
