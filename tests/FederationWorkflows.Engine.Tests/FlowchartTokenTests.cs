using System.Text.Json.Nodes;
using FederationWorkflows.Engine.Tests.Support;
using static FederationWorkflows.Engine.Tests.Support.Story;

namespace FederationWorkflows.Engine.Tests;

/// <summary>docs/activities.md 1.6: a chart in which an activity sets a merge mode.</summary>
public sealed class FlowchartTokenTests
{
    [Theory]
    [InlineData("Stream")]
    [InlineData("Merge")]
    [InlineData("Converge")]
    [InlineData("Cascade")]
    [InlineData("Race")]
    [InlineData("stream")]
    public async Task With_one_way_in_every_merge_mode_runs_on_arrival(string mode) =>
        (await Run(true, [Line("a"), Line("j").Merging(mode)], "a -> j")).ShouldFinish().ShouldWrite("a j");

    [Theory, BothWays]
    public async Task Stream_joins_branches_of_equal_length_once(bool reload) =>
        (await Run(reload, [Line("s"), Line("a"), Line("b"), Line("j").Merging("Stream")], "s -> a -> j", "s -> b -> j")).ShouldFinish().ShouldWrite("s a b j");

    [Theory, BothWays]
    public async Task Stream_runs_twice_behind_branches_of_unequal_length(bool reload) =>
        (await Run(reload, [Line("s"), Line("a"), Line("b1"), Line("b2"), Line("j").Merging("Stream")], "s -> a -> j", "s -> b1 -> b2 -> j"))
            .ShouldFinish().ShouldWrite("s a b1 j b2 j");

    [Theory, BothWays]
    public async Task An_activity_without_merge_mode_streams_in_such_a_chart(bool reload) =>
        (await Run(reload, [Line("s").Merging("Merge"), Line("a"), Line("b1"), Line("b2"), Line("j")], "s -> a -> j", "s -> b1 -> b2 -> j"))
            .ShouldFinish().ShouldWrite("s a b1 j b2 j");

    [Theory]
    [InlineData("None")]
    [InlineData("nonsense")]
    [InlineData("1")]
    [InlineData("Merge, Race")]
    public async Task A_merge_mode_that_does_not_exist_counts_as_none(string mode) =>
        (await Run(true, [Line("s"), Line("a"), Line("b"), Decision("d", false), Line("j").Merging(mode)], "s -> a -> j", "s -> b -> d", "d:True -> j"))
            .ShouldFinish().ShouldWrite("s a b j");

    [Theory]
    [InlineData("Merge")]
    [InlineData("Converge")]
    public async Task Merge_and_converge_wait_for_branches_of_unequal_length(string mode) =>
        (await Run(true, [Line("s"), Line("a"), Line("b1"), Line("b2"), Line("j").Merging(mode)], "s -> a -> j", "s -> b1 -> b2 -> j"))
            .ShouldFinish().ShouldWrite("s a b1 b2 j");

    [Theory]
    [InlineData(false, "d first")]
    [InlineData(true, "d first")]
    [InlineData(false, "d last")]
    [InlineData(true, "d last")]
    public async Task Stream_does_not_wait_for_a_way_that_was_not_taken(bool reload, string order) =>
        (await Run(
            reload,
            [Activity("Elsa.Start", "s"), Line("a"), Decision("d", false), Line("j").Merging("Stream")],
            order == "d first" ? ["s -> d", "d:True -> j", "s -> a -> j"] : ["s -> a -> j", "s -> d", "d:True -> j"])).ShouldFinish().ShouldWrite("a j");

    [Theory]
    [InlineData(false, "Merge")]
    [InlineData(true, "Merge")]
    [InlineData(false, "Converge")]
    [InlineData(true, "Converge")]
    public async Task Merge_behind_a_way_that_was_not_taken_is_reported_as_stuck(bool reload, string mode)
    {
        var harness = await Run(reload, [Activity("Elsa.Start", "s"), Line("a"), Decision("d", false), Line("j").Merging(mode)], "s -> a -> j", "s -> d", "d:True -> j");
        harness.ShouldFault("f").Message.ShouldBe(
            $"Flowchart 'f' cannot go on: 'j' (merge mode {mode}) waits for 'd' (True), and nothing is under way there any more. Use merge mode Stream, or join only ways that are always taken.");
        harness.ShouldWrite("a");
    }

    [Theory, BothWays]
    public async Task Both_outcomes_of_a_decision_reach_a_stream(bool reload) =>
        (await Run(reload, [Decision("d", false), Line("j").Merging("Stream")], "d:True -> j", "d:False -> j")).ShouldFinish().ShouldWrite("j");

    [Theory, BothWays]
    public async Task Both_outcomes_of_a_decision_into_a_merge_are_stuck(bool reload) =>
        (await Run(reload, [Decision("d", false), Line("j").Merging("Merge")], "d:True -> j", "d:False -> j")).ShouldFault("f").Message.ShouldContain("waits for 'd' (True)");

    [Theory, BothWays]
    public async Task A_connection_back_into_a_merge_with_one_way_forward_runs_it_again(bool reload) =>
        (await Run(reload, [Line("s"), Line("j").Merging("Merge"), Turns("t", "Again,Done")], "s -> j -> t", "t:Again -> j")).ShouldFinish().ShouldWrite("s j j");

    [Theory, BothWays]
    public async Task A_connection_back_alone_does_not_run_a_merge_with_two_ways_forward(bool reload)
    {
        var harness = await Run(reload, [Line("s"), Line("a"), Line("b"), Line("j").Merging("Merge"), Turns("t", "Again,Done")], "s -> a -> j", "s -> b -> j", "j -> t", "t:Again -> j");
        harness.ShouldFault("f").Message.ShouldContain("'j' (merge mode Merge) waits for 'a' (Done) and 'b' (Done)");
        harness.ShouldWrite("s a b j");
    }

    [Theory, BothWays]
    public async Task Converge_at_the_head_of_a_loop_is_reported_as_stuck(bool reload)
    {
        var harness = await Run(reload, [Line("s"), Line("j").Merging("Converge"), Turns("t", "Again,Done")], "s -> j -> t", "t:Again -> j");
        harness.ShouldFault("f").Message.ShouldContain("'j' (merge mode Converge) waits for 't' (Again)");
        harness.ShouldWrite("s");
    }

    [Theory, BothWays]
    public async Task Cascade_runs_once_for_each_arrival(bool reload) =>
        (await Run(reload, [Line("s"), Line("a"), Line("b"), Line("j").Merging("Cascade"), Line("z")], "s -> a -> j", "s -> b -> j", "j -> z"))
            .ShouldFinish().ShouldWrite("s a b j j z z");

    [Theory]
    [InlineData(false, "w1")]
    [InlineData(true, "w1")]
    [InlineData(false, "w2")]
    [InlineData(true, "w2")]
    public async Task Race_goes_on_with_the_first_arrival_and_lets_the_others_wait_no_longer(bool reload, string first)
    {
        var harness = await Run(reload, [Activity("Elsa.Start", "s"), Wait("w1"), Wait("w2"), Line("j").Merging("Race"), Wait("after"), Activity("Elsa.End", "end")], "s -> w1 -> j", "s -> w2 -> j", "j -> after -> end");
        await harness.ResumeAsync(first);
        harness.ShouldWait().ShouldWrite("j");
        harness.Bookmarks.Values.ShouldHaveSingleItem().ActivityId.ShouldBe("after");
        (await harness.ResumeAsync("after")).ShouldFinish().ShouldWrite("j");
    }

    [Theory, BothWays]
    public async Task Race_cancels_a_longer_branch_with_everything_under_way_in_it(bool reload)
    {
        var harness = await Run(
            reload,
            [Line("s"), Line("a"), Line("b1"), Line("b2"), Line("m").Merging("Merge"), Wait("w"), Line("j").Merging("Race")],
            "s -> b1 -> b2 -> m -> j",
            "s -> w -> m",
            "s -> a -> j");
        harness.ShouldFinish().ShouldWrite("s b1 a j");
        harness.Bookmarks.ShouldBeEmpty();
    }

    [Theory, BothWays]
    public async Task An_arrival_under_way_from_the_winner_itself_loses_the_race_too(bool reload) =>
        (await Run(reload, [Line("s"), Line("b"), Line("j").Merging("Race")], "s -> j", "s -> b -> j")).ShouldFinish().ShouldWrite("s j");

    [Theory, BothWays]
    public async Task Race_leaves_alone_what_does_not_lead_to_it(bool reload)
    {
        var harness = await Run(reload, [Line("s"), Line("a"), Wait("w"), Line("z"), Line("j").Merging("Race")], "s -> a -> j", "s -> w -> z");
        harness.ShouldWait().ShouldWrite("s a j");
        (await harness.ResumeAsync("w")).ShouldFinish().ShouldWrite("s a j z");
    }

    [Theory, BothWays]
    public async Task Race_in_a_loop_fires_in_every_round(bool reload) =>
        (await Run(
            reload,
            [Line("s"), Turns("a", "Done"), Line("j").Merging("Race"), Turns("t", "Again,Done"), Line("end")],
            "s -> a -> j",
            "j -> t -> end",
            "t:Again -> j")).ShouldFinish().ShouldWrite("s j j end");

    [Theory, BothWays]
    public async Task An_End_drops_what_is_under_way(bool reload)
    {
        var harness = await Run(reload, [Line("s"), Line("a"), Wait("w"), Line("j").Merging("Merge"), Line("b"), Activity("Elsa.End", "end")], "s -> a -> j", "s -> w -> j", "s -> b -> end");
        harness.ShouldFinish().ShouldWrite("s a b");
        harness.Bookmarks.ShouldBeEmpty();
    }

    [Theory, BothWays]
    public async Task A_self_loop_repeats(bool reload) =>
        (await Run(reload, [Line("s"), Turns("t", "Again,Again,Done").Merging("Merge"), Line("z")], "s -> t -> z", "t:Again -> t")).ShouldFinish().ShouldWrite("s z");

    [Theory, BothWays]
    public async Task A_connection_back_into_a_stream_runs_it_again(bool reload) =>
        (await Run(reload, [Line("a").Merging("Stream"), Turns("t", "Again,Again,Done"), Line("z")], "a -> t -> z", "t:Again -> a")).ShouldFinish().ShouldWrite("a a a z");

    [Theory]
    [InlineData(false, "WaitAll")]
    [InlineData(true, "WaitAll")]
    [InlineData(false, "WaitAllActive")]
    [InlineData(true, "WaitAllActive")]
    public async Task A_join_that_waits_for_all_merges_here(bool reload, string mode) =>
        (await Run(reload, [Line("s").Merging("Stream"), Line("a"), Line("b1"), Line("b2"), Join("j", mode), Line("z")], "s -> a -> j", "s -> b1 -> b2 -> j", "j -> z"))
            .ShouldFinish().ShouldWrite("s a b1 b2 z");

    [Theory, BothWays]
    public async Task A_join_that_waits_for_any_races_here_whatever_merge_mode_it_carries(bool reload)
    {
        var harness = await Run(reload, [Line("s").Merging("Stream"), Line("a"), Wait("w"), Join("j", "WaitAny").Merging("Merge"), Line("z")], "s -> a -> j", "s -> w -> j", "j -> z");
        harness.ShouldFinish().ShouldWrite("s a z");
        harness.Bookmarks.ShouldBeEmpty();
    }

    [Theory, BothWays]
    public async Task A_merge_keeps_what_has_arrived_while_the_run_waits(bool reload)
    {
        var harness = await Run(reload, [Line("s"), Line("a"), Wait("w"), Line("j").Merging("Merge")], "s -> a -> j", "s -> w -> j");
        harness.ShouldWait().ShouldWrite("s a");
        harness.Reload();
        (await harness.ResumeAsync("w")).ShouldFinish().ShouldWrite("s a j");
    }

    private static Task<Harness> Run(bool reload, JsonNode[] activities, params string[] connections) =>
        new Harness(reload).StartAsync(Of(Flowchart("f", activities, connections)));
}
