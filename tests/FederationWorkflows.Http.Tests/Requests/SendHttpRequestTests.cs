using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using FederationWorkflows.Engine.Execution;
using FederationWorkflows.Http.Outbound;
using FederationWorkflows.Http.Requests;
using Microsoft.AspNetCore.Http;

namespace FederationWorkflows.Http.Tests.Requests;

public sealed class SendHttpRequestTests
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("{\"a\":1}", null, "application/json", "{\"a\":1}")]
    [InlineData("[1,2]", "application/vnd.x+json", "application/vnd.x+json", "[1,2]")]
    [InlineData("\"<a/>\"", "application/xml", "application/xml", "<a/>")]
    [InlineData("\"plain\"", "text/plain", "text/plain; charset=utf-8", "plain")]
    [InlineData("{\"a\":\"x y\",\"b\":[1,\"&\"],\"c\":true}", "application/x-www-form-urlencoded", "application/x-www-form-urlencoded", "a=x+y&b=1&b=%26&c=true")]
    public async Task The_content_is_sent_by_its_type(string content, string? contentType, string expectedType, string body)
    {
        await using var server = await RecordingServer.StartAsync();

        using var story = await RunAsync(server.Url, ("method", Story.Literal("post")), ("content", Story.Input("Object", JsonNode.Parse(content))), ("contentType", Story.Literal(contentType)));

        server.Only.Method.ShouldBe("POST");
        server.Only.Headers["Content-Type"].ShouldBe(expectedType);
        server.Only.Body.ShouldBe(body);
    }

    [Theory]
    [InlineData("{\"raw\": true }", null, "application/json")]
    [InlineData("<a/>", "application/xml", "application/xml")]
    [InlineData("plain", "text/plain", "text/plain; charset=utf-8")]
    public async Task Text_is_sent_as_it_is(string content, string? contentType, string expectedType)
    {
        await using var server = await RecordingServer.StartAsync();

        using var story = await RunAsync(server.Url, ("method", Story.Literal("PUT")), ("content", Story.Literal(content)), ("contentType", Story.Literal(contentType)));

        server.Only.Headers["Content-Type"].ShouldBe(expectedType);
        server.Only.Body.ShouldBe(content);
    }

    [Fact]
    public async Task A_request_is_a_get_without_a_body_and_carries_nothing_of_this_host_but_its_name()
    {
        using var trace = new System.Diagnostics.Activity("request log").AddBaggage("user", "admin").Start();
        await using var server = await RecordingServer.StartAsync();

        using var story = await RunAsync(new Uri(server.Url, "/a%20b?q=%26&r=1#fragment"));

        server.Only.Method.ShouldBe("GET");
        server.Only.Target.ShouldBe("/a%20b?q=%26&r=1");
        server.Only.Headers["User-Agent"].ShouldBe("FederationWorkflows");
        server.Only.Headers.Keys.Order().ShouldBe(["Accept-Encoding", "Host", "User-Agent"]);
    }

    [Theory]
    [InlineData("POST", true)]
    [InlineData("PATCH", true)]
    [InlineData("PUT", false)]
    [InlineData("DELETE", false)]
    public async Task A_request_that_must_not_be_repeated_carries_the_idempotency_key(string method, bool carries)
    {
        await using var server = await RecordingServer.StartAsync();

        using var story = await RunAsync(server.Url, ("method", Story.Literal(method)));

        server.Only.Headers.GetValueOrDefault("Idempotency-Key").ShouldBe(carries ? story.Journal.First(e => e.Node.Id == "send").InstanceNumber is var n ? $"r-{n}" : null : null);
    }

    [Fact]
    public async Task Headers_of_the_story_come_first()
    {
        await using var server = await RecordingServer.StartAsync();

        using var story = await RunAsync(
            server.Url,
            ("method", Story.Literal("POST")),
            ("content", Story.Literal("x")),
            ("authorization", Story.Literal("Bearer from-input")),
            ("requestHeaders", Story.Input("Object", new Dictionary<string, object?>
            {
                ["X-One"] = "1", ["X-Many"] = new[] { "a", "b" }, ["idempotency-key"] = "mine", ["User-Agent"] = "me", ["Authorization"] = "Bearer from-headers",
                ["Content-Type"] = "text/csv", ["Content-Language"] = "de",
            })));

        var headers = server.Only.Headers;
        headers["X-One"].ShouldBe("1");
        headers["X-Many"].ShouldBe("a, b");
        headers["Idempotency-Key"].ShouldBe("mine");
        headers["User-Agent"].ShouldBe("me");
        headers["Authorization"].ShouldBe("Bearer from-input");
        headers["Content-Type"].ShouldBe("text/csv; charset=utf-8");
        headers["Content-Language"].ShouldBe("de");
    }

    [Theory]
    [InlineData("requestHeaders", "{\"X-A\":\"1\\r\\nX-B: 2\"}", "The value of the header 'X-A' has characters that may not stand in a header")]
    [InlineData("requestHeaders", "{\"Host\":\"metadata\"}", "The header 'Host' cannot be set")]
    [InlineData("requestHeaders", "{\"Transfer-Encoding\":\"chunked\"}", "The header 'Transfer-Encoding' cannot be set")]
    [InlineData("requestHeaders", "{\"a b\":\"1\"}", "The header name 'a b' is not valid")]
    [InlineData("authorization", "\"Bearer x\\r\\nX: y\"", "The authorization is not a valid header value.")]
    [InlineData("authorization", "\"a,b c d=\"", "The authorization is not a valid header value.")]
    [InlineData("method", "\"CONNECT\"", "The method 'CONNECT' cannot be sent.")]
    [InlineData("method", "\"GE T\"", "The method 'GE T' cannot be sent.")]
    [InlineData("url", "\"/relative\"", "The URL is not absolute.")]
    [InlineData("url", "\"ftp://example.com/\"", "The request to 'example.com' was refused: only absolute http and https URLs can be called.")]
    [InlineData("url", "\"http://u:p@example.com/\"", "The request to 'example.com' was refused: the URL has a user name or password in it.")]
    [InlineData("contentType", "\"text/plain\\r\\nX: y\"", "The content type is not valid.")]
    [InlineData("requestTimeout", "\"00:00:00\"", "The request's time limit must be above zero")]
    public async Task A_request_that_cannot_be_sent_as_it_is_fails_before_anything_is_sent(string input, string value, string message)
    {
        await using var server = await RecordingServer.StartAsync();

        using var story = await RunAsync(server.Url, (input, Story.Literal(JsonNode.Parse(value))));

        story.Incident.ShouldStartWith(message);
        server.All.ShouldBeEmpty();
    }

    [Fact]
    public async Task An_unusual_authorization_is_sent_when_the_author_insists()
    {
        await using var server = await RecordingServer.StartAsync();

        using var story = await RunAsync(server.Url, ("authorization", Story.Literal("a,b c d=")), ("disableAuthorizationHeaderValidation", Story.Literal(true)));

        server.Only.Headers["Authorization"].ShouldBe("a,b c d=");
    }

    [Theory]
    [InlineData("application/json; charset=utf-8", "{\"a\":1}", "{\"a\":1}")]
    [InlineData("application/problem+json", "\"text\"", "\"text\"")]
    [InlineData("text/html", "<b>", "\"\\u003Cb\\u003E\"")]
    [InlineData(null, "who knows", "\"who knows\"")]
    [InlineData("application/octet-stream", "AB", "\"QUI=\"")]
    [InlineData("application/json", "", "null")]
    public async Task The_answer_is_read_by_its_type(string? contentType, string body, string parsed)
    {
        await using var server = await RecordingServer.StartAsync(async context =>
        {
            // Chunked, as most answers are: no Content-Length.
            context.Response.ContentType = contentType;
            context.Response.Headers["X-Many"] = new[] { "a", "b" };
            await context.Response.WriteAsync(body, Ct);
        });

        using var story = await RunAsync(server.Url);

        story.Output("send", "StatusCode").ShouldBe(200);
        JsonSerializer.Serialize(story.Output("send", "ParsedContent")).ShouldBe(parsed);
        ((IDictionary<string, object?>)story.Output("send", "ResponseHeaders")!)["x-many"].ShouldBe(new object[] { "a", "b" });
        var result = (HttpResponseData)story.Output("send", "Result")!;
        (result.StatusCode, result.ReasonPhrase, result.ContentType, result.ContentLength).ShouldBe((200, "OK", contentType, Encoding.UTF8.GetByteCount(body)));
    }

    [Fact]
    public async Task An_answer_that_only_says_it_is_json_is_text()
    {
        await using var server = await RecordingServer.StartAsync(502, "application/json", "<html>bad gateway");

        using var story = await RunAsync(server.Url);

        story.Output("send", "StatusCode").ShouldBe(502);
        story.Output("send", "ParsedContent").ShouldBe("<html>bad gateway");
        ((string)story.Note("send", "Note")!).ShouldStartWith("The answer says it is JSON, but is not: ");
    }

    [Theory]
    [InlineData(200, "ok")]
    [InlineData(201, null)]
    [InlineData(404, "unmatched")]
    [InlineData(500, "unmatched")]
    public async Task The_activity_of_the_status_code_runs(int status, string? child)
    {
        await using var server = await RecordingServer.StartAsync(status);

        using var story = await RunAsync(server.Url, Ports());

        story.Run.SubStatus.ShouldBe(WorkflowSubStatus.Finished);
        new[] { "ok", "unmatched", "failed", "late" }.Where(story.Completed).ShouldBe(child is null ? [] : [child]);
        story.Outcomes("send").ShouldBe(["Done"]);
    }

    [Fact]
    public async Task A_refused_connection_takes_the_failed_to_connect_port_without_outputs()
    {
        using var story = await RunAsync(new Uri($"http://127.0.0.1:{ClosedPort()}/"), Ports());

        new[] { "ok", "unmatched", "failed", "late" }.Where(story.Completed).ShouldBe(["failed"]);
        story.Journal.ShouldNotContain(e => e.Node.Id == "send" && e.Outputs != null);
        ((string)story.Note("send", "Note")!).ShouldStartWith("The exchange with '127.0.0.1' failed: Connection refused");
    }

    [Fact]
    public async Task A_connection_that_breaks_within_the_answer_takes_the_failed_to_connect_port()
    {
        await using var server = await RecordingServer.StartAsync(async context =>
        {
            context.Response.ContentLength = 100;
            await context.Response.WriteAsync("begun", Ct);
            await context.Response.Body.FlushAsync(Ct);
            context.Abort();
        });

        using var story = await RunAsync(server.Url, Ports());

        story.Completed("failed").ShouldBeTrue();
    }

    [Theory]
    [InlineData(null, 100)]
    [InlineData("00:00:05", 5)]
    [InlineData("01:00:00", 100)]
    public async Task A_late_answer_takes_the_timeout_port(string? requestTimeout, int seconds)
    {
        var time = new ManualTime();
        var asked = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var server = await RecordingServer.StartAsync(async context =>
        {
            asked.SetResult();
            var gone = new TaskCompletionSource();
            await using var registration = context.RequestAborted.Register(gone.SetResult);
            await gone.Task;
        });
        using var story = await Story.CreateAsync(Send(server.Url, [.. Ports(), ("requestTimeout", Story.Literal(requestTimeout))]), time: time);

        var run = story.StartAsync(new RunStart { RunId = "r" });
        await asked.Task.WaitAsync(Ct);
        time.Advance(TimeSpan.FromSeconds(seconds - 1));
        story.Completed("late").ShouldBeFalse();
        time.Advance(TimeSpan.FromSeconds(1));
        await run;

        new[] { "ok", "unmatched", "failed", "late" }.Where(story.Completed).ShouldBe(["late"]);
        story.Note("send", "Note").ShouldBe($"'127.0.0.1' did not answer within {TimeSpan.FromSeconds(seconds)}.");
    }

    [Fact]
    public async Task A_cancelled_run_takes_no_port()
    {
        var asked = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var gone = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var server = await RecordingServer.StartAsync(async context =>
        {
            await using var registration = context.RequestAborted.Register(gone.SetResult);
            asked.SetResult();
            await gone.Task;
        });
        using var story = await Story.CreateAsync(Send(server.Url, Ports()));

        var run = story.StartAsync(new RunStart { RunId = "r" });
        await asked.Task.WaitAsync(Ct);
        await story.Run.AbandonAsync();
        await gone.Task.WaitAsync(Ct);
        await run;

        new[] { "ok", "unmatched", "failed", "late" }.Where(story.Completed).ShouldBeEmpty();
        story.Run.Incidents.ShouldHaveSingleItem().Error.Type.ShouldBe(nameof(TaskCanceledException));
    }

    [Theory]
    [InlineData("http://169.254.169.254/latest/meta-data/")]
    [InlineData("http://10.0.0.1/")]
    [InlineData("http://metadata.google.internal/computeMetadata/v1/")]
    public async Task A_refused_address_is_a_fault_and_no_connection_error(string url)
    {
        using var story = await Story.RunAsync(Send(new Uri(url), Ports()));

        story.Incident.ShouldStartWith($"The request to '{new Uri(url).Host}' was refused: ");
        story.Completed("failed").ShouldBeFalse();
    }

    [Fact]
    public async Task Loopback_is_refused_unless_the_host_allows_it()
    {
        await using var server = await RecordingServer.StartAsync();

        using var story = await Story.RunAsync(Send(server.Url, Ports()), policy: new OutboundPolicy());

        story.Incident.ShouldBe("The request to '127.0.0.1' was refused: it is a loopback address. "
            + "To allow it, an administrator sets Http:Outbound:AllowLoopback to true or adds the host to Http:Outbound:AllowedHosts.");
        server.All.ShouldBeEmpty();
    }

    [Fact]
    public async Task An_answer_that_is_too_long_is_a_fault()
    {
        await using var server = await RecordingServer.StartAsync(200, "text/plain", new string('x', 2000));

        using var story = await Story.RunAsync(Send(server.Url, Ports()), policy: new OutboundPolicy { AllowLoopback = true, MaxResponseBytes = 1000 });

        story.Incident.ShouldBe("The answer of '127.0.0.1' is longer than 1000 bytes after decompression. Ask for less at once, or raise Http:Outbound:MaxResponseBytes.");
    }

    [Theory]
    [InlineData(503, 2, 3, 200, 3)]
    [InlineData(429, 100, 9, 429, 255)]
    [InlineData(400, 100, 1, 400, 0)]
    public async Task With_resiliency_passing_failures_are_tried_again(int failure, int failures, int attempts, int last, int seconds)
    {
        var time = new ManualTime { Skips = TimeSpan.FromMinutes(5) };
        var count = 0;
        await using var server = await RecordingServer.StartAsync(context =>
        {
            context.Response.StatusCode = Interlocked.Increment(ref count) <= failures ? failure : 200;
            return Task.CompletedTask;
        });
        using var story = await Story.CreateAsync(Send(server.Url, ("method", Story.Literal("POST")), ("enableResiliency", Story.Literal(true))), new OutboundPolicy { AllowLoopback = true, Timeout = TimeSpan.FromHours(1) }, time);
        var begun = time.GetUtcNow();

        await story.StartAsync(new RunStart { RunId = "r" });

        story.Output("send", "StatusCode").ShouldBe(last);
        server.All.Length.ShouldBe(attempts);
        server.All.Select(a => a.Headers["Idempotency-Key"]).Distinct().ShouldHaveSingleItem();
        (time.GetUtcNow() - begun).ShouldBe(TimeSpan.FromSeconds(seconds));
    }

    [Theory]
    [InlineData(503, 2, null, 3, 200)]
    [InlineData(503, 9, null, 3, 503)]
    [InlineData(429, 1, null, 2, 200)]
    [InlineData(500, 9, null, 1, 500)]
    [InlineData(500, 2, "5xx", 3, 200)]
    [InlineData(404, 9, null, 1, 404)]
    [InlineData(404, 1, "404", 2, 200)]
    [InlineData(503, 9, "429", 1, 503)]
    public async Task With_a_retry_policy_a_failing_status_is_an_attempt_that_failed_and_the_last_answer_counts(int failure, int failures, string? on, int attempts, int last)
    {
        var count = 0;
        await using var server = await RecordingServer.StartAsync(context =>
        {
            context.Response.StatusCode = Interlocked.Increment(ref count) <= failures ? failure : 200;
            context.Response.Headers.RetryAfter = "7";
            return Task.CompletedTask;
        });
        var send = Send(server.Url, [("method", Story.Literal("POST")), .. Ports()]);
        var retry = new JsonObject { ["maxRetryAttempts"] = 2, ["delay"] = "00:00:01", ["useJitter"] = false };
        if (on is not null)
        {
            retry["on"] = new JsonArray(on);
        }

        send["customProperties"] = new JsonObject { ["retry"] = retry };
        var time = new ManualTime();
        using var story = await Story.CreateAsync(send, time: time);
        await story.StartAsync(new RunStart { RunId = "r" });
        while (story.Run.Timers.FirstOrDefault() is { } wait)
        {
            (wait.DueAt - time.GetUtcNow()).TotalSeconds.ShouldBe(7, 1, "as the answer asks");
            story.Run.ResumeTimer(wait.Id).ShouldBeTrue();
            await story.DriveAsync(TestContext.Current.CancellationToken);
        }

        story.Run.Incidents.ShouldBeEmpty();
        story.Output("send", "StatusCode").ShouldBe(last);
        story.Completed(last == 200 ? "ok" : "unmatched").ShouldBeTrue();
        server.All.Length.ShouldBe(attempts);
        server.All.Select(a => a.Headers["Idempotency-Key"]).Distinct().ShouldHaveSingleItem();
    }

    private static Task<Story> RunAsync(Uri url, params (string Name, JsonNode? Value)[] properties) => Story.RunAsync(Send(url, properties));

    private static JsonObject Send(Uri url, params (string Name, JsonNode? Value)[] properties) =>
        Story.Activity("Elsa.SendHttpRequest", "send", [("url", Story.Literal(url.OriginalString)), .. properties]);

    private static (string Name, JsonNode? Value)[] Ports() =>
    [
        ("expectedStatusCodes", new JsonArray(
            new JsonObject { ["statusCode"] = 200, ["activity"] = Line("ok") },
            new JsonObject { ["statusCode"] = 201, ["activity"] = null })),
        ("unmatchedStatusCode", Line("unmatched")),
        ("failedToConnect", Line("failed")),
        ("timeout", Line("late")),
    ];

    private static JsonObject Line(string id) => Story.Activity("Elsa.SetName", id, ("value", Story.Literal(id)));

    private static int ClosedPort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
