using System.Text.Json;

namespace FederationWorkflows.Engine.Definitions;

/// <summary>Reads the <c>variables</c> of a definition or container.</summary>
internal static class VariableReader
{
    public static IReadOnlyList<Variable> Read(JsonReading scope)
    {
        var variables = new List<Variable>();
        foreach (var item in scope.Items("variables"))
        {
            if (!item.Expect(JsonValueKind.Object, "A variable is an object with \"id\", \"name\" and \"typeName\"."))
            {
                continue;
            }

            var name = item.Text("name");
            if (string.IsNullOrWhiteSpace(name))
            {
                item.Report("missing-name", "The variable has no \"name\".", "name");
                continue;
            }

            if (variables.Any(variable => variable.Name == name))
            {
                item.Report("duplicate-name", $"The variable name '{name}' is used twice in this scope. Rename one of the two.", "name");
                continue;
            }

            var type = item.TypeOf("typeName");
            variables.Add(new Variable(item.Text("id") ?? name, name, type, Default(item, type)));
        }

        return variables;
    }

    private static object? Default(JsonReading variable, Type type)
    {
        if (variable.Property("value") is not { } value)
        {
            return ValueConversion.Convert(null, type);
        }

        try
        {
            var given = JsonValues.Unwrap(value.Json);

            // The designer keeps every default as text, an empty one when the author gave none.
            if (given is "" && type != typeof(string))
            {
                return ValueConversion.Convert(null, type);
            }

            return ValueConversion.Convert(given, type);
        }
        catch (ValueConversionException e)
        {
            value.Report("wrong-variable-value", $"The variable's value {e.Message}.");
            return null;
        }
    }
}
