using System.Text.Json.Nodes;
using static FederationWorkflows.Server.Tests.Support.Stories;

namespace FederationWorkflows.Studio.Tests;

/// <summary>Stories as they are drawn.</summary>
internal static class Flows
{
    /// <summary>A flowchart whose activities follow each other.</summary>
    public static JsonObject Flow(string id, params JsonObject[] activities)
    {
        var ids = activities.Select(activity => (string)activity["id"]!).ToArray();
        var connections = ids.Zip(ids.Skip(1), (from, to) => (JsonNode)new JsonObject
        {
            ["source"] = new JsonObject { ["activity"] = from, ["port"] = "Done" },
            ["target"] = new JsonObject { ["activity"] = to, ["port"] = "In" },
        });
        var story = Of(id, []);
        story["root"] = Activity("Elsa.Flowchart", "flow", ("activities", new JsonArray([.. activities])), ("connections", new JsonArray([.. connections])));
        return story;
    }
}
