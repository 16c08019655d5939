using System.Text.Json;
using FederationWorkflows.Engine.Definitions;
using FederationWorkflows.Engine.Expressions;
using FederationWorkflows.Engine.State;
using FederationWorkflows.Engine.Stories;

namespace FederationWorkflows.Engine.Execution;

/// <content>The run's own parts of the saved state, and its way back.</content>
public sealed partial class WorkflowRun
{
    private const string TriggerIsSecret = "triggerIsSecret";

    /// <summary>Makes a run of the parts that its commits wrote. Activities that were in flight will execute again, with the same idempotency key.</summary>
    /// <param name="workflow">The graph of the revision the run is pinned to.</param>
    /// <param name="parts">All parts of the run, by key.</param>
    /// <param name="environment">What runs share.</param>
    /// <exception cref="InvalidOperationException">The parts are of another revision, or incomplete.</exception>
    public static WorkflowRun Load(ExecutableWorkflow workflow, IReadOnlyDictionary<string, byte[]> parts, RunEnvironment environment)
    {
        var payloads = parts.Where(part => part.Key.StartsWith("p/", StringComparison.Ordinal)).ToDictionary();
        var reader = new RunStateReader(workflow, parts, environment.Codec, payloads);
        var core = reader.Core;
        var revision = core.GetProperty("revision").GetString()!;
        if (revision != workflow.Definition.Revision)
        {
            throw new InvalidOperationException($"The run is pinned to revision {revision} of its definition, not to {workflow.Definition.Revision}.");
        }

        var identity = new RunIdentity(
            core.GetProperty("id").GetString()!,
            workflow.Definition.DefinitionId,
            revision,
            reader.Text("correlationId"),
            core.GetProperty("createdAt").GetDateTimeOffset());
        var input = (Dictionary<string, object?>)reader.Value(reader.Input.GetProperty("input"))!;
        var run = new WorkflowRun(workflow, identity, input, environment)
        {
            Status = Enum.Parse<WorkflowStatus>(core.GetProperty("status").GetString()!),
            SubStatus = Enum.Parse<WorkflowSubStatus>(core.GetProperty("subStatus").GetString()!),
            Name = reader.Text("name"),
            StartedBy = Person.Of(reader.Text("startedBy"), core.TryGetProperty("startedById", out var starter) ? starter.GetString() : null),
            Hands = core.TryGetProperty("hands", out var hands) ? Stories.Hands.Read(reader.Value(hands)) : Stories.Hands.None,
            TriggerPayload = reader.Input.TryGetProperty(TriggerIsSecret, out _) ? ((Sensitive)reader.Value(reader.Input.GetProperty("trigger"))!).RevealObject() : reader.Value(reader.Input.GetProperty("trigger")),
            trigger = reader.Text("triggerActivity") is { } id ? workflow.Find(id) : null,
            triggerUsed = core.GetProperty("triggerUsed").GetBoolean(),
            lastNumber = core.GetProperty("lastNumber").GetInt64(),
            executions = core.GetProperty("executions").GetInt64(),
            journalSequence = core.GetProperty("journalSequence").GetInt64(),
            Parent = reader.Value(core.GetProperty("parent")) is IReadOnlyDictionary<string, object?> parent ? ParentValues.Read(parent) : null,
            parentTold = core.GetProperty("parentTold").GetBoolean(),
            finishedAt = core.TryGetProperty("finishedAt", out var finished) ? finished.GetDateTimeOffset() : null,
            Outcomes = (Outcomes)reader.Value(core.GetProperty("outcomes"))!,
        };
        run.Restore(reader);
        run.stateWriter = new RunStateWriter(run, payloads);
        run.stateWriter.Adopt(parts.Keys);
        reader.AdoptPayloads(run.stateWriter.Payloads);
        return run;
    }

    internal void WriteInput(Utf8JsonWriter writer, PayloadStore payloads)
    {
        writer.WriteStartObject();
        writer.WritePropertyName("input");
        Environment.Codec.Write(writer, input, payloads);

        // Where the story keeps as a secret what its trigger makes of the event, the event is one.
        var isSecret = trigger?.GivesSecrets is true && TriggerPayload is not null;
        writer.WritePropertyName("trigger");
        Environment.Codec.Write(writer, isSecret ? Sensitive.Of(TriggerPayload) : TriggerPayload, payloads);
        if (isSecret)
        {
            writer.WriteBoolean(TriggerIsSecret, true);
        }

        writer.WriteEndObject();
    }

    internal void WriteCore(Utf8JsonWriter writer, PayloadStore payloads)
    {
        writer.WriteStartObject();
        writer.WriteString("id", Id);
        writer.WriteString("revision", Identity.Revision);
        writer.WriteString("createdAt", Identity.StartedAt);
        writer.WriteString("correlationId", Identity.CorrelationId);
        writer.WriteString("status", Status.ToString());
        writer.WriteString("subStatus", SubStatus.ToString());
        writer.WriteString("name", Name);
        writer.WriteString("startedBy", StartedBy?.Name);
        writer.WriteString("startedById", StartedBy?.Id);
        if (Hands.Count > 0)
        {
            Write("hands", Stories.Hands.Write(Hands));
        }

        writer.WriteString("triggerActivity", trigger?.Id);
        writer.WriteBoolean("triggerUsed", triggerUsed);
        writer.WriteNumber("lastNumber", lastNumber);
        writer.WriteNumber("executions", executions);
        writer.WriteNumber("journalSequence", journalSequence);
        if (finishedAt is { } at)
        {
            writer.WriteString("finishedAt", at);
        }

        writer.WritePropertyName("parent");
        Environment.Codec.Write(writer, Parent is null ? null : ParentValues.Write(Parent), payloads);
        writer.WriteBoolean("parentTold", parentTold);
        Write("outcomes", Outcomes);
        Write("output", output);
        Write("incidents", incidents.ToArray());
        Write("bookmarks", waits.Bookmarks.ToArray());
        Write("timers", waits.Timers.ToArray());
        writer.WriteStartArray("queue");
        foreach (var context in queue)
        {
            writer.WriteNumberValue(context.Number);
        }

        writer.WriteEndArray();
        writer.WriteEndObject();

        void Write(string name, object value)
        {
            writer.WritePropertyName(name);
            Environment.Codec.Write(writer, value, payloads);
        }
    }

    private void Restore(RunStateReader reader)
    {
        foreach (var (name, value) in (Dictionary<string, object?>)reader.Value(reader.Core.GetProperty("output"))!)
        {
            output[name] = value;
        }

        incidents.AddRange((Incident[])reader.Value(reader.Core.GetProperty("incidents"))!);
        committedIncidents = incidents.Count;
        var contexts = new Dictionary<long, ActivityExecutionContext>();
        var inFlightBefore = new List<ActivityExecutionContext>();
        foreach (var (number, json) in reader.Contexts())
        {
            var node = Workflow.NodeList[json.GetProperty("node").GetInt32()];
            var parent = json.TryGetProperty("parent", out var parentNumber) ? contexts[parentNumber.GetInt64()] : null;
            var callback = json.TryGetProperty("callback", out var name) ? Callbacks.Find<ActivityCompletionCallback>(parent!.Node.Activity, name.GetString()!) : null;
            var context = new ActivityExecutionContext(this, node, parent, number, callback);
            reader.Restore(context, json);
            ExecutionTree.Link(parent, context);
            live++;
            root ??= context;
            contexts.Add(number, context);
            if (RunStateReader.IsInFlight(json))
            {
                inFlightBefore.Add(context);
            }
        }

        foreach (var bookmark in (Bookmark[])reader.Value(reader.Core.GetProperty("bookmarks"))!)
        {
            waits.Adopt(bookmark, contexts[bookmark.InstanceNumber]);
        }

        foreach (var timer in (RunTimer[])reader.Value(reader.Core.GetProperty("timers"))!)
        {
            waits.Adopt(timer, contexts[timer.InstanceNumber]);
        }

        foreach (var context in inFlightBefore.Where(context => context.Status == ActivityStatus.Running))
        {
            // It executes again from the start, and schedules its children again.
            CancelChildren(context);
            context.Restart();
            queue.Enqueue(context);
        }

        foreach (var number in reader.Core.GetProperty("queue").EnumerateArray())
        {
            if (contexts.TryGetValue(number.GetInt64(), out var context) && context.Status == ActivityStatus.Pending)
            {
                context.State |= ActivityExecutionContext.Flags.Queued;
                queue.Enqueue(context);
            }
        }

        foreach (var (node, values) in reader.Outputs())
        {
            outputs[node] = values;
        }
    }
}
