using System.Net;
using System.Text.Json;
using FederationWorkflows.Engine;
using FederationWorkflows.Federation.Google.Requests;
using FederationWorkflows.Federation.Tests.Clients;

namespace FederationWorkflows.Federation.Tests.Google;

public sealed class GoogleRequestTests : IDisposable
{
    private readonly FederationHost host = new();

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public void Dispose() => host.Dispose();

    [Theory]
    [InlineData("storage", "https://storage.googleapis.com/storage/v1/b?project=p%201")]
    [InlineData("storage.googleapis.com", "https://storage.googleapis.com/storage/v1/b?project=p%201")]
    [InlineData("us-central1-aiplatform", "https://us-central1-aiplatform.googleapis.com/storage/v1/b?project=p%201")]
    [InlineData("aiplatform.us-central1.rep", "https://aiplatform.us-central1.rep.googleapis.com/storage/v1/b?project=p%201")]
    public async Task Where_a_request_goes_follows_from_the_service(string service, string url)
    {
        host.Network.Answer("""{"items":[]}""");

        var answer = await host.GoogleRequests.SendAsync(Request() with { Service = service, QuotaProject = "ops-1" }, Cancellation);

        host.Network.Only.Url.ShouldBe(url);
        host.Network.Only.Headers["Authorization"].ShouldBe("Bearer ya29.CANARY");
        host.Network.Only.Headers["x-goog-user-project"].ShouldBe("ops-1");
        answer.StatusCode.ShouldBe(200);
        answer.Content.ShouldBeOfType<JsonElement>().GetRawText().ShouldBe("""{"items":[]}""");
    }

    [Fact]
    public async Task An_administrators_base_takes_the_place_of_googles_hosts()
    {
        using var moved = new FederationHost(("Endpoints:GoogleApis", "http://127.0.0.1:4566/google/"));
        moved.Network.Answer("{}");

        await moved.GoogleRequests.SendAsync(Request() with { Method = "POST", Body = "{\"a\":1}"u8.ToArray() }, Cancellation);

        moved.Network.Only.Url.ShouldBe("http://127.0.0.1:4566/google/storage/storage/v1/b?project=p%201");
        moved.Network.Only.Headers["Content-Type"].ShouldBe("application/json");
        moved.Network.Only.Body.ShouldBe("""{"a":1}""");
    }

    public static TheoryData<Func<GoogleRequest, GoogleRequest>, string> BadInputs => new()
    {
        { request => request with { Service = "attacker.example" }, "the service is no host of googleapis.com" },
        { request => request with { Service = "bucket.storage" }, "the service is no host of googleapis.com" },
        { request => request with { Service = "storage.googleapis.com.evil.example" }, "the service is no host of googleapis.com" },
        { request => request with { Service = "x@evil.example/" }, "the service is no host of googleapis.com" },
        { request => request with { Service = "" }, "the service is no host of googleapis.com" },
        { request => request with { Path = "//evil.example/../x" }, "the path has a segment . or .." },
        { request => request with { Path = "x" }, "the path is none" },
        { request => request with { Method = "TRACE" }, "the method is none that can be sent" },
        { request => request with { Token = Sensitive.Of("CANARY x") }, "the token is no access token" },
        { request => request with { QuotaProject = "a\r\nb" }, "the quota project is no project" },
    };

    [Theory]
    [MemberData(nameof(BadInputs))]
    public async Task What_would_leave_google_is_not_sent(Func<GoogleRequest, GoogleRequest> change, string detail)
    {
        var error = await Should.ThrowAsync<FederationException>(() => host.GoogleRequests.SendAsync(change(Request()), Cancellation));

        error.Detail.ShouldBe(detail);
        error.ToString().ShouldNotContain("CANARY");
        host.Network.Requests.ShouldBeEmpty();
    }

    [Theory]
    [InlineData(403, """{"error":{"code":403,"message":"no","status":"PERMISSION_DENIED","details":[{"@type":"type.googleapis.com/google.rpc.ErrorInfo","reason":"IAM_PERMISSION_DENIED","metadata":{"permission":"storage.buckets.list"}}]}}""", "PERMISSION_DENIED", "Grant a role with storage.buckets.list to whoever the token is of.")]
    [InlineData(403, """{"error":{"code":403,"message":"off","status":"PERMISSION_DENIED","details":[{"@type":"type.googleapis.com/google.rpc.ErrorInfo","reason":"SERVICE_DISABLED"}]}}""", "PERMISSION_DENIED", "Enable the API in the project that is billed")]
    [InlineData(403, """{"error":{"code":403,"message":"ya29.CANARY may not"}}""", "Forbidden", "Grant a role that allows it")]
    [InlineData(401, """{"error":{"code":401,"message":"bad","status":"UNAUTHENTICATED"}}""", "UNAUTHENTICATED", "The token is expired")]
    [InlineData(404, "<html>", "NotFound", "Check path and service")]
    [InlineData(429, """{"error":{"code":429,"message":"slow","status":"RESOURCE_EXHAUSTED"}}""", "RESOURCE_EXHAUSTED", "The project's quota is used up")]
    public async Task A_refusal_keeps_googles_words_and_says_what_to_check(int status, string body, string code, string advice)
    {
        host.Network.Answer(body, (HttpStatusCode)status);

        var error = await Should.ThrowAsync<FederationException>(() => host.GoogleRequests.SendAsync(Request(), Cancellation));

        error.Service.ShouldBe("Google's API storage.googleapis.com");
        error.Api.ShouldBe("storage:GET");
        error.Code.ShouldBe(code);
        error.HttpStatus.ShouldBe(status);
        error.Advice.ShouldStartWith(advice);
        error.IsRetryable.ShouldBe(status == 429);
        error.ToString().ShouldNotContain("CANARY");
    }

    [Theory]
    [InlineData("""{"accessToken":"ya29.other"}""")]
    [InlineData("""{"privateKeyData":"abc"}""")]
    [InlineData("""{"echo":"ya29.CANARY"}""")]
    public async Task An_answer_that_holds_a_secret_is_one(string body)
    {
        host.Network.Answer(body);

        (await host.GoogleRequests.SendAsync(Request(), Cancellation)).Content.ShouldBeAssignableTo<Sensitive>();
    }

    private static GoogleRequest Request() => new() { Token = Sensitive.Of("ya29.CANARY"), Service = "storage", Path = "/storage/v1/b", Query = [new("project", "p 1")] };
}
