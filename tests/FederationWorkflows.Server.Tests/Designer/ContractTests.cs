using System.Net;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using FederationWorkflows.Server.Tests.Support;
using static FederationWorkflows.Server.Tests.Designer.DesignerApi;
using static FederationWorkflows.Server.Tests.Support.Stories;

namespace FederationWorkflows.Server.Tests.Designer;

/// <summary>
/// Every endpoint of the contract with the designer, by the numbers of its tables 3-A, 3-B and 3-C, as the designer calls it, with the fields it
/// reads of the answer. What the endpoints do is told by the other tests.
/// </summary>
public sealed class ContractTests
{
    private const string Definition = "links id definitionId name description version createdAt toolVersion variables inputs outputs outcomes customProperties isReadonly isSystem isLatest isPublished options root";

    private const string Summaries = "items totalCount links items.links items.id items.definitionId items.name items.description items.version items.isLatest items.isPublished items.createdAt items.toolVersion items.isReadonly";

    private const string Run = "id definitionId definitionVersionId version status subStatus correlationId name incidentCount createdAt updatedAt finishedAt";

    private const string Execution =
        "id workflowInstanceId activityId activityNodeId activityType activityTypeVersion activityName metadata startedAt hasBookmarks status aggregateFaultCount completedAt schedulingActivityExecutionId schedulingActivityId schedulingWorkflowInstanceId callStackDepth";

    private const string Details = "activityState payload outputs properties exception";

    private const string Saved = "workflowDefinition alreadyPublished consumingWorkflowCount validationErrors workflowDefinition.links workflowDefinition.root workflowDefinition.root.nodeId";

    private const string Choice = "items count items.typeName items.displayName items.description";

    private const string Filter = """{"page":0,"pageSize":10,"searchTerm":"","definitionId":null,"definitionIds":[],"correlationId":null,"version":null,"hasIncidents":null,"isSystem":false,"status":null,"statuses":[],"subStatus":null,"subStatuses":[],"orderBy":null,"orderDirection":"Descending","timestampFilters":[]}""";

    private const string Submitted = """{"id":null,"alterations":[{"type":"Cancel"}],"filter":{"emptyFilterSelectsAll":true,"searchTerm":"","definitionIds":[],"statuses":[],"subStatuses":[],"hasIncidents":null,"isSystem":false,"timestampFilters":[]}}""";

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Whatever_the_designer_asks_for_has_the_shape_it_reads()
    {
        await using var server = await ServerUnderTest.StartAsync(Nested());
        using var made = await server.PostAsync("/elsa/api/secrets", """{"name":"github-token","displayName":"","description":"","typeName":"text","storeName":"encrypted","scope":null,"value":"v","configurationKey":null,"expiresAt":null,"metadata":{}}""");
        await ShouldHaveAsync(made, "secrets", "id name displayName description typeName storeName scope status currentVersion createdAt updatedAt expiresAt");
        var run = await RunAsync(server, "story", "Faulted");
        var execution = (await server.ShowAsync($"/activity-executions/list?WorkflowInstanceId={run}&ActivityNodeId={Uri.EscapeDataString("Workflow1:all:branch:say")}")).Items().Single().Text("id");
        var names = new Dictionary<string, string>
        {
            ["{run}"] = run,
            ["{execution}"] = execution,
            ["{version}"] = Uri.EscapeDataString((await server.ShowAsync("/workflow-definitions/by-definition-id/story?versionOptions=Latest")).Text("id")),
            ["{node}"] = Uri.EscapeDataString("Workflow1:all:branch:say"),
        };

        // 3-A: to draw the pages.
        await Get("1", "/workflow-definitions?versionOptions=Latest&Page=0&PageSize=10&SearchTerm=&IsSystem=False&OrderDirection=Ascending", Summaries);
        await Get("2", "/workflow-definitions/by-definition-id/story?versionOptions=Latest", Definition);
        await Get("3", "/workflow-definitions/by-id/{version}", Definition);
        await Get("4", "/descriptors/activities?Refresh=True", "items count items.typeName items.name items.version items.category items.inputs items.outputs items.ports items.kind items.customProperties items.constructionProperties");
        await Get("5", "/descriptors/expression-descriptors", "items count items.type items.displayName items.isBrowsable items.properties");
        await Get("6", "/descriptors/workflow-activation-strategies", Choice);
        await Get("7", "/descriptors/log-persistence-strategies", Choice);
        await Get("8", "/descriptors/incident-strategies", Choice);
        await Get("9", "/descriptors/commit-strategies/workflows", "items count items.name items.displayName items.description");
        await Get("10", "/descriptors/storage-drivers", "items items.typeName items.displayName items.priority items.deprecated");
        await Post("11", "/workflow-instances", Filter, "items totalCount " + Each(Run));
        await Get("12", "/workflow-instances/{run}", Run + " workflowState workflowState.status workflowState.subStatus workflowState.incidents workflowState.incidents.activityNodeId workflowState.incidents.exception workflowState.incidents.exception.message workflowState.input workflowState.output");
        await Post("13", "/workflow-instances/{run}/journal?skip=0&take=109", """{"filter":{"activityIds":null,"activityNodeIds":null,"excludedActivityTypes":["Elsa.Workflow"],"eventNames":null}}""", "items totalCount items.id items.activityInstanceId items.parentActivityInstanceId items.activityId items.activityType items.activityName items.nodeId items.timestamp items.sequence items.eventName items.message items.payload");
        await Get("14", "/workflow-instances/{run}/variables", "items count items.id items.name items.value");
        await Get("15", "/activity-executions/list?WorkflowInstanceId={run}&ActivityNodeId={node}", "items count " + Each(Execution) + " " + Each(Details));
        await Get("16", "/activity-execution-summaries/list?WorkflowInstanceId={run}&ActivityNodeId={node}", "items count " + Each(Execution));
        await Post("17", "/activity-executions/report", """{"workflowInstanceId":"{run}","activityNodeIds":["Workflow1:all:branch:say"]}""", "stats stats.activityId stats.activityNodeId stats.startedCount stats.completedCount stats.uncompletedCount stats.isBlocked stats.isFaulted stats.metadata");

        // 3-B, what changes nothing.
        await Get("18", "/workflow-definitions/validation/is-name-unique?name=Workflow%201", "isUnique");
        await Get("24", "/workflow-definitions/story/export?versionOptions=Latest&includeConsumingWorkflows=False", "id definitionId name root");
        await Get("34", "/descriptors/commit-strategies/activities", "items count");
        await Get("35", "/descriptors/variables", "items items.typeName items.displayName items.category items.description");
        await Post("36", "/tests/activities", """{"workflowDefinitionHandle":{"definitionId":null,"versionOptions":null,"definitionVersionId":"story:1"},"activityHandle":{"activityId":null,"activityNodeId":"Workflow1:all:branch:say","activityInstanceId":null,"activityHash":null}}""", "activityState payload payload.Outcomes outputs exception status");
        await Get("40", "/activity-executions/by-id?id={execution}", Execution + " " + Details);

        // 3-C: on some conditions.
        await Get("features", "/features/installed", "items count items.fullName");
        await Get("execution-state", "/workflow-instances/{run}/execution-state", "status subStatus updatedAt");
        await Get("call-stack", "/activity-executions/{execution}/call-stack?includeCrossWorkflowChain=True", "activityExecutionId items totalCount " + Each(Execution));
        await Get("segments", "/workflow-definitions/subgraph/segments/{version}?childNodeId={node}", "childNode childNode.activity childNode.nodeId container container.activity pathSegments pathSegments.activityNodeId pathSegments.activityId pathSegments.activityType pathSegments.portName");
        await Get("subgraph", "/workflow-definitions/subgraph/{version}?parentNodeId={node}", "activity nodeId port parents children");
        await Post("options", "/descriptors/activities/Elsa.HttpEndpoint/options/SupportedMethods", """{"context":{"type":"Elsa.HttpEndpoint"}}""", "items items.checklist");
        await Get("output-converters", "/descriptors/output-converters?sourceType=String&destinationType=Int32", "items");
        await Get("strategies", "/resilience/strategies?category=Retry", "items items.id items.displayName");
        await Get("retries", "/resilience/retries/{execution}", "items totalCount");
        await Get("secret types", "/secrets/descriptors", "types types.name types.displayName types.description types.editorHint types.supportedStoreNames stores stores.name stores.displayName stores.description stores.capabilities stores.isReadOnly");
        await Post("secret picker", "/secrets/picker", """{"search":null,"typeNames":[],"storeNames":[],"scope":null,"activeOnly":true}""", "items canCreateInline items.id items.name items.displayName items.typeName items.storeName items.scope items.status items.currentVersion items.createdAt items.updatedAt items.expiresAt");
        using var types = await server.PostAsync("/elsa/api/scripting/javascript/type-definitions/story", """{"workflowDefinitionId":"story","activityTypeName":"Elsa.WriteLine","propertyName":"Text"}""");
        types.StatusCode.ShouldBe(HttpStatusCode.OK);

        Task Get(string row, string path, string fields) => CallAsync(server, row, HttpMethod.Get, Filled(path), null, fields);

        Task Post(string row, string path, string body, string fields) => CallAsync(server, row, HttpMethod.Post, Filled(path), Filled(body), fields);

        string Filled(string text) => names.Aggregate(text, (filled, name) => filled.Replace(name.Key, name.Value, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Whatever_the_designer_does_is_answered_as_it_expects()
    {
        await using var server = await ServerUnderTest.StartAsync(Nested(), Of("waits", [Activity("Elsa.Event", "wait", ("eventName", Literal("go")))]));
        await Do("19", "POST", "/workflow-definitions", Save(New("Made")).ToJsonString(), Saved);
        await Do("22", "POST", "/workflow-definitions/story/publish", "{}", Saved);
        await Do("23", "POST", "/workflow-definitions/story/retract", "{}", Definition);
        await Do("25", "POST", "/workflow-definitions/import", Of("imported", [Writes("say", Literal("hello"))]).ToJsonString(), "links id definitionId name version isLatest isPublished root root.nodeId");
        await Do("27", "POST", "/bulk-actions/publish/workflow-definitions/by-definition-ids", """{"definitionIds":["story","imported","nothing"]}""", "published alreadyPublished notFound updatedConsumers");
        await Do("28", "POST", "/bulk-actions/retract/workflow-definitions/by-definition-ids", """{"definitionIds":["story","nothing"]}""", "retracted alreadyRetracted notFound");

        using var archive = await server.PostAsync("/elsa/api/bulk-actions/export/workflow-definitions", """{"ids":["story:1","imported:1"],"includeConsumingWorkflows":false}""");
        (archive.StatusCode, archive.Content.Headers.ContentDisposition!.FileName).ShouldBe((HttpStatusCode.OK, "workflow-definitions.zip"), "29");
        await Do("32", "POST", "/workflow-definitions/story/revert/1", null, "id definitionId version isLatest links");
        await Do("33", "POST", "/bulk-actions/delete/workflow-definitions/by-id", """{"ids":["nothing:1"]}""", "deleted");
        await Do("31", "DELETE", "/workflow-definition-versions/imported%3A1", null, "");

        using var started = await server.PostAsync("/elsa/api/workflow-definitions/waits/execute", """{"correlationId":null,"triggerActivityId":null,"versionOptions":"Latest","input":null}""");
        (started.StatusCode, started.Headers.GetValues("x-elsa-workflow-cannot-start").Single()).ShouldBe((HttpStatusCode.OK, "False"), "20");
        var run = started.RunId();
        await server.RunAsync(run, "Suspended");
        await Do("38", "POST", $"/cancel/workflow-instances/{run}", null, "cancelled");
        await Do("30", "POST", "/bulk-actions/cancel/workflow-instances", """{"ids":null,"definitionVersionId":"waits:1","definitionId":null,"versionOptions":null}""", "cancelled");
        await Do("alterations", "POST", "/alterations/submit", Submitted, "planId");
        var export = await (await server.GetAsync($"/elsa/api/workflow-instances/{run}/export")).Content.ReadAsByteArrayAsync(Cancellation);
        await Do("37", "DELETE", $"/workflow-instances/{run}", null, "");
        await Do("37 again", "DELETE", $"/workflow-instances/{run}", null, "");
        using var file = new ByteArrayContent(export);
        using var form = new MultipartFormDataContent { { file, "files", "run.json" } };
        using var taken = await server.PostAsync("/elsa/api/bulk-actions/import/workflow-instances", form);
        await ShouldHaveAsync(taken, "41", "count");
        await Do("39", "POST", "/bulk-actions/delete/workflow-instances/by-id", new JsonObject { ["ids"] = new JsonArray(run) }.ToJsonString(), "deleted");
        await Do("21", "DELETE", "/workflow-definitions/waits", null, "");
        await Do("21 again", "DELETE", "/workflow-definitions/waits", null, "");
        await Do("26", "POST", "/bulk-actions/delete/workflow-definitions/by-definition-id", """{"definitionIds":["story"]}""", "deleted");

        Task Do(string row, string method, string path, string? body, string fields) => CallAsync(server, row, new HttpMethod(method), path, body, fields);
    }

    [Fact]
    public async Task Attempts_that_failed_are_told_with_their_delays_and_marked_on_the_diagram()
    {
        var flaky = Activity("Elsa.SendHttpRequest", "call", ("url", Literal("http://127.0.0.1:1/")));
        flaky["customProperties"] = new JsonObject { ["resilienceStrategy"] = new JsonObject { ["mode"] = "Identifier", ["strategyId"] = "patient" } };
        await using var server = await ServerUnderTest.StartAsync(Of("flaky", [flaky]));
        var run = await RunAsync(server, "flaky", "Suspended");
        var execution = (await server.ShowAsync($"/activity-execution-summaries/list?WorkflowInstanceId={run}&ActivityNodeId={Uri.EscapeDataString("Workflow1:all:call")}")).Items().Single();
        execution["metadata"]!["HasRetryAttempts"]!.GetValue<bool>().ShouldBeTrue();
        var retries = await server.ShowAsync($"/resilience/retries/{execution.Text("id")}");
        var attempt = retries.Items().ShouldHaveSingleItem();
        attempt.ShouldHave("id", "activityInstanceId", "activityId", "workflowInstanceId", "attemptNumber", "retryDelay", "details");
        (attempt["attemptNumber"]!.GetValue<int>(), attempt.Text("workflowInstanceId"), retries["totalCount"]!.GetValue<int>()).ShouldBe((1, run, 1));
        TimeSpan.Parse(attempt.Text("retryDelay"), System.Globalization.CultureInfo.InvariantCulture).ShouldBeInRange(TimeSpan.FromSeconds(4), TimeSpan.FromSeconds(11));
        attempt["details"].Text("Error").ShouldNotBeEmpty();
        (await server.ShowAsync("/resilience/retries/nothing-1")).Items().ShouldBeEmpty();
    }

    /// <summary>A story with everything that lists could have, inside a branch, so that there is a way to it; it fails, so that there is an incident.</summary>
    private static JsonObject Nested()
    {
        var story = Of("story", [Activity("Elsa.If", "branch", ("condition", Formula("true")), ("then", Writes("say", Literal("hello")))), Fails("No evidence.")], "Count:Int32");
        story["description"] = "Nested.";
        story["inputs"] = new JsonArray(new JsonObject { ["type"] = "String", ["isArray"] = false, ["name"] = "Who" });
        return story;
    }

    private static async Task<string> RunAsync(ServerUnderTest server, string story, string subStatus)
    {
        using var started = await server.PostAsync($"/elsa/api/workflow-definitions/{story}/execute");
        await server.RunAsync(started.RunId(), subStatus);
        return started.RunId();
    }

    /// <summary>The same fields of each item of a list.</summary>
    private static string Each(string fields) => string.Join(' ', fields.Split(' ').Select(field => "items." + field));

    private static async Task CallAsync(ServerUnderTest server, string row, HttpMethod method, string path, string? body, string fields)
    {
        using var request = new HttpRequestMessage(method, new Uri(Base + path, UriKind.Relative));
        request.Content = body is null ? null : new StringContent(body, Encoding.UTF8, "application/json");
        using var answer = await server.Client.SendAsync(request, Cancellation);
        await ShouldHaveAsync(answer, row, fields);
    }

    /// <summary>A dot leads inside; of a list, into its first item, which must be there.</summary>
    private static async Task ShouldHaveAsync(HttpResponseMessage answer, string row, string fields)
    {
        var text = await answer.TextAsync();
        answer.IsSuccessStatusCode.ShouldBeTrue($"{row}: {text}");
        foreach (var field in fields.Split(' ', StringSplitOptions.RemoveEmptyEntries))
        {
            var place = JsonDocument.Parse(text, new JsonDocumentOptions { MaxDepth = 200 }).RootElement;
            foreach (var name in field.Split('.'))
            {
                if (place.ValueKind == JsonValueKind.Array)
                {
                    place.GetArrayLength().ShouldBeGreaterThan(0, $"{row}: there should be an item to see {field} of");
                    place = place[0];
                }

                place.TryGetProperty(name, out var inner).ShouldBeTrue($"{row}: {field} is missing in {text[..Math.Min(400, text.Length)]}");
                place = inner;
            }
        }
    }
}
