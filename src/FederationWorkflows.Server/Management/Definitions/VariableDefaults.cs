using System.Text.Json;
using System.Text.Json.Nodes;

namespace FederationWorkflows.Server.Management.Definitions;

/// <summary>
/// The designer knows the default of a variable as text alone, and sends a list that a file has as the text of that list, which for a variable that takes anything would be
/// another value. So what was no text is none again when it comes back.
/// </summary>
internal static class VariableDefaults
{
    private const string Value = "value";

    /// <param name="story">The story that came back.</param>
    /// <param name="before">The story that was given.</param>
    public static void Restore(JsonObject story, JsonObject before)
    {
        var given = Declared(before)
            .Where(variable => variable[Value] is { } value && value.GetValueKind() != JsonValueKind.String)
            .GroupBy(Id).ToDictionary(same => same.Key, same => same.First()[Value]!);
        foreach (var variable in Declared(story))
        {
            if (ActivityTree.Text(variable, Value) is { } text && given.TryGetValue(Id(variable), out var old) && Parse(text) is { } now && Kind(now) == Kind(old))
            {
                variable[Value] = now;
            }
        }
    }

    private static IEnumerable<JsonObject> Declared(JsonObject story) => (story["variables"] as JsonArray ?? []).OfType<JsonObject>();

    private static string Id(JsonObject variable) => ActivityTree.Text(variable, "id") ?? ActivityTree.Text(variable, "name") ?? "";

    private static JsonValueKind Kind(JsonNode node) => node.GetValueKind() is JsonValueKind.True or JsonValueKind.False ? JsonValueKind.True : node.GetValueKind();

    private static JsonNode? Parse(string text)
    {
        try
        {
            return JsonNode.Parse(text, documentOptions: ManagementBody.Strict);
        }
        catch (JsonException)
        {
            // The author wrote something else.
            return null;
        }
    }
}
