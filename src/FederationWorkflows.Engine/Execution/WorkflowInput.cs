using FederationWorkflows.Engine.Definitions;

namespace FederationWorkflows.Engine.Execution;

/// <summary>Fits what a run is given to what its definition declares.</summary>
internal static class WorkflowInput
{
    /// <summary>Declared inputs are converted; others are kept as they are, as Elsa keeps them.</summary>
    public static Dictionary<string, object?> Convert(WorkflowDefinition definition, IReadOnlyDictionary<string, object?> given)
    {
        var result = new Dictionary<string, object?>(given);
        foreach (var declared in definition.Inputs)
        {
            if (given.TryGetValue(declared.Name, out var value))
            {
                try
                {
                    result[declared.Name] = ValueConversion.Convert(value, declared.Type);
                }
                catch (ValueConversionException e)
                {
                    throw new ValueConversionException($"Workflow input '{declared.Name}' {e.Message}.");
                }
            }
        }

        return result;
    }
}
