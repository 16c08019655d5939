using FederationWorkflows.Engine.Definitions;
using FederationWorkflows.Runtime.Storage;
using FederationWorkflows.Server.Access;
using FederationWorkflows.Server.Federation;
using FederationWorkflows.Server.Secrets;
using FederationWorkflows.Server.Management.Contract;

namespace FederationWorkflows.Server.Management.Definitions;

/// <summary>What is wrong with a story, before it is published.</summary>
internal static class ProblemEndpoints
{
    public static void MapDefinitionProblems(this IEndpointRouteBuilder api) => api.MapGet("/definitions/{id}/problems", ListAsync).Answers<StoryProblems>().Requires(Permissions.StoriesRead);

    private static async Task<IResult> ListAsync(string id, string? versionOptions, IDefinitionStore store, WorkflowCompiler compiler, SecretStore secrets, StoryConnections connections, CancellationToken cancellationToken)
    {
        if (await store.FindAsync(id, versionOptions, cancellationToken) is not { } version)
        {
            return DefinitionListEndpoints.NoStory(id);
        }

        var compiled = compiler.Compile(version.Json);
        IReadOnlyList<DefinitionProblem> problems = [.. compiled.Problems, .. connections.Warnings(id, compiled.Connections), .. await MissingSecretsAsync(compiled.SecretNames, secrets, cancellationToken)];
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

    /// <summary>A secret may be made after the story is published; until then its runs fail.</summary>
    private static async ValueTask<IEnumerable<DefinitionProblem>> MissingSecretsAsync(IReadOnlyCollection<string> names, SecretStore secrets, CancellationToken cancellationToken)
    {
        var known = names.Count == 0 ? [] : (await secrets.ListAsync(cancellationToken)).Select(secret => secret.Name).ToHashSet(StringComparer.Ordinal);
        return names.Where(name => !known.Contains(name)).Select(name => new DefinitionProblem(
            "missing-secret", $"There is no secret '{name}' on this server. Make it before the story runs, or correct its name.", "$", Severity: ProblemSeverity.Warning));
    }
}
