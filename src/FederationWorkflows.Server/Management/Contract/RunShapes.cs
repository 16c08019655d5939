using System.Text.Json;

namespace FederationWorkflows.Server.Management.Contract;

// What answers about runs look like, for the document that describes the API. A test holds them against the answers themselves.

/// <summary>A run in a list.</summary>
/// <param name="Id">The run.</param>
/// <param name="DefinitionId">Its story.</param>
/// <param name="DefinitionVersionId">The version it belongs to.</param>
/// <param name="Version">That version's number.</param>
/// <param name="Status"><c>Running</c> or <c>Finished</c>.</param>
/// <param name="SubStatus"><c>Pending</c>, <c>Executing</c>, <c>Suspended</c>, <c>Interrupted</c>, <c>Finished</c>, <c>Cancelled</c> or <c>Faulted</c>.</param>
/// <param name="CorrelationId">What ties it to something outside.</param>
/// <param name="Name">What the story called it.</param>
/// <param name="IncidentCount">How many activities failed.</param>
/// <param name="CreatedAt">When it started, UTC.</param>
/// <param name="UpdatedAt">When it was stored last, UTC.</param>
/// <param name="FinishedAt">When it ended, UTC.</param>
internal sealed record RunFacts(
    string Id, string DefinitionId, string DefinitionVersionId, int Version, string Status, string SubStatus, string? CorrelationId, string? Name, int IncidentCount, DateTimeOffset CreatedAt, DateTimeOffset UpdatedAt,
    DateTimeOffset? FinishedAt);

/// <summary>A page of runs by place.</summary>
/// <param name="Items">The runs.</param>
/// <param name="Next">The <c>cursor</c> of the next page; null at the end.</param>
internal sealed record RunPage(IReadOnlyList<RunFacts> Items, string? Next);

internal sealed record Failure(string Type, string Message, string? StackTrace, Failure? InnerException);

internal sealed record Incident(string ActivityId, string ActivityNodeId, string ActivityInstanceId, string ActivityType, string Message, Failure Exception, DateTimeOffset? Timestamp);

internal sealed record RunState(
    string Id, string DefinitionId, int DefinitionVersion, string? CorrelationId, string Status, string SubStatus, IReadOnlyList<Incident> Incidents, IReadOnlyDictionary<string, JsonElement> Input, IReadOnlyDictionary<string, JsonElement> Output,
    DateTimeOffset CreatedAt, DateTimeOffset UpdatedAt, DateTimeOffset? FinishedAt);

/// <summary>A run with its inputs, outputs and failures; what is secret in them is masked.</summary>
internal sealed record Run(
    string Id, string DefinitionId, string DefinitionVersionId, int Version, string Status, string SubStatus, string? CorrelationId, string? Name, int IncidentCount, DateTimeOffset CreatedAt, DateTimeOffset UpdatedAt,
    DateTimeOffset? FinishedAt, RunState WorkflowState);

internal sealed record RunStatus(string Status, string SubStatus, DateTimeOffset UpdatedAt);

internal sealed record Executed(RunFacts WorkflowState);

internal sealed record RunStarted(string WorkflowInstanceId);

internal sealed record RunsCancelled(int Cancelled);

internal sealed record AlterationPlan(string PlanId);

internal sealed record RunRetried(string WorkflowInstanceId, bool IsSuccessful);

internal sealed record RunsRetried(IReadOnlyList<RunRetried> Results);

/// <summary>An execution of an activity, with what it read and what it gave; what is secret in them is masked.</summary>
internal sealed record Execution(
    string Id, string WorkflowInstanceId, string ActivityId, string ActivityNodeId, string ActivityType, int ActivityTypeVersion, string? ActivityName, IReadOnlyDictionary<string, JsonElement> ActivityState,
    IReadOnlyDictionary<string, JsonElement> Payload, IReadOnlyDictionary<string, JsonElement> Outputs, JsonElement Properties, JsonElement Metadata, Failure? Exception, DateTimeOffset? StartedAt, bool HasBookmarks, string Status,
    int AggregateFaultCount, DateTimeOffset? CompletedAt, string? SchedulingActivityExecutionId, string? SchedulingActivityId, string? SchedulingWorkflowInstanceId, int CallStackDepth);

internal sealed record ExecutionSummary(
    string Id, string WorkflowInstanceId, string ActivityId, string ActivityNodeId, string ActivityType, int ActivityTypeVersion, string? ActivityName, JsonElement Metadata, DateTimeOffset? StartedAt, bool HasBookmarks, string Status,
    int AggregateFaultCount, DateTimeOffset? CompletedAt, string? SchedulingActivityExecutionId, string? SchedulingActivityId, string? SchedulingWorkflowInstanceId, int CallStackDepth);

internal sealed record CallStack(string ActivityExecutionId, IReadOnlyList<Execution> Items, int TotalCount);

internal sealed record ActivityCounts(string ActivityId, string ActivityNodeId, int StartedCount, int CompletedCount, int UncompletedCount, bool IsBlocked, bool IsFaulted, JsonElement Metadata);

internal sealed record ExecutionReport(IReadOnlyList<ActivityCounts> Stats);

internal sealed record ActivityTested(IReadOnlyDictionary<string, JsonElement> ActivityState, IReadOnlyDictionary<string, JsonElement> Payload, IReadOnlyDictionary<string, JsonElement> Outputs, Failure? Exception, string Status);
