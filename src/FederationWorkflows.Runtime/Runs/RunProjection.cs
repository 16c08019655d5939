using System.Globalization;
using System.Runtime.InteropServices;
using FederationWorkflows.Engine.Execution;
using FederationWorkflows.Runtime.Storage;

namespace FederationWorkflows.Runtime.Runs;

/// <summary>Makes of the engine's journal entries what people and the designer see. Their values are <see cref="ShownValuesWriter"/>'s.</summary>
internal static class RunProjection
{
    public static (List<JournalRecord> Journal, List<ActivityExecutionRecord> Executions) Project(string runId, IReadOnlyList<JournalEntry> entries)
    {
        var journal = new List<JournalRecord>(entries.Count);
        var executions = new Dictionary<long, Execution>(entries.Count);
        foreach (var entry in entries)
        {
            var parent = entry.ParentInstanceNumber == 0 ? null
                : executions.TryGetValue(entry.ParentInstanceNumber, out var scheduling) ? scheduling.Id
                : InstanceId(runId, entry.ParentInstanceNumber);
            ref var execution = ref CollectionsMarshal.GetValueRefOrAddDefault(executions, entry.InstanceNumber, out var isKnown);
            execution = isKnown ? execution : new Execution(InstanceId(runId, entry.InstanceNumber), parent, entry.Sequence);
            var state = entry.Event == JournalEvent.Started ? null : ShownValuesWriter.Inputs(entry);
            var payload = ShownValuesWriter.Payload(entry);
            execution.Take(entry, state, payload);
            journal.Add(Line(runId, entry, execution, state, payload));
        }

        var records = new List<ActivityExecutionRecord>(executions.Count);
        foreach (var execution in executions.Values)
        {
            records.Add(execution.ToRecord(runId));
        }

        return (journal, records);
    }

    private static JournalRecord Line(string runId, JournalEntry entry, in Execution execution, ShownValues? state, ShownValues? payload) => new()
    {
        Id = string.Create(CultureInfo.InvariantCulture, $"{runId}:{entry.Sequence}"),
        ActivityInstanceId = execution.Id,
        ParentActivityInstanceId = execution.Parent,
        ActivityId = entry.Node.Id,
        ActivityType = entry.Node.Descriptor.TypeName,
        ActivityTypeVersion = entry.Node.Descriptor.Version,
        ActivityName = entry.Node.Activity.Name,
        NodeId = entry.Node.NodeId,
        Timestamp = entry.Timestamp,
        Sequence = entry.Sequence,
        EventName = entry.Event.ToString(),
        Message = entry.Message,
        ActivityState = state,
        Payload = payload,
    };

    /// <summary>The id of an execution, as the engine's context has it.</summary>
    private static string InstanceId(string runId, long number) => string.Create(CultureInfo.InvariantCulture, $"{runId}-{number}");

    /// <summary>What the entries of an execution say of it, one after the other.</summary>
    private struct Execution(string id, string? parent, long sequence)
    {
        private JournalEntry last;

        private ShownValues state = ShownValues.Nothing;

        private ShownValues payload = ShownValues.Nothing;

        private DateTimeOffset? startedAt;

        public string Id { get; } = id;

        public string? Parent { get; } = parent;

        private readonly bool HasEnded => last.Event is JournalEvent.Completed or JournalEvent.Faulted or JournalEvent.Canceled;

        public void Take(JournalEntry entry, ShownValues? entryState, ShownValues? entryPayload)
        {
            last = entry;
            state = entryState ?? state;
            payload = entryPayload ?? payload;

            // A later attempt of the same execution begins with details; the execution itself began before.
            if (entry.Event == JournalEvent.Started && entry.Details is null)
            {
                startedAt = entry.Timestamp;
            }
        }

        public readonly ActivityExecutionRecord ToRecord(string runId) => new()
        {
            Id = Id,
            WorkflowInstanceId = runId,
            ActivityId = last.Node.Id,
            ActivityNodeId = last.Node.NodeId,
            ActivityType = last.Node.Descriptor.TypeName,
            ActivityTypeVersion = last.Node.Descriptor.Version,
            ActivityName = last.Node.Activity.Name,
            ActivityState = state,
            Payload = payload,
            Outputs = HasEnded ? ShownValuesWriter.Outputs(last) : ShownValues.Nothing,
            Exception = last.Details?.Error,
            StartedAt = startedAt,
            HasBookmarks = last.Event == JournalEvent.Suspended,
            Status = last.Event switch
            {
                JournalEvent.Completed => ActivityStatus.Completed,
                JournalEvent.Faulted => ActivityStatus.Faulted,
                JournalEvent.Canceled => ActivityStatus.Canceled,
                _ => ActivityStatus.Running,
            },
            CompletedAt = HasEnded ? last.Timestamp : null,
            SchedulingActivityExecutionId = Parent,
            Sequence = sequence,
        };
    }
}
