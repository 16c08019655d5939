using System.Text.Json.Nodes;
using FederationWorkflows.Engine.Execution;

namespace FederationWorkflows.Http.Tests.Requests;

public sealed class FlowSendHttpRequestTests
{
    [Theory]
    [InlineData("[200,404]", 200, "200 Done")]
    [InlineData("[200,404]", 404, "404 Done")]
    [InlineData("[200,404]", 500, "Unmatched status code Done")]
    [InlineData("[]", 200, "Done")]
    [InlineData("[]", 500, "Done")]
    [InlineData(null, 200, "200 Done")]
    [InlineData(null, 500, "Unmatched status code Done")]
    public async Task The_status_code_decides_the_outcomes(string? expected, int status, string outcomes)
    {
        await using var server = await RecordingServer.StartAsync(status);
        var properties = new List<(string, JsonNode?)> { ("url", Story.Literal(server.Url.OriginalString)) };
        if (expected is not null)
        {
            properties.Add(("expectedStatusCodes", Story.Input("Object", JsonNode.Parse(expected))));
        }

        using var story = await Story.RunAsync(Story.Activity("Elsa.FlowSendHttpRequest", "send", [.. properties]));

        string.Join(' ', story.Outcomes("send")).ShouldBe(outcomes);
    }

    [Fact]
    public async Task The_ports_lead_on_in_a_flowchart()
    {
        await using var server = await RecordingServer.StartAsync(404);
        var send = Story.Activity(
            "Elsa.FlowSendHttpRequest", "send", ("url", Story.Literal(server.Url.OriginalString)), ("expectedStatusCodes", Story.Input("Object", new[] { 200, 404 })));

        using var story = await Story.RunAsync(Story.Flow([send, Line("found"), Line("missing"), Line("always")], ("send", "200", "found"), ("send", "404", "missing"), ("send", "Done", "always")));

        story.Run.SubStatus.ShouldBe(WorkflowSubStatus.Finished);
        new[] { "found", "missing", "always" }.Where(story.Completed).ShouldBe(["missing", "always"]);
    }

    [Fact]
    public async Task A_refused_connection_has_that_outcome_only()
    {
        using var story = await Story.RunAsync(Story.Activity("Elsa.FlowSendHttpRequest", "send", ("url", Story.Literal("http://127.0.0.1:1/"))));

        story.Outcomes("send").ShouldBe(["Failed to connect"]);
    }

    private static JsonObject Line(string id) => Story.Activity("Elsa.SetName", id, ("value", Story.Literal(id)));
}
