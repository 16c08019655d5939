using System.Net;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using FederationWorkflows.Runtime.Storage;
using FederationWorkflows.Server.Tests.Support;
using Microsoft.Extensions.DependencyInjection;
using static FederationWorkflows.Server.Tests.Support.Stories;

namespace FederationWorkflows.Server.Tests.Webhooks;

/// <summary>Webhooks and who may call them, over HTTP.</summary>
public sealed class WebhookCallerTests
{
    private const string Stranger = "This webhook is only for the callers that its story names, and this one could not be verified. The server's log says why.";

    private const string Body = """{"action":"opened"}""";

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task An_endpoint_that_names_nobody_is_closed_and_says_what_to_do()
    {
        await using var server = await ServerUnderTest.StartAsync(Story(("caller", null)));
        using var answer = await server.PostAsync("/workflows/hook", Body);
        var problem = await answer.ShouldBeProblemAsync(HttpStatusCode.Forbidden);
        problem.ShouldContain("'Caller'");
        problem.ShouldContain("Webhooks:AllowUnnamedCallers");
    }

    [Fact]
    public async Task A_server_can_be_set_up_to_take_unnamed_callers()
    {
        await using var server = await ServerUnderTest.StartAsync([Story(("caller", null))], new Dictionary<string, string?> { ["Webhooks:AllowUnnamedCallers"] = "true" });
        using var answer = await server.PostAsync("/workflows/hook", Body);
        answer.StatusCode.ShouldBe(HttpStatusCode.Accepted);
    }

    [Fact]
    public async Task A_signed_delivery_starts_one_run_however_often_it_is_sent()
    {
        await using var server = await StartAsync(Hmac("github"));
        var signature = "sha256=" + Hex("s3cret", Body);

        using var first = await SendAsync(server, Body, ("X-Hub-Signature-256", signature));
        using var again = await SendAsync(server, Body, ("X-Hub-Signature-256", signature), ("Idempotency-Key", "another"));

        first.StatusCode.ShouldBe(HttpStatusCode.Accepted, await first.TextAsync());
        again.StatusCode.ShouldBe(HttpStatusCode.Accepted, await again.TextAsync());
        again.RunId().ShouldBe(first.RunId(), "a header that nobody signed must not make it another delivery");
    }

    [Fact]
    public async Task An_authors_own_key_does_not_let_a_signed_delivery_in_twice()
    {
        await using var server = await StartAsync([.. Hmac("github"), ("deduplicationKey", Formula("trigger.headers['x-github-delivery']"))]);
        var signature = "sha256=" + Hex("s3cret", Body);
        var other = """{"action":"closed"}""";

        using var first = await SendAsync(server, Body, ("X-Hub-Signature-256", signature), ("X-GitHub-Delivery", "1"));
        using var replayed = await SendAsync(server, Body, ("X-Hub-Signature-256", signature), ("X-GitHub-Delivery", "2"));
        using var same = await SendAsync(server, other, ("X-Hub-Signature-256", "sha256=" + Hex("s3cret", other)), ("X-GitHub-Delivery", "1"));
        using var next = await SendAsync(server, other, ("X-Hub-Signature-256", "sha256=" + Hex("s3cret", other)), ("X-GitHub-Delivery", "3"));

        replayed.RunId().ShouldBe(first.RunId());
        same.RunId().ShouldBe(first.RunId());
        next.RunId().ShouldNotBe(first.RunId());
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_signature_without_a_time_starts_nothing_again_days_later(bool hasOwnKey)
    {
        var clock = new Clock();
        await using var server = await ServerUnderTest.StartAsync(
            [Of("hook", [Starts("hook", more: hasOwnKey ? [.. Hmac("github"), ("deduplicationKey", Formula("trigger.headers['x-github-delivery']"))] : Hmac("github"))])],
            settings: null,
            builder => builder.Services.AddSingleton<TimeProvider>(clock));
        await CreateSecretAsync(server);
        var signature = "sha256=" + Hex("s3cret", Body);

        using var first = await SendAsync(server, Body, ("X-Hub-Signature-256", signature), ("X-GitHub-Delivery", "1"));
        clock.Advance(TimeSpan.FromDays(2));
        using var replayed = await SendAsync(server, Body, ("X-Hub-Signature-256", signature), ("X-GitHub-Delivery", "2"));

        replayed.RunId().ShouldBe(first.RunId());
    }

    [Fact]
    public async Task Every_refusal_is_the_same_and_starts_nothing()
    {
        await using var server = await StartAsync(Hmac("slack"));
        var now = DateTimeOffset.UtcNow.ToUnixTimeSeconds();
        var old = now - 400;
        (string, string)[][] wrong =
        [
            [],
            [("X-Slack-Signature", "v0=" + Hex("s3cret", $"v0:{now}:{Body}"))],
            [("X-Slack-Signature", "v0=" + Hex("other", $"v0:{now}:{Body}")), ("X-Slack-Request-Timestamp", $"{now}")],
            [("X-Slack-Signature", "v0=" + Hex("s3cret", $"v0:{now}:{Body} ")), ("X-Slack-Request-Timestamp", $"{now}")],
            [("X-Slack-Signature", "v0=" + Hex("s3cret", $"v0:{old}:{Body}")), ("X-Slack-Request-Timestamp", $"{old}")],
            [("X-Slack-Signature", "v0=" + Hex("s3cret", $"v0:{now}:{Body}")), ("X-Slack-Request-Timestamp", $"{now - 1}")],
        ];
        foreach (var headers in wrong)
        {
            using var answer = await SendAsync(server, Body, headers);
            (await answer.ShouldBeProblemAsync(HttpStatusCode.Unauthorized)).ShouldBe(Stranger);
        }

        (await server.CountRunsAsync()).ShouldBe(0);
        using var good = await SendAsync(server, Body, ("X-Slack-Signature", "v0=" + Hex("s3cret", $"v0:{now}:{Body}")), ("X-Slack-Request-Timestamp", $"{now}"));
        good.StatusCode.ShouldBe(HttpStatusCode.Accepted, await good.TextAsync());
    }

    [Fact]
    public async Task A_body_is_not_read_beyond_the_limit_nor_parsed_before_the_caller_is_known()
    {
        await using var server = await StartAsync(Hmac("github"));
        using var large = await SendAsync(server, new string(' ', 1024 * 1024 + 1), ("X-Hub-Signature-256", "sha256=" + new string('0', 64)));
        await large.ShouldBeProblemAsync(HttpStatusCode.RequestEntityTooLarge);
        using var broken = await SendAsync(server, "{", ("X-Hub-Signature-256", "sha256=" + new string('0', 64)));
        (await broken.ShouldBeProblemAsync(HttpStatusCode.Unauthorized)).ShouldBe(Stranger, "what is wrong with its body is not told to a stranger");
        using var known = await SendAsync(server, "{", ("X-Hub-Signature-256", "sha256=" + Hex("s3cret", "{")));
        await known.ShouldBeProblemAsync(HttpStatusCode.BadRequest);
    }

    [Fact]
    public async Task A_rotated_secret_and_the_one_before_both_verify_until_it_is_revoked()
    {
        await using var server = await StartAsync(Hmac("github"));
        (await server.PostAsync("/elsa/api/secrets/hook/rotate", """{"value":"n3xt","overlap":"00:10:00"}""")).Dispose();
        foreach (var (secret, body) in new[] { ("s3cret", """{"n":1}"""), ("n3xt", """{"n":2}""") })
        {
            using var answer = await SendAsync(server, body, ("X-Hub-Signature-256", "sha256=" + Hex(secret, body)));
            answer.StatusCode.ShouldBe(HttpStatusCode.Accepted, await answer.TextAsync());
        }

        (await server.PostAsync("/elsa/api/secrets/hook/revoke")).Dispose();
        using var refused = await SendAsync(server, Body, ("X-Hub-Signature-256", "sha256=" + Hex("n3xt", Body)));
        await refused.ShouldBeProblemAsync(HttpStatusCode.Unauthorized);
    }

    [Theory]
    [InlineData(null, "Authorization", "Bearer s3cret", true)]
    [InlineData(null, "Authorization", "bearer s3cret", true)]
    [InlineData(null, "Authorization", "Bearer s3cre", false)]
    [InlineData(null, "Authorization", "s3cret", false)]
    [InlineData(null, "X-Hook", "s3cret", false)]
    [InlineData("X-Hook", "X-Hook", "s3cret", true)]
    [InlineData("X-Hook", "X-Hook", "S3CRET", false)]
    [InlineData("X-Hook", "Authorization", "Bearer s3cret", false)]
    public async Task A_bearer_secret_is_compared_as_it_is(string? header, string sent, string value, bool isTaken)
    {
        await using var server = await StartAsync(
            [("caller", Literal("bearer")), ("secret", Expression("Secret", """{"name":"hook","typeName":"text","scope":null}""")), ("callerHeader", Literal(header)), ("headers", To("headers"))],
            Answers(Formula("json.render(variables.headers)")));
        using var answer = await SendAsync(server, Body, (sent, value));
        if (!isTaken)
        {
            (await answer.ShouldBeProblemAsync(HttpStatusCode.Unauthorized)).ShouldBe(Stranger);
            return;
        }

        answer.StatusCode.ShouldBe(HttpStatusCode.OK, await answer.TextAsync());
        (await answer.TextAsync()).ShouldNotContain("s3cret");
        var run = await server.GetJsonAsync($"/elsa/api/workflow-instances/{answer.RunId()}");
        run.GetRawText().ShouldNotContain("s3cret");
    }

    [Fact]
    public async Task An_endpoint_that_a_run_waits_at_asks_the_same_of_its_callers()
    {
        await using var server = await ServerUnderTest.StartAsync(Of("waits", [Starts("begin"), Waits("receive2", "hook", more: Hmac("github")), Answers(Literal("went on"))]));
        await CreateSecretAsync(server);
        using var started = await server.PostAsync("/workflows/begin");
        await server.RunAsync(started.RunId(), "Suspended");

        using var refused = await SendAsync(server, Body);
        (await refused.ShouldBeProblemAsync(HttpStatusCode.Unauthorized)).ShouldBe(Stranger);
        using var taken = await SendAsync(server, Body, ("X-Hub-Signature-256", "sha256=" + Hex("s3cret", Body)));
        (await taken.TextAsync()).ShouldBe("went on");
    }

    [Fact]
    public async Task A_run_that_waits_in_a_loop_takes_a_signed_request_once()
    {
        await using var server = await ServerUnderTest.StartAsync(Of(
            "loops",
            [
                Starts("begin"),
                Activity("Elsa.For", "loop", ("start", Literal(1)), ("end", Literal(2)), ("step", Literal(1)), ("outerBoundInclusive", Literal(true)), ("body", Waits("again", "hook", more: Hmac("github")))),
            ]));
        await CreateSecretAsync(server);
        using var started = await server.PostAsync("/workflows/begin");
        await server.RunAsync(started.RunId(), "Suspended");

        using var first = await SendAsync(server, Body, ("X-Hub-Signature-256", "sha256=" + Hex("s3cret", Body)));
        using var replayed = await SendAsync(server, Body, ("X-Hub-Signature-256", "sha256=" + Hex("s3cret", Body)));
        first.StatusCode.ShouldBe(HttpStatusCode.Accepted, await first.TextAsync());
        replayed.StatusCode.ShouldBe(HttpStatusCode.Accepted, await replayed.TextAsync());
        (await server.RunAsync(started.RunId(), "Suspended")).GetProperty("status").GetString().ShouldBe("Running");

        using var second = await SendAsync(server, "{}", ("X-Hub-Signature-256", "sha256=" + Hex("s3cret", "{}")));
        await server.RunAsync(started.RunId(), "Finished");
    }

    [Fact]
    public async Task A_signed_request_that_comes_again_is_not_accepted_while_whether_the_run_has_it_is_not_known()
    {
        await using var server = await ServerUnderTest.StartAsync(
            [Of("waits", [Starts("begin"), Waits("told", "hook", more: Hmac("github"))]), Of("busy", [Starts("busy"), Gate()])],
            new Dictionary<string, string?> { ["Concurrency:MaxRunning"] = "1" },
            builder => builder.Services.AddSingleton<TimeProvider>(new ManualTime()));
        await CreateSecretAsync(server);
        using var started = await server.PostAsync("/workflows/begin");
        await server.RunAsync(started.RunId(), "Suspended");
        (await server.PostAsync("/workflows/busy")).Dispose();
        await server.Gate.Reached;
        (string, string)[] signed = [("X-Hub-Signature-256", "sha256=" + Hex("s3cret", Body))];

        // The run cannot store it before it has its turn.
        var first = SendAsync(server, Body, signed);
        await ClaimedAsync(server);
        using (var again = await SendAsync(server, Body, signed))
        {
            (await again.ShouldBeProblemAsync(HttpStatusCode.ServiceUnavailable)).ShouldBe($"The same request came a moment ago, and whether run {started.RunId()} has it is not known yet. Send it again in a few seconds.");
            again.Headers.RetryAfter!.Delta.ShouldBe(TimeSpan.FromSeconds(5));
        }

        server.Gate.Open();
        using var answer = await first;
        answer.StatusCode.ShouldBe(HttpStatusCode.Accepted, await answer.TextAsync());
        using var known = await SendAsync(server, Body, signed);
        known.StatusCode.ShouldBe(HttpStatusCode.NotFound, "nobody waits there any more");
        await server.RunAsync(started.RunId(), "Finished");
    }

    [Theory]
    [InlineData("caller", "nobody", "'nobody' is no caller. Use one of: anonymous, signedIn, hmac, bearer, apiKey, oidc, sns.")]
    [InlineData("caller", "hmac", "A caller of the kind hmac needs the input 'Secret'.")]
    [InlineData("caller", "oidc", "A caller of the kind oidc needs the input 'Audience'.")]
    [InlineData("caller", "sns", "A caller of the kind sns needs the input 'Topic ARN'.")]
    public async Task A_story_with_half_a_caller_is_not_published(string input, string value, string message)
    {
        var publish = () => ServerUnderTest.StartAsync(Story((input, Literal(value))));
        (await Should.ThrowAsync<Engine.Definitions.DefinitionException>(publish)).Problems.ShouldHaveSingleItem().Message.ShouldBe(message);
    }

    internal static (string Name, JsonNode? Value)[] Hmac(string form) => [("caller", Literal("hmac")), ("secret", Literal("hook")), ("signatureForm", Literal(form))];

    private static JsonObject Story(params (string Name, JsonNode? Value)[] inputs) => Of("hook", [Starts("hook", more: inputs)], "headers:Object");

    private static Task<ServerUnderTest> StartAsync((string Name, JsonNode? Value)[] inputs) => StartAsync(inputs, []);

    private static async Task<ServerUnderTest> StartAsync((string Name, JsonNode? Value)[] inputs, params JsonObject[] more)
    {
        var server = await ServerUnderTest.StartAsync(Of("hook", [Starts("hook", more: inputs), .. more], "headers:Object"));
        await CreateSecretAsync(server);
        return server;
    }

    private static async Task CreateSecretAsync(ServerUnderTest server)
    {
        using var made = await server.PostAsync("/elsa/api/secrets", """{"name":"hook","value":"s3cret"}""");
        made.StatusCode.ShouldBe(HttpStatusCode.OK, await made.TextAsync());
    }

    private static async Task ClaimedAsync(ServerUnderTest server)
    {
        while ((await server.Services.GetRequiredService<IDocumentStore>().ListAsync("webhook-delivery", null, 10, Cancellation)).Count == 0)
        {
            await Task.Yield();
        }
    }

    private static string Hex(string secret, string text) => Convert.ToHexStringLower(HMACSHA256.HashData(Encoding.UTF8.GetBytes(secret), Encoding.UTF8.GetBytes(text)));

    private static async Task<HttpResponseMessage> SendAsync(ServerUnderTest server, string body, params (string Name, string Value)[] headers)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri("/workflows/hook", UriKind.Relative)) { Content = new StringContent(body, Encoding.UTF8, "application/json") };
        foreach (var (name, value) in headers)
        {
            request.Headers.TryAddWithoutValidation(name, value);
        }

        // Who is refused before the body is read may find the connection closed under the bytes still to be sent, and the answer with it.
        request.Headers.ExpectContinue = true;
        return await server.Client.SendAsync(request, Cancellation);
    }
}
