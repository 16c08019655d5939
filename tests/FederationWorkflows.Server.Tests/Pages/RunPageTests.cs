using System.Net;
using System.Text.RegularExpressions;
using FederationWorkflows.Server.Tests.Support;
using static FederationWorkflows.Server.Tests.Support.Stories;

namespace FederationWorkflows.Server.Tests.Pages;

public sealed partial class RunPageTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_run_is_shown_step_by_step_with_what_failed()
    {
        await using var server = await ServerUnderTest.StartAsync(Of("broken", [Starts("broken"), Fails("the <b>bucket</b> is gone")]));
        var id = await RunAsync(server, "broken", "Faulted");

        var page = await PageAsync(server, $"/runs/{id}");

        page.ShouldContain("the &lt;b&gt;bucket&lt;/b&gt; is gone");
        page.ShouldContain("Elsa.HttpEndpoint");
        page.ShouldContain("Retry from the failure");
        page.ShouldNotContain("<script>", Case.Insensitive, "the page's own policy refuses scripts in the page");
        page.ShouldNotContain(" style=");
    }

    [Fact]
    public async Task A_run_is_repeated_with_other_input_and_the_browser_is_led_to_the_new_one()
    {
        await using var server = await ServerUnderTest.StartAsync(Of("plain", [Starts("plain"), Writes("say", Literal("hello"))]));
        var id = await RunAsync(server, "plain", "Finished");

        using var answer = await SubmitAsync(server, $"/runs/{id}", $"/runs/{id}/rerun", ("input", "{}"));

        answer.StatusCode.ShouldBe(HttpStatusCode.SeeOther);
        var next = answer.Headers.Location!.OriginalString;
        next.ShouldStartWith("/runs/");
        next.ShouldNotBe($"/runs/{id}");
        (await PageAsync(server, next)).ShouldContain("plain");
    }

    [Theory]
    [InlineData("{\"a\":", "The input is no JSON")]
    [InlineData("[1]", "must be a JSON object")]
    public async Task Input_that_is_none_is_explained_and_starts_nothing(string input, string problem)
    {
        await using var server = await ServerUnderTest.StartAsync(Of("plain", [Starts("plain"), Writes("say", Literal("hello"))]));
        var id = await RunAsync(server, "plain", "Finished");

        using var answer = await SubmitAsync(server, $"/runs/{id}", $"/runs/{id}/rerun", ("input", input));

        answer.StatusCode.ShouldBe(HttpStatusCode.BadRequest);
        (await answer.TextAsync()).ShouldContain(problem);
        (await server.GetJsonAsync("/api/runs")).GetProperty("items").GetArrayLength().ShouldBe(1);
    }

    [Theory]
    [InlineData("cancel")]
    [InlineData("retry")]
    [InlineData("rerun")]
    public async Task A_form_that_did_not_come_from_the_page_does_nothing(string action)
    {
        await using var server = await ServerUnderTest.StartAsync(Of("waits", [Starts("waits"), Waits("go", "go")]));
        var id = await RunAsync(server, "waits", "Suspended");

        using var answer = await server.PostAsync($"/runs/{id}/{action}", new FormUrlEncodedContent([]));

        answer.StatusCode.ShouldBe(HttpStatusCode.BadRequest);
        var runs = (await server.GetJsonAsync("/api/runs")).GetProperty("items");
        runs.GetArrayLength().ShouldBe(1);
        runs[0].GetProperty("subStatus").GetString().ShouldBe("Suspended");
    }

    [Fact]
    public async Task A_run_that_waits_can_be_cancelled()
    {
        await using var server = await ServerUnderTest.StartAsync(Of("waits", [Starts("waits"), Waits("go", "go")]));
        var id = await RunAsync(server, "waits", "Suspended");

        using var answer = await SubmitAsync(server, $"/runs/{id}", $"/runs/{id}/cancel");

        answer.StatusCode.ShouldBe(HttpStatusCode.SeeOther);
        (await PageAsync(server, $"/runs/{id}")).ShouldContain("Cancelled");
    }

    [Fact]
    public async Task A_run_that_is_not_there_is_said_so_on_a_page()
    {
        await using var server = await ServerUnderTest.StartAsync();
        using var answer = await server.GetAsync("/runs/nothing");
        answer.StatusCode.ShouldBe(HttpStatusCode.NotFound);
        (await answer.TextAsync()).ShouldContain("There is no run &#x27;nothing&#x27;.");
    }

    [Fact]
    public async Task An_address_that_does_not_exist_is_told_on_a_page_to_people_and_as_a_problem_to_programs()
    {
        await using var server = await ServerUnderTest.StartAsync();
        using var request = new HttpRequestMessage(HttpMethod.Get, new Uri("/nope", UriKind.Relative));
        request.Headers.Add("Accept", "text/html");
        using var page = await server.Client.SendAsync(request, Cancellation);
        (page.StatusCode, page.Content.Headers.ContentType!.MediaType).ShouldBe((HttpStatusCode.NotFound, "text/html"));
        (await page.TextAsync()).ShouldContain("There is no page of this address.");

        using var problem = await server.GetAsync("/api/nope");
        (problem.StatusCode, problem.Content.Headers.ContentType!.MediaType).ShouldBe((HttpStatusCode.NotFound, "application/problem+json"));
    }

    [Fact]
    public async Task Pages_work_below_a_path_prefix()
    {
        await using var server = await ServerUnderTest.StartAsync([Of("plain", [Starts("plain"), Writes("say", Literal("hello"))])], new Dictionary<string, string?> { ["Server:PathBase"] = "/flows" });
        var id = await RunAsync(server, "plain", "Finished", "/flows");

        var page = await PageAsync(server, $"/flows/runs/{id}");

        page.ShouldContain("<base href=\"/flows/\"");
        using var style = await server.GetAsync("/flows/" + StylePattern().Match(page).Value);
        style.StatusCode.ShouldBe(HttpStatusCode.OK);
        style.Headers.CacheControl!.ToString().ShouldBe("public, max-age=31536000, immutable");
    }

    [Fact]
    public async Task What_a_story_answers_runs_in_a_sandbox_and_pages_run_no_script_but_their_own()
    {
        await using var server = await ServerUnderTest.StartAsync(Of("html", [Starts("html"), Answers(Literal("<script>alert(1)</script>"), ("contentType", Literal("text/html")))]));
        using var answer = await server.PostAsync("/workflows/html");
        answer.Headers.GetValues("Content-Security-Policy").Single().ShouldBe("sandbox");

        using var page = await server.GetAsync($"/runs/{answer.RunId()}");
        var policy = page.Headers.GetValues("Content-Security-Policy").Single();
        policy.ShouldContain("default-src 'none'");
        policy.ShouldContain("script-src 'self';");
        policy.ShouldContain("frame-ancestors 'none'");
        page.Headers.CacheControl!.NoStore.ShouldBeTrue();
    }

    private static async Task<string> RunAsync(ServerUnderTest server, string story, string subStatus, string prefix = "")
    {
        using var started = await server.PostAsync($"{prefix}/workflows/{story}");
        await server.RunAsync(started.RunId(), subStatus);
        return started.RunId();
    }

    private static async Task<string> PageAsync(ServerUnderTest server, string path)
    {
        using var answer = await server.GetAsync(path);
        answer.StatusCode.ShouldBe(HttpStatusCode.OK, await answer.TextAsync());
        return await answer.TextAsync();
    }

    /// <summary>Sends a form as a browser does that was shown the page: with the page's token and its cookie.</summary>
    private static async Task<HttpResponseMessage> SubmitAsync(ServerUnderTest server, string page, string target, params (string Name, string Value)[] fields)
    {
        using var shown = await server.GetAsync(page);
        var token = TokenPattern().Match(await shown.TextAsync()).Groups[1].Value;
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri(target, UriKind.Relative));
        request.Headers.Add("Cookie", shown.Headers.GetValues("Set-Cookie").Single().Split(';')[0]);
        request.Content = new FormUrlEncodedContent([KeyValuePair.Create("__RequestVerificationToken", token), .. fields.Select(field => KeyValuePair.Create(field.Name, field.Value))]);
        return await server.Client.SendAsync(request, Cancellation);
    }

    [GeneratedRegex("name=\"__RequestVerificationToken\" value=\"([^\"]+)\"")]
    private static partial Regex TokenPattern();

    [GeneratedRegex("assets/[0-9a-f]+/shell\\.css")]
    private static partial Regex StylePattern();
}
