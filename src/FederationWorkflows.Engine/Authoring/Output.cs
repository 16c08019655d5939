namespace FederationWorkflows.Engine;

/// <summary>An output of an activity, and the variable or workflow output that captures it. Immutable once compiled.</summary>
public abstract class Output
{
    private protected Output(string? memoryReferenceId)
    {
        MemoryReferenceId = memoryReferenceId;
    }

    /// <summary>The id of the variable, or the name of the workflow output, that takes the value; null when nothing captures it.</summary>
    public string? MemoryReferenceId { get; }

    /// <summary>The type of the value.</summary>
    public abstract Type Type { get; }

    /// <summary>The place of the output in its activity; set once by the compiler.</summary>
    internal int Slot { get; set; } = -1;
}

/// <inheritdoc cref="Output"/>
/// <typeparam name="T">The type of the value.</typeparam>
public sealed class Output<T> : Output
{
    /// <summary>An output that nothing captures; later activities still read it by the activity's id.</summary>
    public Output()
        : base(null)
    {
    }

    /// <summary>An output that a variable captures.</summary>
    public Output(Variable variable)
        : base(variable.Id)
    {
    }

    internal Output(string? memoryReferenceId)
        : base(memoryReferenceId)
    {
    }

    /// <inheritdoc/>
    public override Type Type => typeof(T);
}
