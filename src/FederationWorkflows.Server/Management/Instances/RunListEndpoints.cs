using FederationWorkflows.Runtime.Storage;
using FederationWorkflows.Server.Access;
using FederationWorkflows.Server.Management.Contract;

namespace FederationWorkflows.Server.Management.Instances;

/// <summary>Lists of runs.</summary>
internal static class RunListEndpoints
{
    public static void MapRunLists(this IEndpointRouteBuilder api)
    {
        api.MapPost("/workflow-instances", ListAsync).Answers<Paged<RunFacts>>().Requires(Permissions.RunsRead);
        api.MapGet("/workflow-instances/{id}/execution-state", GetExecutionStateAsync).Answers<RunStatus>().Requires(Permissions.RunsRead);
    }

    /// <summary>A page by number, as the designer asks for it.</summary>
    private static async Task<IResult> ListAsync(RunFilter filter, IRunStore runs, CancellationToken cancellationToken)
    {
        if (filter.ToQuery(out var problem) is not { } query)
        {
            return ManagementApi.Wrong(problem!);
        }

        var page = await runs.ListAsync(query, cancellationToken);
        return Results.Json(new { Items = page.Items.Select(ManagementApi.Summary), page.TotalCount }, ManagementApi.Json);
    }

    private static async Task<IResult> GetExecutionStateAsync(string id, IRunStore runs, CancellationToken cancellationToken) =>
        await runs.FindAsync(id, cancellationToken) is { } run
            ? Results.Json(new { run.Status, run.SubStatus, run.UpdatedAt }, ManagementApi.Json)
            : ManagementApi.NoRun(id);
}
