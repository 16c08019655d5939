using FederationWorkflows.Runtime.Storage;
using FederationWorkflows.Server.Access;
using FederationWorkflows.Server.Management.Contract;

namespace FederationWorkflows.Server.Management.Instances;

/// <summary>What the activities of a run did (Elsa contract: activity executions).</summary>
internal static class ExecutionEndpoints
{
    public static void MapExecutions(this IEndpointRouteBuilder api)
    {
        api.MapGet("/activity-executions/list", ListAsync).Answers<Counted<Execution>>().Requires(Permissions.RunsRead);
        api.MapGet("/activity-execution-summaries/list", ListSummariesAsync).Answers<Counted<ExecutionSummary>>().Requires(Permissions.RunsRead);
        api.MapGet("/activity-executions/by-id", FindAsync).Answers<Execution>().Requires(Permissions.RunsRead);
        api.MapGet("/activity-executions/{id}/call-stack", GetCallStackAsync).Answers<CallStack>().Requires(Permissions.RunsRead);
        api.MapPost("/activity-executions/report", ReportAsync).Answers<ExecutionReport>().Requires(Permissions.RunsRead);
    }

    private static Task<IResult> ListAsync(string workflowInstanceId, string? activityNodeId, IRunStore runs, CancellationToken cancellationToken) =>
        ShowAsync(workflowInstanceId, activityNodeId, runs, (view, item) => view.Full(item), cancellationToken);

    private static Task<IResult> ListSummariesAsync(string workflowInstanceId, string? activityNodeId, IRunStore runs, CancellationToken cancellationToken) =>
        ShowAsync(workflowInstanceId, activityNodeId, runs, (view, item) => view.Summary(item), cancellationToken);

    private static async Task<IResult> ShowAsync(
        string runId, string? nodeId, IRunStore runs, Func<ExecutionView, ActivityExecutionRecord, object> show, CancellationToken cancellationToken)
    {
        // All of the run: who scheduled an execution is among them.
        var all = await runs.GetExecutionsAsync(runId, null, cancellationToken);
        var view = new ExecutionView(all);
        var items = all.Where(item => nodeId is null || item.ActivityNodeId == nodeId).Select(item => show(view, item)).ToArray();
        return Results.Json(new { Items = items, Count = items.Length }, ManagementApi.Json);
    }

    private static async Task<IResult> FindAsync(string id, IRunStore runs, CancellationToken cancellationToken)
    {
        var all = await runs.GetExecutionsAsync(RunOf(id), null, cancellationToken);
        return all.FirstOrDefault(item => item.Id == id) is { } found ? Results.Json(new ExecutionView(all).Full(found), ManagementApi.Json) : NoExecution(id);
    }

    private static async Task<IResult> GetCallStackAsync(string id, IRunStore runs, CancellationToken cancellationToken)
    {
        var all = await runs.GetExecutionsAsync(RunOf(id), null, cancellationToken);
        if (all.FirstOrDefault(item => item.Id == id) is not { } found)
        {
            return NoExecution(id);
        }

        var view = new ExecutionView(all);
        var stack = view.CallStack(found);
        return Results.Json(new { ActivityExecutionId = id, Items = stack.Select(view.Full), TotalCount = stack.Count }, ManagementApi.Json);
    }

    private static async Task<IResult> ReportAsync(ReportRequest request, IRunStore runs, CancellationToken cancellationToken)
    {
        var view = new ExecutionView(await runs.GetExecutionsAsync(request.WorkflowInstanceId ?? "", null, cancellationToken));
        return Results.Json(new { Stats = view.Statistics(request.ActivityNodeIds?.ToHashSet()) }, ManagementApi.Json);
    }

    /// <summary>An execution's id is its run's, a hyphen and a number.</summary>
    private static string RunOf(string executionId) => executionId.LastIndexOf('-') is > 0 and var hyphen ? executionId[..hyphen] : executionId;

    private static IResult NoExecution(string id) => Results.Problem($"There is no execution '{id}'.", statusCode: StatusCodes.Status404NotFound);

    private sealed record ReportRequest(string? WorkflowInstanceId, IReadOnlyList<string>? ActivityNodeIds);
}
