using System.Text.Json;
using FederationWorkflows.Runtime.Runs;
using FederationWorkflows.Runtime.Storage;
using FederationWorkflows.Server.Access;
using FederationWorkflows.Server.Management.Contract;

namespace FederationWorkflows.Server.Management.Instances;

/// <summary>Runs, as Elsa Server's API has them.</summary>
internal static class RunEndpoints
{
    private static readonly Dictionary<string, JsonElement> NoValues = [];

    private static JsonSerializerOptions Json => ManagementApi.Json;

    public static void MapRuns(this IEndpointRouteBuilder api)
    {
        api.MapGet("/workflow-instances/{id}", GetRunAsync).Answers<Run>().Requires(Permissions.RunsRead);
        api.MapPost("/workflow-instances/{id}/journal", GetJournalAsync).Answers<Page<JournalRecord>>().Requires(Permissions.RunsRead);
        api.MapGet("/workflow-instances/{id}/variables", GetVariablesAsync).Answers<Counted<RunVariable>>().Requires(Permissions.RunsRead);
    }

    private static async Task<IResult> GetRunAsync(string id, IRunStore runs, RunInspector inspector, CancellationToken cancellationToken)
    {
        if (await runs.FindAsync(id, cancellationToken) is not { } run)
        {
            return ManagementApi.NoRun(id);
        }

        var executions = await runs.GetExecutionsAsync(id, null, cancellationToken);
        var values = await inspector.InspectAsync(id, cancellationToken);
        var identity = run.Identity;
        return Results.Json(
            new
            {
                identity.Id,
                identity.DefinitionId,
                identity.DefinitionVersionId,
                identity.Version,
                run.Status,
                run.SubStatus,
                identity.CorrelationId,
                run.Name,
                run.IncidentCount,
                identity.CreatedAt,
                run.UpdatedAt,
                run.FinishedAt,
                WorkflowState = new
                {
                    identity.Id,
                    identity.DefinitionId,
                    DefinitionVersion = identity.Version,
                    identity.CorrelationId,
                    run.Status,
                    run.SubStatus,
                    Incidents = executions.Where(execution => execution.Exception is not null).Select(execution => new
                    {
                        execution.ActivityId,
                        execution.ActivityNodeId,
                        ActivityInstanceId = execution.Id,
                        execution.ActivityType,
                        execution.Exception!.Message,
                        Exception = ExecutionView.Error(execution.Exception),
                        Timestamp = execution.CompletedAt,
                    }),
                    Input = values?.Input ?? NoValues,
                    Output = values?.Output ?? NoValues,
                    identity.CreatedAt,
                    run.UpdatedAt,
                    run.FinishedAt,
                },
            },
            Json);
    }

    private static async Task<IResult> GetJournalAsync(string id, int? skip, int? take, JournalRequest? request, IRunStore runs, CancellationToken cancellationToken)
    {
        var filter = request?.Filter;
        var page = await runs.GetJournalAsync(
            id,
            new JournalQuery
            {
                ActivityIds = filter?.ActivityIds,
                ActivityNodeIds = filter?.ActivityNodeIds,
                ExcludedActivityTypes = filter?.ExcludedActivityTypes ?? [],
                EventNames = filter?.EventNames,
                Skip = Math.Max(0, skip ?? 0),
                Take = Math.Clamp(take ?? 100, 1, 1000),
            },
            cancellationToken);
        return Results.Json(page, Json);
    }

    /// <summary>Of a run whose version was deleted there is none to show.</summary>
    private static async Task<IResult> GetVariablesAsync(string id, RunInspector inspector, CancellationToken cancellationToken)
    {
        var variables = (await inspector.InspectAsync(id, cancellationToken))?.Variables ?? [];
        return Results.Json(new { Items = variables, variables.Count }, Json);
    }

    private sealed record JournalRequest(JournalFilter? Filter);

    private sealed record JournalFilter(IReadOnlyList<string>? ActivityIds, IReadOnlyList<string>? ActivityNodeIds, IReadOnlyList<string>? ExcludedActivityTypes, IReadOnlyList<string>? EventNames);
}
