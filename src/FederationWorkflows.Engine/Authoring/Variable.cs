namespace FederationWorkflows.Engine;

/// <summary>A variable that a workflow or a container declares (Elsa contract: variables). Its value lives as long as its scope.</summary>
/// <param name="Id">What references name; unique in the definition.</param>
/// <param name="Name">What expressions name; an inner scope's hides an outer one's.</param>
/// <param name="Type">The type values are converted to.</param>
/// <param name="Default">The value at the start of the scope, already of <paramref name="Type"/>.</param>
public sealed record Variable(string Id, string Name, Type Type, object? Default = null);
