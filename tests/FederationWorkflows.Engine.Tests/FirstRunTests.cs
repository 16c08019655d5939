using FederationWorkflows.Engine.Tests.Support;
using static FederationWorkflows.Engine.Tests.Support.Story;

namespace FederationWorkflows.Engine.Tests;

public sealed class FirstRunTests
{
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_sequence_runs_in_order(bool reload) =>
        (await new Harness(reload).StartAsync(Of(Sequence("s", Line("a"), Line("b"), Line("c"))))).ShouldFinish().ShouldWrite("a b c");

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_flowchart_follows_its_connections(bool reload) =>
        (await new Harness(reload).StartAsync(Of(Flowchart("f", [Line("a"), Line("b"), Line("c"), Line("j")], "a -> b -> j", "a -> c -> j")))).ShouldFinish().ShouldWrite("a b c j");

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_loop_by_connection_ends_by_its_decision(bool reload)
    {
        var story = Of(
            Sequence("s", Activity("Elsa.For", "for", ("start", Literal(1)), ("end", Literal(3)), ("body", LineOf("l", "CurrentValue"))), Wait("w"), LineOf("x", "v")),
            ("variables", Variables(("v", "String", "hello"))));
        var harness = await new Harness(reload).StartAsync(story);
        harness.ShouldWait().ShouldWrite("1 2 3");
        (await harness.ResumeAsync("w")).ShouldFinish().ShouldWrite("1 2 3 hello");
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_secret_is_masked_and_encrypted(bool reload)
    {
        var story = Of(
            Sequence("s", Activity("Test.MakeSecret", "m", ("content", Literal("canary-123456")), ("result", Captured("v"))), Wait("w"), LineOf("x", "v")),
            ("variables", Variables(("v", "Object", null))));
        story["root"]!["activities"]![0]!["content"] = Input("i");
        story["inputs"] = new System.Text.Json.Nodes.JsonArray(new System.Text.Json.Nodes.JsonObject { ["name"] = "i", ["type"] = "Secret" });
        var harness = await new Harness(reload).StartAsync(story, new() { ["i"] = "canary-123456" });
        harness.ShouldWait();
        harness.SavedText.ShouldNotContain("canary");
        harness.Reload();
        (await harness.ResumeAsync("w")).ShouldFinish().ShouldWrite("***");
    }
}
