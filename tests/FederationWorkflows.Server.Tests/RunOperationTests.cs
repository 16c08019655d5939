using System.Net;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using FederationWorkflows.Runtime.Runs;
using FederationWorkflows.Runtime.Storage;
using FederationWorkflows.Server.Access;
using FederationWorkflows.Server.Audit;
using FederationWorkflows.Server.Hosting;
using FederationWorkflows.Server.Tests.Support;
using Microsoft.AspNetCore.Http.Metadata;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using static FederationWorkflows.Server.Tests.Support.Stories;

namespace FederationWorkflows.Server.Tests;

/// <summary>What people and programs do with runs over the API.</summary>
public sealed class RunOperationTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Runs_are_listed_as_the_designer_asks_filtered_and_page_by_page()
    {
        await using var server = await ServerUnderTest.StartAsync(Of("done", [Starts("done")]), Of("fails", [Starts("fails"), Fails("No.")]));
        for (var i = 0; i < 3; i++)
        {
            await RunAsync(server, "done", "Finished");
        }

        var failed = await RunAsync(server, "fails", "Faulted");

        var all = await JsonAsync(server, "/elsa/api/workflow-instances", """{"page":0,"pageSize":2,"isSystem":false,"statuses":[],"subStatuses":[],"definitionIds":[],"timestampFilters":[],"orderDirection":"Descending"}""");
        all.GetProperty("totalCount").GetInt32().ShouldBe(4);
        Ids(all).Length.ShouldBe(2);
        Ids(all)[0].ShouldBe(failed);
        all.GetProperty("items")[0].EnumerateObject().Select(property => property.Name).ShouldBe(
            ["id", "definitionId", "definitionVersionId", "parentWorkflowInstanceId", "version", "status", "subStatus", "correlationId", "name", "incidentCount", "createdAt", "updatedAt", "finishedAt"]);
        Ids(await JsonAsync(server, "/elsa/api/workflow-instances", """{"subStatuses":["Faulted"],"hasIncidents":true}""")).ShouldBe([failed]);
        Ids(await JsonAsync(server, "/elsa/api/workflow-instances", """{"timestampFilters":[{"column":"CreatedAt","operator":"LessThan","timestamp":"2020-01-01T00:00:00Z"}]}""")).ShouldBeEmpty();
        (await (await server.PostAsync("/elsa/api/workflow-instances", """{"subStatuses":["Broken"]}""")).ShouldBeProblemAsync(HttpStatusCode.BadRequest))
            .ShouldBe("There is no status 'Broken'. Use one of: Pending, Executing, Suspended, Finished, Cancelled, Faulted.");
        (await (await server.PostAsync("/elsa/api/workflow-instances", """{"timestampFilters":[{"column":"CreatedAt","operator":"IsNot","timestamp":"2020-01-01T00:00:00Z"}]}""")).ShouldBeProblemAsync(HttpStatusCode.BadRequest))
            .ShouldBe("The operator 'IsNot' cannot be used for times. Use Is, LessThan, LessThanOrEqual, GreaterThan or GreaterThanOrEqual.");

        var state = await server.GetJsonAsync($"/elsa/api/workflow-instances/{failed}/execution-state");
        (state.GetProperty("status").GetString(), state.GetProperty("subStatus").GetString()).ShouldBe(("Finished", "Faulted"));
    }

    [Fact]
    public async Task A_run_that_another_one_started_says_which()
    {
        await using var server = await ServerUnderTest.StartAsync(
            Of("child", [Writes("write", Literal("done"))]),
            Of("parent", [Starts("parent"), Activity("Elsa.ExecuteWorkflow", "call", ("workflowDefinitionId", Literal("child")), ("waitForCompletion", Literal(true)))]));
        var parent = await RunAsync(server, "parent", "Finished");

        var listed = (await server.GetJsonAsync("/api/runs?definitionId=child")).GetProperty("items")[0];
        listed.GetProperty("parentWorkflowInstanceId").GetString().ShouldBe(parent);
        var child = await server.GetJsonAsync($"/elsa/api/workflow-instances/{listed.GetProperty("id").GetString()}");
        child.GetProperty("parentWorkflowInstanceId").GetString().ShouldBe(parent);
        child.GetProperty("workflowState").GetProperty("parentWorkflowInstanceId").GetString().ShouldBe(parent);
        (await server.GetJsonAsync($"/elsa/api/workflow-instances/{parent}")).GetProperty("parentWorkflowInstanceId").ValueKind.ShouldBe(JsonValueKind.Null);
    }

    [Fact]
    public async Task Runs_are_paged_by_place_each_once()
    {
        await using var server = await ServerUnderTest.StartAsync(Of("done", [Starts("done")]), Of("fails", [Starts("fails"), Fails("No.")]));
        var expected = new List<string>();
        for (var i = 0; i < 5; i++)
        {
            expected.Insert(0, await RunAsync(server, "done", "Finished"));
        }

        var failed = await RunAsync(server, "fails", "Faulted");
        var found = new List<string>();
        string? cursor = null;
        do
        {
            var page = await server.GetJsonAsync($"/api/runs?definitionId=done&subStatus=Finished&subStatus=Cancelled&limit=2{(cursor is null ? "" : $"&cursor={cursor}")}");
            found.AddRange(Ids(page));
            cursor = page.GetProperty("next").GetString();
        }
        while (cursor is not null);

        found.ShouldBe(expected);
        Ids(await server.GetJsonAsync("/api/runs?hasIncidents=true")).ShouldBe([failed]);
        Ids(await server.GetJsonAsync("/api/runs?status=Running")).ShouldBeEmpty();
        (await (await server.GetAsync("/api/runs?cursor=nonsense")).ShouldBeProblemAsync(HttpStatusCode.BadRequest)).ShouldBe("The cursor is none that this server gave. Leave it out to begin.");
        (await (await server.GetAsync("/api/runs?limit=0")).ShouldBeProblemAsync(HttpStatusCode.BadRequest)).ShouldBe("The limit must be from 1 to 1000.");
    }

    [Fact]
    public async Task A_run_is_cancelled_once_and_deleted_as_often_as_one_asks()
    {
        await using var server = await ServerUnderTest.StartAsync(Waiting("one"));
        var run = await RunAsync(server, "one", "Suspended");
        var other = await RunAsync(server, "one", "Suspended");

        (await JsonAsync(server, $"/elsa/api/cancel/workflow-instances/{run}", null)).GetProperty("cancelled").GetInt32().ShouldBe(1);
        (await JsonAsync(server, $"/elsa/api/cancel/workflow-instances/{run}", null)).GetProperty("cancelled").GetInt32().ShouldBe(0);
        (await (await server.PostAsync("/elsa/api/cancel/workflow-instances/nothing")).ShouldBeProblemAsync(HttpStatusCode.NotFound)).ShouldBe("There is no run 'nothing'.");
        await server.RunAsync(run, "Cancelled");
        foreach (var _ in new[] { 1, 2 })
        {
            using var deleted = await server.Client.DeleteAsync(new Uri($"/elsa/api/workflow-instances/{other}", UriKind.Relative), Cancellation);
            deleted.StatusCode.ShouldBe(HttpStatusCode.NoContent);
        }

        (await server.GetAsync($"/elsa/api/workflow-instances/{other}")).StatusCode.ShouldBe(HttpStatusCode.NotFound);
        (await (await server.PostAsync("/workflows/one/go")).ShouldBeProblemAsync(HttpStatusCode.NotFound)).ShouldBe("No story listens on this path.");
        (await JsonAsync(server, "/elsa/api/bulk-actions/delete/workflow-instances/by-id", $$"""{"ids":["{{run}}","nothing"]}""")).GetProperty("deleted").GetInt32().ShouldBe(1);
    }

    [Fact]
    public async Task Many_runs_are_cancelled_by_version_by_story_or_by_filter()
    {
        await using var server = await ServerUnderTest.StartAsync(Waiting("one"), Waiting("two"), Waiting("three"));
        foreach (var story in new[] { "one", "one", "two", "three" })
        {
            await RunAsync(server, story, "Suspended");
        }

        (await JsonAsync(server, "/elsa/api/bulk-actions/cancel/workflow-instances", """{"ids":null,"definitionVersionId":"one:1","definitionId":null,"versionOptions":null}""")).GetProperty("cancelled").GetInt32().ShouldBe(2);
        (await JsonAsync(server, "/elsa/api/bulk-actions/cancel/workflow-instances", """{"definitionId":"two"}""")).GetProperty("cancelled").GetInt32().ShouldBe(1);
        (await (await server.PostAsync("/elsa/api/alterations/submit", """{"alterations":[{"type":"Cancel"}],"filter":{}}""")).ShouldBeProblemAsync(HttpStatusCode.BadRequest))
            .ShouldBe("The filter is empty. Set \"emptyFilterSelectsAll\" to cancel all runs.");
        (await (await server.PostAsync("/elsa/api/alterations/submit", """{"alterations":[{"type":"Migrate"}],"filter":{"emptyFilterSelectsAll":true}}""")).ShouldBeProblemAsync(HttpStatusCode.BadRequest))
            .ShouldBe("Of alterations, this server knows \"Cancel\".");
        (await JsonAsync(server, "/elsa/api/alterations/submit", """{"id":null,"alterations":[{"type":"Cancel"}],"filter":{"emptyFilterSelectsAll":true}}""")).GetProperty("planId").GetString().ShouldNotBeNullOrEmpty();
        Ids(await server.GetJsonAsync("/api/runs?status=Running")).ShouldBeEmpty();
    }

    [Fact]
    public async Task A_faulted_run_is_retried_and_others_are_told_why_not()
    {
        await using var server = await ServerUnderTest.StartAsync(Of("fails", [Starts("fails"), Gate(), Fails("No.")]), Of("done", [Starts("done")]));
        server.Gate.Open();
        var failed = await RunAsync(server, "fails", "Faulted");
        var done = await RunAsync(server, "done", "Finished");

        using var answer = await server.PostAsync($"/api/runs/{failed}/retry", new ByteArrayContent([]));
        answer.StatusCode.ShouldBe(HttpStatusCode.Accepted, await answer.TextAsync());
        await server.RunAsync(failed, "Faulted");
        (await JsonAsync(server, $"/elsa/api/workflow-instances/{failed}/journal", """{"filter":{"activityIds":["fail"],"eventNames":["Retrying"]}}""")).GetProperty("totalCount").GetInt32().ShouldBe(1);
        (await (await server.PostAsync($"/api/runs/{done}/retry")).ShouldBeProblemAsync(HttpStatusCode.Conflict)).ShouldBe($"Run {done} is Finished, and only a faulted run of a version that is still there can be retried.");
        (await (await server.PostAsync("/api/runs/nothing/retry")).ShouldBeProblemAsync(HttpStatusCode.NotFound)).ShouldBe("There is no run 'nothing'.");
        var results = (await JsonAsync(server, "/elsa/api/alterations/workflows/retry", $$"""{"workflowInstanceIds":["{{done}}","{{failed}}"]}""")).GetProperty("results");
        results.EnumerateArray().Select(result => result.GetProperty("isSuccessful").GetBoolean()).ShouldBe([false, true]);
    }

    [Fact]
    public async Task A_run_is_run_again_with_the_same_or_with_changed_input()
    {
        var story = Of("greet", [Writes("say", Expression("Input", "who"))]);
        story["inputs"] = new JsonArray(new JsonObject { ["name"] = "who", ["type"] = "String" });
        await using var server = await ServerUnderTest.StartAsync(story);
        var handle = await server.Services.GetRequiredService<WorkflowRuntime>().StartAsync(new StartRequest("greet") { Input = new Dictionary<string, object?> { ["who"] = "Ada" } }, ServerHost.System, Cancellation);
        await handle.Rest;

        (await SaidAsync(server, await RerunAsync(server, handle.RunId, null))).ShouldBe("Ada");
        (await SaidAsync(server, await RerunAsync(server, handle.RunId, """{"input":{"who":"Grace"}}"""))).ShouldBe("Grace");
        (await (await server.PostAsync($"/api/runs/{handle.RunId}/rerun", """{"who":"Grace"}""")).ShouldBeProblemAsync(HttpStatusCode.BadRequest))
            .ShouldBe("The body must be {\"input\":{\"name\":value}}, or empty for the same input again.");
        (await (await server.PostAsync("/api/runs/nothing/rerun", "{\"input\":{}}")).ShouldBeProblemAsync(HttpStatusCode.NotFound)).ShouldBe("There is no run 'nothing'.");
    }

    [Fact]
    public async Task A_suspended_story_is_not_started_until_it_is_resumed()
    {
        await using var server = await ServerUnderTest.StartAsync(Of("done", [Starts("done")]));

        var suspended = await JsonAsync(server, "/api/definitions/done/suspend", null);
        (await (await server.PostAsync("/workflows/done")).ShouldBeProblemAsync(HttpStatusCode.NotFound)).ShouldBe("No story listens on this path.");
        (await (await server.PostAsync("/api/definitions/done/suspend")).ShouldBeProblemAsync(HttpStatusCode.NotFound)).ShouldBe("No version of story 'done' is published.");
        await JsonAsync(server, $"/api/definitions/done/resume?versionId={suspended.GetProperty("definitionVersionId").GetString()}", null);
        await RunAsync(server, "done", "Finished");
        (await (await server.PostAsync("/api/definitions/nothing/resume")).ShouldBeProblemAsync(HttpStatusCode.NotFound)).ShouldBe("There is no such version of story 'nothing'.");
    }

    [Fact]
    public async Task Tasks_are_completed_and_events_published_from_outside()
    {
        await using var server = await ServerUnderTest.StartAsync(
            Of("asks", [Starts("asks"), Activity("Elsa.RunTask", "ask", ("taskName", Literal("approve")))]),
            Of("hears", [Starts("hears"), Activity("Elsa.Event", "hear", ("eventName", Literal("approved")))]));
        var hears = await RunAsync(server, "hears", "Suspended");
        var asks = await RunAsync(server, "asks", "Suspended");
        var task = (await server.GetJsonAsync("/api/tasks")).GetProperty("items").EnumerateArray().ShouldHaveSingleItem();
        (task.GetProperty("taskName").GetString(), task.GetProperty("workflowInstanceId").GetString(), task.GetProperty("activityId").GetString()).ShouldBe(("approve", asks, "ask"));
        var taskId = task.GetProperty("taskId").GetString();

        await JsonAsync(server, $"/elsa/api/tasks/{taskId}/complete", """{"result":{"approved":true}}""");
        await server.RunAsync(asks, "Finished");
        (await (await server.PostAsync($"/elsa/api/tasks/{taskId}/complete")).ShouldBeProblemAsync(HttpStatusCode.NotFound)).ShouldBe($"No run waits for task '{taskId}'. It was completed before, or its run has ended.");
        await JsonAsync(server, "/elsa/api/events/approved/trigger", """{"input":{"by":"ada"}}""");
        await server.RunAsync(hears, "Finished");
        (await (await server.PostAsync("/elsa/api/events/approved/trigger", """{"workflowInstanceId":"x"}""")).ShouldBeProblemAsync(HttpStatusCode.BadRequest)).ShouldStartWith("An event is for all who wait for it.");
    }

    [Fact]
    public async Task A_drained_node_says_so_and_takes_no_new_runs()
    {
        await using var server = await ServerUnderTest.StartAsync(Of("done", [Starts("done")]));
        JsonElement node;
        do
        {
            node = (await server.GetJsonAsync("/api/nodes")).GetProperty("items").EnumerateArray().FirstOrDefault();
        }
        while (node.ValueKind == JsonValueKind.Undefined);

        (node.GetProperty("isThis").GetBoolean(), node.GetProperty("isDraining").GetBoolean()).ShouldBe((true, false));
        using var drained = await server.PostAsync($"/api/nodes/{node.GetProperty("id").GetString()}/drain");
        drained.StatusCode.ShouldBe(HttpStatusCode.Accepted);
        using var refused = await server.PostAsync("/workflows/done");
        (await refused.ShouldBeProblemAsync(HttpStatusCode.TooManyRequests)).ShouldStartWith("This node is being drained and takes no new runs.");
        refused.Headers.RetryAfter.ShouldNotBeNull();
        (await (await server.PostAsync("/api/nodes/nothing/drain")).ShouldBeProblemAsync(HttpStatusCode.NotFound)).ShouldBe("There is no node 'nothing'. GET /api/nodes lists those that are alive.");
    }

    [Fact]
    public async Task A_run_is_exported_deleted_and_taken_in_again()
    {
        await using var server = await ServerUnderTest.StartAsync(Waiting("one"));
        var run = await RunAsync(server, "one", "Suspended");
        using var exported = await server.GetAsync($"/elsa/api/workflow-instances/{run}/export");
        exported.Content.Headers.ContentDisposition!.FileName.ShouldBe($"workflow-instance-{run}.json");
        var document = await exported.Content.ReadAsByteArrayAsync(Cancellation);

        using var again = await server.PostAsync("/elsa/api/bulk-actions/import/workflow-instances", Form(document));
        (await again.ShouldBeProblemAsync(HttpStatusCode.Conflict)).ShouldBe($"There is a run '{run}' already. Let the server choose the id, or choose another.");
        await server.Client.DeleteAsync(new Uri($"/elsa/api/workflow-instances/{run}", UriKind.Relative), Cancellation);
        using var imported = await server.PostAsync("/elsa/api/bulk-actions/import/workflow-instances", Form(document));
        (await ServerUnderTest.JsonAsync(imported)).GetProperty("count").GetInt32().ShouldBe(1);

        using var resumed = await server.PostAsync("/workflows/one/go");
        resumed.RunId().ShouldBe(run);
        await server.RunAsync(run, "Finished");
        (await (await server.PostAsync("/elsa/api/bulk-actions/import/workflow-instances", Form("{}"u8.ToArray()))).ShouldBeProblemAsync(HttpStatusCode.BadRequest)).ShouldStartWith("The document is no exported run");
        (await (await server.PostAsync("/elsa/api/bulk-actions/import/workflow-instances")).ShouldBeProblemAsync(HttpStatusCode.BadRequest)).ShouldStartWith("Send the exported runs as files of a form");
        (await server.GetAsync("/elsa/api/workflow-instances/nothing/export")).StatusCode.ShouldBe(HttpStatusCode.NotFound);
    }

    [Fact]
    public async Task Every_endpoint_of_the_API_refuses_strangers_before_it_reads_their_request()
    {
        await using var server = await ServerUnderTest.StartAsync();
        var endpoints = server.Services.GetRequiredService<EndpointDataSource>().Endpoints.OfType<RouteEndpoint>().ToArray();
        foreach (var endpoint in endpoints.Where(endpoint => endpoint.Metadata.GetMetadata<OpenEndpoint>() is null))
        {
            foreach (var method in endpoint.Metadata.GetMetadata<HttpMethodMetadata>()?.HttpMethods ?? ["GET", "POST"])
            {
                using var request = new HttpRequestMessage(new HttpMethod(method), new Uri(endpoint.RoutePattern.RawText!.Replace("{version:int}", "1", StringComparison.Ordinal).Replace("{", "", StringComparison.Ordinal).Replace("}", "", StringComparison.Ordinal), UriKind.Relative));
                request.Headers.Add("X-Forwarded-For", "203.0.113.7");
                request.Content = method == "GET" ? null : new StringContent("{not json", Encoding.UTF8, endpoint.Metadata.GetMetadata<IAcceptsMetadata>()?.ContentTypes[0] ?? "application/json");
                using var answer = await server.Client.SendAsync(request, Cancellation);
                answer.StatusCode.ShouldBe(HttpStatusCode.Unauthorized, $"{method} {endpoint.RoutePattern.RawText}");
            }
        }

        endpoints.Length.ShouldBeGreaterThan(20);
    }

    [Fact]
    public async Task Every_endpoint_that_changes_something_is_in_the_audit_log()
    {
        await using var server = await ServerUnderTest.StartAsync();
        server.Services.GetRequiredService<EndpointDataSource>().Endpoints.OfType<RouteEndpoint>()
            .Where(endpoint => endpoint.Metadata.GetMetadata<RequiredPermission>() is { } required && required.Permission?.EndsWith(":read", StringComparison.Ordinal) is not true)
            .Where(endpoint => endpoint.Metadata.GetMetadata<HttpMethodMetadata>()?.HttpMethods.Contains("GET") is false && endpoint.Metadata.GetMetadata<AuditedAction>() is null)
            .Select(endpoint => endpoint.RoutePattern.RawText)
            .ShouldBeEmpty();
    }

    [Fact]
    public async Task The_audit_log_says_who_did_what_to_which_run()
    {
        await using var server = await ServerUnderTest.StartAsync(Waiting("held"));
        var id = await RunAsync(server, "held", "Suspended");
        using var cancelled = await server.PostAsync($"/elsa/api/cancel/workflow-instances/{id}");
        using var deleted = await server.PostAsync("/elsa/api/bulk-actions/delete/workflow-instances/by-id", $$"""{"ids":["{{id}}"]}""");
        using var refused = await server.PostAsync("/api/runs/nothing/retry");
        refused.StatusCode.ShouldBe(HttpStatusCode.NotFound, "what was refused is not in the log");

        var entries = await server.Services.GetRequiredService<IAuditStore>().ListAsync(new AuditQuery { Action = "run." }, Cancellation);

        entries.Select(entry => (entry.Actor, entry.Address, entry.Action, entry.Subject)).ShouldBe(
            [("local", "127.0.0.1", "run.delete", ""), ("local", "127.0.0.1", "run.cancel", id)]);
        entries[0].After!.Value.GetProperty("ids")[0].GetString().ShouldBe(id);
    }

    private static JsonObject Waiting(string id) => Of(id, [Starts(id), Waits("wait", id + "/go")]);

    private static async Task<string> RunAsync(ServerUnderTest server, string story, string subStatus)
    {
        using var started = await server.PostAsync("/workflows/" + story);
        await server.RunAsync(started.RunId(), subStatus);
        return started.RunId();
    }

    private static async Task<JsonElement> JsonAsync(ServerUnderTest server, string path, string? body)
    {
        using var answer = await (body is null ? server.PostAsync(path, new ByteArrayContent([])) : server.PostAsync(path, body));
        answer.StatusCode.ShouldBe(HttpStatusCode.OK, await answer.TextAsync());
        return await ServerUnderTest.JsonAsync(answer);
    }

    private static async Task<string> RerunAsync(ServerUnderTest server, string run, string? body)
    {
        using var answer = await (body is null ? server.PostAsync($"/api/runs/{run}/rerun", new ByteArrayContent([])) : server.PostAsync($"/api/runs/{run}/rerun", body));
        answer.StatusCode.ShouldBe(HttpStatusCode.Accepted, await answer.TextAsync());
        var id = (await ServerUnderTest.JsonAsync(answer)).GetProperty("workflowInstanceId").GetString()!;
        await server.RunAsync(id, "Finished");
        return id;
    }

    private static async Task<string?> SaidAsync(ServerUnderTest server, string run) =>
        (await server.GetJsonAsync($"/elsa/api/activity-executions/list?workflowInstanceId={run}")).GetProperty("items").EnumerateArray()
            .Single(step => step.GetProperty("activityId").GetString() == "say").GetProperty("activityState").GetProperty("Text").GetString();

    private static MultipartFormDataContent Form(byte[] document) => new() { { new ByteArrayContent(document), "files", "run.json" } };

    private static string[] Ids(JsonElement page) => [.. page.GetProperty("items").EnumerateArray().Select(item => item.GetProperty("id").GetString()!)];
}
