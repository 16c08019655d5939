using System.Text.Json.Nodes;
using FederationWorkflows.Engine.Execution;
using FederationWorkflows.Runtime.Events;
using FederationWorkflows.Runtime.Storage;
using FederationWorkflows.Runtime.Tests.Support;

namespace FederationWorkflows.Runtime.Tests.Runs;

public sealed class StoryCallTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_story_runs_another_and_goes_on_with_its_outputs()
    {
        await using var server = await Server.CreateAsync(hosted: true);
        await server.PublishAsync(Story.With("child", "inputs", Story.Inputs("n"), Story.Step("Elsa.SetOutput", "o", ("outputName", Story.Literal("sum")), ("outputValue", Story.Input("n")))));
        var handle = await server.StartAsync(Story.Of("parent", Execute("x", "child", "{\"n\":3}"), Story.Act("act")));

        var end = await server.Watch.EndOfAsync(handle.RunId);

        end.Summary.SubStatus.ShouldBe(WorkflowSubStatus.Finished);
        var child = (await RunsOfAsync(server, "child")).ShouldHaveSingleItem();
        child.SubStatus.ShouldBe(WorkflowSubStatus.Finished);
        child.Identity.StartedBy.ShouldBe("ann");
        child.Identity.ParentId.ShouldBe(handle.RunId);
        var result = (await server.Memory.GetExecutionsAsync(handle.RunId, "Workflow1:main:x", Token)).Single().Outputs["Result"];
        result.GetProperty("workflowInstanceId").GetString().ShouldBe(child.Identity.Id);
        result.GetProperty("output").GetProperty("sum").GetInt32().ShouldBe(3);
        await server.FollowUpsAreDoneAsync();
    }

    [Fact]
    public async Task A_story_that_faults_fails_the_one_that_waits_for_it_and_is_named()
    {
        await using var server = await Server.CreateAsync(hosted: true);
        await server.PublishAsync(Story.Of("child", Story.Step("Test.Quote", "q", ("text", Story.Literal("this")))));
        var handle = await server.StartAsync(Story.Of("parent", Execute("x", "child")));

        (await server.Watch.EndOfAsync(handle.RunId)).Summary.SubStatus.ShouldBe(WorkflowSubStatus.Faulted);

        var child = (await RunsOfAsync(server, "child")).Single();
        (await server.Memory.GetExecutionsAsync(handle.RunId, "Workflow1:main:x", Token)).Single().Exception!.Message
            .ShouldBe($"The run '{child.Identity.Id}' that was started here faulted. q: refused 'this'");
    }

    [Fact]
    public async Task What_a_dead_node_was_asked_for_is_done_by_another_and_once()
    {
        await using var dead = await Server.CreateAsync();
        await dead.PublishAsync(Story.Of("child", Story.Act("act")));
        var handle = await dead.RestAsync(Story.Of("parent", Execute("x", "child")));
        await using var server = await Server.CreateAsync(beside: dead, hosted: true);

        await server.AdvanceUntilAsync(server.Watch.EndOfAsync(handle.RunId));

        server.World.Calls.Count.ShouldBe(1);
        await server.FollowUpsAreDoneAsync();
    }

    [Fact]
    public async Task Work_that_is_done_twice_starts_one_run_and_resumes_once()
    {
        await using var server = await Server.CreateAsync();
        await server.PublishAsync(Story.Of("child", Story.Act("act")));
        var handle = await server.RestAsync(Story.Of("parent", Execute("x", "child"), Story.Act("after")));
        var worker = server.Get<Runtime.FollowUps.FollowUpWorker>();
        for (var round = 0; round < 2; round++)
        {
            var followUp = (await server.Memory.GetFollowUpsAsync(10, null, Token)).Single();
            var work = Engine.Stories.FollowUpWork.Decode(followUp.Kind, followUp.Payload, server.Get<Engine.State.StateCodec>());
            (await worker.DoAsync(followUp, work, Token)).ShouldBeTrue();
            await server.Watch.EndOfAsync(work is Engine.Stories.StartStory start ? start.RunId : handle.RunId);
            (await worker.DoAsync(followUp, work, Token)).ShouldBeTrue();
        }

        server.World.Calls.Count.ShouldBe(2);
    }

    [Fact]
    public async Task A_story_that_was_retracted_meanwhile_is_an_error_of_the_one_that_waits()
    {
        await using var server = await Server.CreateAsync();
        await server.PublishAsync(Story.Of("child", Story.Act("act")));
        var handle = await server.RestAsync(Story.Of("parent", Execute("x", "child")));
        await server.Catalog.DeleteDefinitionsAsync(["child"], Token);
        var followUp = (await server.Memory.GetFollowUpsAsync(10, null, Token)).Single();
        var start = (Engine.Stories.StartStory)Engine.Stories.FollowUpWork.Decode(followUp.Kind, followUp.Payload, server.Get<Engine.State.StateCodec>());

        (await server.Get<Runtime.FollowUps.FollowUpWorker>().DoAsync(followUp, start with { Revision = null }, Token)).ShouldBeTrue();

        await server.Watch.EndOfAsync(handle.RunId);
        (await server.Memory.GetExecutionsAsync(handle.RunId, "Workflow1:main:x", Token)).Single().Exception!.Message
            .ShouldBe($"The run '{start.RunId}' that was started here faulted. There is no published story 'child'. Publish it first, or check the id.");
    }

    [Fact]
    public async Task Many_stories_are_dispatched_and_waited_for()
    {
        await using var server = await Server.CreateAsync(hosted: true);
        await server.PublishAsync(Story.Of("child", Story.Act("act")));
        var items = string.Join(',', Enumerable.Range(0, 50));
        var bulk = Story.Step("Elsa.BulkDispatchWorkflows", "x", ("workflowDefinitionId", Story.Literal("child")), ("items", Story.Object($"[{items}]")));
        var handle = await server.StartAsync(Story.Of("parent", bulk, Story.Act("after")));

        (await server.Watch.EndOfAsync(handle.RunId)).Summary.SubStatus.ShouldBe(WorkflowSubStatus.Finished);

        (await RunsOfAsync(server, "child")).Count.ShouldBe(50);
        server.World.Calls.Count.ShouldBe(51);
    }

    [Fact]
    public async Task A_faulted_story_starts_the_one_it_names_with_the_incident_as_its_input()
    {
        await using var server = await Server.CreateAsync(hosted: true);
        await server.PublishAsync(Story.With("alarm", "inputs", Story.Inputs("incident"), Story.Step("Elsa.SetName", "n", ("value", Story.Input("incident")))));
        var handle = await server.StartAsync(Story.With("parent", "customProperties", new JsonObject { ["onFault"] = "alarm" }, Story.Step("Test.Quote", "q", ("text", Story.Literal("this")))));

        var alarm = await server.Watch.CommitAsync(commit => commit.Summary.Identity.DefinitionId == "alarm" && commit.Summary.Status == WorkflowStatus.Finished);

        alarm.Summary.Name.ShouldNotBeNull().ShouldContain(handle.RunId);
        alarm.Summary.Name!.ShouldContain("refused");

        await server.Runtime.RetryAsync(handle.RunId, Server.Ann, Token);

        await server.Watch.CommitAsync(commit =>
            commit.Summary.Identity.DefinitionId == "alarm" && commit.Summary.Status == WorkflowStatus.Finished && commit.Summary.Identity.Id != alarm.Summary.Identity.Id);
    }

    [Fact]
    public async Task An_event_starts_stories_and_resumes_runs_that_wait_for_it()
    {
        await using var server = await Server.CreateAsync(hosted: true);
        await server.PublishAsync(Story.Of("listener", Event("e", "Approved", starts: true), Story.Act("act")));
        var waiting = await server.RestAsync(Story.Of("waiter", Event("e", "Approved"), Story.Act("act")));
        var other = await server.RestAsync(Story.Of("other", Event("e", "Refused")));
        var publisher = await server.StartAsync(Story.Of("publisher", Story.Step("Elsa.PublishEvent", "p", ("eventName", Story.Literal("Approved")), ("payload", Story.Literal("by ann")))));

        await server.Watch.EndOfAsync(publisher.RunId);
        (await server.Watch.EndOfAsync(waiting.RunId)).Summary.SubStatus.ShouldBe(WorkflowSubStatus.Finished);
        var started = await server.Watch.CommitAsync(commit => commit.Summary.Identity.DefinitionId == "listener" && commit.Summary.Status == WorkflowStatus.Finished);

        (await server.Memory.GetExecutionsAsync(started.Summary.Identity.Id, "Workflow1:main:e", Token)).Single().Outputs["Result"].GetString().ShouldBe("by ann");
        (await server.SummaryAsync(other.RunId)).SubStatus.ShouldBe(WorkflowSubStatus.Suspended);
        server.World.Calls.Count.ShouldBe(2);
    }

    [Fact]
    public async Task An_event_reaches_who_waits_for_it_also_by_a_clock_that_is_ahead()
    {
        await using var server = await Server.CreateAsync();
        var waiting = await server.RestAsync(Story.Of("waiter", Event("e", "Approved")));
        server.Time.Advance(-TimeSpan.FromSeconds(1));

        (await server.Get<EventPublisher>().PublishAsync("Approved", null, null, Server.Ann, Token)).ShouldBe(0);

        await server.Watch.EndOfAsync(waiting.RunId);
    }

    [Fact]
    public async Task A_run_that_an_event_starts_does_not_hear_of_it_again()
    {
        await using var server = await Server.CreateAsync();
        await server.PublishAsync(Story.Of("listener", Event("first", "Approved", starts: true), Event("second", "Approved")));

        (await server.Get<EventPublisher>().PublishAsync("Approved", null, null, Server.Ann, Token)).ShouldBe(0);

        var run = (await server.Watch.CommitAsync(commit => commit.Summary.SubStatus == WorkflowSubStatus.Suspended)).Summary.Identity.Id;
        (await server.SummaryAsync(run)).SubStatus.ShouldBe(WorkflowSubStatus.Suspended);
    }

    [Fact]
    public async Task An_event_of_a_correlation_id_is_heard_by_runs_of_that_id_only()
    {
        await using var server = await Server.CreateAsync();
        await server.PublishAsync(Story.Of("waiter", Event("e", "Approved")));
        var mine = await server.Runtime.StartAsync(new Runtime.Runs.StartRequest("waiter") { CorrelationId = "c1" }, Server.Ann, Token);
        var theirs = await server.Runtime.StartAsync(new Runtime.Runs.StartRequest("waiter") { CorrelationId = "c2" }, Server.Ann, Token);
        await Task.WhenAll(mine.Rest, theirs.Rest);

        (await server.Get<EventPublisher>().PublishAsync("Approved", "c1", null, Server.Ann, Token)).ShouldBe(0);

        await server.Watch.EndOfAsync(mine.RunId);
        (await server.SummaryAsync(theirs.RunId)).SubStatus.ShouldBe(WorkflowSubStatus.Suspended);
    }

    [Fact]
    public async Task An_event_that_is_published_again_with_its_id_starts_nothing_twice()
    {
        await using var server = await Server.CreateAsync();
        await server.PublishAsync(Story.Of("listener", Event("e", "Approved", starts: true), Story.Act("act")));
        var published = new Engine.Stories.PublishEventWork { EventName = "Approved" };
        for (var i = 0; i < 2; i++)
        {
            (await server.Get<EventPublisher>().PublishAsync(published, "event-1", server.Time.Now, Token)).ShouldBe(0);
        }

        (await RunsOfAsync(server, "listener")).Count.ShouldBe(1);
    }

    [Fact]
    public async Task A_task_is_completed_from_outside_by_its_id()
    {
        await using var server = await Server.CreateAsync();
        var handle = await server.RestAsync(Story.Of("story", Story.Step("Elsa.RunTask", "t", ("taskName", Story.Literal("approve"))), Story.Act("act")));
        var task = (await server.Memory.FindBookmarksAsync("Elsa.RunTask", null, Token)).Single();
        var id = ((Engine.Activities.Tasks.RunTaskStimulus)task.Bookmark.Stimulus!).TaskId;
        task.Bookmark.Metadata!["taskName"].ShouldBe("approve");

        (await server.Get<TaskCompletion>().CompleteAsync("other", null, Server.Ann, Token)).ShouldBeFalse();
        (await server.Get<TaskCompletion>().CompleteAsync(id, "yes", Server.Ann, Token)).ShouldBeTrue();
        (await server.Get<TaskCompletion>().CompleteAsync(id, "yes", Server.Ann, Token)).ShouldBeFalse();

        await server.Watch.EndOfAsync(handle.RunId);
        (await server.Memory.GetExecutionsAsync(handle.RunId, "Workflow1:main:t", Token)).Single().Outputs["Result"].GetString().ShouldBe("yes");
    }

    [Fact]
    public async Task A_retry_is_seen_on_the_execution()
    {
        await using var server = await Server.CreateAsync(hosted: true);
        var quote = Story.Step("Test.Quote", "q", ("text", Story.Literal("this")));
        quote["customProperties"] = new JsonObject { ["retry"] = new JsonObject { ["maxRetryAttempts"] = 1, ["delay"] = "00:00:30", ["useJitter"] = false } };
        var handle = await server.RestAsync(Story.Of("story", quote));
        var begun = server.Time.Now;

        var waiting = (await server.Memory.GetExecutionsAsync(handle.RunId, "Workflow1:main:q", Token)).Single();
        waiting.Status.ShouldBe(ActivityStatus.Running);
        waiting.Payload["RetryCount"].GetInt32().ShouldBe(1);
        waiting.Payload["NextAttemptAt"].GetDateTimeOffset().ShouldBe(begun.AddSeconds(30));
        waiting.Exception!.Message.ShouldBe("refused 'this'");
        await server.AdvanceUntilAsync(server.Watch.EndOfAsync(handle.RunId));
        var faulted = (await server.Memory.GetExecutionsAsync(handle.RunId, "Workflow1:main:q", Token)).Single();
        (faulted.Status, faulted.StartedAt, faulted.Payload["RetryCount"].GetInt32()).ShouldBe((ActivityStatus.Faulted, begun, 1));
    }

    private static JsonObject Execute(string id, string story, string input = "{}") =>
        Story.Step("Elsa.ExecuteWorkflow", id, ("workflowDefinitionId", Story.Literal(story)), ("waitForCompletion", Story.Literal(true)), ("input", Story.Object(input)));

    private static JsonObject Event(string id, string name, bool starts = false)
    {
        var step = Story.Step("Elsa.Event", id, ("eventName", Story.Literal(name)));
        step["customProperties"] = new JsonObject { ["canStartWorkflow"] = starts };
        return step;
    }

    private static async Task<IReadOnlyList<RunSummary>> RunsOfAsync(Server server, string definitionId) =>
        (await server.Memory.ListAsync(new RunQuery { DefinitionIds = [definitionId] }, Token)).Items;
}
