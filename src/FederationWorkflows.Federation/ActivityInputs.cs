using FederationWorkflows.Engine;

namespace FederationWorkflows.Federation;

/// <summary>How the activities read what a story may leave out.</summary>
internal static class ActivityInputs
{
    /// <summary>A text; null when the story gives none, or nothing but white space.</summary>
    public static string? GetText(this ActivityExecutionContext context, Input<string>? input) => context.Get(input) is { } text && !string.IsNullOrWhiteSpace(text) ? text : null;
}
