using System.Text;
using System.Text.Json;
using FederationWorkflows.Engine.Execution;
using FederationWorkflows.Runtime.Storage;

namespace FederationWorkflows.Runtime.Tests.Storage;

/// <summary>What a store is given, with less ink.</summary>
internal static class Rows
{
    public static readonly DateTimeOffset Noon = new(2026, 1, 31, 12, 0, 0, TimeSpan.Zero);

    public static RunTransaction Commit(string runId, Lease lease, WorkflowSubStatus subStatus = WorkflowSubStatus.Executing) => new()
    {
        Summary = Summary(runId, subStatus),
        Lease = lease,
        State = [],
        Journal = [],
        Executions = [],
        NewBookmarks = [],
        RemovedBookmarks = [],
        NewTimers = [],
        RemovedTimers = [],
    };

    public static RunSummary Summary(string runId, WorkflowSubStatus subStatus = WorkflowSubStatus.Executing, string definitionId = "story", DateTimeOffset? createdAt = null, string? parentId = null)
    {
        var ended = subStatus is WorkflowSubStatus.Finished or WorkflowSubStatus.Cancelled or WorkflowSubStatus.Faulted;
        return new RunSummary
        {
            Identity = new RunIdentityFacts(runId, definitionId, $"{definitionId}:1", 1, "revision", "correlation", "ann", createdAt ?? Noon, parentId),
            Status = ended ? WorkflowStatus.Finished : WorkflowStatus.Running,
            SubStatus = subStatus,
            Name = "Run of " + runId,
            IncidentCount = 2,
            UpdatedAt = Noon.AddMinutes(1),
            FinishedAt = ended ? Noon.AddMinutes(1) : null,
        };
    }

    public static StatePart Part(string key, string? text) => new(key, text is null ? null : Encoding.UTF8.GetBytes(text));

    public static Bookmark Bookmark(string id, string name = "Event", object? stimulus = null) => new()
    {
        Id = id,
        Name = name,
        Stimulus = stimulus,
        Hash = Engine.Execution.Bookmark.HashOf(name, stimulus),
        ActivityId = "wait",
        NodeId = "story:wait",
        InstanceNumber = 7,
        CallbackName = "OnResume",
        CreatedAt = Noon,
        AutoBurn = false,
        Metadata = new Dictionary<string, string> { ["note"] = "ä" },
    };

    public static RunTimer Timer(string id, int minutes, string? bookmarkId = null) => new(id, Noon.AddMinutes(minutes), 7, bookmarkId);

    public static FollowUp Work(string id, int minutes) => new(id, "start", Encoding.UTF8.GetBytes("\0" + id), Noon.AddMinutes(minutes));

    public static JournalRecord Line(string runId, long sequence, string eventName = "Started", string node = "story:a", string type = "Test.A") => new()
    {
        Id = $"{runId}:{sequence}",
        ActivityInstanceId = $"{runId}-1",
        ParentActivityInstanceId = $"{runId}-0",
        ActivityId = node.Split(':')[1],
        ActivityType = type,
        ActivityTypeVersion = 1,
        ActivityName = "A",
        NodeId = node,
        Timestamp = Noon.AddSeconds(sequence),
        Sequence = sequence,
        EventName = eventName,
        Message = "message",
        ActivityState = Values("""{"text":"in"}"""),
        Payload = Values("""{"Outcomes":["Done"]}"""),
    };

    public static ActivityExecutionRecord Execution(string runId, int number, ActivityStatus status, bool isContinued = false, string node = "story:a") => new()
    {
        Id = $"{runId}-{number}",
        WorkflowInstanceId = runId,
        ActivityId = "a",
        ActivityNodeId = node,
        ActivityType = "Test.A",
        ActivityTypeVersion = 1,
        ActivityName = "A",
        ActivityState = Values("""{"text":"in"}"""),
        Payload = Values("""{"Outcomes":["Done"]}"""),
        Outputs = Values("""{"Result":{"n":1}}"""),
        Exception = status == ActivityStatus.Faulted ? new ErrorInfo("IOException", "failed", new ErrorInfo("Inner", "because", null)) : null,
        StartedAt = isContinued ? null : Noon.AddSeconds(number),
        HasBookmarks = status == ActivityStatus.Running,
        Status = status,
        CompletedAt = status == ActivityStatus.Running ? null : Noon.AddMinutes(number),
        SchedulingActivityExecutionId = $"{runId}-0",
        Sequence = isContinued ? 1000 + number : number,
    };

    /// <summary>Everything a record says, so that two can be compared whatever JSON objects they hold.</summary>
    public static string Json(object? value) => JsonSerializer.Serialize(value);

    public static string Keys(this IEnumerable<StoredBookmark> bookmarks) => string.Join(" ", bookmarks.Select(stored => $"{stored.RunId}/{stored.Bookmark.Id}").Order(StringComparer.Ordinal));

    public static string Keys(this IEnumerable<StoredTimer> timers) => string.Join(" ", timers.Select(stored => $"{stored.RunId}/{stored.Timer.Id}"));

    private static Dictionary<string, JsonElement> Values(string json) => JsonSerializer.Deserialize<Dictionary<string, JsonElement>>(json)!;
}
