using FederationWorkflows.Engine.Execution;
using FederationWorkflows.Runtime.Storage;

namespace FederationWorkflows.Server.Management.Instances;

/// <summary>The executions of one run as the designer reads them (Elsa contract: activity execution record, its summary, and statistics).</summary>
internal sealed class ExecutionView(IReadOnlyList<ActivityExecutionRecord> all)
{
    private readonly Dictionary<string, ActivityExecutionRecord> byId = all.ToDictionary(item => item.Id);

    public object Full(ActivityExecutionRecord item) => new
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
        Metadata = Metadata(item),
        Exception = item.Exception is null ? null : Error(item.Exception),
        item.StartedAt,
        item.HasBookmarks,
        item.Status,
        AggregateFaultCount = item.Exception is null ? 0 : 1,
        item.CompletedAt,
        item.SchedulingActivityExecutionId,
        SchedulingActivityId = Scheduler(item)?.ActivityId,
        SchedulingWorkflowInstanceId = (string?)null,
        CallStackDepth = Above(item).Count(),
    };

    public object Summary(ActivityExecutionRecord item) => new
    {
        item.Id,
        item.WorkflowInstanceId,
        item.ActivityId,
        item.ActivityNodeId,
        item.ActivityType,
        item.ActivityTypeVersion,
        item.ActivityName,
        Metadata = Metadata(item),
        item.StartedAt,
        item.HasBookmarks,
        item.Status,
        AggregateFaultCount = item.Exception is null ? 0 : 1,
        item.CompletedAt,
        item.SchedulingActivityExecutionId,
        SchedulingActivityId = Scheduler(item)?.ActivityId,
        SchedulingWorkflowInstanceId = (string?)null,
        CallStackDepth = Above(item).Count(),
    };

    /// <summary>The execution and those above it, the outermost first.</summary>
    public IReadOnlyList<ActivityExecutionRecord> CallStack(ActivityExecutionRecord item) => [.. Above(item).Reverse(), item];

    /// <summary>Counts for each activity that ran: the badges of the diagram.</summary>
    /// <param name="nodeIds">Of these activities only; null for all.</param>
    public IReadOnlyList<object> Statistics(IReadOnlyCollection<string>? nodeIds) =>
    [
        .. all.Where(item => nodeIds is null || nodeIds.Contains(item.ActivityNodeId)).GroupBy(item => item.ActivityNodeId).Select(group => new
        {
            group.First().ActivityId,
            ActivityNodeId = group.Key,
            StartedCount = group.Count(),
            CompletedCount = group.Count(item => item.Status == ActivityStatus.Completed),
            UncompletedCount = group.Count(item => item.CompletedAt is null),
            IsBlocked = group.Any(item => item.HasBookmarks && item.CompletedAt is null),
            IsFaulted = group.Any(item => item.Status == ActivityStatus.Faulted),
            Metadata = Metadata(group.FirstOrDefault(WasRetried) ?? group.First()),
        }),
    ];

    public static object Error(ErrorInfo error) => new
    {
        error.Type,
        error.Message,
        StackTrace = (string?)null,
        InnerException = error.Inner is null ? null : Error(error.Inner),
    };

    /// <summary>Attempts that failed and were followed by another are in the journal; the execution has their number.</summary>
    private static bool WasRetried(ActivityExecutionRecord item) => item.Payload.ContainsKey("RetryCount");

    private static Dictionary<string, bool> Metadata(ActivityExecutionRecord item) => WasRetried(item) ? new() { ["HasRetryAttempts"] = true } : [];

    private ActivityExecutionRecord? Scheduler(ActivityExecutionRecord item) => item.SchedulingActivityExecutionId is { } id ? byId.GetValueOrDefault(id) : null;

    private IEnumerable<ActivityExecutionRecord> Above(ActivityExecutionRecord item)
    {
        for (var above = Scheduler(item); above is not null; above = Scheduler(above))
        {
            yield return above;
        }
    }
}
