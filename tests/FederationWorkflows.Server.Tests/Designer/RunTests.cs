using System.Net;
using System.Text.Json.Nodes;
using FederationWorkflows.Server.Tests.Support;
using static FederationWorkflows.Server.Tests.Designer.DesignerApi;
using static FederationWorkflows.Server.Tests.Support.Stories;

namespace FederationWorkflows.Server.Tests.Designer;

/// <summary>Starting runs from the designer, and looking into them.</summary>
public sealed class RunTests
{
    private static readonly string[] ExecutionFields =
    [
        "id", "workflowInstanceId", "activityId", "activityNodeId", "activityType", "activityTypeVersion", "activityName", "metadata", "startedAt", "hasBookmarks", "status", "aggregateFaultCount",
        "completedAt", "schedulingActivityExecutionId", "schedulingActivityId", "schedulingWorkflowInstanceId", "callStackDepth",
    ];

    private static readonly string[] DetailFields = ["activityState", "payload", "outputs", "properties", "exception"];

    [Fact]
    public async Task A_draft_is_run_as_it_is_saved_and_followed_to_its_end()
    {
        await using var server = await ServerUnderTest.StartAsync();
        var model = await server.SaveAsync(New("Draft", Writes("say", Literal("hello"))));
        model["variables"] = new JsonArray(new JsonObject { ["id"] = "v1", ["name"] = "Counter", ["typeName"] = "Int32", ["isArray"] = false, ["value"] = "42", ["storageDriverTypeName"] = null });
        model["inputs"] = new JsonArray(new JsonObject { ["type"] = "String", ["isArray"] = false, ["name"] = "Who" });
        model = await server.SaveAsync(model);
        using var started = await server.PostAsync(
            $"/elsa/api/workflow-definitions/{model.Text("definitionId")}/execute", """{"correlationId":null,"triggerActivityId":null,"versionOptions":"Latest","input":{"Who":"me"}}""");
        (started.StatusCode, started.Headers.GetValues("x-elsa-workflow-cannot-start").Single()).ShouldBe((HttpStatusCode.OK, "False"));
        var id = started.RunId();
        await server.RunAsync(id, "Finished");

        var run = await server.ShowAsync($"/workflow-instances/{id}");
        (run.Text("definitionVersionId"), run["workflowState"]!["input"].Text("Who")).ShouldBe((model.Text("id"), "me"));
        var variables = await server.ShowAsync($"/workflow-instances/{id}/variables");
        variables["count"]!.GetValue<int>().ShouldBe(variables["items"]!.AsArray().Count);
        (await server.ShowAsync($"/workflow-instances/{id}/execution-state")).ShouldHave("status", "subStatus", "updatedAt");

        var node = $"Workflow1:root-Draft:say";
        var executions = await server.ShowAsync($"/activity-executions/list?WorkflowInstanceId={id}&ActivityNodeId={Uri.EscapeDataString(node)}");
        var execution = executions.Items().ShouldHaveSingleItem();
        execution.ShouldHave([.. ExecutionFields, .. DetailFields]);
        (execution.Text("status"), execution["payload"]!["Outcomes"]![0]!.GetValue<string>()).ShouldBe(("Completed", "Done"));
        var summary = (await server.ShowAsync($"/activity-execution-summaries/list?WorkflowInstanceId={id}&ActivityNodeId={Uri.EscapeDataString(node)}")).Items().ShouldHaveSingleItem();
        Names(summary).ShouldBe(ExecutionFields, ignoreOrder: true);
        (await server.ShowAsync($"/activity-executions/by-id?id={execution.Text("id")}")).ToJsonString().ShouldBe(execution.ToJsonString());
        await server.ShowAsync("/activity-executions/by-id?id=nope-1", HttpStatusCode.NotFound);

        var stack = await server.ShowAsync($"/activity-executions/{execution.Text("id")}/call-stack?includeCrossWorkflowChain=True");
        stack.Items().Select(item => item.Text("activityId")).ShouldBe(["Workflow1", "root-Draft", "say"]);
        (stack.Text("activityExecutionId"), stack["totalCount"]!.GetValue<int>()).ShouldBe((execution.Text("id"), 3));

        var report = await server.PostAsync("/activity-executions/report", new JsonObject { ["workflowInstanceId"] = id, ["activityNodeIds"] = new JsonArray(node, "never-ran") });
        var badge = report["stats"]!.AsArray().ShouldHaveSingleItem();
        badge.ShouldHave("activityId", "activityNodeId", "startedCount", "completedCount", "uncompletedCount", "isBlocked", "isFaulted", "metadata");
        (badge!["startedCount"]!.GetValue<int>(), badge["completedCount"]!.GetValue<int>(), badge["isFaulted"]!.GetValue<bool>()).ShouldBe((1, 1, false));
    }

    [Fact]
    public async Task A_waiting_and_a_failed_activity_have_their_badges()
    {
        await using var server = await ServerUnderTest.StartAsync(Of("waits", [Activity("Elsa.Event", "wait", ("eventName", Literal("go")))]), Of("fails", [Fails("No evidence.")]));
        var waits = await StartAsync(server, "waits");
        await server.RunAsync(waits, "Suspended");
        Flags(await server.PostAsync("/activity-executions/report", new JsonObject { ["workflowInstanceId"] = waits }), "wait").ShouldBe((true, false));
        var fails = await StartAsync(server, "fails");
        await server.RunAsync(fails, "Faulted");
        Flags(await server.PostAsync("/activity-executions/report", new JsonObject { ["workflowInstanceId"] = fails }), "fail").ShouldBe((false, true));

        static (bool IsBlocked, bool IsFaulted) Flags(JsonObject report, string activity)
        {
            var badge = report["stats"]!.AsArray().Single(stat => stat.Text("activityId") == activity)!;
            return (badge["isBlocked"]!.GetValue<bool>(), badge["isFaulted"]!.GetValue<bool>());
        }
    }

    [Fact]
    public async Task What_cannot_start_says_so_in_its_header()
    {
        await using var server = await ServerUnderTest.StartAsync();
        var broken = await server.SaveAsync(New("Broken", Writes("say", Formula("1 +"))));
        using var refused = await server.PostAsync($"/elsa/api/workflow-definitions/{broken.Text("definitionId")}/execute", """{"versionOptions":"Latest"}""");
        await refused.ShouldBeProblemAsync(HttpStatusCode.BadRequest);
        refused.Headers.GetValues("x-elsa-workflow-cannot-start").ShouldBe(["True"]);
        using var unpublished = await server.PostAsync($"/elsa/api/workflow-definitions/{broken.Text("definitionId")}/execute");
        await unpublished.ShouldBeProblemAsync(HttpStatusCode.NotFound);
        unpublished.Headers.GetValues("x-elsa-workflow-cannot-start").ShouldBe(["True"]);
    }

    [Fact]
    public async Task A_story_is_dispatched_and_answered_at_once()
    {
        await using var server = await ServerUnderTest.StartAsync(Of("story", [Gate()]));
        var answer = await server.PostAsync("/workflow-definitions/story/dispatch", new JsonObject(), HttpStatusCode.Accepted);
        await server.RunAsync(answer.Text("workflowInstanceId"), "Executing");
    }

    [Fact]
    public async Task A_secret_is_shown_nowhere()
    {
        const string Canary = "canary-7f3a";
        var story = Of("story", [Activity("Elsa.SetVariable", "keep", ("variable", new JsonObject { ["id"] = "token" }), ("value", Literal(Canary)))], "token:Secret");
        story["inputs"] = new JsonArray(new JsonObject { ["type"] = "Secret", ["name"] = "Key" });
        await using var server = await ServerUnderTest.StartAsync(story);
        using var started = await server.PostAsync("/elsa/api/workflow-definitions/story/execute", "{\"versionOptions\":\"Published\",\"input\":{\"Key\":\"" + Canary + "-input\"}}");
        var id = started.RunId();
        await server.RunAsync(id, "Finished");
        (await server.ShowAsync($"/workflow-instances/{id}")).ToJsonString().ShouldNotContain(Canary + "-input");
        (await server.ShowAsync($"/workflow-instances/{id}/variables")).ToJsonString().ShouldNotContain(Canary);
    }

    [Fact]
    public async Task An_activity_is_tried_alone()
    {
        await using var server = await ServerUnderTest.StartAsync();
        var model = New("Trial", Writes("say", Variable("Name")), Writes("other", Formula("activities.say.Text")), Fails("Tried."));
        model["variables"] = new JsonArray(new JsonObject { ["id"] = "v1", ["name"] = "Name", ["typeName"] = "String", ["value"] = "stored" });
        model["customProperties"] = new JsonObject { ["VariableTestValues"] = new JsonObject { ["v1"] = "for the test" } };
        var saved = await server.SaveAsync(model);

        var done = await TryAsync("say");
        done.ShouldHave("activityState", "payload", "outputs", "exception", "status");
        (done.Text("status"), done["activityState"].Text("Text"), done["payload"]!["Outcomes"]![0]!.GetValue<string>()).ShouldBe(("Completed", "for the test", "Done"));
        var failed = await TryAsync("fail");
        (failed.Text("status"), failed["exception"].Text("message")).ShouldBe(("Faulted", "Tried."));
        (await TryAsync("other"))["exception"].Text("message").ShouldContain("say");
        (await server.PostAsync("/workflow-instances", new JsonObject()))["totalCount"]!.GetValue<int>().ShouldBe(0, "nothing of it is stored");
        (await server.RefusedAsync("/tests/activities", new JsonObject())).ShouldContain("workflowDefinitionHandle");

        Task<JsonObject> TryAsync(string activity) => server.PostAsync("/tests/activities", new JsonObject
        {
            ["workflowDefinitionHandle"] = new JsonObject { ["definitionId"] = null, ["versionOptions"] = null, ["definitionVersionId"] = saved.Text("id") },
            ["activityHandle"] = new JsonObject { ["activityId"] = null, ["activityNodeId"] = $"Workflow1:root-Trial:{activity}", ["activityInstanceId"] = null, ["activityHash"] = null },
        });
    }

    [Fact]
    public async Task The_way_to_an_activity_inside_others_is_told()
    {
        await using var server = await ServerUnderTest.StartAsync();
        var saved = await server.SaveAsync(New("Deep", Activity("Elsa.If", "branch", ("then", Activity("Elsa.Sequence", "inner", ("activities", new JsonArray(Writes("deep", Literal("hello")))))))));
        var child = "Workflow1:root-Deep:branch:inner:deep";
        var answer = await server.ShowAsync($"/workflow-definitions/subgraph/segments/{saved.Text("id")}?childNodeId={Uri.EscapeDataString(child)}");
        answer.ShouldHave("childNode", "container", "pathSegments");
        answer["childNode"].ShouldHave("activity", "nodeId", "port", "parents", "children");
        (answer["childNode"].Text("nodeId"), answer["container"].Text("nodeId")).ShouldBe((child, "Workflow1:root-Deep:branch:inner"));
        answer["pathSegments"]!.AsArray().Select(segment => (segment.Text("activityId"), segment.Text("portName"))).ShouldBe([("branch", "Then"), ("inner", "Activities")]);
        var node = await server.ShowAsync($"/workflow-definitions/subgraph/{saved.Text("id")}?parentNodeId={Uri.EscapeDataString("Workflow1:root-Deep:branch")}");
        node["activity"]!["then"].Text("id").ShouldBe("inner");
        await server.ShowAsync($"/workflow-definitions/subgraph/{saved.Text("id")}?parentNodeId=nope", HttpStatusCode.NotFound);
    }

    private static async Task<string> StartAsync(ServerUnderTest server, string definitionId)
    {
        using var started = await server.PostAsync($"/elsa/api/workflow-definitions/{definitionId}/execute");
        return started.RunId();
    }
}
