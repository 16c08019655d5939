using System.Text.Json;
using FederationWorkflows.Engine;
using FederationWorkflows.Engine.Definitions;

namespace FederationWorkflows.Server.Pages.Stories;

/// <summary>An input of a story, and what somebody typed for it.</summary>
/// <param name="Definition">The input.</param>
/// <param name="Typed">What was typed; null for nothing yet.</param>
public sealed record StoryInput(ArgumentDefinition Definition, string? Typed)
{
    /// <summary>What fields of the form are called: an input's own name could be any text.</summary>
    public const string Prefix = "input.";

    /// <summary>The name of its field.</summary>
    public string Field => Prefix + Definition.Name;

    /// <summary>What people read.</summary>
    public string Label => string.IsNullOrWhiteSpace(Definition.DisplayName) ? Definition.Name : Definition.DisplayName;

    /// <summary>Any text is a value.</summary>
    public bool IsText => Definition.Type == typeof(string);

    /// <summary>Yes or no.</summary>
    public bool IsFlag => Definition.Type == typeof(bool);

    /// <summary>It is not shown again.</summary>
    public bool IsSecret => typeof(Sensitive).IsAssignableFrom(Definition.Type);

    /// <summary>Text as it stands, anything else as JSON where it is JSON. The engine makes the input's type of it.</summary>
    public object? Value()
    {
        if (IsText || IsSecret || IsFlag)
        {
            return Typed;
        }

        try
        {
            return JsonValues.Unwrap(JsonValues.Parse(Typed!));
        }
        catch (JsonException)
        {
            return Typed;
        }
    }
}
