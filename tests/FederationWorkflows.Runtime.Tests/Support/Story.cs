using System.Text;
using System.Text.Json.Nodes;

namespace FederationWorkflows.Runtime.Tests.Support;

/// <summary>Writes definitions with less ink.</summary>
internal static class Story
{
    public static byte[] Of(string definitionId, params JsonNode[] steps) => Encoding.UTF8.GetBytes(Json(definitionId, steps).ToJsonString());

    public static JsonObject Json(string definitionId, params JsonNode[] steps) => new()
    {
        ["id"] = definitionId + "-file",
        ["definitionId"] = definitionId,
        ["name"] = definitionId,
        ["version"] = 1,
        ["root"] = new JsonObject { ["type"] = "Elsa.Sequence", ["id"] = "main", ["version"] = 1, ["activities"] = new JsonArray(steps) },
    };

    /// <summary>A story with something at its top, such as inputs or custom properties.</summary>
    public static byte[] With(string definitionId, string property, JsonNode value, params JsonNode[] steps)
    {
        var story = Json(definitionId, steps);
        story[property] = value;
        return Encoding.UTF8.GetBytes(story.ToJsonString());
    }

    public static JsonArray Inputs(params string[] names) => new([.. names.Select(name => new JsonObject { ["name"] = name, ["type"] = "Object" })]);

    public static JsonObject Step(string type, string id, params (string Name, JsonNode? Value)[] properties)
    {
        var activity = new JsonObject { ["type"] = type, ["id"] = id, ["version"] = 1 };
        foreach (var (name, value) in properties)
        {
            activity[name] = value;
        }

        return activity;
    }

    public static JsonObject Wait(string id, int? minutes = null) => minutes is { } time ? Step("Test.Wait", id, ("minutes", Literal(time))) : Step("Test.Wait", id);

    public static JsonObject Call(string id, string? timeout = null)
    {
        var call = Step("Test.Call", id);
        if (timeout is not null)
        {
            call["customProperties"] = new JsonObject { ["timeout"] = timeout };
        }

        return call;
    }

    public static JsonObject Act(string id) => Step("Test.Act", id);

    public static JsonObject Literal(JsonNode? value) => Expression("Literal", value);

    public static JsonObject Object(string json) => Expression("Object", json);

    public static JsonObject Variable(string name) => Expression("Variable", name);

    public static JsonObject Input(string name) => Expression("Input", name);

    private static JsonObject Expression(string type, JsonNode? value) => new()
    {
        ["typeName"] = null,
        ["expression"] = new JsonObject { ["type"] = type, ["value"] = value },
    };
}
