using System.Text.Json.Nodes;
using FederationWorkflows.Engine.Execution;
using FederationWorkflows.Engine.Tests.Support;
using static FederationWorkflows.Engine.Tests.Support.Story;

namespace FederationWorkflows.Engine.Tests;

public sealed class ForTests
{
    [Theory]
    [InlineData(0, 3, 1, true, "0 1 2 3")]
    [InlineData(0, 3, 1, false, "0 1 2")]
    [InlineData(3, 0, -1, true, "3 2 1 0")]
    [InlineData(3, 0, -1, false, "3 2 1")]
    [InlineData(0, 3, -1, true, "")]
    [InlineData(3, 0, 1, true, "")]
    [InlineData(2, 2, 1, true, "2")]
    [InlineData(2, 2, 1, false, "")]
    [InlineData(0, 5, 2, true, "0 2 4")]
    [InlineData(int.MaxValue - 1, int.MaxValue, 2, true, "2147483646")]
    [InlineData(int.MaxValue - 1, int.MaxValue, 1, true, "2147483646 2147483647")]
    [InlineData(int.MinValue + 1, int.MinValue, -2, true, "-2147483647")]
    public async Task It_counts_from_start_to_end(int start, int end, int step, bool inclusive, string lines)
    {
        foreach (var reload in new[] { false, true })
        {
            (await new Harness(reload).StartAsync(Of(For("for", start, end, LineOf("l", "CurrentValue"), step, inclusive)))).ShouldFinish().ShouldWrite(lines);
        }
    }

    [Theory, BothWays]
    public async Task Left_alone_it_makes_one_round_with_0(bool reload) =>
        (await new Harness(reload).StartAsync(Of(Activity("Elsa.For", "for", ("body", LineOf("l", "CurrentValue")))))).ShouldFinish().ShouldWrite("0");

    [Theory, BothWays]
    public async Task A_step_of_0_faults_after_the_first_round(bool reload)
    {
        var harness = await new Harness(reload).StartAsync(Of(For("for", 1, 2, LineOf("l", "CurrentValue"), step: 0)));
        harness.ShouldFault("for").Message.ShouldBe("The step is 0, so the loop would never end. Set \"step\" to another number.");
        harness.ShouldWrite("1");
    }

    [Theory, BothWays]
    public async Task Without_a_body_it_completes_at_once(bool reload) =>
        (await new Harness(reload).StartAsync(Of(Sequence("s", For("for", 1, 1_000_000, null), Line("z"))))).ShouldFinish().ShouldWrite("z");

    [Theory, BothWays]
    public async Task The_value_of_the_last_round_stays_in_its_output(bool reload)
    {
        var loop = For("for", 1, 3, Sequence("b", LineOf("l", "v"))).With("currentValue", Captured("v"));
        var story = Of(Sequence("s", loop, LineOf("after", "v")), ("variables", Variables(("v", "Int32", "0"))));
        (await new Harness(reload).StartAsync(story)).ShouldFinish().ShouldWrite("1 2 3 3");
    }

    [Theory, BothWays]
    public async Task A_fault_in_a_round_ends_the_rounds(bool reload)
    {
        var harness = await new Harness(reload).StartAsync(Of(For("for", 1, 3, Sequence("b", LineOf("l", "CurrentValue"), Fail("x")))));
        harness.ShouldFault("x");
        harness.ShouldWrite("1");
    }

    [Theory, BothWays]
    public async Task A_round_may_wait(bool reload)
    {
        var harness = await new Harness(reload).StartAsync(Of(For("for", 1, 3, Sequence("b", Wait("w"), LineOf("l", "CurrentValue")))));
        for (var round = 1; round <= 3; round++)
        {
            harness.ShouldWait();
            await harness.ResumeAsync("w");
        }

        harness.ShouldFinish().ShouldWrite("1 2 3");
    }

    [Theory, BothWays]
    public async Task The_inner_loops_value_hides_the_outers(bool reload) =>
        (await new Harness(reload).StartAsync(Of(For("o", 1, 2, Sequence("b", For("i", 8, 9, LineOf("l1", "CurrentValue")), LineOf("l2", "CurrentValue")))))).ShouldFinish().ShouldWrite("8 9 1 8 9 2");

    [Theory, BothWays]
    public async Task Variables_of_the_body_begin_afresh_in_every_round(bool reload)
    {
        var body = Sequence("b", Activity("Test.Increment", "n", ("variable", "v")), LineOf("l", "v")).With("variables", Variables(("v", "Int32", "7")));
        (await new Harness(reload).StartAsync(Of(For("for", 1, 3, body)))).ShouldFinish().ShouldWrite("8 8 8");
    }

    [Theory, BothWays]
    public async Task Bounds_are_evaluated_once(bool reload)
    {
        var loop = Activity("Elsa.For", "for", ("start", Literal(1)), ("end", Variable("n")), ("body", Activity("Test.Increment", "inc", ("variable", "n"))));
        var story = Of(Sequence("s", loop, LineOf("l", "n")), ("variables", Variables(("n", "Int32", "3"))));
        (await new Harness(reload).StartAsync(story)).ShouldFinish().ShouldWrite("6");
    }
}

public sealed class ForEachTests
{
    [Theory, BothWays]
    public async Task Items_come_one_after_another_with_their_index(bool reload)
    {
        var body = Sequence("b", LineOf("i", "CurrentIndex"), LineOf("v", "CurrentValue"));
        (await new Harness(reload).StartAsync(Of(ForEach("each", """["a", 2, true, null, {"x":1}]""", body)))).ShouldFinish().ShouldWrite("0 a 1 2 2 true 3  4 {\"x\":1}");
    }

    [Theory]
    [InlineData("[]")]
    [InlineData(null)]
    public async Task No_items_complete_at_once(string? items)
    {
        var each = Activity("Elsa.ForEach", "each", ("items", items is null ? null : Object(items)), ("body", Line("never")), ("currentValue", Captured("v")));
        var story = Of(Sequence("s", each, LineOf("l", "v")), ("variables", Variables(("v", "String", "untouched"))));
        (await new Harness(true).StartAsync(story)).ShouldFinish().ShouldWrite("untouched");
    }

    [Theory]
    [InlineData("\"one\"", "one")]
    [InlineData("7", "7")]
    [InlineData("{\"a\":1}", "{\"a\":1}")]
    [InlineData("true", "true")]
    [InlineData("\"[1, 2]\"", "1 2")]
    public async Task A_single_value_is_a_list_of_one_and_text_may_be_the_json_of_a_list(string items, string lines)
    {
        foreach (var type in new[] { "Elsa.ForEach", "Elsa.ParallelForEach" })
        {
            var each = Activity(type, "each", ("items", Literal(JsonNode.Parse(items))), ("body", LineOf("v", "CurrentValue")));
            (await new Harness(true).StartAsync(Of(each))).ShouldFinish().ShouldWrite(lines);
        }
    }

    [Theory, BothWays]
    public async Task Null_items_fault(bool reload)
    {
        var harness = await new Harness(reload).StartAsync(Of(ForEach("each", "null", Line("never"))));
        harness.ShouldFault("each").Message.ShouldBe("Input 'Items' is null. Give the loop a list; an empty one, [], is fine.");
    }

    [Theory, BothWays]
    public async Task Items_are_evaluated_once(bool reload)
    {
        var body = Sequence("b", LineOf("v", "CurrentValue"), Activity("Elsa.SetVariable", "set", ("variable", new JsonObject { ["id"] = "list" }), ("value", Object("[9]"))));
        var story = Of(Activity("Elsa.ForEach", "each", ("items", Variable("list")), ("body", body)), ("variables", Variables(("list", "Object", "[1,2]"))));
        (await new Harness(reload).StartAsync(story)).ShouldFinish().ShouldWrite("1 2");
    }

    [Theory, BothWays]
    public async Task Without_a_body_the_output_has_the_first_item(bool reload)
    {
        var story = Of(Sequence("s", ForEach("each", "[5,6]", null).With("currentValue", Captured("v")), LineOf("l", "v")), ("variables", Variables(("v", "Int32", "0"))));
        (await new Harness(reload).StartAsync(story)).ShouldFinish().ShouldWrite("5");
    }

    [Theory, BothWays]
    public async Task Loops_nest_and_each_keeps_its_own_item(bool reload)
    {
        var inner = Activity("Elsa.ForEach", "i", ("items", Variable("CurrentValue")), ("body", LineOf("l1", "CurrentValue")));
        (await new Harness(reload).StartAsync(Of(ForEach("o", "[[1,2],[3]]", Sequence("b", inner, LineOf("l2", "CurrentIndex")))))).ShouldFinish().ShouldWrite("1 2 0 3 1");
    }

    [Theory, BothWays]
    public async Task A_fault_in_a_round_ends_the_rounds(bool reload)
    {
        var harness = await new Harness(reload).StartAsync(Of(ForEach("each", "[1,2]", Sequence("b", LineOf("l", "CurrentValue"), Fail("x")))));
        harness.ShouldFault("x");
        harness.ShouldWrite("1");
    }

    [Theory, BothWays]
    public async Task The_place_in_the_list_survives_waiting(bool reload)
    {
        var harness = await new Harness(reload).StartAsync(Of(ForEach("each", "[1,2]", Sequence("b", Wait("w"), LineOf("l", "CurrentValue")))));
        harness.Reload();
        await harness.ResumeAsync("w");
        harness.Reload();
        (await harness.ResumeAsync("w")).ShouldFinish().ShouldWrite("1 2");
    }
}

public sealed class ParallelForEachTests
{
    [Theory, BothWays]
    public async Task All_rounds_start_in_order(bool reload)
    {
        var body = Sequence("b", LineOf("i", "CurrentIndex"), LineOf("v", "CurrentValue"));
        (await new Harness(reload).StartAsync(Of(Sequence("s", Each("""["a","b"]""", body), Line("z"))))).ShouldFinish().ShouldWrite("0 1 a b z");
    }

    [Theory]
    [InlineData("2 0 1", "c a b z")]
    [InlineData("1 2 0", "b c a z")]
    public async Task Rounds_that_wait_can_be_resumed_in_any_order(string order, string lines)
    {
        foreach (var reload in new[] { false, true })
        {
            var harness = await new Harness(reload).StartAsync(Of(Sequence("s", Each("""["a","b","c"]""", Sequence("b", Wait("w"), LineOf("v", "CurrentValue"))), Line("z"))));
            var bookmarks = harness.Run.Bookmarks.Select(bookmark => bookmark.Id).ToArray();
            foreach (var index in order.Split(' '))
            {
                harness.ShouldWait();
                harness.Run.Resume(bookmarks[int.Parse(index, System.Globalization.CultureInfo.InvariantCulture)], null).ShouldBeTrue();
                await harness.DriveAsync();
            }

            harness.ShouldFinish().ShouldWrite(lines);
        }
    }

    [Theory]
    [InlineData("[]")]
    [InlineData("null")]
    [InlineData(null)]
    public async Task No_items_complete_at_once(string? items)
    {
        var each = Activity("Elsa.ParallelForEach", "each", ("items", items is null ? null : Object(items)), ("body", Line("never")));
        (await new Harness(true).StartAsync(Of(Sequence("s", each, Line("z"))))).ShouldFinish().ShouldWrite("z");
    }

    [Theory, BothWays]
    public async Task Without_a_body_it_completes_at_once(bool reload) =>
        (await new Harness(reload).StartAsync(Of(Sequence("s", Each("[1,2]", null), Line("z"))))).ShouldFinish().ShouldWrite("z");

    [Theory, BothWays]
    public async Task A_fault_in_one_round_does_not_stop_the_others(bool reload)
    {
        var body = Sequence("b", Turns("t", "Done,Done,Done"), LineOf("v", "CurrentValue"), Activity("Elsa.For", "f", ("start", Variable("CurrentValue"))));
        var harness = await new Harness(reload).StartAsync(Of(Each("""[1,"b",3]""", body)));
        harness.ShouldFault("f").Message.ShouldBe("Input 'Start' must be a whole number, and is the text 'b'.");
        harness.ShouldWrite("1 b 3");
    }

    [Theory, BothWays]
    public async Task Its_rounds_nest(bool reload)
    {
        var inner = Activity("Elsa.ParallelForEach", "i", ("items", Variable("CurrentValue")), ("body", LineOf("l", "CurrentValue")));
        (await new Harness(reload).StartAsync(Of(Sequence("s", Each("[[1,2],[3]]", inner), Line("z"))))).ShouldFinish().ShouldWrite("1 2 3 z");
    }

    [Theory, BothWays]
    public async Task Items_of_a_secret_list_stay_secret(bool reload)
    {
        var story = Of(
            Sequence("s", Activity("Elsa.ParallelForEach", "each", ("items", Variable("v")), ("body", Sequence("b", Wait("w"), LineOf("l", "CurrentValue"))))),
            ("variables", Variables(("v", "Secret", null))),
            ("inputs", new JsonArray(new JsonObject { ["name"] = "i", ["type"] = "Secret" })));
        story["root"]!["activities"]!.AsArray().Insert(0, Activity("Elsa.SetVariable", "set", ("variable", "v"), ("value", Input("i"))));
        var harness = await new Harness(reload).StartAsync(story, new() { ["i"] = """["canary-1"]""" });
        harness.ShouldWait();
        harness.SavedText.ShouldNotContain("canary");
        (await harness.ResumeAsync("w")).ShouldFinish().ShouldWrite("***");
    }

    private static JsonObject Each(string items, JsonNode? body) => Activity("Elsa.ParallelForEach", "each", ("items", Object(items)), ("body", body));
}

public sealed class WhileTests
{
    [Theory, BothWays]
    public async Task It_runs_its_body_while_the_condition_holds_and_evaluates_it_before_every_round(bool reload)
    {
        var harness = await new Harness(reload).StartAsync(Counting("below v 3", Activity("Test.Increment", "n", ("variable", "v"))));
        harness.ShouldFinish().ShouldWrite("3");
        harness.World.Calls.Count.ShouldBe(4);
    }

    [Theory]
    [InlineData("false")]
    [InlineData("null")]
    [InlineData(null)]
    public async Task A_condition_that_does_not_hold_at_first_runs_nothing(string? condition)
    {
        var loop = Activity("Elsa.While", "while", ("condition", condition is null ? null : Literal(JsonNode.Parse(condition))), ("body", Line("never")));
        (await new Harness(true).StartAsync(Of(Sequence("s", loop, Line("z"))))).ShouldFinish().ShouldWrite("z");
    }

    [Theory, BothWays]
    public async Task A_condition_that_fails_faults_it(bool reload) =>
        (await new Harness(reload).StartAsync(Of(Activity("Elsa.While", "while", ("condition", Expression("Test", "fail")), ("body", Line("never")))))).ShouldFault("while").Message.ShouldBe("Input 'Condition': no luck");

    [Theory, BothWays]
    public async Task True_without_a_body_faults_instead_of_running_for_ever(bool reload) =>
        (await new Harness(reload).StartAsync(Of(Activity("Elsa.While", "while", ("condition", Literal(true)))))).ShouldFault("while").Message
            .ShouldBe("The condition is true and the loop has no body, so it would never end. Give it a \"body\".");

    [Theory, BothWays]
    public async Task A_condition_may_take_its_time(bool reload)
    {
        var loop = Activity("Elsa.While", "while", ("condition", Expression("Test", "later false")), ("body", Line("never")));
        (await new Harness(reload).StartAsync(Of(Sequence("s", loop, Line("z"))))).ShouldFinish().ShouldWrite("z");
    }

    [Theory, BothWays]
    public async Task A_loop_that_never_ends_faults_at_the_limit_of_the_run(bool reload)
    {
        var harness = new Harness(reload) { Limits = new RunLimits { MaxExecutions = 50 } };
        await harness.StartAsync(Of(Activity("Elsa.While", "while", ("condition", Literal(true)), ("body", Line("l")))));
        harness.ShouldFault("l").Message.ShouldBe("The run has executed more than 50 activities. Look for a loop that does not end.");
    }

    [Theory, BothWays]
    public async Task Break_ends_it_without_evaluating_the_condition_again(bool reload)
    {
        var body = Sequence("b", Activity("Test.Increment", "n", ("variable", "v")), Activity("Elsa.Break", "break"));
        var harness = await new Harness(reload).StartAsync(Counting("below v 3", body));
        harness.ShouldFinish().ShouldWrite("1");
        harness.World.Calls.Count.ShouldBe(1);
    }

    private static JsonObject Counting(string condition, JsonObject body) => Of(
        Sequence("s", Activity("Elsa.While", "while", ("condition", Expression("Test", condition)), ("body", body)), LineOf("l", "v")),
        ("variables", Variables(("v", "Int32", "0"))));
}

public sealed class BreakTests
{
    public static TheoryData<string> Places => ["sequence", "if", "fork", "parallel", "chart", "if in chart", "switch", "parallel for each", "flow node", "wait beside"];

    [Theory, MemberData(nameof(Places))]
    public async Task Break_ends_the_loop_at_once_from_wherever_it_stands(string place)
    {
        var @break = Activity("Elsa.Break", "break");
        JsonObject body = place switch
        {
            "sequence" => Sequence("x", @break, Line("never")),
            "if" => Sequence("x", If("i", Literal(true), @break), Line("never")),
            "fork" => Sequence("x", Fork("k", "WaitAll", Wait("w"), @break), Line("never")),
            "parallel" => Sequence("x", Parallel("p", @break, Line("never1")), Line("never")),
            "chart" => Flowchart("x", [@break, Line("never")], "break -> never"),
            "if in chart" => Flowchart("x", [If("i", Literal(true), @break), Line("never")], "i -> never"),
            "switch" => Sequence("x", Activity("Elsa.Switch", "sw", ("default", @break)), Line("never")),
            "parallel for each" => Sequence("x", Activity("Elsa.ParallelForEach", "each", ("items", Object("[1,2]")), ("body", @break)), Line("never")),
            "flow node" => Sequence("x", Activity("Elsa.FlowNode", "n", ("body", @break)), Line("never")),
            _ => Parallel("x", Wait("w"), Sequence("y", Line("beside"), @break)),
        };
        foreach (var reload in new[] { false, true })
        {
            foreach (var loop in new[] { "Elsa.For", "Elsa.ForEach", "Elsa.While" })
            {
                var root = Sequence("s", Activity(loop, "loop", ("end", Literal(3)), ("items", Object("[1,2]")), ("condition", Literal(true)), ("body", body.DeepClone())), Line("z"));
                var harness = await new Harness(reload).StartAsync(Of(root));
                harness.ShouldFinish().ShouldWrite(place == "wait beside" ? "beside z" : "z");
                harness.Bookmarks.ShouldBeEmpty();
            }
        }
    }

    [Theory, BothWays]
    public async Task Only_the_innermost_loop_ends(bool reload) =>
        (await new Harness(reload).StartAsync(Of(For("o", 1, 2, Sequence("b", For("i", 8, 9, Sequence("c", LineOf("l", "CurrentValue"), Activity("Elsa.Break", "break"))), LineOf("m", "CurrentValue"))))))
            .ShouldFinish().ShouldWrite("8 1 8 2");

    [Theory, BothWays]
    public async Task The_output_keeps_the_value_of_the_round_that_was_broken(bool reload)
    {
        var body = Sequence("b", LineOf("l", "CurrentValue"), Turns("t", "A,A"), If("i", Variable("stop"), Activity("Elsa.Break", "break")), Activity("Elsa.SetVariable", "set", ("variable", "stop"), ("value", Literal(true))));
        var story = Of(
            Sequence("s", For("for", 0, 5, body).With("currentValue", Captured("v")), LineOf("after", "v")),
            ("variables", Variables(("v", "Int32", "0"), ("stop", "Boolean", "false"))));
        (await new Harness(reload).StartAsync(story)).ShouldFinish().ShouldWrite("0 1 1");
    }

    [Fact]
    public void A_break_outside_any_loop_is_a_warning()
    {
        var result = Harness.Compile(Of(Sequence("s", Activity("Elsa.ParallelForEach", "each", ("body", Activity("Elsa.Break", "break"))))));
        result.Workflow.ShouldNotBeNull();
        var problem = result.Problems.ShouldHaveSingleItem();
        problem.Code.ShouldBe("break-outside-loop");
        problem.Severity.ShouldBe(Definitions.ProblemSeverity.Warning);
        problem.Path.ShouldBe("$.root.activities[0].body");
        problem.ActivityId.ShouldBe("break");
    }

    [Theory, BothWays]
    public async Task A_break_outside_any_loop_ends_only_the_list_that_holds_it(bool reload) =>
        (await new Harness(reload).StartAsync(Of(Sequence("s", Parallel("p", Sequence("a", Activity("Elsa.Break", "break"), Line("never")), Line("b")), Line("z"))))).ShouldFinish().ShouldWrite("b z");
}
