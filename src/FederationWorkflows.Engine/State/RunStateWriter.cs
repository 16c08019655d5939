using System.Globalization;
using System.Text.Json;
using FederationWorkflows.Engine.Execution;

namespace FederationWorkflows.Engine.State;

/// <summary>Writes the parts of a run's state that changed. A part that did not change is not touched, so a commit costs what it changes.</summary>
internal sealed class RunStateWriter(WorkflowRun run, IReadOnlyDictionary<string, byte[]> loadedPayloads)
{
    private readonly HashSet<string> written = [];

    private readonly StateCodec codec = run.Environment.Codec;

    public PayloadStore Payloads { get; } = new(loadedPayloads);

    public static string ContextKey(long number) => string.Create(CultureInfo.InvariantCulture, $"a/{number}");

    public static string InputsKey(long number) => string.Create(CultureInfo.InvariantCulture, $"i/{number}");

    public static string VariableKey(long number, int index) => string.Create(CultureInfo.InvariantCulture, $"v/{number}/{index}");

    public static string OutputKey(int node) => string.Create(CultureInfo.InvariantCulture, $"o/{node}");

    public List<StatePart> Write(CommitBuffer commit)
    {
        var parts = new List<StatePart>();
        var released = new List<string>();
        if (commit.IsFirst)
        {
            Add(parts, released, RunParts.Input, writer => run.WriteInput(writer, Payloads));
        }

        Add(parts, released, RunParts.Core, writer => run.WriteCore(writer, Payloads));
        foreach (var context in commit.Dirty)
        {
            if ((context.State & ActivityExecutionContext.Flags.Removed) != 0)
            {
                continue;
            }

            Add(parts, released, ContextKey(context.Number), writer => WriteContext(writer, context));
            context.State |= ActivityExecutionContext.Flags.Persisted;
            WriteVariables(parts, released, context);
            WriteInputs(parts, released, context);
        }

        foreach (var context in commit.Removed ?? [])
        {
            Remove(parts, released, ContextKey(context.Number));
            Remove(parts, released, InputsKey(context.Number));
            for (var i = 0; i < (context.Variables?.Length ?? 0); i++)
            {
                Remove(parts, released, VariableKey(context.Number, i));
            }
        }

        // What the activities of a run that is over with its first commit gave is in its history: no expression asks for it any more.
        var isOver = commit.IsFirst && run is { Status: WorkflowStatus.Finished, LiveCount: 0 };
        foreach (var node in isOver ? [] : commit.Outputs ?? [])
        {
            Add(parts, released, OutputKey(node.Index), writer => codec.Write(writer, run.GetOutputs(node), Payloads));
        }

        Payloads.Drain(released, parts);
        return parts;
    }

    /// <summary>Parts that a loaded run has already.</summary>
    public void Adopt(IEnumerable<string> keys) => written.UnionWith(keys);

    private void WriteVariables(List<StatePart> parts, List<string> released, ActivityExecutionContext context)
    {
        for (var i = 0; i < (context.Variables?.Length ?? 0); i++)
        {
            if ((context.DirtyVariables & (1UL << Math.Min(i, 63))) != 0)
            {
                var index = i;
                Add(parts, released, VariableKey(context.Number, i), writer => codec.Write(writer, context.Variables![index], Payloads));
            }
        }

        context.DirtyVariables = 0;
    }

    /// <summary>Evaluated once, inputs are written once; a loop over many items does not write them again in every round.</summary>
    private void WriteInputs(List<StatePart> parts, List<string> released, ActivityExecutionContext context)
    {
        var key = InputsKey(context.Number);
        if (context.Inputs is { } inputs && !ReferenceEquals(inputs, context.Node.ConstantInputs) 
            && (!written.Contains(key) || (context.State & ActivityExecutionContext.Flags.InputsStale) != 0))
        {
            context.State &= ~ActivityExecutionContext.Flags.InputsStale;
            Add(parts, released, key, writer => codec.Write(writer, inputs, Payloads));
        }
    }

    private void WriteContext(Utf8JsonWriter writer, ActivityExecutionContext context)
    {
        writer.WriteStartObject();
        writer.WriteNumber("node", context.Node.Index);
        if (context.ParentActivityExecutionContext is { } parent)
        {
            writer.WriteNumber("parent", parent.Number);
        }

        if (context.Callback is { } callback)
        {
            writer.WriteString("callback", callback.Method.Name);
        }

        writer.WriteString("status", context.Status.ToString());
        if (context.Status != ActivityStatus.Pending)
        {
            writer.WriteString("startedAt", context.StartedAt);
        }

        if (context.FailedAttempts > 0)
        {
            writer.WriteNumber("failedAttempts", context.FailedAttempts);
        }

        if ((context.State & (ActivityExecutionContext.Flags.Retrying | ActivityExecutionContext.Flags.RetryDue)) == ActivityExecutionContext.Flags.Retrying)
        {
            writer.WriteBoolean("retrying", true);
        }
        else if ((context.State & ActivityExecutionContext.Flags.InFlight) != 0)
        {
            writer.WriteBoolean("inFlight", true);
        }

        if (context.Cursor != 0)
        {
            writer.WriteNumber("cursor", context.Cursor);
        }

        Write("state", context.ContainerState);
        Write("outputs", context.Outputs);
        Write("journal", context.RareOrNull?.JournalData);
        writer.WriteEndObject();

        void Write(string name, object? value)
        {
            if (value is not null)
            {
                writer.WritePropertyName(name);
                codec.Write(writer, value, Payloads);
            }
        }
    }

    private void Add(List<StatePart> parts, List<string> released, string key, Action<Utf8JsonWriter> write)
    {
        Payloads.Begin(key, released);
        written.Add(key);
        parts.Add(new StatePart(key, JsonBytes.Write(write, static (writer, write) => write(writer))));
    }

    private void Remove(List<StatePart> parts, List<string> released, string key)
    {
        if (written.Remove(key))
        {
            Payloads.End(key, released);
            parts.Add(new StatePart(key, null));
        }
    }
}

/// <summary>The parts every run has.</summary>
internal static class RunParts
{
    public const string Core = "run";

    public const string Input = "input";
}
