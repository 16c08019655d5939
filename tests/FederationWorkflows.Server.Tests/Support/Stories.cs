using System.Text.Json.Nodes;

namespace FederationWorkflows.Server.Tests.Support;

/// <summary>Writes stories as the designer would, with less ink.</summary>
internal static class Stories
{
    /// <summary>A sequence of activities. Variables are written <c>name:Type</c>.</summary>
    public static JsonObject Of(string id, JsonObject[] activities, params string[] variables) => new()
    {
        ["id"] = $"{id}:1",
        ["definitionId"] = id,
        ["name"] = id,
        ["version"] = 1,
        ["variables"] = new JsonArray([.. variables.Select(variable => new JsonObject
        {
            ["id"] = variable.Split(':')[0],
            ["name"] = variable.Split(':')[0],
            ["typeName"] = variable.Split(':')[1],
            ["value"] = null,
        })]),
        ["root"] = Activity("Elsa.Sequence", "all", ("activities", new JsonArray([.. activities]))),
    };

    public static JsonObject Activity(string type, string id, params (string Name, JsonNode? Value)[] properties)
    {
        var activity = new JsonObject { ["type"] = type, ["id"] = id, ["version"] = 1 };
        foreach (var (name, value) in properties)
        {
            activity[name] = value;
        }

        return activity;
    }

    /// <summary>The endpoint that starts the story.</summary>
    public static JsonObject Starts(string path, string method = "POST", params (string Name, JsonNode? Value)[] more)
    {
        var endpoint = Waits("receive", path, method, more);
        endpoint["customProperties"] = new JsonObject { ["canStartWorkflow"] = true };
        return endpoint;
    }

    /// <summary>An endpoint in the middle of a story.</summary>
    public static JsonObject Waits(string id, string path, string method = "POST", params (string Name, JsonNode? Value)[] more) =>
        Activity("Elsa.HttpEndpoint", id, [("path", Literal(path)), ("supportedMethods", Object($"[\"{method}\"]")), .. Array.Exists(more, input => input.Name is "caller" or "authorize") ? [] : Everybody, .. more]);

    private static (string Name, JsonNode? Value)[] Everybody => [("caller", Literal("anonymous"))];

    public static JsonObject Answers(JsonNode content, params (string Name, JsonNode? Value)[] more) =>
        Activity("Elsa.WriteHttpResponse", "answer", [("content", content), .. more]);

    public static JsonObject Writes(string id, JsonNode text) => Activity("Elsa.WriteLine", id, ("text", text));

    public static JsonObject Gate() => Activity("Test.WaitAtGate", "gate");

    public static JsonObject Fails(string message) => Activity("Elsa.Fault", "fail", ("message", Literal(message)));

    public static JsonObject Literal(JsonNode? value) => Expression("Literal", value);

    public static JsonObject Object(string json) => Expression("Object", json);

    public static JsonObject Variable(string name) => Expression("Variable", name);

    public static JsonObject Formula(string cel) => Expression("CEL", cel);

    public static JsonObject Template(JsonNode text) => Expression("Template", text);

    /// <summary>Where an output goes.</summary>
    public static JsonObject To(string variable) => new() { ["typeName"] = null, ["memoryReference"] = new JsonObject { ["id"] = variable } };

    public static JsonObject Expression(string type, JsonNode? value) => new() { ["typeName"] = null, ["expression"] = new JsonObject { ["type"] = type, ["value"] = value } };
}
