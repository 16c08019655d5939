using System.Net;
using System.Text;
using FederationWorkflows.Http.Outbound;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Options;

namespace FederationWorkflows.Http.Tests.Outbound;

public sealed class RedirectTests
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("http://10.0.0.1/")]
    [InlineData("http://169.254.169.254/latest/meta-data/iam/")]
    [InlineData("//192.168.0.1/")]
    [InlineData("http://[::ffff:10.0.0.1]/")]
    [InlineData("http://metadata.google.internal/")]
    [InlineData("http://u:p@127.0.0.1/")]
    [InlineData("file:///etc/passwd")]
    public async Task A_redirect_goes_nowhere_a_request_could_not_go(string location)
    {
        await using var server = await StubServer.StartAsync(context => Redirect(context, 302, location));
        using var client = Client();

        await Should.ThrowAsync<OutboundRequestRefusedException>(() => client.GetAsync(server.Url, Ct));
    }

    [Theory]
    [InlineData(5, true)]
    [InlineData(6, false)]
    public async Task A_chain_of_redirects_has_a_limit(int length, bool arrives)
    {
        await using var server = await StubServer.StartAsync(context =>
        {
            var left = int.Parse(context.Request.Path.Value![1..], null);
            return left == 0 ? context.Response.WriteAsync("arrived") : Redirect(context, 302, $"/{left - 1}");
        });
        using var client = Client();
        Func<Task<string>> get = () => client.GetStringAsync(server.At($"/{length}"), Ct);

        if (arrives)
        {
            (await get()).ShouldBe("arrived");
        }
        else
        {
            (await Should.ThrowAsync<OutboundRequestRefusedException>(get)).Setting.ShouldBe("Http:Outbound:MaxRedirects");
        }
    }

    // RFC 9110, sections 15.4.2 to 15.4.9.
    [Theory]
    [InlineData("POST", 301, "GET", false)]
    [InlineData("POST", 302, "GET", false)]
    [InlineData("POST", 303, "GET", false)]
    [InlineData("PUT", 303, "GET", false)]
    [InlineData("DELETE", 303, "GET", false)]
    [InlineData("HEAD", 303, "HEAD", false)]
    [InlineData("PUT", 301, "PUT", true)]
    [InlineData("PATCH", 302, "PATCH", true)]
    [InlineData("POST", 307, "POST", true)]
    [InlineData("PUT", 308, "PUT", true)]
    [InlineData("GET", 307, "GET", false)]
    public async Task The_method_changes_as_the_status_says(string method, int status, string expectedMethod, bool keepsBody)
    {
        var seen = "";
        await using var server = await StubServer.StartAsync(async context =>
        {
            if (context.Request.Path == "/from")
            {
                await Redirect(context, status, "/to");
                return;
            }

            using var reader = new StreamReader(context.Request.Body);
            seen = $"{context.Request.Method} {context.Request.Headers["Idempotency-Key"]} {await reader.ReadToEndAsync(Ct)}";
        });
        using var client = Client();
        using var request = new HttpRequestMessage(new HttpMethod(method), server.At("/from"));
        if (method is not ("GET" or "HEAD"))
        {
            request.Content = new ByteArrayContent(Encoding.UTF8.GetBytes("body"));
            request.Headers.Add("Idempotency-Key", "k");
        }

        await client.SendAsync(request, Ct);

        seen.Trim().ShouldBe(keepsBody ? $"{expectedMethod} k body" : expectedMethod);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Another_origin_gets_no_header_that_could_be_a_secret(bool sameOrigin)
    {
        var headers = "";
        await using var other = await StubServer.StartAsync(Remember);
        await using var server = await StubServer.StartAsync(context =>
            context.Request.Path == "/from" ? Redirect(context, 307, sameOrigin ? "/to" : other.At("/to").ToString()) : Remember(context));
        using var client = Client();
        using var request = new HttpRequestMessage(HttpMethod.Get, server.At("/from"));
        request.Headers.TryAddWithoutValidation("Authorization", "Bearer canary");
        request.Headers.TryAddWithoutValidation("Cookie", "a=canary");
        request.Headers.TryAddWithoutValidation("X-Vault-Token", "canary");
        request.Headers.TryAddWithoutValidation("X-Our-Own", "canary");
        request.Headers.TryAddWithoutValidation("Accept", "text/plain");

        await client.SendAsync(request, Ct);

        headers.ShouldContain("Accept: text/plain");
        headers.Contains("canary", StringComparison.Ordinal).ShouldBe(sameOrigin);

        Task Remember(HttpContext context)
        {
            headers = string.Join("\n", context.Request.Headers.Select(h => $"{h.Key}: {h.Value}"));
            return Task.CompletedTask;
        }
    }

    [Theory]
    [InlineData("POST", 307)]
    [InlineData("POST", 308)]
    [InlineData("PUT", 301)]
    [InlineData("PATCH", 302)]
    public async Task A_secret_body_is_not_handed_on_to_another_origin(string method, int status)
    {
        var reached = false;
        await using var other = await StubServer.StartAsync(_ =>
        {
            reached = true;
            return Task.CompletedTask;
        });
        await using var server = await StubServer.StartAsync(context => Redirect(context, status, other.Url.ToString()));
        using var client = Client();
        using var request = new HttpRequestMessage(new HttpMethod(method), server.Url) { Content = new StringContent("secret") };
        request.Options.Set(OutboundHttp.ContentIsSensitive, true);

        (await Should.ThrowAsync<OutboundRequestRefusedException>(() => client.SendAsync(request, Ct))).Rule.ShouldBe("'127.0.0.1' redirects there a body that holds a secret meant for it");
        reached.ShouldBeFalse();
    }

    [Fact]
    public async Task A_redirect_from_https_to_http_is_refused()
    {
        var rules = new OutboundRules(new OutboundPolicy());
        using var secure = new Scripted(new HttpResponseMessage(HttpStatusCode.Found) { Headers = { Location = new Uri("http://example.com/") } });
        using var invoker = new HttpMessageInvoker(new RequestGuard(rules, secure));
        using var request = new HttpRequestMessage(HttpMethod.Get, new Uri("https://example.com/"));

        (await Should.ThrowAsync<OutboundRequestRefusedException>(() => invoker.SendAsync(request, Ct))).Rule.ShouldBe("'example.com' redirects from https to http, which is not encrypted");
    }

    [Fact]
    public async Task Http3_which_would_not_use_the_guarded_connection_is_never_asked_for()
    {
        using var answer = new Scripted(new HttpResponseMessage(HttpStatusCode.OK));
        using var invoker = new HttpMessageInvoker(new RequestGuard(new OutboundRules(new OutboundPolicy()), answer));
        using var request = new HttpRequestMessage(HttpMethod.Get, new Uri("https://example.com/")) { Version = HttpVersion.Version30, VersionPolicy = HttpVersionPolicy.RequestVersionExact };

        await invoker.SendAsync(request, Ct);

        request.Version.ShouldBe(HttpVersion.Version20);
        request.VersionPolicy.ShouldBe(HttpVersionPolicy.RequestVersionOrLower);
    }

    [Theory]
    [InlineData(300)]
    [InlineData(304)]
    [InlineData(200)]
    public async Task Other_answers_with_a_location_are_the_answer(int status)
    {
        await using var server = await StubServer.StartAsync(context => Redirect(context, status, "http://10.0.0.1/"));
        using var client = Client();

        ((int)(await client.GetAsync(server.Url, Ct)).StatusCode).ShouldBe(status);
    }

    private static HttpClient Client() => new OutboundHttp(Options.Create(new OutboundPolicy { AllowLoopback = true }), new SystemHostResolver()).CreateClient();

    private static Task Redirect(HttpContext context, int status, string location)
    {
        context.Response.StatusCode = status;
        context.Response.Headers.Location = location;
        return Task.CompletedTask;
    }

    private sealed class Scripted(HttpResponseMessage answer) : HttpMessageHandler
    {
        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken) => Task.FromResult(answer);
    }
}
