using System.Net;
using System.Text;
using System.Text.Json;
using FederationWorkflows.Server.Access;
using FederationWorkflows.Server.Tests.Support;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using static FederationWorkflows.Server.Tests.Support.Stories;

namespace FederationWorkflows.Server.Tests;

/// <summary>Runs as the designer's API shows them, and who may see them.</summary>
public sealed class ManagementApiTests
{
    private static readonly string[] RunFields =
        ["id", "definitionId", "definitionVersionId", "parentWorkflowInstanceId", "version", "status", "subStatus", "correlationId", "name", "incidentCount", "createdAt", "updatedAt", "finishedAt", "workflowState"];

    private static readonly string[] JournalFields =
    [
        "id", "activityInstanceId", "parentActivityInstanceId", "activityId", "activityType", "activityTypeVersion", "activityName", "nodeId", "timestamp", "sequence", "eventName",
        "message", "source", "activityState", "payload",
    ];

    private static readonly string[] ExecutionFields =
    [
        "id", "workflowInstanceId", "activityId", "activityNodeId", "activityType", "activityTypeVersion", "activityName", "activityState", "payload", "outputs", "properties", "metadata",
        "exception", "startedAt", "hasBookmarks", "status", "aggregateFaultCount", "completedAt", "schedulingActivityExecutionId", "schedulingActivityId", "schedulingWorkflowInstanceId",
        "callStackDepth",
    ];

    [Fact]
    public async Task A_run_its_journal_and_its_executions_have_the_shapes_of_the_contract()
    {
        await using var server = await ServerUnderTest.StartAsync(Of("story", [Starts("story"), Writes("say", Literal("hello")), Fails("No evidence.")]));
        using var started = await server.PostAsync("/workflows/story");
        var id = started.RunId();

        var run = await server.RunAsync(id, "Faulted");
        Names(run).ShouldBe(RunFields);
        (run.GetProperty("status").GetString(), run.GetProperty("incidentCount").GetInt32(), run.GetProperty("definitionVersionId").GetString()).ShouldBe(("Finished", 1, "story:1"));
        run.GetProperty("finishedAt").ValueKind.ShouldBe(JsonValueKind.String);
        var incident = run.GetProperty("workflowState").GetProperty("incidents").EnumerateArray().Single(item => item.GetProperty("activityId").GetString() == "fail");
        Names(incident).ShouldBe(["activityId", "activityNodeId", "activityInstanceId", "activityType", "message", "exception", "timestamp"]);
        incident.GetProperty("exception").GetProperty("message").GetString().ShouldBe("No evidence.");
        incident.GetProperty("exception").GetProperty("stackTrace").ValueKind.ShouldBe(JsonValueKind.Null);

        var journal = await JournalAsync(server, id, """{"filter":{"activityNodeIds":null,"excludedActivityTypes":["Elsa.Workflow","Elsa.Sequence"],"eventNames":null}}""");
        Names(journal).ShouldBe(["items", "totalCount"]);
        journal.GetProperty("items").EnumerateArray().ShouldAllBe(item => Names(item).SequenceEqual(JournalFields));
        Events(journal).ShouldBe(["receive Started", "receive Completed", "say Started", "say Completed", "fail Started", "fail Faulted"]);
        var page = await JournalAsync(server, id, """{"filter":{"excludedActivityTypes":["Elsa.Workflow","Elsa.Sequence"],"eventNames":["Completed"]}}""", "?skip=1&take=1");
        Events(page).ShouldBe(["say Completed"]);
        page.GetProperty("totalCount").GetInt32().ShouldBe(2);

        var executions = await server.GetJsonAsync($"/elsa/api/activity-executions/list?WorkflowInstanceId={id}");
        var items = executions.GetProperty("items").EnumerateArray().ToArray();
        executions.GetProperty("count").GetInt32().ShouldBe(items.Length);
        items.ShouldAllBe(item => Names(item).SequenceEqual(ExecutionFields));
        var say = items.Single(item => item.GetProperty("activityId").GetString() == "say");
        say.GetProperty("activityState").GetProperty("Text").GetString().ShouldBe("hello");
        say.GetProperty("payload").GetProperty("Outcomes")[0].GetString().ShouldBe("Done");
        say.GetProperty("schedulingActivityId").GetString().ShouldBe("all");
        say.GetProperty("callStackDepth").GetInt32().ShouldBeGreaterThan(0);
        var one = await server.GetJsonAsync($"/elsa/api/activity-executions/list?WorkflowInstanceId={id}&ActivityNodeId={say.GetProperty("activityNodeId").GetString()}");
        one.GetProperty("items").GetRawText().ShouldBe($"[{say.GetRawText()}]");
    }

    [Fact]
    public async Task An_unknown_run_and_a_malformed_filter_are_problems()
    {
        await using var server = await ServerUnderTest.StartAsync();
        using var unknown = await server.GetAsync("/elsa/api/workflow-instances/nope");
        (await unknown.ShouldBeProblemAsync(HttpStatusCode.NotFound)).ShouldBe("There is no run 'nope'.");
        using var malformed = await server.PostAsync("/elsa/api/workflow-instances/nope/journal", "{");
        await malformed.ShouldBeProblemAsync(HttpStatusCode.BadRequest);
        using var missing = await server.GetAsync("/elsa/api/activity-executions/list");
        await missing.ShouldBeProblemAsync(HttpStatusCode.BadRequest);
    }

    [Theory]
    [InlineData("203.0.113.7")]
    [InlineData("10.0.0.8")]
    [InlineData("::ffff:10.0.0.8")]
    [InlineData("2001:db8::1")]
    public async Task Callers_from_elsewhere_see_nothing_and_start_no_protected_webhook(string address)
    {
        await using var server = await ServerUnderTest.StartAsync(
            [Of("open", [Starts("open")]), Of("closed", [Starts("closed", more: ("authorize", Literal(true)))])],
            settings: null,
            builder => builder.Services.AddSingleton<IStartupFilter>(new CallsFrom(IPAddress.Parse(address))));
        using var started = await server.PostAsync("/workflows/open");
        started.StatusCode.ShouldBe(HttpStatusCode.Accepted, "webhooks are for everybody");

        using var run = await server.GetAsync($"/elsa/api/workflow-instances/{started.RunId()}");
        (await run.ShouldBeProblemAsync(HttpStatusCode.Unauthorized)).ShouldStartWith("Nobody is signed in.");
        using var journal = await server.PostAsync($"/elsa/api/workflow-instances/{started.RunId()}/journal");
        await journal.ShouldBeProblemAsync(HttpStatusCode.Unauthorized);
        using var executions = await server.GetAsync($"/elsa/api/activity-executions/list?WorkflowInstanceId={started.RunId()}");
        await executions.ShouldBeProblemAsync(HttpStatusCode.Unauthorized);
        using var closed = await server.PostAsync("/workflows/closed");
        await closed.ShouldBeProblemAsync(HttpStatusCode.Unauthorized);
    }

    [Theory]
    [InlineData("127.0.0.1", true)]
    [InlineData("::1", true)]
    [InlineData("::ffff:127.0.0.1", true)]
    [InlineData("192.0.2.1", false)]
    [InlineData(null, false)]
    public void Only_this_machine_is_trusted(string? address, bool isTrusted)
    {
        var context = new DefaultHttpContext();
        context.Connection.RemoteIpAddress = address is null ? null : IPAddress.Parse(address);
        (LocalCaller.Find(context)?.Identity?.IsAuthenticated is true).ShouldBe(isTrusted);
    }

    [Theory]
    [InlineData("10.0.0.5", "192.0.2.77", "the proxy is believed")]
    [InlineData("10.0.0.6", "10.0.0.6", "this one is nobody's proxy")]
    public async Task Only_a_proxy_that_is_listed_is_believed_on_who_calls(string address, string expected, string why)
    {
        await using var server = await BehindAsync(address);
        using var ann = await server.AdministratorAsync();
        server.Client.DefaultRequestHeaders.Add("X-Forwarded-For", "192.0.2.77");
        using var answer = await server.Client.SignInAsync("ann", "wrong horse battery");
        (await ann.JsonAsync("/api/audit?action=session.begin")).GetProperty("items")[0].GetProperty("address").GetString().ShouldBe(expected, why);
    }

    [Theory]
    [InlineData("10.0.0.5")]
    [InlineData("10.0.0.6")]
    public async Task Who_comes_by_a_proxy_is_no_caller_of_this_machine_whatever_the_proxy_says(string address)
    {
        await using var server = await BehindAsync(address);
        server.Client.DefaultRequestHeaders.Add("X-Forwarded-For", "127.0.0.1");
        (await server.Client.StatusAsync("/api/runs")).ShouldBe(HttpStatusCode.Unauthorized);
    }

    [Theory]
    [InlineData("/health/live")]
    [InlineData("/health/ready")]
    public async Task Health_is_told_to_everybody_who_may_name_the_host(string path)
    {
        await using var server = await ServerUnderTest.StartAsync(
            [], settings: null, builder => builder.Services.AddSingleton<IStartupFilter>(new CallsFrom(IPAddress.Parse("10.0.0.8"))));
        using var answer = await server.GetAsync(path);
        (answer.StatusCode, await answer.TextAsync()).ShouldBe((HttpStatusCode.OK, "Healthy"));
    }

    private static Task<ServerUnderTest> BehindAsync(string address) => ServerUnderTest.StartAsync(
        [],
        new Dictionary<string, string?> { ["Server:TrustedProxies:0"] = "10.0.0.5" },
        builder => builder.Services.AddSingleton<IStartupFilter>(new CallsFrom(IPAddress.Parse(address))));

    private static async Task<JsonElement> JournalAsync(ServerUnderTest server, string id, string filter, string query = "")
    {
        using var body = new StringContent(filter, Encoding.UTF8, "application/json");
        using var answer = await server.PostAsync($"/elsa/api/workflow-instances/{id}/journal{query}", body);
        answer.StatusCode.ShouldBe(HttpStatusCode.OK);
        return await ServerUnderTest.JsonAsync(answer);
    }

    private static IEnumerable<string> Events(JsonElement journal) =>
        journal.GetProperty("items").EnumerateArray().Select(item => $"{item.GetProperty("activityId").GetString()} {item.GetProperty("eventName").GetString()}");

    private static string[] Names(JsonElement element) => [.. element.EnumerateObject().Select(property => property.Name)];

    /// <summary>Makes every call come from an address.</summary>
    private sealed class CallsFrom(IPAddress address) : IStartupFilter
    {
        public Action<IApplicationBuilder> Configure(Action<IApplicationBuilder> next) => app =>
        {
            app.Use((context, following) =>
            {
                context.Connection.RemoteIpAddress = address;
                return following(context);
            });
            next(app);
        };
    }
}
