using FederationWorkflows.Cel.Syntax;
using FederationWorkflows.Cel.Types;

namespace FederationWorkflows.Cel.Checking;

/// <summary>What is known of an expression before it runs; types and references are kept by node id.</summary>
/// <param name="Tree">The expression.</param>
/// <param name="Types">The type of each node.</param>
/// <param name="References">
/// What a node names: a <see cref="CelVariable"/>, a <see cref="CelType"/>, a <see cref="LocalSlot"/>, a <see cref="ResolvedCall"/>, or null.
/// </param>
/// <param name="LocalCount">How many slots the variables of macros need.</param>
internal sealed record CheckedTree(SyntaxTree Tree, CelType[] Types, object?[] References, int LocalCount)
{
    public CelType TypeOf(Expr expr) => Types[expr.Id];

    public object? ReferenceOf(Expr expr) => References[expr.Id];
}

/// <summary>Where a macro keeps its variables.</summary>
internal sealed record LocalSlot(int First, int Second = -1);

/// <summary>The functions a call can mean, to be told apart by the values it gets.</summary>
/// <param name="Candidates">The functions.</param>
/// <param name="OnTarget">The call's target is the first argument, not a namespace.</param>
internal sealed record ResolvedCall(CelFunction[] Candidates, bool OnTarget)
{
    public bool IsVolatile => Array.Exists(Candidates, candidate => candidate.IsVolatile);
}
