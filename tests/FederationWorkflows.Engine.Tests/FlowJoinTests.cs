using System.Text.Json.Nodes;
using FederationWorkflows.Engine.Tests.Support;
using static FederationWorkflows.Engine.Tests.Support.Story;

namespace FederationWorkflows.Engine.Tests;

/// <summary>docs/activities.md 2: join, fork, decision, switch and node in a chart.</summary>
public sealed class FlowJoinTests
{
    [Theory]
    [InlineData(false, "WaitAll")]
    [InlineData(true, "WaitAll")]
    [InlineData(false, "WaitAllActive")]
    [InlineData(true, "WaitAllActive")]
    public async Task Waiting_for_all_goes_on_once_when_all_have_arrived(bool reload, string mode)
    {
        var harness = await Run(reload, [Line("s"), Line("a"), Wait("w"), Join("j", mode), Line("z")], "s -> a -> j", "s -> w -> j", "j -> z");
        harness.ShouldWait().ShouldWrite("s a");
        (await harness.ResumeAsync("w")).ShouldFinish().ShouldWrite("s a z");
    }

    [Theory]
    [InlineData(false, "WaitAll", "a")]
    [InlineData(true, "WaitAll", "a")]
    [InlineData(false, "WaitAllActive", "a z")]
    [InlineData(true, "WaitAllActive", "a z")]
    public async Task A_way_that_was_not_taken_skips_WaitAll_and_not_WaitAllActive(bool reload, string mode, string lines) =>
        (await Run(reload, [Activity("Elsa.Start", "s"), Line("a"), Decision("d", false), Join("j", mode), Line("z")], "s -> a -> j", "s -> d", "d:True -> j", "j -> z"))
            .ShouldFinish().ShouldWrite(lines);

    [Theory]
    [InlineData(false, "WaitAny", "w1")]
    [InlineData(true, "WaitAny", "w1")]
    [InlineData(false, null, "w2")]
    [InlineData(true, null, "w2")]
    public async Task Waiting_for_any_goes_on_once_and_cancels_the_branches_that_wait(bool reload, string? mode, string first)
    {
        var harness = await Run(reload, [Activity("Elsa.Start", "s"), Wait("w1"), Wait("w2"), Line("b"), Join("j", mode), Line("z"), Wait("after")], "s -> w1 -> j", "s -> w2 -> b -> j", "j -> z -> after");
        await harness.ResumeAsync(first);
        harness.ShouldWait();
        harness.Bookmarks.Values.ShouldHaveSingleItem().ActivityId.ShouldBe("after");
        (await harness.ResumeAsync("after")).ShouldFinish().ShouldWrite(first == "w1" ? "z" : "b z");
    }

    [Theory, BothWays]
    public async Task Waiting_for_any_goes_on_once_where_all_arrive_at_once(bool reload) =>
        (await Run(reload, [Line("s"), Line("a"), Line("b"), Join("j", "WaitAny"), Line("z")], "s -> a -> j", "s -> b -> j", "j -> z")).ShouldFinish().ShouldWrite("s a z");

    [Theory, BothWays]
    public async Task Waiting_for_any_in_a_loop_goes_on_once_each_round(bool reload) =>
        (await Run(
            reload,
            [Line("s"), Line("a"), Line("b1"), Line("b2"), Join("j", "WaitAny"), Turns("t", "Again,Done"), Line("z")],
            "s -> a -> j",
            "s -> b1 -> b2 -> j",
            "j -> t -> z",
            "t:Again -> s")).ShouldFinish().ShouldWrite("s a s a z");

    [Theory, BothWays]
    public async Task Waiting_for_all_cancels_nothing_in_a_later_round(bool reload)
    {
        var harness = await Run(
            reload,
            [Line("s"), Line("a"), Line("b"), Wait("w"), Join("j", "WaitAll"), Line("z")],
            "s -> a -> j",
            "s -> b -> j",
            "s -> w",
            "j -> z");
        harness.ShouldWait().ShouldWrite("s a b z");
        (await harness.ResumeAsync("w")).ShouldFinish();
    }

    [Theory, BothWays]
    public async Task Joins_nest(bool reload)
    {
        var harness = await Run(
            reload,
            [Line("s"), Wait("w1"), Wait("w2"), Wait("w3"), Join("any", "WaitAny"), Join("all", "WaitAll"), Line("z")],
            "s -> w1 -> any",
            "s -> w2 -> any",
            "s -> w3 -> all",
            "any -> all -> z");
        await harness.ResumeAsync("w2");
        harness.ShouldWait();
        harness.Bookmarks.Values.ShouldHaveSingleItem().ActivityId.ShouldBe("w3");
        (await harness.ResumeAsync("w3")).ShouldFinish().ShouldWrite("s z");
    }

    [Theory, BothWays]
    public async Task A_join_outside_a_chart_does_nothing(bool reload) =>
        (await new Harness(reload).StartAsync(Of(Sequence("s", Line("a"), Join("j", "WaitAll"), Line("b"))))).ShouldFinish().ShouldWrite("a b");

    [Fact]
    public void A_join_whose_mode_depends_on_the_run_is_refused()
    {
        var story = Of(Flowchart("chart", [Join("j", null).With("mode", Variable("v"))]), ("variables", Variables(("v", "String", "WaitAll"))));
        var problem = Harness.Compile(story).Problems.ShouldHaveSingleItem();
        problem.Code.ShouldBe("join-mode-not-fixed");
        problem.Path.ShouldBe("$.root.activities[0].mode");
        problem.Message.ShouldBe("The mode of a join must be a fixed value: use a Literal of WaitAny, WaitAll or WaitAllActive.");
    }

    [Theory, BothWays]
    public async Task A_fork_follows_all_of_its_branches_in_the_order_of_the_connections(bool reload) =>
        (await Run(reload, [Activity("Elsa.FlowFork", "k", ("branches", Object("""["x","y"]"""))), Line("a"), Line("b"), Line("c")], "k:y -> b", "k:x -> a", "k -> c")).ShouldFinish().ShouldWrite("b a");

    [Theory]
    [InlineData(false, null, "c")]
    [InlineData(true, null, "c")]
    [InlineData(false, "[]", "")]
    [InlineData(true, "[]", "")]
    public async Task A_fork_without_branches_is_done_and_one_with_none_follows_nothing(bool reload, string? branches, string lines) =>
        (await Run(reload, [Activity("Elsa.FlowFork", "k", ("branches", branches is null ? null : Object(branches))), Line("c")], "k -> c")).ShouldFinish().ShouldWrite(lines);

    [Theory]
    [InlineData("true", "t")]
    [InlineData("false", "f")]
    [InlineData("null", "f")]
    [InlineData("\"true\"", "t")]
    [InlineData(null, "f")]
    public async Task A_decision_is_true_or_false_and_never_done(string? condition, string lines)
    {
        var decision = Activity("Elsa.FlowDecision", "d", ("condition", condition is null ? null : Literal(JsonNode.Parse(condition))));
        (await Run(true, [decision, Line("t"), Line("f"), Line("x")], "d:True -> t", "d:False -> f", "d -> x")).ShouldFinish().ShouldWrite(lines);
    }

    [Theory]
    [InlineData("MatchFirst", "b")]
    [InlineData("MatchAny", "b c")]
    [InlineData(null, "b")]
    public async Task A_switch_follows_the_first_match_or_all(string? mode, string lines)
    {
        var harness = await Run(true, [FlowSwitch(mode, ("A", "note 1 false"), ("B", "note 2"), ("C", "note 3")), .. Ends], Ways);
        harness.ShouldFinish().ShouldWrite(lines);
        string.Join(" ", harness.World.Calls).ShouldBe("1 2 3", "every condition is evaluated, in order");
    }

    [Fact]
    public async Task A_switch_without_a_match_follows_its_default()
    {
        (await Run(true, [FlowSwitch("MatchAny", ("A", "note 1 false")), .. Ends], Ways)).ShouldFinish().ShouldWrite("d");
        (await Run(true, [FlowSwitch(null), .. Ends], Ways)).ShouldFinish().ShouldWrite("d");
    }

    [Fact]
    public async Task A_switch_with_one_label_twice_follows_it_once() =>
        (await Run(true, [FlowSwitch("MatchAny", ("A", "note 1"), ("A", "note 2")), .. Ends], Ways)).ShouldFinish().ShouldWrite("a");

    [Fact]
    public async Task A_switch_faults_where_a_later_condition_fails() =>
        (await Run(true, [FlowSwitch(null, ("A", "note 1"), ("B", "fail")), .. Ends], Ways)).ShouldFault("sw").Message.ShouldBe("Input 'Condition': no luck");

    [Theory, BothWays]
    public async Task A_node_runs_its_body_and_is_done(bool reload)
    {
        var node = Activity("Elsa.FlowNode", "n", ("body", Decision("d", true)));
        (await Run(reload, [node, Activity("Elsa.FlowNode", "empty"), Line("t"), Line("z")], "n:True -> t", "n -> empty -> z")).ShouldFinish().ShouldWrite("z");
    }

    private static JsonNode[] Ends => [Line("a"), Line("b"), Line("c"), Line("d"), Line("x")];

    private static string[] Ways => ["sw:A -> a", "sw:B -> b", "sw:C -> c", "sw:Default -> d", "sw -> x"];

    private static JsonObject FlowSwitch(string? mode, params (string Label, string Condition)[] cases) => Activity(
        "Elsa.FlowSwitch",
        "sw",
        ("mode", mode is null ? null : Literal(mode)),
        ("cases", new JsonArray([.. cases.Select(c => new JsonObject { ["label"] = c.Label, ["condition"] = new JsonObject { ["type"] = "Test", ["value"] = c.Condition } })])));

    private static Task<Harness> Run(bool reload, JsonNode[] activities, params string[] connections) =>
        new Harness(reload).StartAsync(Of(Flowchart("chart", activities, connections)));
}
