using System.Text.Json;
using System.Text.Json.Nodes;
using FederationWorkflows.Engine.Expressions;

namespace FederationWorkflows.Server.Management.Definitions;

/// <summary>
/// Variables and inputs that expressions pick. The designer's pickers hold the JSON text of the whole declaration (Elsa contract: variable-picker and input-picker) and show
/// nothing for a name, which is what people write into files. So the designer gets the declaration, and what was a name is one again when it comes back: no file
/// changes because somebody looked at it.
/// </summary>
internal static class PickedReferences
{
    private const string Value = "value";

    /// <summary>Makes the names in a story into what the designer's pickers show.</summary>
    public static void Spell(JsonObject story) => Visit(story, (expression, text, scope) =>
    {
        if (IdOf(text) is null && scope.Find(text) is { } declaration)
        {
            expression[Value] = declaration.ToJsonString();
        }
    });

    /// <summary>Makes what the designer was given for a name into that name again, or into the declaration's id where it has another name by now.</summary>
    /// <param name="story">The story that came back.</param>
    /// <param name="before">The story that was given.</param>
    public static void Restore(JsonObject story, JsonObject before)
    {
        var names = new Dictionary<string, string>(StringComparer.Ordinal);
        Visit(before, (_, text, scope) =>
        {
            if (IdOf(text) is null && scope.Find(text) is { } declaration)
            {
                names.TryAdd(IdOf(declaration), text);
            }
        });
        if (names.Count == 0)
        {
            return;
        }

        Visit(story, (expression, text, scope) =>
        {
            if (IdOf(text) is { } id && names.TryGetValue(id, out var name))
            {
                expression[Value] = scope.Find(name) is { } declaration && IdOf(declaration) == id ? name : id;
            }
        });
    }

    private static void Visit(JsonObject story, Action<JsonObject, string, Scope> visit) =>
        Visit(story["root"], new Scope(story["variables"] as JsonArray, Outer: null), new Scope(story["inputs"] as JsonArray, Outer: null), visit);

    private static void Visit(JsonNode? node, Scope variables, Scope inputs, Action<JsonObject, string, Scope> visit)
    {
        switch (node)
        {
            case JsonArray items:
                foreach (var item in items)
                {
                    Visit(item, variables, inputs, visit);
                }

                break;
            case JsonObject json when ActivityTree.Text(json, "type") is Expression.VariableType or Expression.InputType && ActivityTree.Text(json, Value) is { } text:
                visit(json, text, ActivityTree.Text(json, "type") == Expression.VariableType ? variables : inputs);
                break;
            case JsonObject json:
                var inner = json["variables"] is JsonArray declared ? new Scope(declared, variables) : variables;
                foreach (var (_, value) in json.ToArray())
                {
                    Visit(value, inner, inputs, visit);
                }

                break;
        }
    }

    /// <summary>Inputs have no id: their name is it.</summary>
    private static string IdOf(JsonObject declaration) => ActivityTree.Text(declaration, "id") ?? ActivityTree.Text(declaration, "name") ?? "";

    /// <summary>The id in the text of a declaration; null when it is none.</summary>
    private static string? IdOf(string text)
    {
        if (!text.AsSpan().TrimStart().StartsWith("{"))
        {
            return null;
        }

        try
        {
            return JsonNode.Parse(text, documentOptions: ManagementBody.Strict) is JsonObject declaration ? IdOf(declaration) : null;
        }
        catch (JsonException)
        {
            // What was left over when the author changed the syntax begins so, too.
            return null;
        }
    }

    /// <summary>What is declared at a place, and around it.</summary>
    private sealed record Scope(JsonArray? Declared, Scope? Outer)
    {
        /// <summary>As the compiler does: by id first, wherever it is declared, then by name.</summary>
        public JsonObject? Find(string text) => Find("id", text) ?? Find("name", text);

        private JsonObject? Find(string property, string text) =>
            Declared?.OfType<JsonObject>().FirstOrDefault(declaration => ActivityTree.Text(declaration, property) == text) ?? Outer?.Find(property, text);
    }
}
