using System.Text;
using System.Text.Json.Nodes;
using FederationWorkflows.Engine.Execution;
using FederationWorkflows.Engine.Stories;
using FederationWorkflows.Engine.Tests.Support;
using static FederationWorkflows.Engine.Tests.Support.Story;

namespace FederationWorkflows.Engine.Tests;

/// <summary>Calls in flight, commits around them, and what a crash leaves.</summary>
public sealed class DurabilityTests
{
    [Fact]
    public async Task Calls_in_independent_branches_overlap()
    {
        var harness = new Harness();
        harness.Create(Of(Flowchart("f", [Activity("Elsa.Start", "s"), Call("a"), Call("b"), Line("j")], "s -> a -> j", "s -> b -> j")));
        harness.Step().ShouldBe(RunStep.Wait);
        harness.World.Calls.Count.ShouldBe(2);
        harness.World.Gate("b").SetResult(null);
        await harness.Run.WaitAsync(TestContext.Current.CancellationToken);
        harness.Step().ShouldBe(RunStep.Wait);
        harness.ShouldWrite("");
        harness.World.Gate("a").SetResult(null);
        (await harness.DriveAsync()).ShouldFinish().ShouldWrite("j");
    }

    [Fact]
    public async Task No_more_calls_are_in_flight_than_allowed()
    {
        var harness = new Harness { Limits = new RunLimits { MaxInFlight = 3 } };
        harness.Create(Of(Parallel("p", [.. Enumerable.Range(0, 8).Select(i => Call($"c{i}"))])));
        for (var done = 0; done < 8; done++)
        {
            harness.Step().ShouldBe(RunStep.Wait);
            harness.World.Calls.Count.ShouldBe(Math.Min(8, done + 3));
            harness.World.Gate($"c{done}").SetResult(null);
            await harness.Run.WaitAsync(TestContext.Current.CancellationToken);
        }

        (await harness.DriveAsync()).ShouldFinish();
    }

    [Theory]
    [InlineData(null)]
    [InlineData("ActivityExecuted")]
    public async Task A_call_is_on_disk_before_the_world_sees_it(string? strategy)
    {
        var harness = new Harness();
        var seen = 0;
        harness.World.OnCall = context =>
        {
            var number = context.IdempotencyKey.Split('-')[^1];
            harness.Parts.Keys.ShouldContain($"a/{number}");
            seen++;
        };
        foreach (var id in new[] { "a", "b", "c" })
        {
            harness.World.Gate(id).SetResult(null);
        }

        var story = Of(Sequence("s", Call("a"), Parallel("p", Call("b"), Call("c")))).With("options", new JsonObject { ["commitStrategyName"] = strategy });
        (await harness.StartAsync(story)).ShouldFinish();
        seen.ShouldBe(3);
    }

    [Fact]
    public async Task What_a_call_gave_is_on_disk_before_the_next_activity_begins()
    {
        var harness = new Harness();
        harness.World.Gate("a").SetResult("answer");
        harness.World.Scripts["d"] = _ =>
        {
            harness.SavedText.ShouldContain("answer");
            return ValueTask.CompletedTask;
        };
        (await harness.StartAsync(Of(Sequence("s", Call("a"), Do("d"))))).ShouldFinish();
    }

    [Fact]
    public async Task A_run_that_commits_only_when_it_rests_commits_once()
    {
        var harness = new Harness();
        harness.World.Gate("a").SetResult(null);
        harness.Create(Of(Sequence("s", Call("a"), Line("b"))).With("options", new JsonObject { ["commitStrategyName"] = "WorkflowExecuted" }));
        var commits = 0;
        RunStep step;
        while ((step = harness.Run.Advance()) != RunStep.Finished)
        {
            commits += step == RunStep.Commit ? 1 : 0;
            await harness.Run.WaitAsync(TestContext.Current.CancellationToken);
        }

        commits.ShouldBe(0);
    }

    [Fact]
    public async Task A_call_repeated_after_a_crash_has_the_same_key()
    {
        var harness = new Harness();
        harness.Create(Of(Sequence("s", Line("l"), Call("c"), Line("z"))));
        harness.Step().ShouldBe(RunStep.Wait);
        harness.Reload();
        harness.Step().ShouldBe(RunStep.Wait);
        harness.World.Calls.Count.ShouldBe(2);
        harness.World.Calls.Distinct().ShouldHaveSingleItem().ShouldStartWith("run-");
        harness.World.Gate("c").SetResult(null);
        (await harness.DriveAsync()).ShouldFinish().ShouldWrite("l z");
    }

    [Fact]
    public async Task A_crash_after_the_call_and_before_its_commit_repeats_it_with_the_same_key()
    {
        var harness = new Harness();
        harness.Create(Of(Sequence("s", Call("c"), Line("z"))));
        harness.Step().ShouldBe(RunStep.Wait);
        harness.World.Gate("c").SetResult(null);
        await harness.Run.WaitAsync(TestContext.Current.CancellationToken);
        harness.Run.Advance().ShouldBe(RunStep.Commit);
        harness.Reload();
        (await harness.DriveAsync()).ShouldFinish().ShouldWrite("z");
        harness.World.Calls.Count.ShouldBe(2);
        harness.World.Calls.Distinct().ShouldHaveSingleItem();
    }

    [Theory, BothWays]
    public async Task Each_turn_of_a_loop_has_its_own_key(bool reload)
    {
        var harness = new Harness(reload);
        harness.World.Gate("c").SetResult(null);
        (await harness.StartAsync(Of(For("for", 1, 3, Call("c"))))).ShouldFinish();
        harness.World.Calls.Distinct().Count().ShouldBe(3);
    }

    [Fact]
    public async Task Children_of_an_execution_that_is_repeated_after_a_crash_leave_nothing_behind()
    {
        var harness = new Harness();
        harness.World.Scripts["d"] = async context =>
        {
            var activity = (DoOnly)context.Activity;
            await context.ScheduleActivityAsync(activity.Child, activity.OnChildCompletedAsync);
            await harness.World.Gate("g").Task.WaitAsync(context.CancellationToken);
        };
        harness.World.Scripts["d+"] = context => context.CompleteActivityAsync();
        harness.Create(Of(Sequence("s", Activity("Test.DoOnly", "d", ("child", Wait("w"))), Line("z"), Wait("end"))));
        harness.Step().ShouldBe(RunStep.Wait);
        harness.Commit();
        harness.Reload();
        harness.World.Gate("g").SetResult(null);
        (await harness.DriveAsync()).ShouldWait();
        harness.Bookmarks.Values.ShouldHaveSingleItem().ActivityId.ShouldBe("w");
        await harness.ResumeAsync("w");
        harness.ShouldWait().ShouldWrite("z");
        harness.Parts.Keys.Count(key => key.StartsWith("a/", StringComparison.Ordinal)).ShouldBe(3, "the workflow, the sequence, the last wait");
    }

    [Fact]
    public async Task Effects_are_handed_out_with_the_commit_and_once()
    {
        var harness = new Harness();
        harness.World.Scripts["d"] = context =>
        {
            context.AddEffect("answer");
            return ValueTask.CompletedTask;
        };
        await harness.StartAsync(Of(Sequence("s", Do("d"), Wait("w"))));
        harness.Effects.ShouldBe(["answer"]);
        await harness.ResumeAsync("w");
        harness.Effects.ShouldBe(["answer"]);
    }

    [Fact]
    public async Task A_failing_activity_has_no_effects()
    {
        var harness = new Harness();
        harness.World.Scripts["d"] = context =>
        {
            context.AddEffect("answer");
            throw new InvalidOperationException("no");
        };
        (await harness.StartAsync(Of(Do("d")))).ShouldFault("d");
        harness.Effects.ShouldBeEmpty();
    }

    [Fact]
    public async Task A_run_is_pinned_to_its_revision()
    {
        var harness = await new Harness().StartAsync(Of(Sequence("s", Wait("w"))));
        var other = Harness.Compile(Of(Sequence("s", Wait("w"), Line("new")))).Require();
        Should.Throw<InvalidOperationException>(() => WorkflowRun.Load(other, harness.Parts, harness.Environment))
            .Message.ShouldStartWith("The run is pinned to revision ");
    }

    [Fact]
    public void A_saved_run_without_its_core_is_refused() =>
        Should.Throw<InvalidOperationException>(() => WorkflowRun.Load(Harness.Compile(Of(Line("l"))).Require(), new Dictionary<string, byte[]>(), new Harness().Environment))
            .Message.ShouldBe("The saved run has no part 'run'.");

    [Fact]
    public async Task The_state_of_a_long_loop_stays_small()
    {
        var harness = new Harness { Limits = new RunLimits { JournalEntriesPerCommit = 500 } };
        var body = Sequence("b", If("i", Literal(true), LineOf("l", "CurrentValue")));
        (await harness.StartAsync(Of(Sequence("s", For("for", 1, 10_000, body), Wait("w"))))).ShouldWait();
        harness.LargestState.ShouldBeLessThan(4_000);
        harness.Parts.Count.ShouldBeLessThan(15);
        harness.Lines.Count.ShouldBe(10_000);
    }

    [Theory, BothWays]
    public async Task What_has_finished_leaves_the_state(bool reload)
    {
        var harness = await new Harness(reload).StartAsync(Of(Sequence("s", ForEach("each", "[1,2,3]", Sequence("b", Line("a"))), If("i", Literal(true), Line("c")), Wait("w"))));
        harness.Parts.Keys.Count(key => key.StartsWith("a/", StringComparison.Ordinal)).ShouldBe(3, "the workflow, the sequence, the wait");
        await harness.ResumeAsync("w");
        harness.Parts.Keys.Where(key => key[1] == '/' && key[0] != 'o').ShouldBeEmpty();
        harness.Reload();
        harness.ShouldFinish();
    }

    [Theory, BothWays]
    public async Task A_large_body_is_stored_once_and_removed_when_nothing_refers_to_it(bool reload)
    {
        var body = new string('x', 40_000);
        var story = Of(
            Sequence("s", Wait("w").With("result", Captured("v1")), SetVariable("set", "v2", Variable("v1")), Wait("w2"), SetVariable("c1", "v1", Literal(null)), SetVariable("c2", "v2", Literal(null)), Wait("w3"), Wait("w").With("id", "w4")),
            ("variables", Variables(("v1", "String", null), ("v2", "Object", null))));
        var harness = await new Harness(reload).StartAsync(story);
        await harness.ResumeAsync("w", body);
        var payload = harness.Parts.Keys.Where(key => key.StartsWith("p/", StringComparison.Ordinal)).ShouldHaveSingleItem();
        Encoding.UTF8.GetString(harness.Parts[payload]).ShouldBe(body);
        harness.SavedText.Split(body).Length.ShouldBe(2, "the body is there once");
        harness.Reload();
        harness.Run.Variables.ShouldBe([body, body]);
        await harness.ResumeAsync("w2");
        harness.Parts.Keys.ShouldContain(payload, "the output of the first wait still has it");
        await harness.ResumeAsync("w3");
        harness.Reload();
        harness.ShouldWait();
    }

    [Theory, BothWays]
    public async Task A_large_body_goes_with_the_last_thing_that_has_it(bool reload)
    {
        var large = JsonNode.Parse("[\"" + new string('y', 40_000) + "\"]");
        var inner = Sequence("inner", SetVariable("set", "v", Input("i")), Wait("w1")).With("variables", Variables(("v", "Object", null)));
        var harness = await new Harness(reload).StartAsync(
            Of(Sequence("s", inner, SetVariable("keep", "k", Literal(1)), Wait("w2")), ("inputs", Inputs(("i", "Object"))), ("variables", Variables(("k", "Object", null)))),
            new() { ["i"] = JsonValues.Parse(large!.ToJsonString()) });
        harness.Parts.Keys.Count(key => key.StartsWith("p/", StringComparison.Ordinal)).ShouldBe(1, "the input and the variable share it");
        await harness.ResumeAsync("w1");
        harness.Parts.Keys.Count(key => key.StartsWith("p/", StringComparison.Ordinal)).ShouldBe(1, "the input still has it");
        await harness.ResumeAsync("w2");
        harness.ShouldFinish();

        var alone = await new Harness(reload).StartAsync(Of(For("for", 1, 2, Sequence("b", Wait("w").With("result", Captured("v"))).With("variables", Variables(("v", "Object", null))))));
        await alone.ResumeAsync("w", new string('a', 40_000));
        await alone.ResumeAsync("w", "small");
        alone.ShouldFinish();
        alone.Parts.Keys.ShouldNotContain(key => key.StartsWith("p/", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_run_that_is_over_with_its_first_commit_keeps_what_is_asked_of_it_later()
    {
        var large = new string('z', 40_000);
        var story = Of(
            Sequence("s", Activity("Elsa.SetOutput", "o", ("outputName", Literal("sum")), ("outputValue", Literal(4))), Activity("Elsa.Correlate", "c", ("correlationId", Input("i")))),
            ("inputs", Inputs(("i", "String"), ("large", "String"))),
            ("outputs", new JsonArray(new JsonObject { ["name"] = "sum", ["type"] = "Int64" })));

        var harness = await new Harness().StartAsync(story, new() { ["i"] = "who", ["large"] = large });

        harness.Parts.Keys.Where(key => !key.StartsWith("p/", StringComparison.Ordinal)).ShouldBe(["input", "run"]);
        Encoding.UTF8.GetString(harness.Parts.Single(part => part.Key.StartsWith("p/", StringComparison.Ordinal)).Value).ShouldBe(large);
        harness.Reload();
        harness.ShouldFinish();
        harness.Run.Output["sum"].ShouldBe(4L);
        harness.Run.Identity.CorrelationId.ShouldBe("who");
        (harness.Run.Input["i"], harness.Run.Input["large"]).ShouldBe(("who", large));
        harness.Run.StartedBy.ShouldBe(new Person("ann", "u-ann"));
    }

    [Theory, BothWays]
    public async Task What_a_story_keeps_as_a_secret_is_none_in_what_started_or_resumed_it_either(bool reload)
    {
        const string Canary = "k3st+rel/'<9>";
        var payload = JsonValues.Parse("{\"a\":[\"" + Canary + "\"]}");
        var story = Of(
            Sequence("s", Activity("Elsa.Event", "e", ("eventName", Literal("came"))).With("result", Captured("v")).WithCustom("canStartWorkflow", true), Wait("w")),
            ("variables", Variables(("v", "Secret", null))));
        var harness = new Harness(reload);
        harness.Create(story, trigger: "e", payload: payload);
        harness.Commit();
        Unescaped(harness.SavedText).ShouldNotContain(Canary);
        harness.Reload();
        harness.Run.TriggerPayload.ShouldBeOfType<System.Text.Json.JsonElement>().GetRawText().ShouldBe(payload.GetRawText());
        (await harness.DriveAsync()).ShouldWait();
        Unescaped(harness.SavedText).ShouldNotContain(Canary);
        harness.Run.Variables.ShouldHaveSingleItem().ShouldBeAssignableTo<Sensitive>();

        var told = new ResumeRun { RunId = "run", BookmarkId = "b", Input = payload, IsSecret = true };
        var stored = told.Encode(harness.Environment.Codec);
        Unescaped(Encoding.UTF8.GetString(stored)).ShouldNotContain(Canary);
        FollowUpWork.Decode(told.Kind, stored, harness.Environment.Codec).ShouldBeOfType<ResumeRun>().Input.ShouldBeOfType<System.Text.Json.JsonElement>().GetRawText().ShouldBe(payload.GetRawText());

        static string Unescaped(string json) => System.Text.RegularExpressions.Regex.Unescape(json);
    }

    [Fact]
    public void Json_that_is_no_text_is_mended_before_it_is_stored_and_half_of_a_pair_is_refused()
    {
        var codec = new Harness().Environment.Codec;
        using var noText = System.Text.Json.JsonDocument.Parse((byte[])[.. "{\"a\":\"<"u8, 0xff, .. ">\"}"u8]);
        using var half = System.Text.Json.JsonDocument.Parse("""{"a":"\ud83d"}""");
        using var pair = System.Text.Json.JsonDocument.Parse("""{"a":"\ud83d\ude00"}""");

        Read(noText).ShouldBe("<\ufffd>");
        Read(pair).ShouldBe("\U0001f600");
        Should.Throw<InvalidOperationException>(() => codec.Encode(half.RootElement));
        Read(pair).ShouldBe("\U0001f600", "what failed leaves nothing behind");

        string? Read(System.Text.Json.JsonDocument json) =>
            codec.Decode(codec.Encode(json.RootElement)).ShouldBeOfType<System.Text.Json.JsonElement>().GetProperty("a").GetString();
    }
}
