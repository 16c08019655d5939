using System.Collections.Frozen;
using FederationWorkflows.Engine.Activities;
using FederationWorkflows.Engine.Expressions;

namespace FederationWorkflows.Engine.Definitions;

/// <summary>A definition compiled once: the immutable graph that all of its runs share, read without locks or reflection.</summary>
public sealed class ExecutableWorkflow
{
    private readonly FrozenDictionary<string, ActivityNode> byId;

    internal ExecutableWorkflow(WorkflowDefinition definition, IReadOnlyList<ActivityNode> nodes, ExpressionHost host)
    {
        Definition = definition;
        NodeList = [.. nodes];
        Host = host;
        byId = NodeList.ToFrozenDictionary(node => node.Id);
        ContinuesWithIncidents = definition.IncidentStrategy?.Contains("ContinueWithIncidents", StringComparison.Ordinal) is true;
    }

    /// <summary>What was compiled.</summary>
    public WorkflowDefinition Definition { get; }

    /// <summary>All activities; the first is the workflow itself, the second its root.</summary>
    public IReadOnlyList<ActivityNode> Nodes => NodeList;

    /// <summary>The activities that can start a run from outside.</summary>
    public IEnumerable<ActivityNode> Triggers => NodeList.Where(node => node.Activity is ITrigger && node.CanStartWorkflow);

    /// <summary>The connections that its activities name.</summary>
    public IReadOnlyList<ConnectionUse> Connections { get; internal init; } = [];

    internal ActivityNode[] NodeList { get; }

    internal ExpressionHost Host { get; }

    internal bool ContinuesWithIncidents { get; }

    /// <summary>An activity by id; null when there is none.</summary>
    public ActivityNode? Find(string activityId) => byId.GetValueOrDefault(activityId);

    internal ActivityNode Root => NodeList[1];

    internal WorkflowRoot Workflow => (WorkflowRoot)NodeList[0].Activity;
}
