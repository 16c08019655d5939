using FederationWorkflows.Cel.Types;

namespace FederationWorkflows.Cel.Values;

/// <summary>A value of a type that functions add to the language. Equality is the object's own.</summary>
public interface ICelOpaque
{
    /// <summary>The type.</summary>
    CelType Type { get; }

    /// <summary>The value as <c>string(x)</c> gives it.</summary>
    string Text { get; }
}
