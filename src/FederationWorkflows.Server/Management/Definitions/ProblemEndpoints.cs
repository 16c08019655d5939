using FederationWorkflows.Engine.Definitions;
using FederationWorkflows.Runtime.Storage;
using FederationWorkflows.Server.Access;

namespace FederationWorkflows.Server.Management.Definitions;

/// <summary>What is wrong with a story, before it is published.</summary>
internal static class ProblemEndpoints
{
    public static void MapDefinitionProblems(this IEndpointRouteBuilder api) => api.MapGet("/definitions/{id}/problems", ListAsync).Requires(Permissions.StoriesRead);

    private static async Task<IResult> ListAsync(string id, string? versionOptions, IDefinitionStore store, WorkflowCompiler compiler, CancellationToken cancellationToken)
    {
        if (await store.FindAsync(id, versionOptions, cancellationToken) is not { } version)
        {
            return DefinitionListEndpoints.NoStory(id);
        }

        var problems = compiler.Compile(version.Json).Problems;
        return Results.Json(
            new
            {
                DefinitionId = id,
                DefinitionVersionId = version.Id,
                version.Version,
                CanPublish = problems.All(problem => problem.Severity == ProblemSeverity.Warning),
                Items = problems.Select(problem => new { problem.Severity, problem.Code, problem.Message, problem.Path, problem.ActivityId }),
            },
            ManagementApi.Json);
    }
}
