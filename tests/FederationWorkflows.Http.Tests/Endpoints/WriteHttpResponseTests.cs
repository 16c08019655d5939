using System.Text;
using System.Text.Json.Nodes;
using FederationWorkflows.Engine;
using FederationWorkflows.Engine.Execution;
using FederationWorkflows.Http.Endpoints;

namespace FederationWorkflows.Http.Tests.Endpoints;

public sealed class WriteHttpResponseTests
{
    [Theory]
    [InlineData("\"hello\"", null, "text/plain; charset=utf-8", "hello")]
    [InlineData("\"<b>ü</b>\"", "text/html", "text/html; charset=utf-8", "<b>ü</b>")]
    [InlineData("\"x\"", "text/html; charset=utf-8", "text/html; charset=utf-8", "x")]
    [InlineData("\"{}\"", "application/json", "application/json", "{}")]
    [InlineData("{\"a\":[1,\"u\"]}", null, "application/json", "{\"a\":[1,\"u\"]}")]
    [InlineData("{\"a\":1}", "application/vnd.x+json", "application/vnd.x+json", "{\"a\":1}")]
    [InlineData("42", null, "application/json", "42")]
    [InlineData("true", "text/plain", "text/plain", "true")]
    [InlineData("null", "text/plain", null, "")]
    public async Task The_content_decides_the_body_and_the_default_type(string content, string? contentType, string? expectedType, string body)
    {
        var effect = await AnswerAsync(("content", Story.Input("Object", JsonNode.Parse(content))), ("contentType", Story.Literal(contentType)));

        effect.StatusCode.ShouldBe(200);
        effect.ContentType.ShouldBe(expectedType);
        Encoding.UTF8.GetString(effect.Body).ShouldBe(body);
    }

    [Fact]
    public async Task Bytes_are_sent_as_they_are()
    {
        using var story = await Story.RunAsync(Response(("content", Story.Input("Input", "value"))), new Dictionary<string, object?> { ["value"] = new byte[] { 0, 255 } });

        var effect = story.Effects.ShouldHaveSingleItem().ShouldBeOfType<HttpResponseEffect>();
        effect.Body.ShouldBe([0, 255]);
        effect.ContentType.ShouldBe("application/octet-stream");
    }

    [Theory]
    [InlineData("Created", 201)]
    [InlineData(404, 404)]
    [InlineData("503", 503)]
    public async Task A_status_is_given_by_name_or_number(object given, int status) => (await AnswerAsync(("statusCode", Story.Literal(given)))).StatusCode.ShouldBe(status);

    [Theory]
    [InlineData("NoContent")]
    [InlineData("ResetContent")]
    [InlineData("NotModified")]
    public async Task A_status_without_a_body_has_none(string status)
    {
        var effect = await AnswerAsync(("statusCode", Story.Literal(status)), ("content", Story.Literal("dropped")));

        effect.Body.ShouldBeEmpty();
        effect.ContentType.ShouldBeNull();
    }

    [Fact]
    public async Task A_status_that_only_announces_an_answer_is_refused() =>
        (await FailAsync(("statusCode", Story.Literal("Continue")))).ShouldBe("The status 100 is no answer: it announces one. Use a status from 200 to 599.");

    [Fact]
    public async Task Headers_are_a_text_or_a_list_of_texts()
    {
        var effect = await AnswerAsync(
            ("content", Story.Literal("x")),
            ("responseHeaders", Story.Input("Object", new Dictionary<string, object?> { ["X-One"] = "1", ["Vary"] = new[] { "Accept", "Origin" }, ["X-None"] = null, ["Content-Type"] = "text/csv" })));

        effect.Headers["x-one"].ShouldBe(["1"]);
        effect.Headers["Vary"].ShouldBe(["Accept", "Origin"]);
        effect.Headers.Count.ShouldBe(2);
        effect.ContentType.ShouldBe("text/csv; charset=utf-8");
    }

    [Theory]
    [InlineData("X-A", "1\r\nSet-Cookie: a=b", "The value of the header 'X-A' has characters that may not stand in a header")]
    [InlineData("X-A", "1\nX: y", "The value of the header 'X-A' has characters that may not stand in a header")]
    [InlineData("X-A", "1\u0000", "The value of the header 'X-A' has characters that may not stand in a header")]
    [InlineData("X-A", "č", "The value of the header 'X-A' has characters that may not stand in a header")]
    [InlineData("X-A: 1\r\nX-B", "1", "The header name 'X-A: 1\r\nX-B' is not valid")]
    [InlineData("", "1", "The header name '' is not valid")]
    [InlineData("Content-Length", "5", "The header 'Content-Length' cannot be set")]
    [InlineData("transfer-encoding", "chunked", "The header 'transfer-encoding' cannot be set")]
    [InlineData("Connection", "close", "The header 'Connection' cannot be set")]
    [InlineData("Upgrade", "h2c", "The header 'Upgrade' cannot be set")]
    [InlineData("Set-Cookie", "session=mine", "The header 'Set-Cookie' cannot be set by a story")]
    [InlineData("Content-Type", "text/html\r\nX: y", "The value of the header 'Content-Type' has characters that may not stand in a header")]
    public async Task A_header_that_could_end_its_line_or_the_message_is_refused(string name, string value, string message) =>
        (await FailAsync(("responseHeaders", Story.Input("Object", new Dictionary<string, object?> { [name] = value })))).ShouldStartWith(message);

    [Theory]
    [InlineData("text/html\r\nX-Evil: 1")]
    [InlineData("nonsense")]
    public async Task A_content_type_that_is_none_is_refused(string contentType) =>
        (await FailAsync(("content", Story.Literal("x")), ("contentType", Story.Literal(contentType)))).ShouldBe("The content type is not valid. Write it as application/json.");

    [Fact]
    public async Task A_secret_is_masked_and_the_journal_says_so()
    {
        using var story = await Story.RunAsync(Response(("content", Story.Input("Input", "secret"))), new Dictionary<string, object?> { ["secret"] = Sensitive.Of("canary-value") });

        Encoding.UTF8.GetString(story.Effects.ShouldHaveSingleItem().ShouldBeOfType<HttpResponseEffect>().Body).ShouldBe("***");
        story.Note("answer", "Masked").ShouldBe("Secrets are not sent to callers; these parts of the answer were masked: content.");
        story.Traces.ShouldNotContain("canary");
    }

    [Fact]
    public async Task A_secret_inside_the_content_or_the_headers_is_masked()
    {
        var value = new Dictionary<string, object?> { ["open"] = "yes", ["X-Key"] = Sensitive.Of("canary-value") };
        using var story = await Story.RunAsync(
            Response(("content", Story.Input("Input", "value")), ("responseHeaders", Story.Input("Input", "value"))), new Dictionary<string, object?> { ["value"] = value });

        var effect = story.Effects.ShouldHaveSingleItem().ShouldBeOfType<HttpResponseEffect>();
        Encoding.UTF8.GetString(effect.Body).ShouldBe("""{"open":"yes","X-Key":"***"}""");
        effect.Headers["X-Key"].ShouldBe(["***"]);
        effect.Headers["open"].ShouldBe(["yes"]);
        story.Note("answer", "Masked").ShouldBe("Secrets are not sent to callers; these parts of the answer were masked: content, X-Key.");
        story.Traces.ShouldNotContain("canary");
    }

    [Fact]
    public async Task A_secret_may_not_be_the_name_of_a_header()
    {
        using var story = await Story.RunAsync(Response(("responseHeaders", Story.Input("Input", "secret"))), new Dictionary<string, object?> { ["secret"] = Sensitive.Of("""{"canary-value":"a"}""") });

        story.Effects.ShouldBeEmpty();
        story.Incident.ShouldNotBeNull();
        story.Traces.ShouldNotContain("canary");
    }

    private static async Task<HttpResponseEffect> AnswerAsync(params (string Name, JsonNode? Value)[] properties)
    {
        using var story = await Story.RunAsync(Response(properties));
        story.Run.SubStatus.ShouldBe(WorkflowSubStatus.Finished);
        return story.Effects.ShouldHaveSingleItem().ShouldBeOfType<HttpResponseEffect>();
    }

    private static async Task<string> FailAsync(params (string Name, JsonNode? Value)[] properties)
    {
        using var story = await Story.RunAsync(Response(properties));
        story.Effects.ShouldBeEmpty();
        return story.Incident;
    }

    private static JsonObject Response(params (string Name, JsonNode? Value)[] properties) => Story.Activity("Elsa.WriteHttpResponse", "answer", properties);
}
