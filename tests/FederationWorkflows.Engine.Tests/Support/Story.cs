using System.Text.Json.Nodes;

namespace FederationWorkflows.Engine.Tests.Support;

/// <summary>Writes definitions as the designer would, with less ink.</summary>
internal static class Story
{
    public static JsonObject Of(JsonNode root, params (string Name, JsonNode? Value)[] top)
    {
        var story = new JsonObject
        {
            ["id"] = "story:1",
            ["definitionId"] = "story",
            ["name"] = "Story",
            ["version"] = 1,
            ["root"] = root,
        };
        foreach (var (name, value) in top)
        {
            story[name] = value;
        }

        return story;
    }

    public static JsonObject Activity(string type, string id, params (string Name, JsonNode? Value)[] properties)
    {
        var activity = new JsonObject { ["type"] = type, ["id"] = id, ["version"] = 1 };
        foreach (var (name, value) in properties)
        {
            activity[name] = value;
        }

        return activity;
    }

    /// <summary>Writes its id.</summary>
    public static JsonObject Line(string id, string? text = null) => Activity("Elsa.WriteLine", id, ("text", Literal(text ?? id)));

    public static JsonObject LineOf(string id, string variable) => Activity("Elsa.WriteLine", id, ("text", Variable(variable)));

    public static JsonObject Sequence(string id, params JsonNode[] activities) => Activity("Elsa.Sequence", id, ("activities", new JsonArray(activities)));

    public static JsonObject If(string id, JsonNode? condition, JsonNode? then = null, JsonNode? otherwise = null) =>
        Activity("Elsa.If", id, ("condition", condition), ("then", then), ("else", otherwise));

    public static JsonObject For(string id, int start, int end, JsonNode? body, int step = 1, bool inclusive = true) =>
        Activity("Elsa.For", id, ("start", Literal(start)), ("end", Literal(end)), ("step", Literal(step)), ("outerBoundInclusive", Literal(inclusive)), ("body", body));

    public static JsonObject ForEach(string id, string items, JsonNode? body) => Activity("Elsa.ForEach", id, ("items", Object(items)), ("body", body));

    public static JsonObject Parallel(string id, params JsonNode[] activities) => Activity("Elsa.Parallel", id, ("activities", new JsonArray(activities)));

    public static JsonObject Fork(string id, string joinMode, params JsonNode[] branches) =>
        Activity("Elsa.Fork", id, ("joinMode", joinMode), ("branches", new JsonArray(branches)));

    public static JsonObject Join(string id, string? mode) => Activity("Elsa.FlowJoin", id, ("mode", mode is null ? null : Literal(mode)));

    public static JsonObject Decision(string id, bool condition) => Activity("Elsa.FlowDecision", id, ("condition", Literal(condition)));

    /// <summary>Completes with the outcomes of its turns, one after another: "False,False,True"; several at once are joined by "+".</summary>
    public static JsonObject Turns(string id, string outcomes) => Activity("Test.Turns", id, ("outcomes", Literal(outcomes)));

    public static JsonObject Call(string id) => Activity("Test.Call", id);

    public static JsonObject Do(string id) => Activity("Test.Do", id);

    public static JsonObject SetVariable(string id, string variable, JsonNode? value) => Activity("Elsa.SetVariable", id, ("variable", variable), ("value", value));

    public static JsonArray Inputs(params (string Name, string Type)[] inputs) => new([.. inputs.Select(input => new JsonObject { ["name"] = input.Name, ["type"] = input.Type })]);

    public static JsonObject Fail(string id, JsonNode? text = null) => Activity("Test.Fail", id, ("text", text ?? Literal("it")));

    public static JsonObject Captured(string variable) => new() { ["typeName"] = null, ["memoryReference"] = new JsonObject { ["id"] = variable } };

    public static JsonObject With(this JsonObject activity, string name, JsonNode? value)
    {
        activity[name] = value;
        return activity;
    }

    public static JsonObject ContinuingWithIncidents(this JsonObject story) =>
        story.With("options", new JsonObject { ["incidentStrategyType"] = "Elsa.Workflows.IncidentStrategies.ContinueWithIncidentsStrategy, Elsa.Workflows.Core" });

    public static JsonObject Wait(string id) => Activity("Test.Wait", id);

    /// <summary>A flowchart; connections are written "a -> b" or "a:Port -> b".</summary>
    public static JsonObject Flowchart(string id, JsonNode[] activities, params string[] connections) => Activity(
        "Elsa.Flowchart",
        id,
        ("activities", new JsonArray(activities)),
        ("connections", new JsonArray([.. connections.SelectMany(Connections)])));

    public static JsonObject Merging(this JsonObject activity, string mergeMode)
    {
        activity["customProperties"] = new JsonObject { ["mergeMode"] = mergeMode };
        return activity;
    }

    public static JsonObject WithCustom(this JsonObject activity, string name, JsonNode value)
    {
        var custom = activity["customProperties"] as JsonObject ?? [];
        custom[name] = value;
        activity["customProperties"] = custom;
        return activity;
    }

    public static JsonObject Retrying(this JsonObject activity, string retry) => activity.WithCustom("retry", JsonNode.Parse(retry)!);

    public static JsonObject Literal(JsonNode? value) => Expression("Literal", value);

    public static JsonObject Object(string json) => Expression("Object", json);

    public static JsonObject Variable(string name) => Expression("Variable", name);

    public static JsonObject Input(string name) => Expression("Input", name);

    public static JsonObject Formula(string text) => Expression("CEL", text);

    public static JsonObject Template(JsonNode? text) => Expression("Template", text);

    public static JsonObject Take(string id, string input, JsonNode value) => Activity("Test.Take", id, (input, value));

    public static JsonObject Expression(string type, JsonNode? value) => new()
    {
        ["typeName"] = null,
        ["expression"] = new JsonObject { ["type"] = type, ["value"] = value },
    };

    public static JsonObject Case(string label, JsonNode? condition, JsonNode? activity = null) => new()
    {
        ["label"] = label,
        ["condition"] = new JsonObject { ["type"] = "Literal", ["value"] = condition },
        ["activity"] = activity,
    };

    public static JsonArray Variables(params (string Name, string Type, string? Value)[] variables) => new([.. variables.Select(v => new JsonObject
    {
        ["id"] = v.Name,
        ["name"] = v.Name,
        ["typeName"] = v.Type,
        ["value"] = v.Value,
    })]);

    private static IEnumerable<JsonNode> Connections(string text)
    {
        var ends = text.Split("->", StringSplitOptions.TrimEntries);
        for (var i = 0; i + 1 < ends.Length; i++)
        {
            var source = ends[i].Split(':');
            yield return new JsonObject
            {
                ["source"] = new JsonObject { ["activity"] = source[0], ["port"] = source.Length > 1 ? source[1] : "Done" },
                ["target"] = new JsonObject { ["activity"] = ends[i + 1].Split(':')[0], ["port"] = "In" },
            };
        }
    }
}
