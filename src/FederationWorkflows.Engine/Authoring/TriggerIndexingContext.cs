using FederationWorkflows.Engine.Definitions;

namespace FederationWorkflows.Engine;

/// <summary>What a trigger can read when its definition is published: its fixed inputs.</summary>
/// <param name="node">The trigger's place in the definition.</param>
public sealed class TriggerIndexingContext(ActivityNode node)
{
    /// <summary>The trigger's place in the definition.</summary>
    public ActivityNode Node { get; } = node;

    /// <summary>The value of an input; the type's default when the story gives none.</summary>
    /// <exception cref="DefinitionException">The input depends on a run, which does not exist yet.</exception>
    public T? Get<T>(Input<T>? input)
    {
        if (input?.Compiled is not { } compiled)
        {
            return default;
        }

        if (compiled.TryGetConstant(out var value))
        {
            return value is T typed ? typed : default;
        }

        var name = Node.Descriptor.Inputs[input.Slot].Name;
        var path = $"{Node.Path}.{System.Text.Json.JsonNamingPolicy.CamelCase.ConvertName(name)}";
        throw new DefinitionException(new DefinitionProblem("trigger-input-not-fixed", $"Input '{name}' decides when the workflow starts, so it must be a fixed value, not a {input.Expression.Type} expression.", path, Node.Id));
    }
}
