using FederationWorkflows.Engine.Activities.Events;
using FederationWorkflows.Engine.Activities.Tasks;
using FederationWorkflows.Engine.Execution;
using FederationWorkflows.Engine.Tests.Support;
using static FederationWorkflows.Engine.Tests.Support.Story;

namespace FederationWorkflows.Engine.Tests;

public sealed class EventTests
{
    [Theory, BothWays]
    public async Task An_event_is_waited_for_by_its_name_and_brings_its_payload(bool reload)
    {
        var story = Of(
            Sequence("s", Activity("Elsa.Event", "e", ("eventName", Literal("Approved")), ("result", Captured("who"))), LineOf("z", "who")),
            ("variables", Variables(("who", "String", null))));
        var harness = (await new Harness(reload).StartAsync(story)).ShouldWait();
        harness.Bookmarks.Values.ShouldHaveSingleItem().Hash.ShouldBe(Bookmark.HashOf(EventStimulus.Kind, new EventStimulus("Approved")));
        (await harness.ResumeAsync("e", "ann")).ShouldFinish().ShouldWrite("ann");
    }

    [Fact]
    public async Task An_event_that_starts_a_run_gives_its_payload_at_once()
    {
        var story = Of(
            Sequence("s", Activity("Elsa.Event", "e", ("eventName", Literal("Approved")), ("result", Captured("who"))).WithCustom("canStartWorkflow", true), LineOf("z", "who")),
            ("variables", Variables(("who", "String", null))));
        var node = Harness.Compile(story).Require().Triggers.Single();
        ((ITrigger)node.Activity).GetTriggerPayloads(new TriggerIndexingContext(node)).ShouldBe([new EventStimulus("Approved")]);
        (await new Harness().StartAsync(story, trigger: "e", payload: "ann")).ShouldFinish().ShouldWrite("ann");
    }

    [Fact]
    public async Task An_event_whose_name_turns_out_empty_is_an_error() =>
        (await new Harness().StartAsync(Of(Activity("Elsa.Event", "e", ("eventName", Variable("v"))), ("variables", Variables(("v", "String", ""))))))
            .ShouldFault("e").Message.ShouldBe("The name of the event is empty, so nobody could publish it.");

    [Theory, BothWays]
    public async Task A_task_is_asked_for_once_it_is_on_disk_and_completed_with_a_result(bool reload)
    {
        var story = Of(
            Sequence("s", Activity("Elsa.RunTask", "t", ("taskName", Literal("approve")), ("payload", Object("{\"amount\":3}")), ("result", Captured("answer"))), LineOf("z", "answer")),
            ("variables", Variables(("answer", "String", null))));
        var harness = (await new Harness(reload).StartAsync(story)).ShouldWait();
        var requested = harness.Effects.ShouldHaveSingleItem().ShouldBeOfType<TaskRequested>();
        requested.TaskName.ShouldBe("approve");
        JsonValues.ToJson(requested.Payload).ShouldBe("{\"amount\":3}");
        var bookmark = harness.Bookmarks.Values.ShouldHaveSingleItem();
        bookmark.Hash.ShouldBe(Bookmark.HashOf(RunTaskStimulus.Kind, new RunTaskStimulus(requested.TaskId)));
        bookmark.Metadata.ShouldBe(new Dictionary<string, string> { ["taskName"] = "approve", ["payload"] = "{\"amount\":3}" });
        (await harness.ResumeAsync("t", "yes")).ShouldFinish().ShouldWrite("yes");
    }

    [Fact]
    public async Task A_task_shows_no_secret()
    {
        var story = Of(
            Sequence("s", Activity("Test.MakeSecret", "m", ("content", Literal("canary-4711")), ("result", Captured("token"))), Activity("Elsa.RunTask", "t", ("taskName", Literal("approve")), ("payload", Variable("token")))),
            ("variables", Variables(("token", "Secret", null))));
        var harness = await new Harness().StartAsync(story);
        harness.ShouldFault("t").Message.ShouldNotContain("canary");
        harness.Effects.ShouldBeEmpty();
        harness.SavedText.ShouldNotContain("canary-4711");
    }
}
