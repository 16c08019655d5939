using System.Text;
using FederationWorkflows.Engine.Activities.Stories;
using FederationWorkflows.Engine.Definitions;
using FederationWorkflows.Engine.Descriptors;

namespace FederationWorkflows.Engine.Stories;

/// <summary>Describes a story that is usable as an activity (Elsa contract: WorkflowDefinitionActivity).</summary>
public static class StoryActivity
{
    private const string RootType = "WorkflowDefinitionActivity";

    /// <summary>The activity type that a published story is.</summary>
    public static ActivityDescriptor Describe(WorkflowDefinition definition)
    {
        var name = TypeNameOf(definition.Name);
        var own = ActivityDescriber.Describe(typeof(WorkflowDefinitionActivity), static () => new WorkflowDefinitionActivity(""));
        return own with
        {
            TypeName = name,
            Version = definition.Version,
            Namespace = "",
            Name = name,
            Category = definition.ActivityCategory ?? "Workflows",
            DisplayName = definition.Name,
            Description = definition.Description,
            IsStory = true,
            Inputs = [.. own.Inputs, .. definition.Inputs.Select(Input)],
            Outputs = [.. definition.Outputs.Select(Output)],
            Ports = [.. definition.Outcomes.Select(outcome => new PortDescriptor(outcome, outcome, PortType.Flow))],
            CustomProperties = new Dictionary<string, object> { ["RootType"] = RootType, ["WorkflowDefinitionId"] = definition.DefinitionId, ["WorkflowDefinitionVersionId"] = definition.Id },
            ConstructionProperties = new Dictionary<string, object> { ["workflowDefinitionId"] = definition.DefinitionId, ["workflowDefinitionVersionId"] = definition.Id },
            Create = () => new WorkflowDefinitionActivity(definition.DefinitionId),
        };
    }

    /// <summary><c>Federate to AWS</c> as <c>FederateToAWS</c>.</summary>
    private static string TypeNameOf(string name)
    {
        var result = new StringBuilder(name.Length);
        var begins = true;
        foreach (var letter in name)
        {
            if (char.IsLetterOrDigit(letter))
            {
                result.Append(begins ? char.ToUpperInvariant(letter) : letter);
            }

            begins = !char.IsLetterOrDigit(letter);
        }

        return result.ToString();
    }

    private static InputDescriptor Input(ArgumentDefinition argument, int index) => new()
    {
        Name = argument.Name,
        Type = argument.Type,
        DisplayName = argument.DisplayName ?? argument.Name,
        Description = argument.Description,
        Order = index,
        IsSynthetic = true,
        IsSensitive = typeof(Sensitive).IsAssignableFrom(argument.Type),
        UIHint = argument.Type == typeof(bool) ? InputUIHints.Checkbox : InputUIHints.SingleLine,
    };

    private static OutputDescriptor Output(ArgumentDefinition argument) =>
        new(argument.Name, argument.Type, argument.DisplayName ?? argument.Name, argument.Description, true) { IsSynthetic = true };
}
