using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;
using FederationWorkflows.Engine;
using FederationWorkflows.Engine.Execution;

namespace FederationWorkflows.Runtime.Runs;

/// <summary>Writes what people see of executions. This is where sensitive values become masks, and long ones short.</summary>
internal static class ShownValuesWriter
{
    /// <summary>Longer values are shown by their beginning.</summary>
    private const int MaxShown = 16 * 1024;

    private const string OutcomesName = "Outcomes";

    /// <summary>What activities with fixed inputs show, by the values that all their executions share.</summary>
    private static readonly ConditionalWeakTable<object?[], ShownValues> FixedInputs = [];

    /// <summary>What most executions end with.</summary>
    private static readonly ShownValues Done = new(JsonSerializer.SerializeToUtf8Bytes(new Dictionary<string, IReadOnlyList<string>> { [OutcomesName] = Outcomes.Default.Names }));

    /// <summary>A value as it may be shown.</summary>
    public static JsonElement Show(object? value, bool isSensitive) =>
        JsonValues.Parse(JsonBytes.Write((value, isSensitive), static (writer, what) => Show(writer, what.value, what.isSensitive)));

    /// <summary>The evaluated inputs, by name.</summary>
    public static ShownValues Inputs(JournalEntry entry) =>
        entry.Inputs is not { Length: > 0 } inputs ? ShownValues.Nothing
        : !entry.HasFixedInputs ? Of(entry, WriteInputs)
        : FixedInputs.TryGetValue(inputs, out var known) ? known
        : FixedInputs.GetOrAdd(inputs, Of(entry, WriteInputs));

    /// <summary>What it gave, by name.</summary>
    public static ShownValues Outputs(JournalEntry entry) =>
        entry.Outputs is { Length: > 0 } ? Of(entry, WriteOutputs) : ShownValues.Nothing;

    /// <summary>Outcomes and journal data; null when there is nothing to say.</summary>
    public static ShownValues? Payload(JournalEntry entry) =>
        entry.Details is not null ? Of(entry, WritePayload) : entry.Event == JournalEvent.Completed ? Done : null;

    private static ShownValues Of(JournalEntry entry, Action<Utf8JsonWriter, JournalEntry> writeValues) => new(JsonBytes.Write(
        (entry, writeValues),
        static (writer, what) =>
        {
            writer.WriteStartObject();
            what.writeValues(writer, what.entry);
            writer.WriteEndObject();
        }));

    private static void Show(Utf8JsonWriter writer, object? value, bool isSensitive)
    {
        switch (value)
        {
            case null:
                writer.WriteNullValue();
                break;
            case not null when isSensitive:
                writer.WriteStringValue(Sensitive.Mask);
                break;
            case string { Length: <= MaxShown } text:
                writer.WriteStringValue(text);
                break;
            case bool flag:
                writer.WriteBooleanValue(flag);
                break;
            case JsonElement { ValueKind: not JsonValueKind.Undefined } json when JsonMarshal.GetRawUtf8Value(json).Length <= MaxShown:
                JsonBytes.Copy(writer, json);
                break;
            default:
                WriteBounded(writer, ToJson(value));
                break;
        }
    }

    private static byte[] ToJson(object value)
    {
        try
        {
            return JsonValues.ToUtf8(value);
        }
        catch (Exception)
        {
            // Some services' own objects are no data, and what their members throw is their own; their type is all there is to show.
            return JsonValues.ToUtf8($"({value.GetType().Name})");
        }
    }

    private static void WriteBounded(Utf8JsonWriter writer, ReadOnlySpan<byte> json)
    {
        if (json.Length > MaxShown && Encoding.UTF8.GetString(json) is { Length: > MaxShown } text)
        {
            writer.WriteStringValue($"{text[..MaxShown]}… ({text.Length} characters)");
            return;
        }

        writer.WriteRawValue(json, skipInputValidation: true);
    }

    private static void WriteInputs(Utf8JsonWriter writer, JournalEntry entry)
    {
        var inputs = entry.Inputs!;
        for (var slot = 0; slot < inputs.Length; slot++)
        {
            var descriptor = entry.Node.Descriptor.Inputs[slot];
            if (descriptor.IsWrapped && (inputs[slot] is not null || descriptor.IsBrowsable))
            {
                writer.WritePropertyName(descriptor.Name);
                Show(writer, inputs[slot], descriptor.IsSensitive);
            }
        }
    }

    private static void WriteOutputs(Utf8JsonWriter writer, JournalEntry entry)
    {
        var outputs = entry.Outputs!;
        for (var slot = 0; slot < outputs.Length; slot++)
        {
            var descriptor = entry.Node.Descriptor.Outputs[slot];
            writer.WritePropertyName(descriptor.Name);
            Show(writer, outputs[slot], typeof(Sensitive).IsAssignableFrom(descriptor.Type));
        }
    }

    /// <summary>The outcomes are the engine's: a story's own data of that name does not take their place.</summary>
    private static void WritePayload(Utf8JsonWriter writer, JournalEntry entry)
    {
        var (outcomes, data, _) = entry.Details!;
        var isCompleted = entry.Event == JournalEvent.Completed;
        if (data is not null)
        {
            foreach (var (key, value) in data)
            {
                if (!isCompleted || key != OutcomesName)
                {
                    writer.WritePropertyName(key);
                    Show(writer, value, isSensitive: false);
                }
            }
        }

        if (isCompleted)
        {
            writer.WriteStartArray(OutcomesName);
            foreach (var name in (outcomes ?? Outcomes.Default).Names)
            {
                writer.WriteStringValue(name);
            }

            writer.WriteEndArray();
        }
    }
}
