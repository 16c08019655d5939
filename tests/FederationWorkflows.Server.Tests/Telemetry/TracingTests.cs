using System.Buffers.Text;
using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using FederationWorkflows.Server.Tests.Support;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using static FederationWorkflows.Server.Tests.Support.Stories;

namespace FederationWorkflows.Server.Tests.Telemetry;

/// <summary>What a collector gets to see of runs.</summary>
[Collection(TelemetryCollection.Name)]
public sealed class TracingTests : IAsyncLifetime
{
    private const string Canary = "c4n4ry-token-5f1d";

    private const string CallerTrace = "0af7651916cd43dd8448eb211c80319c";

    private const int ClientKind = 3;

    private const int ErrorStatus = 2;

    private OtlpReceiver collector = null!;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => collector = await OtlpReceiver.StartAsync();

    public async ValueTask DisposeAsync() => await collector.DisposeAsync();

    [Fact]
    public async Task A_run_is_a_trace_of_its_own_id_with_a_span_for_each_activity_and_request_and_links_to_who_asked_for_it()
    {
        await using var target = await TargetAsync();
        string runId;
        await using (var server = await StartAsync([Calls("traced", target.Urls.Single())]))
        {
            using var answer = await SendAsync(server, "/workflows/traced");
            answer.StatusCode.ShouldBe(HttpStatusCode.OK, await answer.TextAsync());
            runId = answer.RunId();
            await server.RunAsync(runId, "Finished");
            await server.StopAsync();
        }

        var spans = collector.Spans();
        var run = spans.Single(span => span.Name == "run traced");
        run.TraceId.ShouldBe(runId);
        run.ParentId.ShouldBeEmpty();
        run.Attributes.ShouldBe(
            new Dictionary<string, string>
            {
                ["fedflow.run.id"] = runId,
                ["fedflow.definition.id"] = "traced",
                ["fedflow.definition.version"] = "1",
                ["fedflow.run.resumed"] = "false",
                ["fedflow.outcome"] = "finished",
            },
            ignoreOrder: true);

        var request = spans.Single(span => span.Name == "POST /workflows/{**path}");
        request.TraceId.ShouldNotBe(CallerTrace);
        request.Attributes.ShouldBe(
            new Dictionary<string, string> { ["http.request.method"] = "POST", ["http.route"] = "/workflows/{**path}", ["http.response.status_code"] = "200" }, ignoreOrder: true);
        var client = new ReceivedLink(CallerTrace, "b7ad6b7169203331", "client");
        request.Links.ShouldBe([client]);
        run.Links.ShouldBe([new ReceivedLink(request.TraceId, request.SpanId, "request"), client]);

        var send = SpanOf(spans, runId, "send");
        send.Name.ShouldBe("Elsa.SendHttpRequest");
        send.Attributes.ShouldBe(
            new Dictionary<string, string>
            {
                ["fedflow.run.id"] = runId,
                ["fedflow.activity.id"] = "send",
                ["fedflow.activity.type"] = "Elsa.SendHttpRequest",
                ["fedflow.attempt"] = "1",
                ["fedflow.outcome"] = "completed",
            },
            ignoreOrder: true);
        var sequence = SpanOf(spans, runId, "all");
        send.ParentId.ShouldBe(sequence.SpanId);
        Ancestors(spans, sequence).Last().ShouldBe(run);

        var outbound = spans.Single(span => span.Kind == ClientKind);
        (outbound.TraceId, outbound.ParentId, outbound.Name).ShouldBe((runId, send.SpanId, "GET"));
        outbound.Attributes.ShouldBe(
            new Dictionary<string, string>
            {
                ["http.request.method"] = "GET",
                ["server.address"] = "127.0.0.1",
                ["fedflow.destination"] = "story",
                ["http.response.status_code"] = "200",
            },
            ignoreOrder: true);
        collector.Resource()["service.name"].ShouldBe("federation-workflows");
    }

    [Fact]
    public async Task No_secret_payload_path_or_query_is_exported()
    {
        await using var target = await TargetAsync();
        await using (var server = await StartAsync([Calls("secrets", target.Urls.Single())], new() { ["Telemetry:Headers"] = "api-key=backend-key" }))
        {
            using var answer = await SendAsync(server, $"/workflows/secrets?token={Canary}&plain={Canary}", $$"""{"password":"{{Canary}}"}""");
            await server.RunAsync(answer.RunId(), "Finished");
            await server.StopAsync();
        }

        collector.Spans().ShouldContain(span => span.Name == "run secrets");
        collector.Points().ShouldNotBeEmpty();
        var exported = collector.Requests.SelectMany(request => request.Body).ToArray();
        foreach (var form in Forms(Canary))
        {
            exported.AsSpan().IndexOf(form).ShouldBe(-1, Encoding.UTF8.GetString(form));
        }

        collector.Requests.ShouldAllBe(request => request.ApiKey == "backend-key" && request.ContentType == "application/x-protobuf");
        exported.AsSpan().IndexOf("backend-key"u8).ShouldBe(-1);
    }

    [Fact]
    public async Task Only_a_host_that_an_administrator_names_is_told_of_the_trace()
    {
        await using var target = await TargetAsync();
        await using (var silent = await StartAsync([Calls("silent", target.Urls.Single())]))
        {
            using var answer = await SendAsync(silent, "/workflows/silent");
            (await answer.TextAsync()).ShouldBe("(none)");
        }

        await using var server = await StartAsync([Calls("told", target.Urls.Single())], new() { ["Http:Outbound:TraceContextHosts:0"] = "127.0.0.1" });
        using var told = await SendAsync(server, "/workflows/told");
        (await told.TextAsync()).ShouldStartWith($"00-{told.RunId()}-");
    }

    [Fact]
    public async Task A_run_that_faults_says_why_without_its_secrets()
    {
        var fails = Activity("Elsa.Fault", "fail", ("message", Literal("the door is shut")));
        string runId;
        await using (var server = await StartAsync([Of("faults", [Starts("faults"), fails])]))
        {
            using var answer = await server.PostAsync("/workflows/faults");
            runId = answer.RunId();
            await server.RunAsync(runId, "Faulted");
            await server.StopAsync();
        }

        var spans = collector.Spans();
        var failed = SpanOf(spans, runId, "fail");
        (failed.Status, failed.StatusMessage, failed.Attributes["fedflow.outcome"]).ShouldBe((ErrorStatus, "the door is shut", "faulted"));
        var run = spans.Single(span => span.Name == "run faults");
        (run.Status, run.StatusMessage, run.Attributes["fedflow.outcome"]).ShouldBe((ErrorStatus, "the door is shut", "faulted"));
        run.Attributes.Keys.ShouldContain("error.type");
    }

    [Fact]
    public async Task A_run_that_waits_goes_on_in_the_same_trace_with_a_link_to_its_earlier_part()
    {
        string runId;
        await using (var server = await StartAsync([Of("waits", [Starts("waits"), Waits("approval", "approve"), Answers(Literal("approved"))])]))
        {
            using var started = await server.PostAsync("/workflows/waits");
            runId = started.RunId();
            await server.RunAsync(runId, "Suspended");
            using var resumed = await server.PostAsync("/workflows/approve");
            (await resumed.TextAsync()).ShouldBe("approved");
            await server.RunAsync(runId, "Finished");
            await server.StopAsync();
        }

        var parts = collector.Spans().Where(span => span.Name == "run waits").ToDictionary(span => span.Attributes["fedflow.run.resumed"]);
        var (first, second) = (parts["false"], parts["true"]);
        (first.TraceId, second.TraceId).ShouldBe((runId, runId));
        (first.Attributes["fedflow.outcome"], second.Attributes["fedflow.outcome"]).ShouldBe(("suspended", "finished"));
        second.Links.ShouldContain(new ReceivedLink(runId, first.SpanId, "earlier"));
        second.Links.ShouldContain(link => link.Relation == "request");
        var waits = collector.Spans().Where(span => span.Attributes.GetValueOrDefault("fedflow.activity.id") == "approval").ToArray();
        waits.Select(span => (span.ParentId == second.SpanId, span.Attributes["fedflow.outcome"])).ShouldBe([(false, "suspended"), (true, "completed")], ignoreOrder: true);
    }

    [Fact]
    public async Task A_run_started_by_another_is_linked_to_it()
    {
        var calls = Activity("Elsa.ExecuteWorkflow", "call", ("workflowDefinitionId", Literal("child")), ("waitForCompletion", Literal(true)));
        string runId;
        await using (var server = await StartAsync([Of("child", [Writes("say", Literal("hello"))]), Of("parent", [Starts("parent"), calls])]))
        {
            using var started = await server.PostAsync("/workflows/parent");
            runId = started.RunId();
            await server.RunAsync(runId, "Finished");
            await server.StopAsync();
        }

        var spans = collector.Spans();
        var child = spans.Single(span => span.Name == "run child");
        child.TraceId.ShouldNotBe(runId);
        child.Attributes["fedflow.run.parent_id"].ShouldBe(runId);
        var caller = spans.Single(span => span.Name == "run parent" && span.Attributes["fedflow.run.resumed"] == "false");
        child.Links.ShouldBe([new ReceivedLink(runId, caller.SpanId, "caller")]);
    }

    [Fact]
    public async Task Each_attempt_of_an_activity_has_a_span()
    {
        var fails = Fails("not yet");
        fails["customProperties"] = new JsonObject { ["retry"] = new JsonObject { ["maxRetryAttempts"] = 1, ["delay"] = "00:00:00.001" } };
        string runId;
        await using (var server = await StartAsync([Of("retries", [Starts("retries"), fails])]))
        {
            using var answer = await server.PostAsync("/workflows/retries");
            runId = answer.RunId();
            await server.RunAsync(runId, "Faulted");
            await server.StopAsync();
        }

        collector.Spans().Where(span => span.Attributes.GetValueOrDefault("fedflow.activity.id") == "fail")
            .Select(span => (span.Attributes["fedflow.attempt"], span.Attributes["fedflow.outcome"], span.Status))
            .ShouldBe([("1", "retrying", ErrorStatus), ("2", "faulted", ErrorStatus)], ignoreOrder: true);
    }

    [Fact]
    public async Task Of_runs_that_are_not_sampled_nothing_is_traced_and_all_is_counted()
    {
        await using var target = await TargetAsync();
        await using (var server = await StartAsync([Calls("unsampled", target.Urls.Single())], new() { ["Telemetry:SampleRatio"] = "0" }))
        {
            using var answer = await SendAsync(server, "/workflows/unsampled");
            await server.RunAsync(answer.RunId(), "Finished");
            await server.StopAsync();
        }

        collector.Spans().ShouldBeEmpty();
        collector.Points().Single(point => point.Name == "fedflow.runs.started" && point.Attributes["fedflow.definition.id"] == "unsampled").Value.ShouldBe(1);
    }

    private static ReceivedSpan SpanOf(IReadOnlyList<ReceivedSpan> spans, string runId, string id) =>
        spans.Single(span => span.TraceId == runId && span.Attributes.GetValueOrDefault("fedflow.activity.id") == id);

    private static IEnumerable<ReceivedSpan> Ancestors(IReadOnlyList<ReceivedSpan> spans, ReceivedSpan of)
    {
        for (var span = of; span is not null; span = spans.SingleOrDefault(other => other.SpanId == span.ParentId))
        {
            yield return span;
        }
    }

    private static IEnumerable<byte[]> Forms(string secret)
    {
        var plain = Encoding.UTF8.GetBytes(secret);
        yield return plain;
        yield return Encoding.UTF8.GetBytes(Convert.ToHexStringLower(plain));
        yield return Encoding.UTF8.GetBytes(Base64Url.EncodeToString(plain)[..^1]);
        yield return Encoding.UTF8.GetBytes(Convert.ToBase64String(plain).TrimEnd('=')[..^1]);
        yield return Encoding.Unicode.GetBytes(secret);
    }

    /// <summary>A service that answers with the trace it was told of.</summary>
    private static async Task<WebApplication> TargetAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Logging.ClearProviders();
        var app = builder.Build();
        app.Run(context => context.Response.WriteAsync(context.Request.Headers.TraceParent is [{ } trace] ? trace : "(none)"));
        await app.StartAsync(Cancellation);
        return app;
    }

    /// <summary>A story that calls a service with secrets in path, query and header, and answers with what that said.</summary>
    private static JsonObject Calls(string id, string target) => Of(
        id,
        [
            Starts(id, "POST", ("parsedContent", To("body"))),
            Activity(
                "Elsa.SendHttpRequest",
                "send",
                ("url", Literal($"{target}/hooks/{Canary}?key={Canary}")),
                ("authorization", Literal($"Bearer {Canary}")),
                ("parsedContent", To("said"))),
            Answers(Variable("said")),
        ],
        "body:Object",
        "said:String");

    private static async Task<HttpResponseMessage> SendAsync(ServerUnderTest server, string path, string body = "{}")
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, path) { Content = new StringContent(body, Encoding.UTF8, "application/json") };
        request.Headers.TryAddWithoutValidation("traceparent", $"00-{CallerTrace}-b7ad6b7169203331-01");
        request.Headers.TryAddWithoutValidation("Authorization", $"Bearer {Canary}");
        return await server.Client.SendAsync(request, Cancellation);
    }

    private Task<ServerUnderTest> StartAsync(JsonObject[] stories, Dictionary<string, string?>? settings = null) =>
        ServerUnderTest.StartAsync(stories, new Dictionary<string, string?>(settings ?? []) { ["Telemetry:Endpoint"] = collector.Address, ["Http:Outbound:AllowLoopback"] = "true" });
}
