using System.Globalization;
using FederationWorkflows.Engine;
using FederationWorkflows.Engine.Definitions;
using FederationWorkflows.Engine.Scheduling;
using FederationWorkflows.Runtime.Storage;

namespace FederationWorkflows.Runtime.Schedules;

/// <summary>The schedules that a definition has, as records of the store.</summary>
internal static class ScheduleArming
{
    /// <summary>The schedules of a published version. Those that are stored already stay as they are, so that what was missed is not forgotten.</summary>
    public static List<ScheduleRecord> SchedulesOf(ExecutableWorkflow workflow, DateTimeOffset publishedAt) =>
        [.. Find(workflow).Select(found => new ScheduleRecord(
            found.Id, workflow.Definition.DefinitionId, workflow.Definition.Revision, found.Trigger.Id, found.Schedule.NextAfter(publishedAt), ReadOnlyMemory<byte>.Empty))];

    /// <summary>The schedule that a record stands for; null when the version has none of its id.</summary>
    public static ISchedule? Find(ExecutableWorkflow workflow, string scheduleId) => Find(workflow).FirstOrDefault(found => found.Id == scheduleId).Schedule;

    private static IEnumerable<(string Id, ActivityNode Trigger, ISchedule Schedule)> Find(ExecutableWorkflow workflow) =>
        workflow.Triggers.SelectMany(node => ((ITrigger)node.Activity).GetTriggerPayloads(new TriggerIndexingContext(node)).OfType<ISchedule>()
            .Select((schedule, index) => (string.Create(CultureInfo.InvariantCulture, $"{workflow.Definition.DefinitionId}:{node.Id}:{index}"), node, schedule)));
}
