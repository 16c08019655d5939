using System.Text.Json.Nodes;
using FederationWorkflows.Engine.Execution;
using FederationWorkflows.Engine.Tests.Support;
using static FederationWorkflows.Engine.Tests.Support.Story;

namespace FederationWorkflows.Engine.Tests;

public sealed class IfTests
{
    [Theory]
    [InlineData(false, "true", "then z")]
    [InlineData(true, "true", "then z")]
    [InlineData(false, "false", "else z")]
    [InlineData(true, "false", "else z")]
    [InlineData(true, "null", "else z")]
    [InlineData(true, null, "else z")]
    [InlineData(true, "\"True\"", "then z")]
    public async Task One_of_two_branches_runs(bool reload, string? condition, string lines)
    {
        var branch = If("i", condition is null ? null : Literal(JsonNode.Parse(condition)), Line("then"), Line("else"));
        (await new Harness(reload).StartAsync(Of(Sequence("s", branch, Line("z"))))).ShouldFinish().ShouldWrite(lines);
    }

    [Theory, BothWays]
    public async Task An_empty_branch_completes_at_once_and_the_result_is_set_all_the_same(bool reload)
    {
        var story = Of(Sequence("s", If("i", Literal(true)).With("result", Captured("v")), LineOf("l", "v")), ("variables", Variables(("v", "Boolean", null))));
        (await new Harness(reload).StartAsync(story)).ShouldFinish().ShouldWrite("true");
    }

    [Theory, BothWays]
    public async Task What_the_branch_ends_with_is_not_what_the_if_ends_with(bool reload) =>
        (await new Harness(reload).StartAsync(Of(Flowchart("f", [If("i", Literal(true), Decision("d", true)), Line("t"), Line("done")], "i:True -> t", "i -> done")))).ShouldFinish().ShouldWrite("done");

    [Theory, BothWays]
    public async Task A_condition_that_fails_faults_and_runs_no_branch(bool reload)
    {
        var harness = await new Harness(reload).StartAsync(Of(If("i", Expression("Test", "fail"), Line("then"), Line("else"))));
        harness.ShouldFault("i").Message.ShouldBe("Input 'Condition': no luck");
        harness.ShouldWrite("");
    }

    [Theory, BothWays]
    public async Task A_condition_that_is_neither_true_nor_false_names_the_input(bool reload)
    {
        var story = Of(If("i", Variable("v"), Line("then")), ("variables", Variables(("v", "String", "perhaps"))));
        (await new Harness(reload).StartAsync(story)).ShouldFault("i").Message.ShouldBe("Input 'Condition' must be true or false, and is the text 'perhaps'.");
    }

    [Theory, BothWays]
    public async Task A_branch_may_wait(bool reload)
    {
        var harness = await new Harness(reload).StartAsync(Of(Sequence("s", If("i", Literal(true), Sequence("t", Wait("w"), Line("then"))), Line("z"))));
        (await harness.ShouldWait().ResumeAsync("w")).ShouldFinish().ShouldWrite("then z");
    }
}

public sealed class SwitchTests
{
    [Theory]
    [InlineData(false, "MatchFirst", "b z")]
    [InlineData(true, "MatchFirst", "b z")]
    [InlineData(false, "MatchAny", "b c z")]
    [InlineData(true, "MatchAny", "b c z")]
    [InlineData(true, null, "b z")]
    public async Task The_first_match_runs_or_all_do_and_every_condition_is_evaluated(bool reload, string? mode, string lines)
    {
        var harness = await Run(reload, Switch(mode, ("A", "note 1 false", Line("a")), ("B", "note 2", Line("b")), ("C", "note 3", Line("c"))));
        harness.ShouldFinish().ShouldWrite(lines);
        string.Join(" ", harness.World.Calls).ShouldBe("1 2 3");
    }

    [Theory, BothWays]
    public async Task Match_any_completes_after_all_of_its_matches(bool reload)
    {
        var harness = await Run(reload, Switch("MatchAny", ("A", "note 1", Wait("w1")), ("B", "note 2", Wait("w2"))));
        harness.ShouldWait();
        await harness.ResumeAsync("w2");
        harness.ShouldWait().ShouldWrite("");
        (await harness.ResumeAsync("w1")).ShouldFinish().ShouldWrite("z");
    }

    [Theory, BothWays]
    public async Task The_default_runs_where_no_case_matches(bool reload) =>
        (await Run(reload, Switch(null, ("A", "note 1 false", Line("a"))))).ShouldFinish().ShouldWrite("default z");

    [Theory, BothWays]
    public async Task A_case_that_matches_and_has_no_activity_does_not_fall_back_to_the_default(bool reload) =>
        (await Run(reload, Switch(null, ("A", "note 1", null)))).ShouldFinish().ShouldWrite("z");

    [Theory, BothWays]
    public async Task A_switch_with_nothing_to_run_completes_at_once(bool reload) =>
        (await Run(reload, Activity("Elsa.Switch", "sw"))).ShouldFinish().ShouldWrite("z");

    [Theory, BothWays]
    public async Task A_condition_that_fails_faults_even_behind_a_match(bool reload)
    {
        var harness = await Run(reload, Switch(null, ("A", "note 1", Line("a")), ("B", "fail", Line("b"))));
        harness.ShouldFault("sw").Message.ShouldBe("Input 'Condition': no luck");
        harness.ShouldWrite("");
    }

    [Theory, BothWays]
    public async Task A_condition_that_is_null_does_not_match(bool reload)
    {
        var story = Of(Activity("Elsa.Switch", "sw", ("cases", new JsonArray(Story.Case("A", null, Line("a")))), ("default", Line("default"))));
        (await new Harness(reload).StartAsync(story)).ShouldFinish().ShouldWrite("default");
    }

    private static Task<Harness> Run(bool reload, JsonObject @switch) => new Harness(reload).StartAsync(Of(Sequence("s", @switch, Line("z"))));

    private static JsonObject Switch(string? mode, params (string Label, string Condition, JsonObject? Activity)[] cases) => Activity(
        "Elsa.Switch",
        "sw",
        ("mode", mode is null ? null : Literal(mode)),
        ("default", Line("default")),
        ("cases", new JsonArray([.. cases.Select(c => new JsonObject { ["label"] = c.Label, ["condition"] = new JsonObject { ["type"] = "Test", ["value"] = c.Condition }, ["activity"] = c.Activity })])));
}

public sealed class ForkTests
{
    [Theory, BothWays]
    public async Task All_branches_start_in_order(bool reload) =>
        (await Run(reload, Fork("k", "WaitAll", Line("1"), Line("2"), Line("3")))).ShouldFinish().ShouldWrite("1 2 3 z");

    [Theory, BothWays]
    public async Task Waiting_for_all_completes_after_the_last_branch_in_any_order(bool reload)
    {
        var harness = await Run(reload, Fork("k", "WaitAll", Wait("w1"), Line("2"), Wait("w3")));
        harness.ShouldWait();
        await harness.ResumeAsync("w3");
        harness.ShouldWait().ShouldWrite("2");
        (await harness.ResumeAsync("w1")).ShouldFinish().ShouldWrite("2 z");
    }

    [Theory, BothWays]
    public async Task Waiting_for_any_cancels_the_branches_that_wait_with_their_bookmarks(bool reload)
    {
        var harness = await Run(reload, Fork("k", "WaitAny", Wait("w1"), Sequence("b", Wait("w2"), Line("never")), Wait("w3")));
        harness.ShouldWait();
        await harness.ResumeAsync("w3");
        harness.ShouldFinish().ShouldWrite("z");
        harness.Bookmarks.ShouldBeEmpty();
        harness.Journal.Where(entry => entry.Event == JournalEvent.Canceled).Select(entry => entry.Node.Id).Order().ShouldBe(["b", "w1", "w2"]);
    }

    [Theory, BothWays]
    public async Task Waiting_for_any_never_begins_the_branches_behind_one_that_completes_at_once(bool reload) =>
        (await Run(reload, Fork("k", "WaitAny", Line("1"), Line("2")))).ShouldFinish().ShouldWrite("1 z");

    [Theory, BothWays]
    public async Task A_fork_without_branches_completes_at_once(bool reload) => (await Run(reload, Fork("k", "WaitAll"))).ShouldFinish().ShouldWrite("z");

    [Theory, BothWays]
    public async Task A_fork_waits_for_all_unless_told_otherwise(bool reload) =>
        (await Run(reload, Activity("Elsa.Fork", "k", ("branches", new JsonArray(Line("1"), Line("2")))))).ShouldFinish().ShouldWrite("1 2 z");

    [Theory, BothWays]
    public async Task A_faulted_branch_keeps_a_fork_that_waits_for_all_open(bool reload)
    {
        var harness = await Run(reload, Fork("k", "WaitAll", Fail("x"), Line("2")));
        harness.ShouldFault("x");
        harness.ShouldWrite("2");
    }

    [Theory, BothWays]
    public async Task Waiting_for_any_goes_on_without_the_branch_that_faulted(bool reload)
    {
        var story = Of(Sequence("s", Fork("k", "WaitAny", Fail("x"), Line("2")), Line("z"))).ContinuingWithIncidents();
        var harness = await new Harness(reload).StartAsync(story);
        harness.ShouldFinish().ShouldWrite("2 z");
        harness.Run.Incidents.ShouldHaveSingleItem().ActivityId.ShouldBe("x");
    }

    private static Task<Harness> Run(bool reload, JsonObject fork) => new Harness(reload).StartAsync(Of(Sequence("s", fork, Line("z"))));
}

public sealed class ParallelTests
{
    [Theory, BothWays]
    public async Task All_activities_start_in_order_and_it_completes_after_the_last(bool reload)
    {
        var harness = await new Harness(reload).StartAsync(Of(Sequence("s", Parallel("p", Line("1"), Wait("w"), Line("3")), Line("z"))));
        harness.ShouldWait().ShouldWrite("1 3");
        (await harness.ResumeAsync("w")).ShouldFinish().ShouldWrite("1 3 z");
    }

    [Theory, BothWays]
    public async Task Nothing_to_run_completes_at_once(bool reload) =>
        (await new Harness(reload).StartAsync(Of(Sequence("s", Parallel("p"), Line("z"))))).ShouldFinish().ShouldWrite("z");

    [Theory, BothWays]
    public async Task A_fault_does_not_stop_the_others(bool reload)
    {
        var harness = await new Harness(reload).StartAsync(Of(Sequence("s", Parallel("p", Line("before"), Fail("x"), Line("after")), Line("never"))));
        harness.ShouldFault("x");
        harness.ShouldWrite("before after");
    }

    [Theory, BothWays]
    public async Task Its_variables_begin_afresh_in_every_round(bool reload)
    {
        var body = Parallel("p", Sequence("b", Activity("Test.Increment", "n", ("variable", "v")), LineOf("l", "v"))).With("variables", Variables(("v", "Int32", "10")));
        (await new Harness(reload).StartAsync(Of(For("for", 1, 2, body)))).ShouldFinish().ShouldWrite("11 11");
    }
}
