using System.Text.Json.Nodes;
using FederationWorkflows.Runtime.Storage;
using FederationWorkflows.Server.Access;
using FederationWorkflows.Server.Management.Contract;

namespace FederationWorkflows.Server.Management.Definitions;

/// <summary>Finding definitions (Elsa contract: workflow definitions).</summary>
internal static class DefinitionListEndpoints
{
    private const int PageSize = 1000;

    public static void MapDefinitionLists(this IEndpointRouteBuilder api)
    {
        api.MapGet("/workflow-definitions", ListAsync).Answers<StoryPage>().Requires(Permissions.StoriesRead);
        api.MapGet("/workflow-definitions/by-definition-id/{definitionId}", FindAsync).Answers<Story>().Requires(Permissions.StoriesRead);
        api.MapGet("/workflow-definitions/by-id/{id}", FindVersionAsync).Answers<Story>().Requires(Permissions.StoriesRead);
        api.MapGet("/workflow-definitions/many-by-id", FindSeveralAsync).Answers<Counted<Story>>().Requires(Permissions.StoriesRead);
        api.MapGet("/workflow-definitions/query/count", CountAsync).Answers<HowMany>().Requires(Permissions.StoriesRead);
        api.MapGet("/workflow-definitions/validation/is-name-unique", IsNameUniqueAsync).Answers<NameCheck>().Requires(Permissions.StoriesRead);
    }

    public static IResult NoStory(string definitionId) => Results.Problem($"There is no such version of story '{definitionId}'.", statusCode: StatusCodes.Status404NotFound);

    private static async Task<IResult> ListAsync([AsParameters] ListParameters parameters, HttpContext context, IDefinitionStore store, CancellationToken cancellationToken)
    {
        if (!VersionChoice.TryRead(parameters.VersionOptions, out var versions, out var also))
        {
            return ManagementApi.Wrong($"There are no versions '{parameters.VersionOptions}'. Use Latest, Published, LatestOrPublished, LatestAndPublished, Draft, AllVersions or a number.");
        }

        var size = Math.Clamp(parameters.PageSize ?? 100, 1, PageSize);
        var query = new DefinitionQuery
        {
            Versions = versions,
            DefinitionIds = parameters.DefinitionIds ?? [],
            Ids = parameters.Ids ?? [],
            SearchText = string.IsNullOrWhiteSpace(parameters.SearchTerm) ? null : parameters.SearchTerm.Trim(),
            OrderBy = parameters.OrderBy switch
            {
                "Name" => DefinitionOrder.Name,
                "Version" => DefinitionOrder.Version,
                _ => DefinitionOrder.Created,
            },
            Descending = parameters.OrderDirection is "Descending",
            Skip = (int)Math.Min(int.MaxValue, (long)Math.Max(0, parameters.Page ?? 0) * size),
            Take = size,
        };
        var page = parameters.IsSystem is "True" or "true" ? new Page<StoredDefinition>([], 0)
            : also is null ? await store.ListAsync(query, cancellationToken)
            : await SelectAsync(store, query, also, cancellationToken);
        var items = new JsonArray([.. page.Items.Select(item => DefinitionView.Summary(item, context.User))]);

        // Runs of versions that were deleted are still there.
        foreach (var gone in query.Ids.Except(page.Items.Select(item => item.Id)).Where(_ => string.IsNullOrEmpty(parameters.VersionOptions)).Take(size))
        {
            items.Add(DefinitionView.Deleted(gone));
        }

        return ManagementApi.Answer(new JsonObject
        {
            ["items"] = items,
            ["totalCount"] = page.TotalCount,
            ["links"] = DefinitionView.MayChange(context.User) ? new JsonArray(DefinitionView.Link("/bulk-actions/publish/workflow-definitions/by-definition-ids", "bulk-publish", "POST")) : [],
        });
    }

    /// <summary>What the store cannot select itself.</summary>
    private static async ValueTask<Page<StoredDefinition>> SelectAsync(IDefinitionStore store, DefinitionQuery query, Func<StoredDefinition, bool> also, CancellationToken cancellationToken)
    {
        var all = new List<StoredDefinition>();
        for (var skip = 0; ; skip += PageSize)
        {
            var page = await store.ListAsync(query with { Skip = skip, Take = PageSize }, cancellationToken);
            all.AddRange(page.Items.Where(also));
            if (page.Items.Count < PageSize)
            {
                return new Page<StoredDefinition>([.. all.Skip(query.Skip).Take(query.Take)], all.Count);
            }
        }
    }

    private static async Task<IResult> FindAsync(string definitionId, string? versionOptions, HttpContext context, IDefinitionStore store, DefinitionView view, CancellationToken cancellationToken) =>
        await store.FindAsync(definitionId, versionOptions, cancellationToken) is { } found
            ? DefinitionConditions.NotModified(context, found) ?? ManagementApi.Answer(view.Full(found, context.User))
            : NoStory(definitionId);

    /// <summary>One that is gone is answered as such: the designer could not show its runs otherwise.</summary>
    private static async Task<IResult> FindVersionAsync(string id, HttpContext context, IDefinitionStore store, DefinitionView view, CancellationToken cancellationToken) =>
        ManagementApi.Answer(await store.FindVersionAsync(id, cancellationToken) is { } found ? view.Full(found, context.User) : DefinitionView.DeletedFull(id));

    private static async Task<IResult> FindSeveralAsync(string[]? ids, HttpContext context, IDefinitionStore store, DefinitionView view, CancellationToken cancellationToken)
    {
        var page = ids is { Length: > 0 } ? await store.ListAsync(new DefinitionQuery { Versions = DefinitionVersions.All, Ids = ids, Take = PageSize }, cancellationToken) : new Page<StoredDefinition>([], 0);
        return ManagementApi.Answer(new JsonObject { ["items"] = new JsonArray([.. page.Items.Select(item => view.Full(item, context.User))]), ["count"] = page.Items.Count });
    }

    private static async Task<IResult> CountAsync(IDefinitionStore store, CancellationToken cancellationToken) =>
        ManagementApi.Answer(new JsonObject { ["count"] = (await store.ListAsync(new DefinitionQuery { Take = 1 }, cancellationToken)).TotalCount });

    private static async Task<IResult> IsNameUniqueAsync(string? name, string? definitionId, IDefinitionStore store, CancellationToken cancellationToken)
    {
        var wanted = (name ?? "").Trim();
        for (var skip = 0; ; skip += PageSize)
        {
            var page = await store.ListAsync(new DefinitionQuery { SearchText = wanted.Length == 0 ? null : wanted, Skip = skip, Take = PageSize }, cancellationToken);
            var taken = page.Items.Any(item => item.DefinitionId != definitionId && string.Equals(item.FindName().Trim(), wanted, StringComparison.OrdinalIgnoreCase));
            if (taken || page.Items.Count < PageSize)
            {
                return ManagementApi.Answer(new JsonObject { ["isUnique"] = !taken });
            }
        }
    }

    private sealed record ListParameters(
        string? VersionOptions, string[]? DefinitionIds, string[]? Ids, int? Page, int? PageSize, string? SearchTerm, string? IsSystem, string? OrderBy, string? OrderDirection);
}
