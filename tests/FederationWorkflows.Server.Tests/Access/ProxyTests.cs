using System.Net;
using FederationWorkflows.Server.Tests.Support;

namespace FederationWorkflows.Server.Tests.Access;

/// <summary>Behind a proxy that ends TLS, calls the server by a name of its own, and says in headers what it was called.</summary>
public sealed class ProxyTests
{
    private const string Site = "https://flows.example";

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("127.0.0.1", Site, null, HttpStatusCode.NotFound, "a browser that says nothing but where its page is from")]
    [InlineData("127.0.0.1", Site, "same-origin", HttpStatusCode.NotFound, "a browser that also says it is the same site")]
    [InlineData("127.0.0.1", "https://evil.example", null, HttpStatusCode.Unauthorized, "another site's page")]
    [InlineData("127.0.0.1", "http://flows.example", null, HttpStatusCode.Unauthorized, "the same name without TLS is another site")]
    [InlineData("127.0.0.1", Site, "cross-site", HttpStatusCode.Unauthorized, "the browser says that it is another site's page")]
    [InlineData("10.0.0.5", Site, null, HttpStatusCode.Unauthorized, "whoever is no listed proxy is not believed")]
    [InlineData("10.0.0.5", Site, "same-origin", HttpStatusCode.NotFound, "the browser knows what it called, and no page can say it for it")]
    public async Task What_a_page_changes_counts_by_the_name_the_browser_called(string trusted, string origin, string? site, HttpStatusCode expected, string why)
    {
        await using var server = await StartAsync(trusted);
        using var ann = await server.AdministratorAsync();
        using var request = Passed(HttpMethod.Post, "/api/runs/none/retry");
        request.Headers.Add("Origin", origin);
        if (site is not null)
        {
            request.Headers.Add("Sec-Fetch-Site", site);
        }

        using var answer = await ann.SendAsync(request, Cancellation);

        answer.StatusCode.ShouldBe(expected, why);
    }

    [Theory]
    [InlineData("127.0.0.1", "/flows/sign-in?returnUrl=%2Fruns%2Ffailed")]
    [InlineData("10.0.0.5", "/sign-in?returnUrl=%2Fruns%2Ffailed")]
    public async Task A_listed_proxy_is_believed_on_the_path_it_took_away(string trusted, string expected)
    {
        await using var server = await StartAsync(trusted);
        using var request = Passed(HttpMethod.Get, "/runs/failed");
        request.Headers.Add("Accept", "text/html");
        request.Headers.Add("X-Forwarded-Prefix", "/flows");

        using var answer = await server.Client.SendAsync(request, Cancellation);

        answer.Headers.Location!.OriginalString.ShouldBe(expected);
    }

    [Theory]
    [InlineData("//evil.example")]
    [InlineData("/flows/..")]
    [InlineData("/flows?x=")]
    [InlineData("/<script>")]
    public async Task What_is_no_path_to_a_server_is_not_taken_from_a_proxy_either(string prefix)
    {
        await using var server = await StartAsync("127.0.0.1");
        using var request = Passed(HttpMethod.Get, "/runs/failed");
        request.Headers.Add("Accept", "text/html");
        request.Headers.Add("X-Forwarded-Prefix", prefix);

        using var answer = await server.Client.SendAsync(request, Cancellation);

        answer.StatusCode.ShouldBe(HttpStatusCode.BadRequest);
        answer.Headers.Location.ShouldBeNull();
    }

    [Theory]
    [InlineData("flows.example", HttpStatusCode.OK)]
    [InlineData("evil.example", HttpStatusCode.BadRequest)]
    public async Task Only_allowed_hosts_are_taken_from_a_proxy_too(string host, HttpStatusCode expected)
    {
        await using var server = await StartAsync("127.0.0.1");
        using var request = new HttpRequestMessage(HttpMethod.Get, "/health/live");
        request.Headers.Add("X-Forwarded-For", "203.0.113.7");
        request.Headers.Add("X-Forwarded-Host", host);

        using var answer = await server.Client.SendAsync(request, Cancellation);

        answer.StatusCode.ShouldBe(expected);
    }

    private static Task<ServerUnderTest> StartAsync(string trusted) => Accounts.StartAsync(
        settings: new Dictionary<string, string?> { ["Server:TrustedProxies:0"] = trusted, ["AllowedHosts"] = "127.0.0.1;flows.example" });

    private static HttpRequestMessage Passed(HttpMethod method, string path)
    {
        var request = new HttpRequestMessage(method, new Uri(path, UriKind.Relative));
        request.Headers.Add("X-Forwarded-For", "203.0.113.7");
        request.Headers.Add("X-Forwarded-Proto", "https");
        request.Headers.Add("X-Forwarded-Host", "flows.example");
        return request;
    }
}
