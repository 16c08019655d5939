using System.Text.Json.Nodes;
using FederationWorkflows.Engine.Definitions;
using FederationWorkflows.Engine.Tests.Support;
using static FederationWorkflows.Engine.Tests.Support.Story;

namespace FederationWorkflows.Engine.Tests;

public sealed class DefinitionWriterTests
{
    [Fact]
    public void Every_activity_gets_the_node_id_it_is_compiled_with_whatever_the_file_says()
    {
        var story = Of(Sequence(
            "root",
            Activity("Elsa.If", "if", ("nodeId", "stale"), ("then", Flowchart("inner", [Line("a")]))),
            Activity("Elsa.Switch", "switch", ("cases", new JsonArray(Case("x", true, Line("b")))))));
        var definition = DefinitionParser.Parse(story.ToJsonString());

        var written = JsonNode.Parse(DefinitionWriter.Write(definition))!;

        var activities = written["root"]!["activities"]!;
        activities[0]!["nodeId"]!.GetValue<string>().ShouldBe("Workflow1:root:if");
        activities[0]!["then"]!["activities"]![0]!["nodeId"]!.GetValue<string>().ShouldBe("Workflow1:root:if:inner:a");
        activities[1]!["cases"]![0]!["activity"]!["nodeId"]!.GetValue<string>().ShouldBe("Workflow1:root:switch:b");
        Harness.Compile(story).Require().Find("a")!.NodeId.ShouldBe("Workflow1:root:if:inner:a");
    }

    [Fact]
    public void What_is_not_known_here_goes_out_as_it_came_in()
    {
        var story = Of(Line("a"), ("$schema", "https://elsaworkflows.io/schemas/workflow-definition/v3.0.0/schema.json"), ("future", new JsonObject { ["deep"] = new JsonArray(1, null, "x") }));
        story["root"]!["metadata"] = new JsonObject { ["type"] = "note", ["id"] = "n", ["version"] = 2 };

        var written = JsonNode.Parse(DefinitionWriter.Write(DefinitionParser.Parse(story.ToJsonString())))!.AsObject();

        written["root"]!.AsObject().Remove("nodeId");
        JsonNode.DeepEquals(written, story).ShouldBeTrue();
    }
}
