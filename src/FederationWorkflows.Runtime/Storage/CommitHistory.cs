using System.Text.Json;
using System.Text.Json.Serialization;
using FederationWorkflows.Engine.Execution;

namespace FederationWorkflows.Runtime.Storage;

/// <summary>
/// What one commit added to a run's history, as the databases keep it. Records of one run have much in common: the run's id, the activities,
/// and the values that a journal record and its execution show are said once.
/// </summary>
internal sealed partial record CommitHistory
{
    private const char OfRun = '*';

    private const char Other = '=';

    private static readonly IReadOnlyDictionary<string, JsonElement> Nothing = new Dictionary<string, JsonElement>();

    [JsonPropertyName("r")]
    public required string Run { get; init; }

    [JsonPropertyName("a")]
    public required IReadOnlyList<StoredActivity> Activities { get; init; }

    [JsonPropertyName("j")]
    public required IReadOnlyList<StoredLine> Journal { get; init; }

    [JsonPropertyName("e")]
    public required IReadOnlyList<StoredExecution> Executions { get; init; }

    public IReadOnlyList<JournalRecord> ReadJournal() => [.. Journal.Select(line =>
    {
        var activity = Activities[line.Activity];
        return new JournalRecord
        {
            Id = line.Id is { } id ? Restore(id) : $"{Run}:{line.Sequence}",
            ActivityInstanceId = Restore(line.Instance),
            ParentActivityInstanceId = line.Parent is { } parent ? Restore(parent) : null,
            ActivityId = activity.Id,
            ActivityType = activity.Type,
            ActivityTypeVersion = activity.Version,
            ActivityName = activity.Name,
            NodeId = activity.NodeId,
            Timestamp = Time(line.Ticks),
            Sequence = line.Sequence,
            EventName = line.Event,
            Message = line.Message,
            Source = line.Source,
            ActivityState = line.State,
            Payload = line.Payload,
        };
    })];

    public IReadOnlyList<ActivityExecutionRecord> ReadExecutions() => [.. Executions.Select(stored =>
    {
        var activity = Activities[stored.Activity];
        return new ActivityExecutionRecord
        {
            Id = Restore(stored.Id),
            WorkflowInstanceId = stored.Run ?? Run,
            ActivityId = activity.Id,
            ActivityNodeId = activity.NodeId,
            ActivityType = activity.Type,
            ActivityTypeVersion = activity.Version,
            ActivityName = activity.Name,
            ActivityState = (stored.StateOf is { } state ? Journal[state].State : stored.State) ?? Nothing,
            Payload = (stored.PayloadOf is { } payload ? Journal[payload].Payload : stored.Payload) ?? Nothing,
            Outputs = stored.Outputs ?? Nothing,
            Exception = stored.Exception,
            StartedAt = stored.StartedTicks is { } started ? Time(started) : null,
            HasBookmarks = stored.HasBookmarks,
            Status = stored.Status,
            CompletedAt = stored.CompletedTicks is { } completed ? Time(completed) : null,
            SchedulingActivityExecutionId = stored.Parent is { } parent ? Restore(parent) : null,
            Sequence = stored.Sequence,
        };
    })];

    private string Restore(string id) => id[0] == OfRun ? $"{Run}{id.AsSpan(1)}" : id[1..];

    private static DateTimeOffset Time(long ticks) => new(ticks, TimeSpan.Zero);
}

/// <summary>An activity of the run's story.</summary>
internal readonly record struct StoredActivity(
    [property: JsonPropertyName("i")] string Id,
    [property: JsonPropertyName("t")] string Type,
    [property: JsonPropertyName("v")] int Version,
    [property: JsonPropertyName("m")] string? Name,
    [property: JsonPropertyName("n")] string NodeId)
{
    /// <summary>Its place tells it from the others as a rule.</summary>
    public override int GetHashCode() => NodeId.GetHashCode(StringComparison.Ordinal);
}

/// <summary>A journal record.</summary>
internal sealed record StoredLine
{
    /// <summary>Null for the run's id, a colon and the sequence.</summary>
    [JsonPropertyName("id")]
    public string? Id { get; init; }

    [JsonPropertyName("a")]
    public required int Activity { get; init; }

    [JsonPropertyName("i")]
    public required string Instance { get; init; }

    [JsonPropertyName("p")]
    public string? Parent { get; init; }

    [JsonPropertyName("t")]
    public required long Ticks { get; init; }

    [JsonPropertyName("q")]
    public required long Sequence { get; init; }

    [JsonPropertyName("e")]
    public required string Event { get; init; }

    [JsonPropertyName("m")]
    public string? Message { get; init; }

    [JsonPropertyName("from")]
    public string? Source { get; init; }

    [JsonPropertyName("s")]
    public IReadOnlyDictionary<string, JsonElement>? State { get; init; }

    [JsonPropertyName("o")]
    public IReadOnlyDictionary<string, JsonElement>? Payload { get; init; }
}

/// <summary>An activity execution.</summary>
internal sealed record StoredExecution
{
    [JsonPropertyName("i")]
    public required string Id { get; init; }

    /// <summary>Null for the commit's run.</summary>
    [JsonPropertyName("r")]
    public string? Run { get; init; }

    [JsonPropertyName("a")]
    public required int Activity { get; init; }

    /// <summary>The journal record of this commit that shows the same inputs.</summary>
    [JsonPropertyName("sj")]
    public int? StateOf { get; init; }

    [JsonPropertyName("s")]
    public IReadOnlyDictionary<string, JsonElement>? State { get; init; }

    /// <summary>The journal record of this commit that has the same payload.</summary>
    [JsonPropertyName("oj")]
    public int? PayloadOf { get; init; }

    [JsonPropertyName("o")]
    public IReadOnlyDictionary<string, JsonElement>? Payload { get; init; }

    [JsonPropertyName("out")]
    public IReadOnlyDictionary<string, JsonElement>? Outputs { get; init; }

    [JsonPropertyName("x")]
    public ErrorInfo? Exception { get; init; }

    [JsonPropertyName("t")]
    public long? StartedTicks { get; init; }

    [JsonPropertyName("b")]
    public bool HasBookmarks { get; init; }

    [JsonPropertyName("st")]
    public required ActivityStatus Status { get; init; }

    [JsonPropertyName("c")]
    public long? CompletedTicks { get; init; }

    [JsonPropertyName("p")]
    public string? Parent { get; init; }

    [JsonPropertyName("q")]
    public long Sequence { get; init; }
}

/// <summary>As it was kept before: the records as they are.</summary>
internal sealed record PlainHistory(IReadOnlyList<JournalRecord> Journal, IReadOnlyList<ActivityExecutionRecord> Executions);
