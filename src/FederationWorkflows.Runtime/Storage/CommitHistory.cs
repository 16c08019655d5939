using System.Text.Json;
using System.Text.Json.Serialization;
using FederationWorkflows.Engine.Execution;

namespace FederationWorkflows.Runtime.Storage;

/// <summary>
/// What one commit added to a run's history, as the databases keep it. Records of one run have much in common: the run's id, the activities,
/// and the values that a journal record and its execution show are said once.
/// </summary>
internal sealed record CommitHistory
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

    public static CommitHistory Of(RunTransaction transaction)
    {
        var run = transaction.Summary.Identity.Id;
        var activities = new Dictionary<StoredActivity, int>();
        var shown = new Dictionary<object, int>(ReferenceEqualityComparer.Instance);
        var journal = new List<StoredLine>(transaction.Journal.Count);
        foreach (var record in transaction.Journal)
        {
            Note(record.ActivityState, journal.Count);
            Note(record.Payload, journal.Count);
            journal.Add(new StoredLine
            {
                Id = IsUsual(run, record) ? null : Shorten(run, record.Id),
                Activity = Number(new StoredActivity(record.ActivityId, record.ActivityType, record.ActivityTypeVersion, record.ActivityName, record.NodeId)),
                Instance = Shorten(run, record.ActivityInstanceId),
                Parent = record.ParentActivityInstanceId is { } parent ? Shorten(run, parent) : null,
                Ticks = record.Timestamp.UtcTicks,
                Sequence = record.Sequence,
                Event = record.EventName,
                Message = record.Message,
                Source = record.Source,
                State = record.ActivityState,
                Payload = record.Payload,
            });
        }

        var executions = new List<StoredExecution>(transaction.Executions.Count);
        foreach (var record in transaction.Executions)
        {
            var state = Find(record.ActivityState);
            var payload = Find(record.Payload);
            executions.Add(new StoredExecution
            {
                Id = Shorten(run, record.Id),
                Run = record.WorkflowInstanceId == run ? null : record.WorkflowInstanceId,
                Activity = Number(new StoredActivity(record.ActivityId, record.ActivityType, record.ActivityTypeVersion, record.ActivityName, record.ActivityNodeId)),
                StateOf = state,
                State = state is null ? Some(record.ActivityState) : null,
                PayloadOf = payload,
                Payload = payload is null ? Some(record.Payload) : null,
                Outputs = Some(record.Outputs),
                Exception = record.Exception,
                StartedTicks = record.StartedAt?.UtcTicks,
                HasBookmarks = record.HasBookmarks,
                Status = record.Status,
                CompletedTicks = record.CompletedAt?.UtcTicks,
                Parent = record.SchedulingActivityExecutionId is { } parent ? Shorten(run, parent) : null,
                Sequence = record.Sequence,
            });
        }

        return new CommitHistory { Run = run, Activities = [.. activities.Keys], Journal = journal, Executions = executions };

        int Number(StoredActivity activity)
        {
            if (!activities.TryGetValue(activity, out var number))
            {
                activities.Add(activity, number = activities.Count);
            }

            return number;
        }

        void Note(IReadOnlyDictionary<string, JsonElement>? values, int line)
        {
            if (values is { Count: > 0 })
            {
                shown[values] = line;
            }
        }

        int? Find(IReadOnlyDictionary<string, JsonElement> values) => shown.TryGetValue(values, out var line) ? line : null;
    }

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

    private static bool IsUsual(string run, JournalRecord record) =>
        record.Id.StartsWith(run, StringComparison.Ordinal) && record.Id.Length > run.Length && record.Id[run.Length] == ':'
        && long.TryParse(record.Id.AsSpan(run.Length + 1), System.Globalization.NumberStyles.None, null, out var number) && number == record.Sequence
        && record.Id[run.Length + 1] != '0';

    private static string Shorten(string run, string id) => id.StartsWith(run, StringComparison.Ordinal) ? $"{OfRun}{id.AsSpan(run.Length)}" : $"{Other}{id}";

    private string Restore(string id) => id[0] == OfRun ? $"{Run}{id.AsSpan(1)}" : id[1..];

    private static DateTimeOffset Time(long ticks) => new(ticks, TimeSpan.Zero);

    private static IReadOnlyDictionary<string, JsonElement>? Some(IReadOnlyDictionary<string, JsonElement> values) => values.Count == 0 ? null : values;
}

/// <summary>An activity of the run's story.</summary>
internal sealed record StoredActivity(
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
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
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
