using System.Text.Json;
using FederationWorkflows.Engine.Execution;
using FederationWorkflows.Runtime.Storage;
using FederationWorkflows.Server.Access;

namespace FederationWorkflows.Server.Management;

/// <summary>Runs, as Elsa Server's API has them.</summary>
internal static class RunEndpoints
{
    private static JsonSerializerOptions Json => ManagementApi.Json;

    public static void MapRuns(this IEndpointRouteBuilder api)
    {
        api.MapGet("/workflow-instances/{id}", GetRunAsync).Requires(Permissions.RunsRead);
        api.MapPost("/workflow-instances/{id}/journal", GetJournalAsync).Requires(Permissions.RunsRead);
        api.MapGet("/activity-executions/list", GetExecutionsAsync).Requires(Permissions.RunsRead);
    }

    private static async Task<IResult> GetRunAsync(string id, IRunStore runs, CancellationToken cancellationToken)
    {
        if (await runs.FindAsync(id, cancellationToken) is not { } run)
        {
            return ManagementApi.NoRun(id);
        }

        var executions = await runs.GetExecutionsAsync(id, null, cancellationToken);
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
                        Exception = Exception(execution.Exception),
                        Timestamp = execution.CompletedAt,
                    }),
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

    private static async Task<IResult> GetExecutionsAsync(string workflowInstanceId, string? activityNodeId, IRunStore runs, CancellationToken cancellationToken)
    {
        // All of the run: who scheduled an execution is among them.
        var all = await runs.GetExecutionsAsync(workflowInstanceId, null, cancellationToken);
        var byId = all.ToDictionary(item => item.Id);
        var items = all.Where(item => activityNodeId is null || item.ActivityNodeId == activityNodeId).ToArray();
        return Results.Json(
            new
            {
                Items = items.Select(item => new
                {
                    item.Id,
                    item.WorkflowInstanceId,
                    item.ActivityId,
                    item.ActivityNodeId,
                    item.ActivityType,
                    item.ActivityTypeVersion,
                    item.ActivityName,
                    item.ActivityState,
                    item.Payload,
                    item.Outputs,
                    Properties = new { },
                    Metadata = new { },
                    Exception = item.Exception is null ? null : Exception(item.Exception),
                    item.StartedAt,
                    item.HasBookmarks,
                    item.Status,
                    AggregateFaultCount = item.Exception is null ? 0 : 1,
                    item.CompletedAt,
                    item.SchedulingActivityExecutionId,
                    SchedulingActivityId = Scheduler(item)?.ActivityId,
                    SchedulingWorkflowInstanceId = (string?)null,
                    CallStackDepth = Depth(item),
                }),
                Count = items.Length,
            },
            Json);

        ActivityExecutionRecord? Scheduler(ActivityExecutionRecord item) => item.SchedulingActivityExecutionId is { } id ? byId.GetValueOrDefault(id) : null;

        int Depth(ActivityExecutionRecord item)
        {
            var depth = 0;
            for (var above = Scheduler(item); above is not null; above = Scheduler(above))
            {
                depth++;
            }

            return depth;
        }
    }

    private static object Exception(ErrorInfo error) => new
    {
        error.Type,
        error.Message,
        StackTrace = (string?)null,
        InnerException = error.Inner is null ? null : Exception(error.Inner),
    };

    private sealed record JournalRequest(JournalFilter? Filter);

    private sealed record JournalFilter(IReadOnlyList<string>? ActivityIds, IReadOnlyList<string>? ActivityNodeIds, IReadOnlyList<string>? ExcludedActivityTypes, IReadOnlyList<string>? EventNames);
}
