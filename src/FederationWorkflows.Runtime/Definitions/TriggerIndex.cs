using FederationWorkflows.Engine;
using FederationWorkflows.Engine.Definitions;

namespace FederationWorkflows.Runtime.Definitions;

/// <summary>Something that starts a published definition.</summary>
/// <param name="DefinitionId">The definition.</param>
/// <param name="ActivityId">The trigger activity.</param>
/// <param name="Name">The kind of trigger: its activity type.</param>
/// <param name="Stimulus">What must happen, as the trigger says.</param>
public sealed record WorkflowTrigger(string DefinitionId, string ActivityId, string Name, object Stimulus);

/// <summary>An immutable index of triggers.</summary>
public sealed class TriggerIndex
{
    internal static readonly TriggerIndex Empty = new([]);

    private readonly ILookup<string, WorkflowTrigger> byName;

    private TriggerIndex(IReadOnlyList<WorkflowTrigger> all)
    {
        All = all;
        byName = all.ToLookup(trigger => trigger.Name);
    }

    /// <summary>All triggers.</summary>
    public IReadOnlyList<WorkflowTrigger> All { get; }

    /// <summary>The triggers of a kind.</summary>
    public IEnumerable<WorkflowTrigger> OfKind(string name) => byName[name];

    /// <summary>What starts a workflow.</summary>
    /// <param name="workflow">A compiled definition.</param>
    /// <exception cref="DefinitionException">A trigger's input is missing or depends on a run.</exception>
    public static IReadOnlyList<WorkflowTrigger> TriggersOf(ExecutableWorkflow workflow) =>
        [.. workflow.Triggers.SelectMany(node => ((ITrigger)node.Activity).GetTriggerPayloads(new TriggerIndexingContext(node))
            .Select(stimulus => new WorkflowTrigger(workflow.Definition.DefinitionId, node.Id, node.Descriptor.TypeName, stimulus)))];

    internal TriggerIndex Replace(string definitionId, IReadOnlyList<WorkflowTrigger> own) =>
        new([.. All.Where(trigger => trigger.DefinitionId != definitionId), .. own]);
}
