using System.Collections.ObjectModel;
using System.Text.Json;
using FederationWorkflows.Engine.Execution;

namespace FederationWorkflows.Runtime.Storage;

/// <summary>A line of a run's journal (Elsa contract: workflow execution log record). Sensitive values are masked.</summary>
public sealed record JournalRecord
{
    /// <summary>Unique among all records.</summary>
    public required string Id { get; init; }

    /// <summary>The activity's execution.</summary>
    public required string ActivityInstanceId { get; init; }

    /// <summary>The execution that scheduled it; null for the workflow itself.</summary>
    public string? ParentActivityInstanceId { get; init; }

    /// <summary>The activity.</summary>
    public required string ActivityId { get; init; }

    /// <summary>Its type.</summary>
    public required string ActivityType { get; init; }

    /// <summary>The version of its type.</summary>
    public int ActivityTypeVersion { get; init; }

    /// <summary>The name the author gave it.</summary>
    public string? ActivityName { get; init; }

    /// <summary>Its place.</summary>
    public required string NodeId { get; init; }

    /// <summary>When it happened, UTC.</summary>
    public required DateTimeOffset Timestamp { get; init; }

    /// <summary>The place in the run's journal, from 1.</summary>
    public required long Sequence { get; init; }

    /// <summary>What happened: <c>Started</c>, <c>Completed</c>, <c>Faulted</c>, <c>Canceled</c>, <c>Suspended</c>, <c>Resumed</c>.</summary>
    public required string EventName { get; init; }

    /// <summary>More about it.</summary>
    public string? Message { get; init; }

    /// <summary>Always null; in the contract.</summary>
    public string? Source { get; init; }

    /// <summary>The evaluated inputs by name.</summary>
    public IReadOnlyDictionary<string, JsonElement>? ActivityState { get; init; }

    /// <summary>Outcomes and journal data.</summary>
    public IReadOnlyDictionary<string, JsonElement>? Payload { get; init; }
}

/// <summary>One execution of an activity (Elsa contract: activity execution record). Sensitive values are masked.</summary>
public sealed record ActivityExecutionRecord
{
    /// <summary>The execution's id.</summary>
    public required string Id { get; init; }

    /// <summary>The run.</summary>
    public required string WorkflowInstanceId { get; init; }

    /// <summary>The activity.</summary>
    public required string ActivityId { get; init; }

    /// <summary>Its place.</summary>
    public required string ActivityNodeId { get; init; }

    /// <summary>Its type.</summary>
    public required string ActivityType { get; init; }

    /// <summary>The version of its type.</summary>
    public int ActivityTypeVersion { get; init; }

    /// <summary>The name the author gave it.</summary>
    public string? ActivityName { get; init; }

    /// <summary>The evaluated inputs by name.</summary>
    public IReadOnlyDictionary<string, JsonElement> ActivityState { get; init; } = ReadOnlyDictionary<string, JsonElement>.Empty;

    /// <summary>Outcomes and journal data.</summary>
    public IReadOnlyDictionary<string, JsonElement> Payload { get; init; } = ReadOnlyDictionary<string, JsonElement>.Empty;

    /// <summary>The outputs by name.</summary>
    public IReadOnlyDictionary<string, JsonElement> Outputs { get; init; } = ReadOnlyDictionary<string, JsonElement>.Empty;

    /// <summary>Why it failed, or null.</summary>
    public ErrorInfo? Exception { get; init; }

    /// <summary>When it began, UTC; null in a record that only continues a stored one.</summary>
    public DateTimeOffset? StartedAt { get; init; }

    /// <summary>It waits for a bookmark.</summary>
    public bool HasBookmarks { get; init; }

    /// <summary>How it stands.</summary>
    public required ActivityStatus Status { get; init; }

    /// <summary>When it ended, UTC; null while it goes on.</summary>
    public DateTimeOffset? CompletedAt { get; init; }

    /// <summary>The execution that scheduled it; null for the workflow itself.</summary>
    public string? SchedulingActivityExecutionId { get; init; }

    /// <summary>The journal sequence at which it began, for order.</summary>
    public long Sequence { get; init; }
}
