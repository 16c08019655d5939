using System.Text;
using System.Text.Json.Nodes;
using FederationWorkflows.Engine;
using FederationWorkflows.Engine.Execution;
using Microsoft.AspNetCore.Http;

namespace FederationWorkflows.Http.Tests.Requests;

public sealed class RequestSecrecyTests
{
    private const string Canary = "canary-7f3a9c-value";

    [Fact]
    public async Task A_secret_reaches_the_other_side_in_clear_and_nobody_else()
    {
        await using var server = await RecordingServer.StartAsync(context =>
        {
            context.Response.Headers.SetCookie = "session=" + Canary;
            context.Response.Headers["X-Echo"] = context.Request.Headers.Authorization;
            return context.Response.WriteAsJsonAsync(new { echo = context.Request.Headers.Authorization.ToString() });
        });

        using var story = await Story.RunAsync(
            Send(server.Url, ("method", Story.Literal("POST")), ("authorization", Story.Input("Input", "secret")), ("content", Story.Input("Input", "value")), ("requestHeaders", Story.Input("Input", "value"))),
            Secrets($"Bearer {Canary}", new Dictionary<string, object?> { ["X-Our-Key"] = Sensitive.Of(Canary), ["X-Plain"] = "open" }));

        story.Run.SubStatus.ShouldBe(WorkflowSubStatus.Finished);
        server.Only.Headers["Authorization"].ShouldBe($"Bearer {Canary}");
        server.Only.Headers["X-Our-Key"].ShouldBe(Canary);
        server.Only.Body.ShouldBe($$"""{"X-Our-Key":"{{Canary}}","X-Plain":"open"}""");
        story.Output("send", "ParsedContent").ShouldBeAssignableTo<Sensitive>();
        story.Note("send", "Note").ShouldBe("The answer repeats a secret of the request, so its content is kept as a secret.");
        var headers = (IDictionary<string, object?>)story.Output("send", "ResponseHeaders")!;
        headers["set-cookie"].ShouldBeOfType<Sensitive<string>>();
        headers["x-echo"].ShouldBeOfType<Sensitive<string>>();
        ShouldLeaveNoTrace(story);
    }

    [Fact]
    public async Task An_answer_that_repeats_a_secret_from_within_the_content_is_kept_as_a_secret()
    {
        await using var server = await RecordingServer.StartAsync(200, "text/plain", "you sent " + Canary);

        using var story = await Story.RunAsync(
            Send(server.Url, ("method", Story.Literal("POST")), ("content", Story.Input("Input", "value"))),
            Secrets("unused", new Dictionary<string, object?> { ["list"] = new object?[] { 1, new Dictionary<string, object?> { ["token"] = Sensitive.Of(Canary) } } }));

        server.Only.Body.ShouldBe($$"""{"list":[1,{"token":"{{Canary}}"}]}""");
        story.Output("send", "ParsedContent").ShouldBeAssignableTo<Sensitive>();
        ShouldLeaveNoTrace(story);
    }

    [Theory]
    [InlineData("json escape")]
    [InlineData("utf-16")]
    [InlineData("reason phrase")]
    [InlineData("header name")]
    [InlineData("content type")]
    public async Task An_answer_that_repeats_a_secret_in_another_place_or_form_leaves_no_trace_of_it(string form)
    {
        await using var server = await RecordingServer.StartAsync(context =>
        {
            var response = context.Response;
            response.ContentType = form == "content type" ? $"text/plain; name={Canary}" : "application/json";
            byte[] body = [];
            switch (form)
            {
                case "json escape":
                    body = Encoding.UTF8.GetBytes("{\"echo\":\"" + string.Concat(Canary.Select(c => $"\\u{(int)c:x4}")) + "\"}");
                    break;
                case "utf-16":
                    response.ContentType = "text/plain; charset=utf-16";
                    body = Encoding.Unicode.GetBytes("you sent " + Canary);
                    break;
                case "reason phrase":
                    context.Features.Get<Microsoft.AspNetCore.Http.Features.IHttpResponseFeature>()!.ReasonPhrase = Canary;
                    break;
                case "header name":
                    response.Headers[Canary] = "x";
                    break;
            }

            return response.Body.WriteAsync(body).AsTask();
        });

        using var story = await Story.RunAsync(Send(server.Url, ("method", Story.Literal("GET")), ("authorization", Story.Input("Input", "secret"))), Secrets($"Bearer {Canary}"));

        story.Run.SubStatus.ShouldBe(WorkflowSubStatus.Finished);
        ShouldLeaveNoTrace(story);
    }

    [Theory]
    [InlineData("authorization", "Bearer canary-7f3a9c-value\r\nX: y")]
    [InlineData("authorization", "canary-7f3a9c-value, broken")]
    [InlineData("requestHeaders", "{\"X-A\":\"canary-7f3a9c-value\\n\"}")]
    [InlineData("requestHeaders", "{\"canary-7f3a9c-value\":\"a\\n\"}")]
    [InlineData("url", "http://u:canary-7f3a9c-value@127.0.0.1/")]
    [InlineData("url", "http://10.0.0.1/canary-7f3a9c-value")]
    [InlineData("url", "http://127.0.0.1:1/canary-7f3a9c-value")]
    [InlineData("method", "canary-7f3a9c-value@")]
    [InlineData("contentType", "canary-7f3a9c-value")]
    public async Task Errors_do_not_tell_it(string input, string secret)
    {
        await using var server = await RecordingServer.StartAsync();

        using var story = await Story.RunAsync(Send(server.Url, ("content", Story.Literal("x")), (input, Story.Input("Input", "secret"))), Secrets(secret));

        ShouldLeaveNoTrace(story);
        server.All.ShouldBeEmpty();
    }

    [Fact]
    public async Task A_redirect_to_another_origin_does_not_take_it_along()
    {
        await using var other = await RecordingServer.StartAsync();
        await using var server = await RecordingServer.StartAsync(context =>
        {
            context.Response.StatusCode = 302;
            context.Response.Headers.Location = other.Url.ToString();
            return Task.CompletedTask;
        });

        using var story = await Story.RunAsync(
            Send(server.Url, ("authorization", Story.Input("Input", "secret")), ("requestHeaders", Story.Input("Object", new { X_Our_Own = Canary }))), Secrets($"Bearer {Canary}"));

        story.Output("send", "StatusCode").ShouldBe(200);
        string.Join(' ', other.Only.Headers.Values).ShouldNotContain(Canary);
    }

    [Fact]
    public async Task A_secret_body_is_not_redirected_to_another_origin()
    {
        await using var other = await RecordingServer.StartAsync();
        await using var server = await RecordingServer.StartAsync(context =>
        {
            context.Response.StatusCode = 307;
            context.Response.Headers.Location = other.Url.ToString();
            return Task.CompletedTask;
        });

        using var story = await Story.RunAsync(Send(server.Url, ("method", Story.Literal("POST")), ("content", Story.Input("Input", "secret"))), Secrets(Canary));

        story.Incident.ShouldContain("redirects there a body that holds a secret meant for it");
        other.All.ShouldBeEmpty();
        ShouldLeaveNoTrace(story);
    }

    private static Dictionary<string, object?> Secrets(string secret, object? value = null) => new() { ["secret"] = Sensitive.Of(secret), ["value"] = value };

    private static void ShouldLeaveNoTrace(Story story)
    {
        story.Traces.ShouldNotContain(Canary);
        story.Traces.ShouldNotContain(Convert.ToBase64String(Encoding.UTF8.GetBytes(Canary)));
        story.Traces.ShouldNotContain(Uri.EscapeDataString(Canary));
        story.Journal.Count.ShouldBeGreaterThan(1);
    }

    private static JsonObject Send(Uri url, params (string Name, JsonNode? Value)[] properties) =>
        Story.Activity("Elsa.SendHttpRequest", "send", [("url", Story.Literal(url.OriginalString)), .. properties]);
}
