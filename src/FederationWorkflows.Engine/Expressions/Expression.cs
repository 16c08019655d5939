using System.Text.Json;

namespace FederationWorkflows.Engine.Expressions;

/// <summary>An expression as a story has it: <c>{"type":"Variable","value":"..."}</c> (Elsa contract).</summary>
/// <param name="Type">The expression type: <c>Literal</c>, <c>Object</c>, <c>Variable</c>, <c>Input</c>, or one a handler adds.</param>
/// <param name="Value">The JSON value of the story, or a .NET value given in code; null when absent.</param>
public sealed record Expression(string Type, object? Value)
{
    /// <summary>The type of fixed values.</summary>
    public const string LiteralType = "Literal";

    /// <summary>The type that names a variable.</summary>
    public const string VariableType = "Variable";

    /// <summary>The type that names an input of the workflow.</summary>
    public const string InputType = "Input";

    /// <summary>A fixed value.</summary>
    public static Expression Literal(object? value) => new(LiteralType, value);

    /// <summary>The value of a variable.</summary>
    public static Expression OfVariable(Variable variable) => new(VariableType, variable.Id);

    /// <summary>The value as text: a JSON string's content, other JSON as it is written, null as empty.</summary>
    public string Text => Value switch
    {
        null => "",
        string text => text,
        JsonElement { ValueKind: JsonValueKind.String } json => json.GetString()!,
        JsonElement { ValueKind: JsonValueKind.Null or JsonValueKind.Undefined } => "",
        JsonElement json => json.GetRawText(),
        var other => Convert.ToString(other, System.Globalization.CultureInfo.InvariantCulture) ?? "",
    };

    /// <summary>Without the value, which may be a secret.</summary>
    public override string ToString() => Type + " expression";
}
