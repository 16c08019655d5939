namespace FederationWorkflows.Cel;

/// <summary>What one evaluation reads.</summary>
public interface ICelActivation
{
    /// <summary>
    /// The value of a variable: JSON (<see cref="System.Text.Json.JsonElement"/>, <see cref="System.Text.Json.Nodes.JsonNode"/>), a .NET value,
    /// list or dictionary. It is read in place and must not change during the evaluation.
    /// </summary>
    /// <param name="variable">A variable the expression names, as its environment declared it.</param>
    object? Read(CelVariable variable);

    /// <summary>Opens a value of the host that the language does not know.</summary>
    /// <param name="value">The value.</param>
    /// <param name="content">What it stands for, in a form the language knows.</param>
    /// <param name="confidential">The result of the evaluation must be kept as confidential as the value.</param>
    /// <returns>False when it is not such a value.</returns>
    bool TryOpen(object value, out object? content, out bool confidential)
    {
        content = null;
        confidential = false;
        return false;
    }

    /// <summary>
    /// A list or dictionary of the host that is the whole result stays the object it is, with whatever secrets are in it, instead of being
    /// copied out.
    /// </summary>
    bool KeepsHostValues => false;
}
