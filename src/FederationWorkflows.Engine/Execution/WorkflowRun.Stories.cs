using System.Globalization;
using FederationWorkflows.Engine.Stories;

namespace FederationWorkflows.Engine.Execution;

/// <content>What a run owes to others: word to the run that started it, and a story to start when it faults.</content>
public sealed partial class WorkflowRun
{
    private bool parentTold;

    /// <summary>The run that started this one; null when none did.</summary>
    public RunParent? Parent { get; private init; }

    private void TellParent(bool atEnd)
    {
        if (parentTold || Parent is not { BookmarkId: not null } parent || parent.Tell == Stories.TellParent.Never || (parent.Tell == Stories.TellParent.AtEnd && !atEnd))
        {
            return;
        }

        parentTold = true;
        commit.FollowUp(new RunFollowUp($"{Id}:report", new ReportToParent
        {
            Parent = parent,
            RunId = Id,
            SubStatus = SubStatus,
            Output = new Dictionary<string, object?>(output),
            Outcomes = Outcomes,
            Error = SubStatus == WorkflowSubStatus.Faulted && incidents.Count > 0 ? $"{incidents[0].ActivityId}: {incidents[0].Message}" : null,
        }));
    }

    /// <summary>The story that <c>customProperties.onFault</c> names gets the incident as its input.</summary>
    private void StartOnFault()
    {
        var depth = (Parent?.Depth ?? 0) + 1;
        if (SubStatus != WorkflowSubStatus.Faulted || Workflow.Definition.OnFault is not { } story || incidents.Count == 0 || depth > Environment.Limits.MaxStoryDepth)
        {
            return;
        }

        var incident = incidents[0];

        // One for each time it faults: somebody may have let it go on since the last.
        var runId = RunIds.Of(Id, "on-fault", journalSequence.ToString(CultureInfo.InvariantCulture));
        commit.FollowUp(new RunFollowUp($"{Id}:on-fault:{runId}", new StartStory
        {
            RunId = runId,
            DefinitionId = story,
            Input = new Dictionary<string, object?>
            {
                ["incident"] = new Dictionary<string, object?>
                {
                    ["runId"] = Id,
                    ["definitionId"] = Identity.DefinitionId,
                    ["activityId"] = incident.ActivityId,
                    ["activityType"] = incident.ActivityType,
                    ["message"] = incident.Message,
                    ["errorType"] = incident.Error.Type,
                    ["timestamp"] = incident.Timestamp.ToString("O", CultureInfo.InvariantCulture),
                    ["incidentCount"] = (long)incidents.Count,
                },
            },
            CorrelationId = Identity.CorrelationId,
            StartedBy = StartedBy,
            Hands = Hands,
            Parent = new RunParent(Id, Stories.TellParent.Never, null, 0, depth, []),
        }));
    }
}
