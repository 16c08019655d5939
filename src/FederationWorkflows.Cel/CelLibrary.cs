using FederationWorkflows.Cel.Checking;
using FederationWorkflows.Cel.Functions;

namespace FederationWorkflows.Cel;

/// <summary>The standard functions with others beside them, made once and shared by environments.</summary>
public sealed class CelLibrary
{
    /// <summary>Adds functions to the standard ones.</summary>
    public CelLibrary(IEnumerable<CelFunction> functions) => Table = new FunctionTable(StandardLibrary.All.Concat(functions));

    internal FunctionTable Table { get; }
}
