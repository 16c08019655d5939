using System.Text.Json.Nodes;
using FederationWorkflows.Engine.Execution;
using FederationWorkflows.Engine.Stories;
using FederationWorkflows.Engine.Tests.Support;
using static FederationWorkflows.Engine.Tests.Support.Story;

namespace FederationWorkflows.Engine.Tests;

public sealed class StoryCallTests
{
    private static (string Name, JsonNode? Value)[] Result => [("variables", Variables(("r", "Object", null)))];

    [Theory, BothWays]
    public async Task A_story_is_asked_for_with_the_commit_and_its_outputs_are_the_result(bool reload)
    {
        var harness = Calling(reload, out var child);
        await harness.StartAsync(Of(Sequence("s", Execute("x", child).With("input", Object("{\"n\":3}")).With("correlationId", Literal("c")).With("result", Captured("r")), LineOf("z", "r")), Result));
        harness.ShouldWait();
        var start = harness.FollowUps.ShouldHaveSingleItem().Value.ShouldBeOfType<StartStory>();
        (start.DefinitionId, start.CorrelationId, start.StartedBy).ShouldBe(("child", "c", new Person("ann", "u-ann")));
        start.Revision.ShouldBe(Harness.Compile(harness.Stories["child"]).Require().Definition.Revision);
        start.Input.ShouldBe(new Dictionary<string, object?> { ["n"] = 3L, ["ParentInstanceId"] = "run" });
        start.Parent.Tell.ShouldBe(TellParent.AtEnd);
        (start.Parent.RunId, start.Parent.Depth, start.Parent.Index).ShouldBe(("run", 1, 0));
        start.Parent.WaitingStories.ShouldBe(["story"]);
        start.Parent.BookmarkId.ShouldBe(harness.Bookmarks.Keys.Single());

        await harness.ReportAsync("x", start, WorkflowSubStatus.Finished, new() { ["sum"] = 4L });
        harness.ShouldFinish().ShouldWrite("""{"workflowInstanceId":"ID","status":"Finished","subStatus":"Finished","output":{"sum":4}}""".Replace("ID", start.RunId, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Asking_again_after_a_crash_asks_for_the_same_run()
    {
        var harness = Calling(false, out var child);
        harness.Create(Of(Execute("x", child)));
        await harness.DriveAsync();
        var (id, work) = harness.FollowUps.Single();
        var again = Calling(false, out _);
        await again.StartAsync(Of(Execute("x", child)));
        again.FollowUps.Single().Key.ShouldBe(id);
        ((StartStory)again.FollowUps.Single().Value).RunId.ShouldBe(((StartStory)work).RunId);
    }

    [Theory, BothWays]
    public async Task A_later_attempt_starts_a_run_of_its_own_as_the_one_before_has_failed(bool reload)
    {
        var harness = Calling(reload, out var child);
        await harness.StartAsync(Of(Execute("x", child).Retrying("{\"useJitter\":false}")));
        var first = (StartStory)harness.FollowUps.Values.Single();
        await harness.ReportAsync("x", first, WorkflowSubStatus.Faulted, error: "bad");
        await harness.FireAsync(harness.Time.GetUtcNow().AddSeconds(1));
        harness.FollowUps.Count.ShouldBe(2);
        var second = harness.FollowUps.Values.Cast<StartStory>().Single(start => start.RunId != first.RunId);
        await harness.ReportAsync("x", second, WorkflowSubStatus.Finished);
        harness.ShouldFinish();
    }

    [Theory]
    [InlineData(WorkflowSubStatus.Faulted, "The run '{0}' that was started here faulted. step: it broke")]
    [InlineData(WorkflowSubStatus.Cancelled, "The run '{0}' that was started here was cancelled.")]
    public async Task A_run_that_failed_fails_its_caller_and_is_named(WorkflowSubStatus subStatus, string message)
    {
        var harness = Calling(false, out var child);
        await harness.StartAsync(Of(Execute("x", child)));
        var start = (StartStory)harness.FollowUps.Values.Single();
        await harness.ReportAsync("x", start, subStatus, error: subStatus == WorkflowSubStatus.Faulted ? "step: it broke" : null);
        harness.ShouldFault("x").Message.ShouldBe(string.Format(System.Globalization.CultureInfo.InvariantCulture, message, start.RunId));
    }

    [Theory, BothWays]
    public async Task Without_waiting_for_completion_the_caller_goes_on_when_the_other_first_rests(bool reload)
    {
        var harness = Calling(reload, out var child);
        await harness.StartAsync(Of(Sequence("s", Execute("x", child).With("waitForCompletion", Literal(false)).With("result", Captured("r")), LineOf("z", "r")), Result));
        var start = (StartStory)harness.FollowUps.Values.Single();
        start.Parent.Tell.ShouldBe(TellParent.AtRest);
        await harness.ReportAsync("x", start, WorkflowSubStatus.Suspended);
        harness.ShouldFinish().Output.ShouldContain("\"status\":\"Running\",\"subStatus\":\"Suspended\"");
    }

    [Theory, BothWays]
    public async Task A_dispatched_story_is_not_waited_for(bool reload)
    {
        var harness = Calling(reload, out _);
        await harness.StartAsync(Of(Sequence("s", Activity("Elsa.DispatchWorkflow", "x", ("workflowDefinitionId", Literal("child")), ("result", Captured("r"))), LineOf("z", "r")), Result));
        var start = (StartStory)harness.FollowUps.Values.Single();
        start.Parent.ShouldSatisfyAllConditions(parent => parent.Tell.ShouldBe(TellParent.Never), parent => parent.BookmarkId.ShouldBeNull(), parent => parent.WaitingStories.ShouldBeEmpty());
        harness.ShouldFinish().Output.ShouldContain(start.RunId);
    }

    [Theory, BothWays]
    public async Task A_dispatched_story_is_waited_for_when_the_caller_says_so(bool reload)
    {
        var harness = Calling(reload, out _);
        await harness.StartAsync(Of(Sequence("s", Activity("Elsa.DispatchWorkflow", "x", ("workflowDefinitionId", Literal("child")), ("waitForCompletion", Literal(true))), Line("z"))));
        harness.ShouldWait().ShouldWrite("");
        await harness.ReportAsync("x", (StartStory)harness.FollowUps.Values.Single(), WorkflowSubStatus.Finished);
        harness.ShouldFinish().ShouldWrite("z");
    }

    [Theory, BothWays]
    public async Task Many_are_dispatched_one_for_each_item_and_all_are_waited_for(bool reload)
    {
        var harness = Calling(reload, out _);
        var bulk = Bulk("x", "[1,{\"n\":2},\"three\"]").With("input", Object("{\"n\":0}")).With("childCompleted", LineOf("done", "ChildInstanceId")).With("childFaulted", Line("failed"));
        await harness.StartAsync(Of(Flowchart("f", [bulk, Line("all")], "x:Completed -> all")));
        var starts = harness.FollowUps.Values.Cast<StartStory>().OrderBy(start => start.Parent.Index).ToList();
        starts.Select(start => start.RunId).Distinct().Count().ShouldBe(3);
        JsonValues.ToJson(starts[0].Input).ShouldBe("""{"n":0,"Item":1,"ParentInstanceId":"run"}""");
        JsonValues.ToJson(starts[1].Input).ShouldBe("""{"n":2,"ParentInstanceId":"run"}""");
        JsonValues.ToJson(starts[2].Input).ShouldBe("""{"n":0,"Item":"three","ParentInstanceId":"run"}""");
        await harness.ReportAsync("x", starts[1], WorkflowSubStatus.Finished);
        await harness.ReportAsync("x", starts[1], WorkflowSubStatus.Finished);
        harness.ShouldWait().ShouldWrite(starts[1].RunId);
        await harness.ReportAsync("x", starts[0], WorkflowSubStatus.Faulted);
        harness.ShouldWait().ShouldWrite($"{starts[1].RunId} failed");
        await harness.ReportAsync("x", starts[2], WorkflowSubStatus.Cancelled);
        harness.ShouldFinish().ShouldWrite($"{starts[1].RunId} failed all");
        harness.Bookmarks.ShouldBeEmpty();
    }

    [Theory]
    [InlineData("[]", "true")]
    [InlineData("[1,2]", "false")]
    public async Task Nothing_to_wait_for_is_done_at_once(string items, string waits)
    {
        var harness = Calling(false, out _);
        await harness.StartAsync(Of(Flowchart("f", [Bulk("x", items).With("waitForCompletion", Literal(waits)), Line("done"), Line("all")], "x -> done", "x:Completed -> all")));
        harness.ShouldFinish().ShouldWrite("done");
    }

    [Fact]
    public async Task A_story_that_does_not_exist_fails_the_caller()
    {
        (await new Harness().StartAsync(Of(Execute("x", "gone")))).ShouldFault("x").Message.ShouldBe("There is no published story 'gone'. Publish it first, or check the id.");
        (await new Harness().StartAsync(Of(Execute("x", "gone").With("workflowVersion", Literal("7"))))).ShouldFault("x")
            .Message.ShouldBe("There is no version '7' of a story 'gone'. Use Published, Latest, a version's number or its id.");
    }

    [Fact]
    public async Task A_version_can_be_named()
    {
        var harness = Calling(false, out _);
        harness.Stories["child:2"] = Of(Line("two"), ("definitionId", "child"));
        await harness.StartAsync(Of(Execute("x", "child").With("workflowVersion", Literal("2"))));
        ((StartStory)harness.FollowUps.Values.Single()).Revision.ShouldBe(Harness.Compile(harness.Stories["child:2"]).Require().Definition.Revision);
    }

    [Fact]
    public async Task What_does_not_fit_an_input_of_the_story_fails_the_caller_before_anything_starts()
    {
        var harness = Calling(false, out var child);
        await harness.StartAsync(Of(Execute("x", child).With("input", Object("{\"n\":\"many\"}"))));
        harness.ShouldFault("x").Message.ShouldBe("Workflow input 'n' must be a whole number, and is the text 'many'.");
        harness.FollowUps.ShouldBeEmpty();
    }

    [Fact]
    public async Task A_circle_of_stories_that_wait_for_each_other_is_refused_by_name()
    {
        var harness = new Harness { Parent = new RunParent("above", TellParent.AtEnd, "b", 0, 2, ["child", "middle"]) };
        harness.Stories["child"] = Of(Line("c"), ("definitionId", "child"));
        (await harness.StartAsync(Of(Execute("x", "child")))).ShouldFault("x")
            .Message.ShouldBe("The call is a circle that would wait for itself: child -> middle -> story -> child. Dispatch the story without waiting, or break the circle.");
    }

    [Fact]
    public async Task Stories_call_each_other_only_so_deep()
    {
        var harness = new Harness { Parent = new RunParent("above", TellParent.Never, null, 0, 32, []) };
        harness.Stories["child"] = Of(Line("c"), ("definitionId", "child"));
        (await harness.StartAsync(Of(Activity("Elsa.DispatchWorkflow", "x", ("workflowDefinitionId", Literal("child")))))).ShouldFault("x")
            .Message.ShouldBe("Stories may call each other 32 levels deep, and this run is at level 32. Look for a story that starts itself without end.");
    }

    [Theory, BothWays]
    public async Task A_run_tells_the_run_that_waits_for_it_once_how_it_ended(bool reload)
    {
        var harness = new Harness(reload) { Parent = new RunParent("above", TellParent.AtEnd, "b", 5, 1, []) };
        await harness.StartAsync(Of(Sequence("s", Wait("w"), Activity("Elsa.SetOutput", "o", ("outputName", Literal("sum")), ("outputValue", Literal(4))))));
        harness.FollowUps.ShouldBeEmpty("it has only paused");
        await harness.ResumeAsync("w");
        var (id, work) = harness.FollowUps.ShouldHaveSingleItem();
        id.ShouldBe("run:report");
        var report = work.ShouldBeOfType<ReportToParent>();
        (report.RunId, report.SubStatus, report.Error, report.Parent.RunId, report.Parent.BookmarkId, report.Parent.Index).ShouldBe(("run", WorkflowSubStatus.Finished, null, "above", "b", 5));
        report.Output.ShouldBe(new Dictionary<string, object?> { ["sum"] = 4L });
    }

    [Theory, BothWays]
    public async Task A_run_whose_caller_waits_for_its_first_rest_tells_then_and_not_again(bool reload)
    {
        var harness = new Harness(reload) { Parent = new RunParent("above", TellParent.AtRest, "b", 0, 1, []) };
        await harness.StartAsync(Of(Wait("w")));
        ((ReportToParent)harness.FollowUps.ShouldHaveSingleItem().Value).SubStatus.ShouldBe(WorkflowSubStatus.Suspended);
        harness.FollowUps.Clear();
        (await harness.ResumeAsync("w")).ShouldFinish();
        harness.FollowUps.ShouldBeEmpty();
    }

    [Fact]
    public async Task A_run_that_is_cancelled_or_faults_tells_so()
    {
        var faulted = new Harness { Parent = new RunParent("above", TellParent.AtEnd, "b", 0, 1, []) };
        await faulted.StartAsync(Of(Fail("f")));
        faulted.FollowUps.Values.Single().ShouldBeOfType<ReportToParent>().Error.ShouldBe("f: refused 'it'");
        var cancelled = new Harness { Parent = new RunParent("above", TellParent.AtEnd, "b", 0, 1, []) };
        await cancelled.StartAsync(Of(Wait("w")));
        cancelled.Run.Cancel();
        await cancelled.DriveAsync();
        cancelled.FollowUps.Values.Single().ShouldBeOfType<ReportToParent>().SubStatus.ShouldBe(WorkflowSubStatus.Cancelled);
    }

    [Theory, BothWays]
    public async Task A_story_names_another_that_is_started_when_it_faults(bool reload)
    {
        var harness = await new Harness(reload).StartAsync(Of(Fail("f"), ("customProperties", new JsonObject { ["onFault"] = "alarm" })));
        var start = harness.FollowUps.ShouldHaveSingleItem().Value.ShouldBeOfType<StartStory>();
        (start.DefinitionId, start.Revision, start.Parent.Tell, start.Parent.Depth).ShouldBe(("alarm", null, TellParent.Never, 1));
        var incident = (IReadOnlyDictionary<string, object?>)start.Input["incident"]!;
        (incident["runId"], incident["activityId"], incident["message"], incident["incidentCount"]).ShouldBe(("run", "f", "refused 'it'", 1L));
    }

    [Fact]
    public async Task An_alarm_that_faults_itself_does_not_ring_for_ever()
    {
        var harness = new Harness { Parent = new RunParent("above", TellParent.Never, null, 0, 32, []) };
        await harness.StartAsync(Of(Fail("f"), ("customProperties", new JsonObject { ["onFault"] = "story" })));
        harness.FollowUps.ShouldBeEmpty();
    }

    [Theory, BothWays]
    public async Task An_event_is_published_with_the_commit(bool reload)
    {
        var harness = new Harness(reload);
        await harness.StartAsync(Of(Sequence(
            "s",
            Activity("Elsa.PublishEvent", "p", ("eventName", Literal("Approved")), ("correlationId", Literal("c")), ("payload", Object("{\"by\":\"ann\"}"))),
            Activity("Elsa.PublishEvent", "q", ("eventName", Literal("Mine")), ("isLocalEvent", Literal(true))))));
        var events = harness.ShouldFinish().FollowUps.Values.Cast<PublishEventWork>().OrderBy(work => work.EventName).ToList();
        (events[0].EventName, events[0].CorrelationId, events[0].OnlyRunId, JsonValues.ToJson(events[0].Payload)).ShouldBe(("Approved", "c", null, "{\"by\":\"ann\"}"));
        (events[1].EventName, events[1].CorrelationId, events[1].OnlyRunId, events[1].Payload).ShouldBe(("Mine", null, "run", null));
    }

    [Fact]
    public async Task A_secret_given_to_a_story_stays_one_on_its_way()
    {
        var harness = Calling(false, out var child);
        var story = Of(
            Sequence("s", Activity("Test.MakeSecret", "m", ("content", Literal("canary-4711")), ("result", Captured("token"))), Execute("x", child).With("input", Variable("map"))),
            ("variables", Variables(("token", "Secret", null), ("map", "Object", null))));
        ((JsonArray)story["root"]!["activities"]!).Insert(1, Activity("Test.Do", "d"));
        harness.World.Scripts["d"] = context =>
        {
            context.SetVariable("map", new Dictionary<string, object?> { ["token"] = context.GetVariable<object>("token") });
            return ValueTask.CompletedTask;
        };
        await harness.StartAsync(story);
        var start = (StartStory)harness.ShouldWait().FollowUps.Values.Single();
        start.Input["token"].ShouldBeOfType<Sensitive<string>>().Reveal().ShouldBe("canary-4711");
        System.Text.Encoding.UTF8.GetString(start.Encode(harness.Environment.Codec)).ShouldNotContain("canary");
    }

    private static Harness Calling(bool reload, out string child)
    {
        child = "child";
        var harness = new Harness(reload);
        harness.Stories["child"] = Of(Line("c"), ("definitionId", "child"), ("inputs", Inputs(("n", "Int32"))));
        return harness;
    }

    private static JsonObject Execute(string id, string story) => Activity("Elsa.ExecuteWorkflow", id, ("workflowDefinitionId", Literal(story)), ("waitForCompletion", Literal(true)));

    private static JsonObject Bulk(string id, string items) => Activity("Elsa.BulkDispatchWorkflows", id, ("workflowDefinitionId", Literal("child")), ("items", Object(items)));
}
