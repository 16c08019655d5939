namespace FederationWorkflows.Engine;

/// <summary>
/// Describes an input (Elsa contract: <c>InputAttribute</c>). A property of type <see cref="Input{T}"/> is an input without it;
/// on another property it makes an "unwrapped" input, stored as plain JSON. An input without which the activity cannot work carries
/// <see cref="System.ComponentModel.DataAnnotations.RequiredAttribute"/> beside it.
/// </summary>
[AttributeUsage(AttributeTargets.Property)]
public sealed class InputAttribute : Attribute
{
    /// <summary>The input's name; the property's when null.</summary>
    public string? Name { get; set; }

    /// <summary>The title in the designer; the name in words when null.</summary>
    public string? DisplayName { get; set; }

    /// <summary>One or two sentences for the designer.</summary>
    public string? Description { get; set; }

    /// <summary>The tab or group of the designer's panel.</summary>
    public string? Category { get; set; }

    /// <summary>The editor, one of <see cref="InputUIHints"/>; by type when null.</summary>
    public string? UIHint { get; set; }

    /// <summary>What a dropdown, checklist or radio list offers: an array of strings.</summary>
    public object? Options { get; set; }

    /// <summary>Place in the panel, ascending.</summary>
    public float Order { get; set; }

    /// <summary>The value an input has that a story leaves out.</summary>
    public object? DefaultValue { get; set; }

    /// <summary>The expression type a code editor starts with.</summary>
    public string? DefaultSyntax { get; set; }

    /// <summary>Shown, but not edited.</summary>
    public bool IsReadOnly { get; set; }

    /// <summary>Shown in the designer at all.</summary>
    public bool IsBrowsable { get; set; } = true;

    /// <summary>Evaluated before the activity executes; otherwise when the activity asks.</summary>
    public bool AutoEvaluate { get; set; } = true;

    /// <summary>The value is masked wherever the run is shown.</summary>
    public bool CanContainSecrets { get; set; }
}

/// <summary>
/// The activity keeps this input secret when it is given a secret: it shows it to nobody and hands it only to whom the author addressed.
/// Without this mark an activity that acts on the world refuses secrets, unless the input's type is <see cref="Sensitive{T}"/>.
/// Elsa has no such mark.
/// </summary>
[AttributeUsage(AttributeTargets.Property)]
public sealed class TakesSensitiveAttribute : Attribute;

/// <summary>
/// An input of an activity without side effects that others see all the same, such as a name or a time: giving it a secret is an error.
/// </summary>
[AttributeUsage(AttributeTargets.Property)]
public sealed class RefusesSensitiveAttribute : Attribute;

/// <summary>
/// The input names a connection: an identity that an administrator defined. It must then be a fixed value, so that before a story runs it can be told
/// which connections it uses. Elsa has no such mark.
/// </summary>
[AttributeUsage(AttributeTargets.Property)]
public sealed class NamesConnectionAttribute : Attribute;

/// <summary>Describes an output (Elsa contract: <c>OutputAttribute</c>).</summary>
[AttributeUsage(AttributeTargets.Property)]
public sealed class OutputAttribute : Attribute
{
    /// <summary>The output's name; the property's when null.</summary>
    public string? Name { get; set; }

    /// <summary>The title in the designer; the name in words when null.</summary>
    public string? DisplayName { get; set; }

    /// <summary>One or two sentences for the designer.</summary>
    public string? Description { get; set; }

    /// <summary>Shown in the designer at all.</summary>
    public bool IsBrowsable { get; set; } = true;
}

/// <summary>The editors the designer has (Elsa contract: <c>InputUIHints</c>).</summary>
public static class InputUIHints
{
#pragma warning disable CS1591 // The names are the designer's own words; the contract lists what each draws.
    public const string CheckList = "checklist";
    public const string Checkbox = "checkbox";
    public const string CodeEditor = "code-editor";
    public const string DateTimePicker = "datetime-picker";
    public const string Dictionary = "dictionary";
    public const string DropDown = "dropdown";
    public const string DynamicOutcomes = "dynamic-outcomes";
    public const string ExpressionEditor = "expression-editor";
    public const string FlowSwitchEditor = "flow-switch-editor";
    public const string HttpStatusCodes = "http-status-codes";
    public const string InputPicker = "input-picker";
    public const string JsonEditor = "json-editor";
    public const string MultiLine = "multiline";
    public const string MultiText = "multitext";
    public const string OutcomePicker = "outcome-picker";
    public const string OutputPicker = "output-picker";
    public const string RadioList = "radiolist";
    public const string SecretPicker = "secret-picker";
    public const string SingleLine = "singleline";
    public const string SwitchEditor = "switch-editor";
    public const string TypePicker = "type-picker";
    public const string VariablePicker = "variable-picker";
    public const string WorkflowDefinitionPicker = "workflow-definition-picker";
#pragma warning restore CS1591
}
