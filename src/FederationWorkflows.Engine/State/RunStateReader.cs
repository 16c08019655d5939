using System.Globalization;
using System.Text.Json;
using FederationWorkflows.Engine.Definitions;
using FederationWorkflows.Engine.Execution;

namespace FederationWorkflows.Engine.State;

/// <summary>Reads the parts that <see cref="RunStateWriter"/> wrote.</summary>
internal sealed class RunStateReader(ExecutableWorkflow workflow, IReadOnlyDictionary<string, byte[]> parts, StateCodec codec, IReadOnlyDictionary<string, byte[]> payloads)
{
    private readonly PayloadStore store = new(payloads);

    public JsonElement Core { get; } = Part(parts, RunParts.Core);

    public JsonElement Input { get; } = Part(parts, RunParts.Input);

    public object? Value(JsonElement json) => codec.Read(json, store);

    public string? Text(string property) => Core.GetProperty(property).GetString();

    public static bool IsInFlight(JsonElement context) => context.TryGetProperty("inFlight", out _);

    /// <summary>The live executions, parents before children.</summary>
    public IEnumerable<(long Number, JsonElement Json)> Contexts() =>
        Numbered("a/").OrderBy(part => part.Number).Select(part => (part.Number, StateCodec.Parse(parts[part.Key])));

    /// <summary>The latest outputs, by node.</summary>
    public IEnumerable<(int Node, object?[] Values)> Outputs() =>
        Numbered("o/").Select(part => ((int)part.Number, (object?[])Value(StateCodec.Parse(parts[part.Key]))!));

    public void Restore(ActivityExecutionContext context, JsonElement json)
    {
        context.Status = Enum.Parse<ActivityStatus>(json.GetProperty("status").GetString()!);
        context.State = json.TryGetProperty("retrying", out _) ? ActivityExecutionContext.Flags.Persisted | ActivityExecutionContext.Flags.Retrying : ActivityExecutionContext.Flags.Persisted;
        context.FailedAttempts = json.TryGetProperty("failedAttempts", out var failed) ? failed.GetInt32() : 0;
        context.StartedAt = json.TryGetProperty("startedAt", out var startedAt) ? startedAt.GetDateTimeOffset() : default;
        context.Cursor = json.TryGetProperty("cursor", out var cursor) ? cursor.GetInt32() : 0;
        if (Optional("state") is { } state)
        {
            context.ContainerState = state;
        }

        context.Inputs = context.Status == ActivityStatus.Pending ? null : Inputs(context);
        context.Outputs = (object?[]?)Optional("outputs");
        if (Optional("journal") is Dictionary<string, object?> journal)
        {
            context.Rare.JournalData = journal;
        }

        var declared = context.Node.VariableList;
        if (declared.Count > 0)
        {
            context.Variables = new object?[declared.Count];
            for (var i = 0; i < declared.Count; i++)
            {
                context.Variables[i] = parts.TryGetValue(RunStateWriter.VariableKey(context.Number, i), out var data)
                    ? ValueConversion.Convert(Value(StateCodec.Parse(data)), declared[i].Type)
                    : declared[i].Default;
            }
        }

        object? Optional(string name) => json.TryGetProperty(name, out var value) ? Value(value) : null;
    }

    private object?[]? Inputs(ActivityExecutionContext context)
    {
        if (!parts.TryGetValue(RunStateWriter.InputsKey(context.Number), out var data))
        {
            return context.Node.ConstantInputs;
        }

        var values = (object?[])Value(StateCodec.Parse(data))!;
        for (var slot = 0; slot < values.Length; slot++)
        {
            values[slot] = ValueConversion.Convert(values[slot], context.Node.Descriptor.Inputs[slot].Type);
        }

        return values;
    }

    /// <summary>Tells the payload store which parts refer to what.</summary>
    public void AdoptPayloads(PayloadStore target)
    {
        if (payloads.Count == 0)
        {
            return;
        }

        foreach (var (key, data) in parts.Where(part => !payloads.ContainsKey(part.Key)))
        {
            var text = System.Text.Encoding.UTF8.GetString(data);
            var referred = payloads.Keys.Where(payload => text.Contains(payload, StringComparison.Ordinal)).ToList();
            if (referred.Count > 0)
            {
                target.Adopt(key, referred);
            }
        }
    }

    private static JsonElement Part(IReadOnlyDictionary<string, byte[]> parts, string key) =>
        parts.TryGetValue(key, out var data) ? StateCodec.Parse(data) : throw new InvalidOperationException($"The saved run has no part '{key}'.");

    private IEnumerable<(long Number, string Key)> Numbered(string prefix) =>
        parts.Keys.Where(key => key.StartsWith(prefix, StringComparison.Ordinal)).Select(key => (long.Parse(key.AsSpan(prefix.Length), CultureInfo.InvariantCulture), key));

    /// <summary>For messages only.</summary>
    public override string ToString() => workflow.Definition.Name;
}
