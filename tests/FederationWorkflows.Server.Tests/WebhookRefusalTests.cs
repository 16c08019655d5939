using System.Net;
using System.Net.Sockets;
using System.Text;
using FederationWorkflows.Server.Tests.Support;
using static FederationWorkflows.Server.Tests.Support.Stories;

namespace FederationWorkflows.Server.Tests;

/// <summary>Requests that start nothing: each says why, as problem+json.</summary>
public sealed class WebhookRefusalTests
{
    private static readonly Dictionary<string, string?> SmallBodies = new() { ["Http:Inbound:MaxBodyBytes"] = "1000" };

    [Theory]
    [InlineData("/workflows/unknown")]
    [InlineData("/workflows/hooks/unknown")]
    [InlineData("/workflows/")]
    [InlineData("/workflows")]
    public async Task Nothing_listens_on_an_unknown_path(string path)
    {
        await using var server = await ServerUnderTest.StartAsync(Of("hook", [Starts("hooks/one")]));
        using var answer = await server.PostAsync(path);
        (await answer.ShouldBeProblemAsync(HttpStatusCode.NotFound)).ShouldBe("No story listens on this path.");
    }

    [Fact]
    public async Task Paths_beside_the_webhooks_are_problems_too()
    {
        await using var server = await ServerUnderTest.StartAsync();
        using var answer = await server.GetAsync("/nothing");
        await answer.ShouldBeProblemAsync(HttpStatusCode.NotFound);
    }

    [Fact]
    public async Task A_wrong_method_is_told_which_are_right()
    {
        await using var server = await ServerUnderTest.StartAsync(Of("put", [Starts("hooks/one", "PUT")]), Of("post", [Starts("hooks/one")]));
        using var answer = await server.GetAsync("/workflows/hooks/one");
        (await answer.ShouldBeProblemAsync(HttpStatusCode.MethodNotAllowed)).ShouldBe("This path takes POST, PUT.");
        answer.Content.Headers.Allow.ShouldBe(["POST", "PUT"]);
    }

    [Fact]
    public async Task Malformed_JSON_is_refused_with_its_place()
    {
        await using var server = await ServerUnderTest.StartAsync(Of("hook", [Starts("hook")]));
        using var answer = await server.PostAsync("/workflows/hook", "{\n  \"a\": 1,\n  \"b\": secret-looking\n}");
        var detail = await answer.ShouldBeProblemAsync(HttpStatusCode.BadRequest);
        detail.ShouldStartWith("The body is not valid JSON");
        detail.ShouldContain("(line 3, column 8)");
        detail.ShouldNotContain("secret-looking");
    }

    [Fact]
    public async Task A_body_that_is_too_large_is_refused()
    {
        await using var server = await ServerUnderTest.StartAsync([Of("hook", [Starts("hook")])], SmallBodies);
        using var answer = await server.PostAsync("/workflows/hook", $"\"{new string('x', 2000)}\"");
        (await answer.ShouldBeProblemAsync(HttpStatusCode.RequestEntityTooLarge)).ShouldBe("The request's body is longer than 1000 bytes.");
    }

    [Fact]
    public async Task The_endpoints_own_limit_counts_when_it_is_lower()
    {
        await using var server = await ServerUnderTest.StartAsync([Of("hook", [Starts("hook", more: ("requestSizeLimit", Literal(10)))])], SmallBodies);
        using var answer = await server.PostAsync("/workflows/hook", $"\"{new string('x', 20)}\"");
        (await answer.ShouldBeProblemAsync(HttpStatusCode.RequestEntityTooLarge)).ShouldBe("The request's body is longer than 10 bytes.");
    }

    [Fact]
    public async Task Chunks_are_counted_as_they_come()
    {
        await using var server = await ServerUnderTest.StartAsync([Of("hook", [Starts("hook")])], SmallBodies);
        var chunk = "200\r\n" + new string('x', 512) + "\r\n";
        var answer = await RawAsync(server, "Connection: close\r\nTransfer-Encoding: chunked\r\n\r\n" + chunk + chunk);
        answer.ShouldStartWith("HTTP/1.1 413");
        answer.ShouldContain("The request's body is longer than 1000 bytes.");
    }

    [Fact]
    public async Task A_content_length_that_promises_too_much_is_refused_before_the_body_comes()
    {
        await using var server = await ServerUnderTest.StartAsync([Of("hook", [Starts("hook")])], SmallBodies);
        var answer = await RawAsync(server, "Connection: close\r\nContent-Length: 999999999999\r\n\r\n");
        answer.ShouldStartWith("HTTP/1.1 413");
        answer.ShouldContain("The request's body is longer than 1000 bytes.");
    }

    [Fact]
    public async Task What_is_longer_than_its_content_length_is_not_read()
    {
        await using var server = await ServerUnderTest.StartAsync([Of("hook", [Starts("hook", more: ("parsedContent", To("body"))), Answers(Variable("body"))], "body:Object")], SmallBodies);
        var answer = await RawAsync(server, "Content-Length: 2\r\n\r\n42" + new string('x', 5000) + "\r\n\r\n");
        answer.ShouldStartWith("HTTP/1.1 200");
        answer.ShouldContain("\r\n\r\n42HTTP/1.1 400", Case.Sensitive, "the rest is another request, and not a valid one");
    }

    [Fact]
    public async Task A_limit_above_that_of_the_web_server_is_kept()
    {
        await using var server = await ServerUnderTest.StartAsync(
            [Of("hook", [Starts("hook")])], new Dictionary<string, string?> { ["Http:Inbound:MaxBodyBytes"] = "40000000" });
        using var answer = await server.PostAsync("/workflows/hook", new ByteArrayContent(new byte[35_000_000]));
        answer.StatusCode.ShouldBe(HttpStatusCode.Accepted);
    }

    [Theory]
    [InlineData("no/media/type", null)]
    [InlineData("application/json; charset=klingon", null)]
    [InlineData("application/json", "gzip")]
    public async Task A_body_of_a_kind_that_is_not_taken_is_refused(string contentType, string? encoding)
    {
        await using var server = await ServerUnderTest.StartAsync(Of("hook", [Starts("hook")]));
        using var content = new StringContent("{}");
        content.Headers.Remove("Content-Type");
        content.Headers.TryAddWithoutValidation("Content-Type", contentType);
        if (encoding is not null)
        {
            content.Headers.ContentEncoding.Add(encoding);
        }

        using var answer = await server.PostAsync("/workflows/hook", content);
        (await answer.ShouldBeProblemAsync(HttpStatusCode.UnsupportedMediaType)).ShouldNotBeEmpty();
    }

    [Fact]
    public async Task Of_two_stories_on_one_path_neither_is_started_and_none_is_named_to_a_stranger()
    {
        await using var server = await ServerUnderTest.StartAsync(Of("second", [Starts("/Hook/")]), Of("first", [Starts("hook")]));
        using var answer = await server.PostAsync("/workflows/hook");
        (await answer.ShouldBeProblemAsync(HttpStatusCode.Conflict))
            .ShouldBe("Several stories or runs listen on this path and method, and none of them was started or resumed. The server's log names them.");
        answer.Headers.Contains("x-elsa-workflow-instance-id").ShouldBeFalse();
    }

    [Theory]
    [InlineData("evil.example")]
    [InlineData("127.0.0.1.evil.example")]
    [InlineData("169.254.169.254")]
    public async Task Another_host_name_is_refused_so_that_no_web_page_gets_here_by_DNS(string host)
    {
        await using var server = await ServerUnderTest.StartAsync(Of("hook", [Starts("hook")]));
        using var request = new HttpRequestMessage(HttpMethod.Post, "/workflows/hook") { Headers = { Host = host } };
        using var answer = await server.Client.SendAsync(request, TestContext.Current.CancellationToken);
        answer.StatusCode.ShouldBe(HttpStatusCode.BadRequest);
        answer.Headers.Contains("x-elsa-workflow-instance-id").ShouldBeFalse();
    }

    [Theory]
    [InlineData(null, null, HttpStatusCode.Accepted)]
    [InlineData("X-Forwarded-For", "203.0.113.7", HttpStatusCode.Unauthorized)]
    [InlineData("Forwarded", "for=203.0.113.7", HttpStatusCode.Unauthorized)]
    [InlineData("Origin", "https://evil.example", HttpStatusCode.Unauthorized)]
    [InlineData("Origin", "null", HttpStatusCode.Unauthorized)]
    [InlineData("Sec-Fetch-Site", "cross-site", HttpStatusCode.Unauthorized)]
    [InlineData("Sec-Fetch-Site", "same-origin", HttpStatusCode.Accepted)]
    public async Task A_protected_webhook_is_for_programs_of_this_machine_not_for_proxies_or_web_pages(string? header, string? value, HttpStatusCode status)
    {
        await using var server = await ServerUnderTest.StartAsync(Of("hook", [Starts("hook", more: ("authorize", Literal(true)))]));
        using var request = new HttpRequestMessage(HttpMethod.Post, "/workflows/hook");
        if (header is not null)
        {
            request.Headers.Add(header, value);
        }

        using var answer = await server.Client.SendAsync(request, TestContext.Current.CancellationToken);

        if (status == HttpStatusCode.Unauthorized)
        {
            (await answer.ShouldBeProblemAsync(status)).ShouldBe("This webhook is only for callers who are signed in.");
        }

        answer.StatusCode.ShouldBe(status);
    }

    [Theory]
    [InlineData(null, HttpStatusCode.Accepted)]
    [InlineData("none", HttpStatusCode.Accepted)]
    [InlineData("same-origin", HttpStatusCode.Accepted)]
    [InlineData("same-site", HttpStatusCode.Unauthorized)]
    [InlineData("cross-site", HttpStatusCode.Unauthorized)]
    public async Task A_link_of_another_site_starts_nothing_with_the_session_of_who_follows_it(string? site, HttpStatusCode status)
    {
        await using var server = await ServerUnderTest.StartAsync(
            [Of("hook", [Starts("hook", "GET", ("caller", Literal("signedIn")))])],
            new Dictionary<string, string?> { ["SignIn:TrustLocalCallers"] = "false" });
        using var ann = await server.AdministratorAsync();
        using var request = new HttpRequestMessage(HttpMethod.Get, "/workflows/hook");
        if (site is not null)
        {
            request.Headers.Add("Sec-Fetch-Site", site);
        }

        using var answer = await ann.SendAsync(request, TestContext.Current.CancellationToken);
        answer.StatusCode.ShouldBe(status, await answer.TextAsync());
    }

    /// <summary>Sends bytes no HTTP client would send and reads what comes until the server closes.</summary>
    private static async Task<string> RawAsync(ServerUnderTest server, string rest)
    {
        var cancellation = TestContext.Current.CancellationToken;
        using var client = new TcpClient();
        await client.ConnectAsync(IPAddress.Loopback, server.Address.Port, cancellation);
        var stream = client.GetStream();
        await stream.WriteAsync(Encoding.ASCII.GetBytes($"POST /workflows/hook HTTP/1.1\r\nHost: {server.Address.Authority}\r\nContent-Type: text/plain\r\n{rest}"), cancellation);
        using var reader = new StreamReader(stream, Encoding.ASCII);
        return await reader.ReadToEndAsync(cancellation);
    }
}
