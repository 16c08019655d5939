using FederationWorkflows.Cel.Values;

namespace FederationWorkflows.Cel.Compilation;

/// <summary>A compiled node: immutable, and safe on any thread with an evaluation of its own.</summary>
internal delegate CelValue Evaluator(CelEvaluation evaluation);
