using System.Globalization;
using System.Runtime.InteropServices;
using System.Text.Json;
using FederationWorkflows.Engine;
using FederationWorkflows.Runtime.Runs;

namespace FederationWorkflows.Runtime.Storage;

/// <content>
/// Every commit is written, few are read: so it is written from the records as they are, without the objects that it is read into. Values
/// that are shown are JSON already, and are copied.
/// </content>
internal sealed partial record CommitHistory
{
    /// <summary>Characters that the id of an execution rarely exceeds.</summary>
    private const int ShortId = 64;

    public static void Write(Utf8JsonWriter writer, RunTransaction transaction)
    {
        var run = transaction.Summary.Identity.Id;
        var activities = new Dictionary<StoredActivity, int>();
        var shown = new Dictionary<object, int>(transaction.Journal.Count, ReferenceEqualityComparer.Instance);
        writer.WriteStartObject();
        writer.WriteString("r"u8, run);
        writer.WriteStartArray("j"u8);
        for (var i = 0; i < transaction.Journal.Count; i++)
        {
            var record = transaction.Journal[i];
            Note(record.ActivityState, i);
            Note(record.Payload, i);
            Write(writer, run, record, Number(new StoredActivity(record.ActivityId, record.ActivityType, record.ActivityTypeVersion, record.ActivityName, record.NodeId)));
        }

        writer.WriteEndArray();
        writer.WriteStartArray("e"u8);
        foreach (var record in transaction.Executions)
        {
            var activity = Number(new StoredActivity(record.ActivityId, record.ActivityType, record.ActivityTypeVersion, record.ActivityName, record.ActivityNodeId));
            Write(writer, run, record, activity, Find(record.ActivityState), Find(record.Payload));
        }

        writer.WriteEndArray();
        writer.WriteStartArray("a"u8);
        foreach (var activity in activities.Keys)
        {
            Write(writer, activity);
        }

        writer.WriteEndArray();
        writer.WriteEndObject();

        int Number(StoredActivity activity)
        {
            ref var number = ref CollectionsMarshal.GetValueRefOrAddDefault(activities, activity, out var isKnown);
            return isKnown ? number : number = activities.Count - 1;
        }

        void Note(IReadOnlyDictionary<string, JsonElement>? values, int line)
        {
            if (values is not null && !IsEmpty(values))
            {
                shown[values] = line;
            }
        }

        int? Find(IReadOnlyDictionary<string, JsonElement> values) => shown.TryGetValue(values, out var line) ? line : null;
    }

    private static void Write(Utf8JsonWriter writer, string run, JournalRecord record, int activity)
    {
        writer.WriteStartObject();
        if (!IsUsual(run, record))
        {
            WriteId(writer, "id"u8, run, record.Id);
        }

        writer.WriteNumber("a"u8, activity);
        WriteId(writer, "i"u8, run, record.ActivityInstanceId);
        if (record.ParentActivityInstanceId is { } parent)
        {
            WriteId(writer, "p"u8, run, parent);
        }

        writer.WriteNumber("t"u8, record.Timestamp.UtcTicks);
        writer.WriteNumber("q"u8, record.Sequence);
        writer.WriteString("e"u8, record.EventName);
        WriteText(writer, "m"u8, record.Message);
        WriteText(writer, "from"u8, record.Source);
        WriteValues(writer, "s"u8, record.ActivityState);
        WriteValues(writer, "o"u8, record.Payload);
        writer.WriteEndObject();
    }

    private static void Write(Utf8JsonWriter writer, string run, ActivityExecutionRecord record, int activity, int? stateOf, int? payloadOf)
    {
        writer.WriteStartObject();
        WriteId(writer, "i"u8, run, record.Id);
        if (record.WorkflowInstanceId != run)
        {
            writer.WriteString("r"u8, record.WorkflowInstanceId);
        }

        writer.WriteNumber("a"u8, activity);
        if (stateOf is { } state)
        {
            writer.WriteNumber("sj"u8, state);
        }
        else if (!IsEmpty(record.ActivityState))
        {
            WriteValues(writer, "s"u8, record.ActivityState);
        }

        if (payloadOf is { } payload)
        {
            writer.WriteNumber("oj"u8, payload);
        }
        else if (!IsEmpty(record.Payload))
        {
            WriteValues(writer, "o"u8, record.Payload);
        }

        if (!IsEmpty(record.Outputs))
        {
            WriteValues(writer, "out"u8, record.Outputs);
        }

        if (record.Exception is { } error)
        {
            writer.WritePropertyName("x"u8);
            JsonSerializer.Serialize(writer, error, StoredRecordsJson.Default.ErrorInfo);
        }

        if (record.StartedAt is { } started)
        {
            writer.WriteNumber("t"u8, started.UtcTicks);
        }

        if (record.HasBookmarks)
        {
            writer.WriteBoolean("b"u8, true);
        }

        writer.WriteString("st"u8, record.Status.ToString());
        if (record.CompletedAt is { } completed)
        {
            writer.WriteNumber("c"u8, completed.UtcTicks);
        }

        if (record.SchedulingActivityExecutionId is { } parent)
        {
            WriteId(writer, "p"u8, run, parent);
        }

        writer.WriteNumber("q"u8, record.Sequence);
        writer.WriteEndObject();
    }

    private static void Write(Utf8JsonWriter writer, StoredActivity activity)
    {
        writer.WriteStartObject();
        writer.WriteString("i"u8, activity.Id);
        writer.WriteString("t"u8, activity.Type);
        writer.WriteNumber("v"u8, activity.Version);
        WriteText(writer, "m"u8, activity.Name);
        writer.WriteString("n"u8, activity.NodeId);
        writer.WriteEndObject();
    }

    private static void WriteText(Utf8JsonWriter writer, ReadOnlySpan<byte> name, string? text)
    {
        if (text is not null)
        {
            writer.WriteString(name, text);
        }
    }

    private static void WriteValues(Utf8JsonWriter writer, ReadOnlySpan<byte> name, IReadOnlyDictionary<string, JsonElement>? values)
    {
        if (values is null)
        {
            return;
        }

        if (values is ShownValues shown)
        {
            writer.WritePropertyName(name);
            writer.WriteRawValue(shown.Json, skipInputValidation: true);
            return;
        }

        writer.WriteStartObject(name);
        foreach (var (key, value) in values)
        {
            writer.WritePropertyName(key);
            JsonBytes.Copy(writer, value);
        }

        writer.WriteEndObject();
    }

    private static bool IsEmpty(IReadOnlyDictionary<string, JsonElement> values) => values is ShownValues shown ? shown.IsEmpty : values.Count == 0;

    /// <summary>Ids of a run's executions begin with its own, which is said once.</summary>
    private static void WriteId(Utf8JsonWriter writer, ReadOnlySpan<byte> name, string run, string id)
    {
        var isOfRun = id.StartsWith(run, StringComparison.Ordinal);
        var rest = isOfRun ? id.AsSpan(run.Length) : id;
        var written = rest.Length < ShortId ? stackalloc char[ShortId] : new char[rest.Length + 1];
        written[0] = isOfRun ? OfRun : Other;
        rest.CopyTo(written[1..]);
        writer.WriteString(name, written[..(rest.Length + 1)]);
    }

    /// <summary>The id says nothing that the run's and the sequence do not.</summary>
    private static bool IsUsual(string run, JournalRecord record) =>
        record.Id.StartsWith(run, StringComparison.Ordinal) && record.Id.Length > run.Length + 1 && record.Id[run.Length] == ':' && record.Id[run.Length + 1] != '0'
        && long.TryParse(record.Id.AsSpan(run.Length + 1), NumberStyles.None, null, out var number) && number == record.Sequence;
}
