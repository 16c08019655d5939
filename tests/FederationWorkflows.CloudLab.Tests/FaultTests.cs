using System.Net;
using System.Text;

namespace FederationWorkflows.CloudLab.Tests;

/// <summary>Faults, the wrong clock and sinks: what chaos tests and stories that notify rely on.</summary>
public sealed class FaultTests : IAsyncLifetime
{
    private const string Target = "/security-lab-incident-evidence/INC-2041/indicators.csv";

    private readonly TestClock clock = new(new DateTimeOffset(2026, 3, 18, 10, 0, 0, TimeSpan.Zero));
    private TestLab lab = null!;

    public async ValueTask InitializeAsync() => lab = await TestLab.StartAsync(clock);

    public async ValueTask DisposeAsync() => await lab.DisposeAsync();

    [Theory]
    [InlineData(503, null, "SlowDown", "Please reduce your request rate.")]
    [InlineData(429, null, "SlowDown", "Please reduce your request rate.")]
    [InlineData(500, null, "InternalError", "We encountered an internal error. Please try again.")]
    [InlineData(503, "ServiceUnavailable", "ServiceUnavailable", "Please reduce your request rate.")]
    public async Task S3_fails_in_its_own_words_as_often_as_it_was_told(int status, string? code, string expected, string message)
    {
        var client = lab.UserClient();
        lab.Server.Faults.Add(new LabFault { Service = "s3.amazonaws.com", Action = "GetObject", Status = status, Code = code, Count = 2, RetryAfterSeconds = 7 });

        (await client.SendAsync(HttpMethod.Head, Target)).Status.ShouldBe(200);
        for (var i = 0; i < 2; i++)
        {
            var answer = await client.SendAsync(HttpMethod.Get, Target);
            answer.ShouldRefuse(status, expected, message);
            answer.Response.Headers.RetryAfter!.Delta.ShouldBe(TimeSpan.FromSeconds(7));
        }

        (await client.SendAsync(HttpMethod.Get, Target)).Status.ShouldBe(200);
        lab.Server.Faults.Pending.ShouldBeEmpty();
        var logged = lab.Server.Events.Snapshot()[1];
        (logged.EventName, logged.ErrorCode, logged.Explanation).ShouldBe(("GetObject", expected, "an injected fault"));
    }

    [Theory]
    [InlineData(400, "Throttling", "Rate exceeded", "Sender")]
    [InlineData(429, "Throttling", "Rate exceeded", "Sender")]
    [InlineData(500, "InternalFailure", "The request processing has failed because of an unknown error, exception or failure.", "Receiver")]
    [InlineData(503, "ServiceUnavailable", "The request has failed due to a temporary failure of the server.", "Receiver")]
    public async Task Sts_fails_in_its_own_words(int status, string code, string message, string type)
    {
        lab.Server.Faults.Add(new LabFault { Service = "sts.amazonaws.com", Status = status });

        var answer = await lab.UserClient("sts").QueryAsync(("Action", "GetCallerIdentity"));

        answer.ShouldRefuse(status, code, message);
        answer["Type"].ShouldBe(type);
    }

    [Theory]
    [InlineData("/google/oauth2/token", "oauth2.googleapis.com", "token", 429, """{"error":"rate_limit_exceeded","error_description":"Rate limit exceeded."}""")]
    [InlineData("/google/sts/v1/token", "sts.googleapis.com", "token", 503, """{"error":"temporarily_unavailable","error_description":"The service is temporarily unavailable."}""")]
    [InlineData("/google/iamcredentials/v1/projects/-/serviceAccounts/a@b:generateIdToken", "iamcredentials.googleapis.com", "generateIdToken", 429, """{"error":{"code":429,"message":"Resource has been exhausted (e.g. check quota).","status":"RESOURCE_EXHAUSTED"}}""")]
    [InlineData("/google/iamcredentials/v1/projects/-/serviceAccounts/a@b:generateIdToken", "iamcredentials.googleapis.com", "generateIdToken", 500, """{"error":{"code":500,"message":"Internal error encountered.","status":"INTERNAL"}}""")]
    [InlineData("/google/iamcredentials/v1/projects/-/serviceAccounts/a@b:generateIdToken", "iamcredentials.googleapis.com", "generateIdToken", 503, """{"error":{"code":503,"message":"The service is currently unavailable.","status":"UNAVAILABLE"}}""")]
    [InlineData("/computeMetadata/v1/instance/service-accounts/default/identity", "metadata.google.internal", "identity", 503, "The metadata server is temporarily unavailable.")]
    public async Task Google_fails_in_its_own_words(string path, string service, string action, int status, string body)
    {
        lab.Server.Faults.Add(new LabFault { Service = service, Action = action, Status = status, RetryAfterSeconds = 3 });

        using var answer = await lab.Http.PostAsync(new Uri(path, UriKind.Relative), null, TestLab.Cancel);

        ((int)answer.StatusCode, (await answer.Content.ReadAsStringAsync(TestLab.Cancel)).TrimEnd()).ShouldBe((status, body));
        answer.Headers.RetryAfter!.Delta.ShouldBe(TimeSpan.FromSeconds(3));
        lab.Server.Events.Snapshot()[^1].EventSource.ShouldBe(service);
    }

    [Fact]
    public async Task A_connection_is_cut_before_anything_happens_or_after_it_has_happened()
    {
        var client = lab.UserClient();
        lab.Server.Faults.Add(new LabFault { Action = "PutObject", Cut = FaultCut.Before });
        lab.Server.Faults.Add(new LabFault { Action = "PutObject", Cut = FaultCut.After });

        await Should.ThrowAsync<HttpRequestException>(() => client.SendAsync(HttpMethod.Put, "/security-lab-incident-evidence/new", "x"u8.ToArray()));
        (await client.SendAsync(HttpMethod.Head, "/security-lab-incident-evidence/new")).Status.ShouldBe(404);
        await Should.ThrowAsync<HttpRequestException>(() => client.SendAsync(HttpMethod.Put, "/security-lab-incident-evidence/new", "x"u8.ToArray()));
        (await client.SendAsync(HttpMethod.Head, "/security-lab-incident-evidence/new")).Status.ShouldBe(200);
        lab.Server.Events.Snapshot()[0].ErrorCode.ShouldBe("ConnectionCut");
    }

    [Fact]
    public async Task An_object_breaks_off_in_the_middle_of_its_download()
    {
        lab.Server.Faults.Add(new LabFault { Action = "GetObject", Cut = FaultCut.After, CutAfterBytes = 10 });
        using var request = lab.UserClient().Sign(HttpMethod.Get, Target, [], []);
        using var response = await lab.Http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, TestLab.Cancel);
        await using var body = await response.Content.ReadAsStreamAsync(TestLab.Cancel);
        var buffer = new byte[10];

        response.StatusCode.ShouldBe(HttpStatusCode.OK);
        response.Content.Headers.ContentLength.ShouldBe(44);
        await body.ReadExactlyAsync(buffer, TestLab.Cancel);
        Encoding.ASCII.GetString(buffer).ShouldBe("type,value");
        await Should.ThrowAsync<IOException>(async () => await body.ReadExactlyAsync(buffer, TestLab.Cancel));
    }

    [Fact]
    public async Task Faults_are_told_over_http_too()
    {
        using var added = await JsonAsync(HttpMethod.Post, "/lab/faults", """{"service":"sts.amazonaws.com","status":503,"count":2,"cut":"none"}""");
        added.StatusCode.ShouldBe(HttpStatusCode.Created);
        (await lab.Http.GetStringAsync(new Uri("/lab/faults", UriKind.Relative), TestLab.Cancel)).ShouldContain("\"count\": 2");
        using var cleared = await lab.Http.DeleteAsync(new Uri("/lab/faults", UriKind.Relative), TestLab.Cancel);
        lab.Server.Faults.Pending.ShouldBeEmpty();
    }

    [Theory]
    [InlineData("/lab/faults", "POST", "{}", "Say what goes wrong: status, delayMilliseconds or cut.")]
    [InlineData("/lab/faults", "POST", """{"status":200}""", "status is 400 to 599.")]
    [InlineData("/lab/faults", "POST", """{"status":500,"cut":"after"}""", "A call is refused or cut off: give status or cut, not both.")]
    [InlineData("/lab/faults", "POST", """{"status":500,"often":3}""", "often")]
    [InlineData("/lab/clock", "PUT", """{"skewSeconds":99999999}""", "must be less than or equal to")]
    [InlineData("/lab/clock", "PUT", """{"skew":1}""", "skew")]
    [InlineData("/lab/sinks/team/answers", "PUT", """[{"status":100}]""", "status is 200 to 599.")]
    [InlineData("/lab/sinks/a%20b/answers", "PUT", "[]", "A sink's name has")]
    public async Task What_makes_no_sense_is_refused_and_changes_nothing(string path, string method, string json, string problem)
    {
        using var answer = await JsonAsync(new HttpMethod(method), path, json);

        answer.StatusCode.ShouldBe(HttpStatusCode.BadRequest);
        (await answer.Content.ReadAsStringAsync(TestLab.Cancel)).ShouldContain(problem);
        (lab.Server.Faults.Pending.Count, lab.Server.Clock.Skew).ShouldBe((0, TimeSpan.Zero));
    }

    [Fact]
    public async Task What_a_page_of_a_browser_can_send_is_not_listened_to()
    {
        using var content = new StringContent("""{"status":503}""", Encoding.UTF8, "text/plain");
        using var answer = await lab.Http.PostAsync(new Uri("/lab/faults", UriKind.Relative), content, TestLab.Cancel);

        answer.StatusCode.ShouldBe(HttpStatusCode.UnsupportedMediaType);
        lab.Server.Faults.Pending.ShouldBeEmpty();
    }

    [Fact]
    public async Task The_clouds_clock_goes_wrong_by_as_much_as_it_is_told()
    {
        var client = lab.UserClient("sts");
        using var set = await JsonAsync(HttpMethod.Put, "/lab/clock", """{"skewSeconds":3600}""");
        set.StatusCode.ShouldBe(HttpStatusCode.OK);

        (await client.QueryAsync(("Action", "GetCallerIdentity"))).ShouldRefuse(
            403, "SignatureDoesNotMatch", "Signature expired: 20260318T100000Z is now earlier than 20260318T104500Z (20260318T110000Z - 15 min.)");
        using var told = await lab.Http.GetAsync(new Uri("/lab/health", UriKind.Relative), TestLab.Cancel);
        told.Headers.Date.ShouldBe(clock.GetUtcNow().AddHours(1), "so clients can know");
        lab.Server.Clock.Skew = TimeSpan.FromHours(-1);
        (await client.QueryAsync(("Action", "GetCallerIdentity"))).ShouldRefuse(
            403, "SignatureDoesNotMatch", "Signature not yet current: 20260318T100000Z is still later than 20260318T091500Z (20260318T090000Z + 15 min.)");
        lab.Server.Clock.Skew = TimeSpan.Zero;
        (await client.QueryAsync(("Action", "GetCallerIdentity"))).Status.ShouldBe(200);
    }

    [Fact]
    public async Task A_sink_records_what_it_is_sent_and_answers_as_it_was_told()
    {
        lab.Server.Sinks.Script("soc-chat", new SinkAnswer { Status = 503, RetryAfterSeconds = 2, Body = "later" }, new SinkAnswer { Cut = true });

        using var first = await JsonAsync(HttpMethod.Post, "/lab/sink/soc-chat/hooks/7?thread=INC-2041", """{"text":"Schlüssel gesperrt"}""");
        await Should.ThrowAsync<HttpRequestException>(() => JsonAsync(HttpMethod.Post, "/lab/sink/soc-chat", "{}"));
        using var bytes = new ByteArrayContent([0xff, 0x00]);
        using var third = await lab.Http.PutAsync(new Uri("/lab/sink/soc-chat", UriKind.Relative), bytes, TestLab.Cancel);

        (first.StatusCode, await first.Content.ReadAsStringAsync(TestLab.Cancel)).ShouldBe((HttpStatusCode.ServiceUnavailable, "later"));
        first.Headers.RetryAfter!.Delta.ShouldBe(TimeSpan.FromSeconds(2));
        third.StatusCode.ShouldBe(HttpStatusCode.OK);
        var requests = lab.Server.Sinks.Requests("soc-chat");
        requests.Select(static request => (request.Number, request.Method, request.Target, request.Body, request.AnsweredWith)).ShouldBe(
        [
            (1, "POST", "/lab/sink/soc-chat/hooks/7?thread=INC-2041", """{"text":"Schlüssel gesperrt"}""", 503),
            (2, "POST", "/lab/sink/soc-chat", "{}", null),
            (3, "PUT", "/lab/sink/soc-chat", "/wA=", 200),
        ]);
        requests[0].Headers["Content-Type"].ShouldBe("application/json; charset=utf-8");
        (await lab.Http.GetStringAsync(new Uri("/lab/sink/soc-chat", UriKind.Relative), TestLab.Cancel)).ShouldContain("\"target\": \"/lab/sink/soc-chat/hooks/7?thread=INC-2041\"");
        (await lab.Http.GetStringAsync(new Uri("/lab/sinks", UriKind.Relative), TestLab.Cancel)).ShouldContain("\"soc-chat\": 3");
        using var cleared = await lab.Http.DeleteAsync(new Uri("/lab/sinks/soc-chat", UriKind.Relative), TestLab.Cancel);
        lab.Server.Sinks.Requests("soc-chat").ShouldBeEmpty();
    }

    [Fact]
    public async Task A_sink_keeps_the_latest_requests_and_the_beginning_of_a_long_body()
    {
        for (var i = 0; i < 1002; i++)
        {
            using var sent = await lab.Http.PostAsync(new Uri("/lab/sink/busy", UriKind.Relative), null, TestLab.Cancel);
        }

        using var content = new ByteArrayContent(Encoding.ASCII.GetBytes(new string('x', (1024 * 1024) + 5)));
        using var large = await lab.Http.PostAsync(new Uri("/lab/sink/large", UriKind.Relative), content, TestLab.Cancel);

        var requests = lab.Server.Sinks.Requests("busy");
        (requests.Count, requests[0].Number, requests[^1].Number).ShouldBe((1000, 3, 1002));
        var recorded = lab.Server.Sinks.Requests("large").Single();
        (recorded.Body.Length, recorded.IsTruncated).ShouldBe((1024 * 1024, true));
    }

    private async Task<HttpResponseMessage> JsonAsync(HttpMethod method, string path, string json)
    {
        using var request = new HttpRequestMessage(method, path) { Content = new StringContent(json, Encoding.UTF8, "application/json") };
        return await lab.Http.SendAsync(request, TestLab.Cancel);
    }
}
