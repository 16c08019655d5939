using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using FederationWorkflows.Engine;
using FederationWorkflows.Engine.Execution;

namespace FederationWorkflows.Runtime.Storage;

/// <summary>
/// How the databases keep what they need not look into: as UTF-8 JSON. The journal and the executions of one commit are one value, its
/// history: a commit costs one row, however much it journals, and who reads a run's history reads its commits in order.
/// </summary>
public static class StoredRecords
{
    internal const int MaxDepth = JsonValues.MaxDepth + 8;

    private static readonly StoredRecordsJson Json = StoredRecordsJson.Default;

    /// <summary>The history of a commit; null when it has none.</summary>
    public static byte[]? WriteHistory(RunTransaction transaction) =>
        transaction.Journal.Count == 0 && transaction.Executions.Count == 0
            ? null
            : JsonBytes.Write(transaction, CommitHistory.Write);

    /// <summary>The journal of a commit.</summary>
    public static IReadOnlyList<JournalRecord> ReadJournal(ReadOnlySpan<byte> history) =>
        IsPlain(history) ? Read(history, Json.PlainHistory).Journal : Read(history, Json.CommitHistory).ReadJournal();

    /// <summary>A run's executions, from the histories of its commits in order: a later record takes the place of an earlier one, but keeps its place and start.</summary>
    /// <param name="histories">The histories.</param>
    /// <param name="activityNodeId">Of this activity only; null for all.</param>
    public static IReadOnlyList<ActivityExecutionRecord> ReadExecutions(IEnumerable<byte[]> histories, string? activityNodeId)
    {
        var executions = new Dictionary<string, ActivityExecutionRecord>();
        foreach (var record in histories.SelectMany(ReadExecutions))
        {
            if (activityNodeId is null || record.ActivityNodeId == activityNodeId)
            {
                executions[record.Id] = executions.TryGetValue(record.Id, out var before)
                    ? record with { StartedAt = record.StartedAt ?? before.StartedAt, Sequence = before.Sequence }
                    : record;
            }
        }

        return [.. executions.Values.OrderBy(record => record.Sequence)];
    }

    /// <summary>A bookmark. Sensitive values in its stimulus are masked.</summary>
    public static byte[] Write(Bookmark bookmark) =>
        Write(bookmark with { Stimulus = bookmark.Stimulus is null ? null : JsonValues.Parse(JsonValues.ToJson(bookmark.Stimulus)) }, Json.Bookmark);

    /// <summary>Reverses <see cref="Write(Bookmark)"/>; a stimulus that is not a scalar is JSON then.</summary>
    public static Bookmark ReadBookmark(ReadOnlySpan<byte> data)
    {
        var bookmark = Read(data, Json.Bookmark);
        return bookmark with { Stimulus = bookmark.Stimulus is JsonElement json ? JsonValues.Unwrap(json) : null };
    }

    /// <summary>A timer.</summary>
    public static byte[] Write(RunTimer timer) => Write(timer, Json.RunTimer);

    /// <summary>Reverses <see cref="Write(RunTimer)"/>.</summary>
    public static RunTimer ReadTimer(ReadOnlySpan<byte> data) => Read(data, Json.RunTimer);

    private static IReadOnlyList<ActivityExecutionRecord> ReadExecutions(byte[] history) =>
        IsPlain(history) ? Read(history, Json.PlainHistory).Executions : Read(history, Json.CommitHistory).ReadExecutions();

    private static bool IsPlain(ReadOnlySpan<byte> history) => history.StartsWith("{\"Journal\""u8);

    /// <summary>The encoder is the writer's and not the serializer's: with one of its own that does not use the code that was generated to write.</summary>
    private static byte[] Write<T>(T record, JsonTypeInfo<T> type) =>
        JsonBytes.Write((record, type), static (writer, what) => JsonSerializer.Serialize(writer, what.record, what.type));

    private static T Read<T>(ReadOnlySpan<byte> data, JsonTypeInfo<T> type) =>
        JsonSerializer.Deserialize(data, type) ?? throw new JsonException("A stored record is JSON's null.");
}

[JsonSourceGenerationOptions(UseStringEnumConverter = true, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull, MaxDepth = StoredRecords.MaxDepth)]
[JsonSerializable(typeof(CommitHistory), GenerationMode = JsonSourceGenerationMode.Metadata)]
[JsonSerializable(typeof(PlainHistory))]
[JsonSerializable(typeof(Bookmark))]
[JsonSerializable(typeof(JsonElement))]
[JsonSerializable(typeof(RunTimer))]
internal sealed partial class StoredRecordsJson : JsonSerializerContext;
