namespace FederationWorkflows.Cel;

/// <summary>A text with expressions in it, compiled: immutable, and safe on any thread.</summary>
/// <param name="Parts">Text and expressions in their order; empty for an empty text.</param>
public sealed record CelTemplate(IReadOnlyList<CelTemplatePart> Parts);

/// <summary>A part of a template.</summary>
/// <param name="Text">The text, when it is not an expression.</param>
/// <param name="Program">The expression, or null.</param>
public sealed record CelTemplatePart(string Text, CelProgram? Program);
