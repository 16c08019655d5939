using System.Text.Json;
using FederationWorkflows.Engine.Descriptors;

namespace FederationWorkflows.Engine;

/// <summary>One place in a compiled definition: an activity with its inputs, scope and children. Immutable, shared by all runs.</summary>
public sealed class ActivityNode
{
    internal ActivityNode(int index, string id, ActivityNode? parent, string? port, ActivityDescriptor descriptor, Activity activity, JsonElement json, string path)
    {
        Index = index;
        Id = id;
        Parent = parent;
        Port = port;
        NodeId = parent is null ? id : $"{parent.NodeId}:{id}";
        Descriptor = descriptor;
        Activity = activity;
        Json = json;
        Path = path;
        Ordinal = parent?.ChildList.Count ?? 0;
        CompletesByItself = activity is CodeActivity;
        activity.Node = this;
        activity.Id = id;
        activity.Type = descriptor.TypeName;
    }

    /// <summary>The place in <see cref="Definitions.ExecutableWorkflow.Nodes"/>; the same whenever the same revision is compiled.</summary>
    public int Index { get; }

    /// <summary>The activity's id.</summary>
    public string Id { get; }

    /// <summary>The ids from the workflow down to here, joined by colons (Elsa contract: nodeId).</summary>
    public string NodeId { get; }

    /// <summary>The activity that holds this one; null for the workflow itself.</summary>
    public ActivityNode? Parent { get; }

    /// <summary>The port of the parent that holds it.</summary>
    public string? Port { get; }

    /// <summary>The activity's type.</summary>
    public ActivityDescriptor Descriptor { get; }

    /// <summary>The activity with its inputs set.</summary>
    public Activity Activity { get; }

    /// <summary>The activity as the definition has it.</summary>
    public JsonElement Json { get; }

    /// <summary>Where the definition has it, as JSON path.</summary>
    public string Path { get; }

    /// <summary>The activities it holds, in the order of the definition.</summary>
    public IReadOnlyList<ActivityNode> Children => ChildList;

    /// <summary>The variables it declares.</summary>
    public IReadOnlyList<Variable> Variables => VariableList;

    /// <summary>Elsa's <c>customProperties.canStartWorkflow</c>.</summary>
    public bool CanStartWorkflow { get; internal set; }

    /// <summary>Elsa's <c>customProperties.commitStrategyName</c>.</summary>
    public string? CommitStrategy { get; internal set; }

    /// <summary>After so long an execution faults; from <c>customProperties.timeout</c>, null for no limit of its own.</summary>
    public TimeSpan? Timeout { get; internal set; }

    /// <summary>When a failed execution is tried again; from <c>customProperties.retry</c>, null for never.</summary>
    internal Retries.RetryPolicy? Retry { get; set; }

    internal List<ActivityNode> ChildList { get; } = [];

    internal List<Variable> VariableList { get; } = [];

    /// <summary>Inputs by slot; null where the descriptor's input is evaluated on demand or is absent.</summary>
    internal Input?[] Inputs { get; set; } = [];

    /// <summary>The evaluated inputs, when no run can change any of them.</summary>
    internal object?[]? ConstantInputs { get; set; }

    /// <summary>What captures each output, by slot; null when nothing captures any.</summary>
    internal OutputCapture?[]? Captures { get; set; }

    /// <summary>The story keeps something that it gives as a secret: so what it was given, a request or an event, is one too.</summary>
    public bool GivesSecrets => Captures is { } captures && Array.Exists(captures, capture => capture is { IsSecret: true });

    /// <summary>The place among its parent's children.</summary>
    internal int Ordinal { get; }

    internal bool CompletesByItself { get; }

    internal JsonElement? CustomProperty(string name) =>
        Json.ValueKind == JsonValueKind.Object && Json.TryGetProperty("customProperties", out var custom) && custom.ValueKind == JsonValueKind.Object
        && custom.TryGetProperty(name, out var value) && value.ValueKind is not JsonValueKind.Null ? value : null;

    /// <summary>Type and id, for debuggers and messages.</summary>
    public override string ToString() => $"{Descriptor.TypeName} '{Id}'";
}

/// <summary>Where an output goes besides the output register.</summary>
internal sealed record OutputCapture(Expressions.VariableReference? Variable, string? WorkflowOutput, Func<object?, object?> Convert, bool IsSecret);
