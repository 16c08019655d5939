using System.Text.Json.Nodes;
using FederationWorkflows.Engine.Execution;
using FederationWorkflows.Engine.Tests.Support;
using static FederationWorkflows.Engine.Tests.Support.Story;

namespace FederationWorkflows.Engine.Tests;

/// <summary>docs/activities.md 1.2 to 1.5 and 1.7: a chart that sets no merge mode.</summary>
public sealed class FlowchartTests
{
    [Theory, BothWays]
    public async Task An_empty_chart_completes_at_once(bool reload) => (await Run(reload, [])).ShouldFinish().ShouldWrite("");

    [Theory, BothWays]
    public async Task The_start_property_begins_the_chart(bool reload)
    {
        var chart = Flowchart("f", [Line("a"), Line("b")], "s -> b").With("start", Line("s"));
        (await new Harness(reload).StartAsync(Of(chart))).ShouldFinish().ShouldWrite("s b");
    }

    [Theory, BothWays]
    public async Task The_first_Start_in_the_list_begins_and_others_do_not_run(bool reload) =>
        (await Run(reload, [Line("x"), Activity("Elsa.Start", "s1"), Activity("Elsa.Start", "s2"), Line("a"), Line("b")], "s1 -> a", "s2 -> b")).ShouldFinish().ShouldWrite("a");

    [Theory, BothWays]
    public async Task The_first_that_can_start_the_workflow_begins_where_there_is_no_Start(bool reload) =>
        (await Run(reload, [Line("x"), Line("a").WithCustom("canStartWorkflow", true), Line("b").WithCustom("canStartWorkflow", true)])).ShouldFinish().ShouldWrite("a");

    [Theory, BothWays]
    public async Task The_first_that_no_connection_enters_begins_where_nothing_else_says_so(bool reload) =>
        (await Run(reload, [Line("b"), Line("a"), Line("x")], "a -> b")).ShouldFinish().ShouldWrite("a b");

    [Theory, BothWays]
    public async Task The_first_in_the_list_begins_where_every_activity_is_entered(bool reload) =>
        (await Run(reload, [Line("a"), Turns("t", "Again,Done")], "a -> t", "t:Again -> a")).ShouldFinish().ShouldWrite("a a");

    [Theory]
    [InlineData(false, "one", "1")]
    [InlineData(true, "one", "1")]
    [InlineData(false, "two", "2")]
    [InlineData(true, "two", "2")]
    [InlineData(false, null, "s")]
    [InlineData(true, null, "s")]
    public async Task Each_of_several_triggers_starts_the_run_at_itself(bool reload, string? trigger, string lines)
    {
        var chart = Flowchart(
            "f",
            [Activity("Elsa.Start", "start"), Line("s"), Event("one"), Line("l1", "1"), Event("two"), Line("l2", "2")],
            "start -> s",
            "one -> l1",
            "two -> l2");
        (await new Harness(reload).StartAsync(Of(chart), trigger: trigger, payload: "it happened")).ShouldFinish().ShouldWrite(lines);
    }

    [Theory, BothWays]
    public async Task A_trigger_hands_what_it_received_to_the_run(bool reload)
    {
        var story = Of(Flowchart("f", [Event("e").With("result", Captured("v")), LineOf("l", "v")], "e -> l"), ("variables", Variables(("v", "String", null))));
        (await new Harness(reload).StartAsync(story, trigger: "e", payload: "it happened")).ShouldFinish().ShouldWrite("it happened");
    }

    [Theory, BothWays]
    public async Task A_trigger_that_the_run_passes_again_waits_like_any_other(bool reload)
    {
        var story = Of(Flowchart("f", [Event("e"), Turns("t", "Again,Done")], "e -> t", "t:Again -> e"));
        var harness = await new Harness(reload).StartAsync(story, trigger: "e");
        harness.ShouldWait();
        (await harness.ResumeAsync("e")).ShouldFinish();
    }

    [Theory, BothWays]
    public async Task A_trigger_inside_an_inner_container_does_not_choose_the_start(bool reload)
    {
        var chart = Flowchart("f", [Line("a"), Sequence("s", Event("e"), Line("inner"))], "a -> s");
        (await new Harness(reload).StartAsync(Of(chart), trigger: "e")).ShouldFinish().ShouldWrite("a inner");
    }

    [Theory, BothWays]
    public async Task An_activity_without_a_way_from_the_start_never_runs(bool reload) =>
        (await Run(reload, [Line("a"), Line("b"), Line("lonely"), Line("too")], "a -> b", "lonely -> too")).ShouldFinish().ShouldWrite("a b");

    [Theory, BothWays]
    public async Task Fan_out_is_breadth_first_in_the_order_of_the_connections(bool reload) =>
        (await Run(reload, [Line("s"), Line("b"), Line("a"), Line("a2"), Line("b2")], "s -> a", "s -> b", "b -> b2", "a -> a2")).ShouldFinish().ShouldWrite("s a b a2 b2");

    [Theory, BothWays]
    public async Task A_connection_written_twice_is_followed_once(bool reload) =>
        (await Run(reload, [Line("a"), Line("b")], "a -> b", "a -> b")).ShouldFinish().ShouldWrite("a b");

    [Theory, BothWays]
    public async Task A_source_without_port_follows_Done(bool reload)
    {
        var chart = Flowchart("f", [Line("a"), Line("b")]);
        chart["connections"] = JsonNode.Parse("""[{"source":{"activity":"a"},"target":{"activity":"b"}}]""");
        (await new Harness(reload).StartAsync(Of(chart))).ShouldFinish().ShouldWrite("a b");
    }

    [Theory, BothWays]
    public async Task An_outcome_without_connection_just_ends_its_way(bool reload) =>
        (await Run(reload, [Decision("d", false), Line("a")], "d:True -> a")).ShouldFinish().ShouldWrite("");

    [Theory, BothWays]
    public async Task Ports_are_compared_exactly(bool reload) =>
        (await Run(reload, [Decision("d", true), Line("a"), Line("b")], "d:true -> a", "d:True -> b")).ShouldFinish().ShouldWrite("b");

    [Theory, BothWays]
    public async Task No_outcome_follows_nothing_not_even_Done(bool reload) =>
        (await Run(reload, [Turns("t", ""), Line("a")], "t -> a")).ShouldFinish().ShouldWrite("");

    [Theory, BothWays]
    public async Task Several_outcomes_follow_all_of_their_connections(bool reload) =>
        (await Run(reload, [Turns("t", "B+A"), Line("a"), Line("b"), Line("c")], "t:A -> a", "t:B -> b", "t -> c")).ShouldFinish().ShouldWrite("a b");

    [Theory]
    [InlineData(false, "Elsa.End")]
    [InlineData(true, "Elsa.End")]
    [InlineData(false, "Elsa.Break")]
    [InlineData(true, "Elsa.Break")]
    public async Task A_terminal_node_ends_the_chart_and_cancels_what_still_waits(bool reload, string terminal)
    {
        var harness = await Run(reload, [Line("s"), Wait("w"), Line("a"), Activity(terminal, "end"), Line("never")], "s -> w -> never", "s -> a -> end -> never");
        harness.ShouldFinish().ShouldWrite("s a");
        harness.Bookmarks.ShouldBeEmpty();
        harness.Journal.ShouldContain(entry => entry.Node.Id == "w" && entry.Event == JournalEvent.Canceled);
    }

    [Theory, BothWays]
    public async Task What_is_scheduled_and_not_begun_when_the_chart_ends_never_runs(bool reload) =>
        (await Run(reload, [Line("s"), Activity("Elsa.End", "end"), Line("never")], "s -> end", "s -> never")).ShouldFinish().ShouldWrite("s");

    [Theory, BothWays]
    public async Task An_End_ends_only_the_chart_that_directly_holds_it(bool reload) =>
        (await Run(reload, [Flowchart("inner", [Line("a"), Activity("Elsa.End", "end"), Line("never")], "a -> end -> never"), Line("b")], "inner -> b")).ShouldFinish().ShouldWrite("a b");

    [Theory, BothWays]
    public async Task An_End_inside_an_If_does_not_end_the_chart_around_it(bool reload) =>
        (await Run(reload, [If("i", Literal(true), Activity("Elsa.End", "end")), Line("b")], "i -> b")).ShouldFinish().ShouldWrite("b");

    [Theory, BothWays]
    public async Task A_chart_stays_open_while_a_branch_waits(bool reload)
    {
        var harness = await Run(reload, [Line("s"), Wait("w"), Line("a"), Line("b")], "s -> w -> b", "s -> a");
        harness.ShouldWait().ShouldWrite("s a");
        (await harness.ResumeAsync("w")).ShouldFinish().ShouldWrite("s a b");
    }

    [Theory]
    [InlineData(false, "w1 w2 w3", "1 2 3 j")]
    [InlineData(true, "w1 w3 w2", "1 3 2 j")]
    [InlineData(true, "w2 w1 w3", "2 1 3 j")]
    [InlineData(false, "w2 w3 w1", "2 3 1 j")]
    [InlineData(true, "w3 w1 w2", "3 1 2 j")]
    [InlineData(true, "w3 w2 w1", "3 2 1 j")]
    public async Task Branches_that_wait_can_be_resumed_in_any_order(bool reload, string order, string lines)
    {
        var harness = await Run(
            reload,
            [Activity("Elsa.Start", "s"), Wait("w1"), Wait("w2"), Wait("w3"), Line("l1", "1"), Line("l2", "2"), Line("l3", "3"), Line("j")],
            "s -> w1 -> l1 -> j",
            "s -> w2 -> l2 -> j",
            "s -> w3 -> l3 -> j");
        foreach (var id in order.Split(' '))
        {
            harness.ShouldWait();
            await harness.ResumeAsync(id);
        }

        harness.ShouldFinish().ShouldWrite(lines);
    }

    [Theory, BothWays]
    public async Task A_diamond_joins_once(bool reload) =>
        (await Run(reload, [Line("s"), Line("a"), Line("b"), Line("j")], "s -> a -> j", "s -> b -> j")).ShouldFinish().ShouldWrite("s a b j");

    [Theory, BothWays]
    public async Task Branches_of_unequal_length_join_once_when_both_have_arrived(bool reload) =>
        (await Run(reload, [Line("s"), Line("a"), Line("b1"), Line("b2"), Line("j")], "s -> a -> j", "s -> b1 -> b2 -> j")).ShouldFinish().ShouldWrite("s a b1 b2 j");

    [Theory, BothWays]
    public async Task Joins_nest(bool reload) =>
        (await Run(
            reload,
            [Line("s"), Line("a"), Line("a1"), Line("a2"), Line("k"), Line("b"), Line("j")],
            "s -> a",
            "s -> b -> j",
            "a -> a1 -> k",
            "a -> a2 -> k",
            "k -> j")).ShouldFinish().ShouldWrite("s a b a1 a2 k j");

    [Theory]
    [InlineData(false, "d first")]
    [InlineData(true, "d first")]
    [InlineData(false, "d last")]
    [InlineData(true, "d last")]
    public async Task A_way_that_was_not_taken_does_not_block_a_join(bool reload, string order) =>
        (await Run(
            reload,
            [Activity("Elsa.Start", "s"), Line("a"), Decision("d", false), Line("x"), Line("j")],
            order == "d first" ? ["s -> d:True -> x -> j", "s -> a -> j"] : ["s -> a -> j", "s -> d", "d:True -> x -> j"])).ShouldFinish().ShouldWrite("a j");

    [Theory, BothWays]
    public async Task A_join_behind_ways_none_of_which_was_taken_is_passed_over(bool reload) =>
        (await Run(reload, [Decision("d", false), Line("a"), Line("b"), Line("j")], "d:True -> a -> j", "d:True -> b -> j")).ShouldFinish().ShouldWrite("");

    [Theory, BothWays]
    public async Task Both_outcomes_of_a_decision_may_lead_to_one_activity(bool reload) =>
        (await Run(reload, [Decision("d", false), Line("j")], "d:True -> j", "d:False -> j")).ShouldFinish().ShouldWrite("j");

    [Theory, BothWays]
    public async Task A_loop_by_connection_repeats_until_its_decision_leaves_it(bool reload) =>
        (await Run(reload, [Line("a"), Turns("t", "Again,Again,Done"), Line("z")], "a -> t -> z", "t:Again -> a")).ShouldFinish().ShouldWrite("a a a z");

    [Theory, BothWays]
    public async Task A_self_loop_repeats(bool reload) =>
        (await Run(reload, [Line("a"), Turns("t", "Again,Again,Done"), Line("z")], "a -> t -> z", "t:Again -> t")).ShouldFinish().ShouldWrite("a z");

    [Theory, BothWays]
    public async Task A_fork_and_join_inside_a_loop_joins_once_each_round(bool reload) =>
        (await Run(
            reload,
            [Line("s"), Line("a"), Line("b"), Line("j"), Turns("t", "Again,Done"), Line("z")],
            "s -> a -> j",
            "s -> b -> j",
            "j -> t -> z",
            "t:Again -> s")).ShouldFinish().ShouldWrite("s a b j s a b j z");

    [Theory, BothWays]
    public async Task A_loop_in_a_loop_repeats_as_often_as_both_say(bool reload) =>
        (await Run(
            reload,
            [Line("o"), Line("i"), Turns("t", "Again,Out,Again,Out"), Turns("u", "Again,Done"), Line("z")],
            "o -> i -> t",
            "t:Again -> i",
            "t:Out -> u -> z",
            "u:Again -> o")).ShouldFinish().ShouldWrite("o i i o i i z");

    [Theory, BothWays]
    public async Task A_connection_back_into_the_middle_of_a_branch_faults_the_chart_and_names_both_ends(bool reload)
    {
        var harness = await Run(reload, [Line("s"), Line("a"), Line("b"), Line("c")], "s -> a -> b", "s -> c -> b", "b -> a");
        var incident = harness.ShouldFault("f");
        incident.Message.ShouldBe("The connection from 'b' back to 'a' is not a loop: 'b' can be reached without passing 'a'. Lead it to an activity that all ways pass.");
        harness.ShouldWrite("s a c b");
    }

    [Theory, BothWays]
    public async Task A_faulted_branch_lets_the_others_go_on_and_keeps_the_chart_open(bool reload)
    {
        var harness = await Run(reload, [Line("s"), Fail("x"), Line("a"), Line("b"), Line("j")], "s -> x -> j", "s -> a -> b -> j");
        harness.ShouldFault("x");
        harness.ShouldWrite("s a b");
    }

    [Theory, BothWays]
    public async Task Charts_nest_and_share_the_variables_around_them(bool reload)
    {
        var inner = Flowchart("inner", [Activity("Test.Increment", "n", ("variable", "v")), Line("i")], "n -> i").With("variables", Variables(("own", "String", "x")));
        var story = Of(Flowchart("f", [Line("a"), inner, LineOf("l", "v"), Turns("t", "Again,Done")], "a -> inner -> l -> t", "t:Again -> inner"), ("variables", Variables(("v", "Int32", "0"))));
        (await new Harness(reload).StartAsync(story)).ShouldFinish().ShouldWrite("a i 1 i 2");
    }

    [Theory, BothWays]
    public async Task Each_execution_of_an_activity_has_its_own_id(bool reload)
    {
        var harness = await Run(reload, [Line("a"), Turns("t", "Again,Again,Done")], "a -> t", "t:Again -> a");
        harness.Journal.Where(entry => entry.Node.Id == "a" && entry.Event == JournalEvent.Started).Select(entry => entry.InstanceNumber).Distinct().Count().ShouldBe(3);
    }

    private static JsonObject Event(string id) => Activity("Test.Event", id);

    private static Task<Harness> Run(bool reload, JsonNode[] activities, params string[] connections) =>
        new Harness(reload).StartAsync(Of(Flowchart("f", activities, connections)));
}
