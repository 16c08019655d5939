using System.Globalization;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Text.Json;
using FederationWorkflows.Engine;
using FederationWorkflows.Engine.Execution;
using FederationWorkflows.Runtime.Storage;

namespace FederationWorkflows.Runtime.Runs;

/// <summary>Makes of the engine's journal entries what people and the designer see. This is where sensitive values become masks.</summary>
internal static class RunProjection
{
    /// <summary>Longer values are shown by their beginning.</summary>
    private const int MaxShown = 16 * 1024;

    private static readonly JsonElement Masked = JsonSerializer.SerializeToElement(Sensitive.Mask);

    private static readonly JsonElement Null = JsonSerializer.SerializeToElement<object?>(null);

    private static readonly JsonElement True = JsonSerializer.SerializeToElement(true);

    private static readonly JsonElement False = JsonSerializer.SerializeToElement(false);

    /// <summary>What activities with fixed inputs show, by the values that all their executions share.</summary>
    private static readonly ConditionalWeakTable<object?[], Dictionary<string, JsonElement>> FixedInputs = [];

    private static readonly JsonElement DoneOnly = JsonSerializer.SerializeToElement(Outcomes.Default.Names);

    public static (List<JournalRecord> Journal, List<ActivityExecutionRecord> Executions) Project(string runId, IReadOnlyList<JournalEntry> entries)
    {
        var journal = new List<JournalRecord>(entries.Count);
        var executions = new Dictionary<long, ActivityExecutionRecord>(entries.Count);
        foreach (var entry in entries)
        {
            var node = entry.Node;
            var id = InstanceId(runId, entry.InstanceNumber);
            var parent = entry.ParentInstanceNumber == 0 ? null : InstanceId(runId, entry.ParentInstanceNumber);
            var ends = entry.Event is JournalEvent.Completed or JournalEvent.Faulted or JournalEvent.Canceled;
            var state = entry.Event == JournalEvent.Started ? null : Inputs(entry);
            var payload = Payload(entry);
            journal.Add(new JournalRecord
            {
                Id = string.Create(CultureInfo.InvariantCulture, $"{runId}:{entry.Sequence}"),
                ActivityInstanceId = id,
                ParentActivityInstanceId = parent,
                ActivityId = node.Id,
                ActivityType = node.Descriptor.TypeName,
                ActivityTypeVersion = node.Descriptor.Version,
                ActivityName = node.Activity.Name,
                NodeId = node.NodeId,
                Timestamp = entry.Timestamp,
                Sequence = entry.Sequence,
                EventName = entry.Event.ToString(),
                Message = entry.Message,
                ActivityState = state,
                Payload = payload,
            });
            var known = executions.GetValueOrDefault(entry.InstanceNumber);
            executions[entry.InstanceNumber] = new ActivityExecutionRecord
            {
                Id = id,
                WorkflowInstanceId = runId,
                ActivityId = node.Id,
                ActivityNodeId = node.NodeId,
                ActivityType = node.Descriptor.TypeName,
                ActivityTypeVersion = node.Descriptor.Version,
                ActivityName = node.Activity.Name,
                ActivityState = state ?? known?.ActivityState ?? new Dictionary<string, JsonElement>(),
                Payload = payload ?? known?.Payload ?? new Dictionary<string, JsonElement>(),
                Outputs = ends ? Outputs(entry) : known?.Outputs ?? new Dictionary<string, JsonElement>(),
                Exception = entry.Details?.Error,

                // A later attempt of the same execution begins with details; the execution itself began before.
                StartedAt = entry.Event == JournalEvent.Started && entry.Details is null ? entry.Timestamp : known?.StartedAt,
                HasBookmarks = entry.Event == JournalEvent.Suspended,
                Status = entry.Event switch
                {
                    JournalEvent.Completed => ActivityStatus.Completed,
                    JournalEvent.Faulted => ActivityStatus.Faulted,
                    JournalEvent.Canceled => ActivityStatus.Canceled,
                    _ => ActivityStatus.Running,
                },
                CompletedAt = ends ? entry.Timestamp : null,
                SchedulingActivityExecutionId = parent,
                Sequence = known?.Sequence ?? entry.Sequence,
            };
        }

        return (journal, [.. executions.Values]);
    }

    /// <summary>The id of an execution, as the engine's context has it.</summary>
    private static string InstanceId(string runId, long number) => string.Create(CultureInfo.InvariantCulture, $"{runId}-{number}");

    /// <summary>A value as it may be shown.</summary>
    public static JsonElement Show(object? value, bool isSensitive)
    {
        if (isSensitive && value is not null)
        {
            return Masked;
        }

        switch (value)
        {
            // What most values are needs no detour by way of text.
            case null:
                return Null;
            case JsonElement { ValueKind: not JsonValueKind.Undefined } element when JsonMarshal.GetRawUtf8Value(element).Length <= MaxShown:
                return element;
            case string { Length: < MaxShown / 8 } text:
                return JsonSerializer.SerializeToElement(text);
            case bool flag:
                return flag ? True : False;
        }

        string json;
        try
        {
            json = JsonValues.ToJson(value);
        }
        catch (Exception)
        {
            // Some services' own objects are no data, and what their members throw is their own; their type is all there is to show.
            json = JsonSerializer.Serialize($"({value!.GetType().Name})");
        }

        return json.Length <= MaxShown ? JsonValues.Parse(json) : JsonSerializer.SerializeToElement($"{json[..MaxShown]}… ({json.Length} characters)");
    }

    private static Dictionary<string, JsonElement> Inputs(JournalEntry entry) => !entry.HasFixedInputs ? Shown(entry)
        : FixedInputs.TryGetValue(entry.Inputs!, out var known) ? known
        : FixedInputs.GetOrAdd(entry.Inputs!, Shown(entry));

    private static Dictionary<string, JsonElement> Shown(JournalEntry entry)
    {
        var result = new Dictionary<string, JsonElement>();
        var inputs = entry.Inputs ?? [];
        for (var slot = 0; slot < inputs.Length; slot++)
        {
            var descriptor = entry.Node.Descriptor.Inputs[slot];
            if (descriptor.IsWrapped && (inputs[slot] is not null || descriptor.IsBrowsable))
            {
                result[descriptor.Name] = Show(inputs[slot], descriptor.IsSensitive);
            }
        }

        return result;
    }

    private static Dictionary<string, JsonElement> Outputs(JournalEntry entry)
    {
        var result = new Dictionary<string, JsonElement>();
        var outputs = entry.Outputs ?? [];
        for (var slot = 0; slot < outputs.Length; slot++)
        {
            var descriptor = entry.Node.Descriptor.Outputs[slot];
            result[descriptor.Name] = Show(outputs[slot], typeof(Sensitive).IsAssignableFrom(descriptor.Type));
        }

        return result;
    }

    private static Dictionary<string, JsonElement>? Payload(JournalEntry entry)
    {
        if (entry.Event != JournalEvent.Completed && entry.Details is null)
        {
            return null;
        }

        var payload = new Dictionary<string, JsonElement>();
        foreach (var (key, value) in entry.Details?.Data ?? new Dictionary<string, object?>())
        {
            payload[key] = Show(value, isSensitive: false);
        }

        if (entry.Event == JournalEvent.Completed)
        {
            payload["Outcomes"] = entry.Details?.Outcomes is { } outcomes ? JsonSerializer.SerializeToElement(outcomes.Names) : DoneOnly;
        }

        return payload;
    }
}
