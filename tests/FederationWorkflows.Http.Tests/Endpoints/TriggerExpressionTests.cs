using System.Text.Json.Nodes;
using FederationWorkflows.Engine;
using FederationWorkflows.Engine.Execution;
using FederationWorkflows.Http.Endpoints;

namespace FederationWorkflows.Http.Tests.Endpoints;

/// <summary>What expressions read of the request that started a run: at once, and after the run was saved and loaded.</summary>
public sealed class TriggerExpressionTests
{
    private const string Canary = "canary-4411aa";

    private static readonly HttpRequestData Request = new()
    {
        Method = "POST",
        Path = "/orders/7",
        RouteData = new Dictionary<string, string> { ["id"] = "7" },
        Query = new Dictionary<string, string[]> { ["page"] = ["2"], ["many"] = ["1", "2"] },
        SecretQuery = new Dictionary<string, Sensitive<string>> { ["token"] = Sensitive.Of(Canary) },
        Headers = new Dictionary<string, string[]> { ["x-kind"] = ["test"], ["accept"] = ["a/b", "c/d"] },
        SecretHeaders = new Dictionary<string, Sensitive<string>> { ["authorization"] = Sensitive.Of("Bearer " + Canary) },
        ContentType = "application/json",
    };

    private static readonly Dictionary<string, HttpRequestData> Requests = new()
    {
        ["json"] = Request with { ParsedContent = JsonValues.Parse("""{"user":{"name":"Ada"},"n":[1,2]}""") },
        ["form"] = Request with { ContentType = "application/x-www-form-urlencoded", ParsedContent = JsonValues.Parse("""{"name":"Ada","tag":["a","b"]}""") },
        ["text"] = Request with { ContentType = "text/plain", ParsedContent = JsonValues.Parse("\"hello\"") },
        ["bytes"] = Request with { ContentType = "application/octet-stream", Body = [1, 2, 255] },
        ["none"] = Request with { ContentType = null },
        ["files"] = Request with { ContentType = "multipart/form-data; boundary=x", ParsedContent = JsonValues.Parse("{}"), Files = [new HttpFile("report", "a.txt", "text/plain", "abc"u8.ToArray())] },
    };

    [Theory]
    [InlineData("json", "trigger.body.user.name", "\"Ada\"")]
    [InlineData("json", "trigger.body.n.map(n, n + 1)", "[2,3]")]
    [InlineData("json", "trigger.body", """{"user":{"name":"Ada"},"n":[1,2]}""")]
    [InlineData("json", "trigger.body.?user.?phone.orValue('none')", "\"none\"")]
    [InlineData("json", "default(trigger.body.user.phone, 'none')", "\"none\"")]
    [InlineData("form", "trigger.body.name + trigger.body.tag[1]", "\"Adab\"")]
    [InlineData("text", "trigger.body.upperAscii()", "\"HELLO\"")]
    [InlineData("bytes", "trigger.body == b'\\x01\\x02\\xff'", "true")]
    [InlineData("bytes", "hex.encode(trigger.body)", "\"0102ff\"")]
    [InlineData("none", "trigger.body == null", "true")]
    [InlineData("none", "trigger.contentType == null", "true")]
    [InlineData("files", "trigger.files[0].fileName + ' ' + string(trigger.files[0].content)", "\"a.txt abc\"")]
    [InlineData("json", "trigger.headers['x-kind']", "\"test\"")]
    [InlineData("json", "trigger.headers['X-Kind']", "\"test\"")]
    [InlineData("json", "'X-KIND' in trigger.headers", "true")]
    [InlineData("json", "trigger.headers.accept.split(',')", """["a/b","c/d"]""")]
    [InlineData("json", "trigger.headers[?'x-none'].orValue('none')", "\"none\"")]
    [InlineData("json", "trigger.headers.map(name, name).sort()", """["accept","authorization","x-kind"]""")]
    [InlineData("json", "int(trigger.query.page) + 1", "3")]
    [InlineData("json", "trigger.query.many", "\"1,2\"")]
    [InlineData("json", "trigger.route.id", "\"7\"")]
    [InlineData("json", "trigger.method + ' ' + trigger.path + ' ' + trigger.contentType", "\"POST /orders/7 application/json\"")]
    public async Task Every_part_is_read(string request, string expression, string json)
    {
        using var story = await RunAsync(Requests[request], expression);

        JsonValues.ToJson(story.Run.Output["first"]).ShouldBe(json);
        JsonValues.ToJson(story.Run.Output["reloaded"]).ShouldBe(json);
    }

    [Theory]
    [InlineData("trigger.headers.authorization", "Bearer " + Canary)]
    [InlineData("trigger.headers['Authorization'].replace('Bearer ', '')", Canary)]
    [InlineData("trigger.query.token", Canary)]
    public async Task Credentials_among_them_are_secrets(string expression, string value)
    {
        using var story = await RunAsync(Requests["json"], expression);

        story.Run.Output["first"].ShouldBeOfType<Sensitive<string>>().Reveal().ShouldBe(value);
        story.Run.Output["reloaded"].ShouldBeOfType<Sensitive<string>>().Reveal().ShouldBe(value);
        story.Traces.ShouldNotContain(Canary);
    }

    private static async Task<Story> RunAsync(HttpRequestData request, string expression)
    {
        var hook = Story.Activity("Elsa.HttpEndpoint", "hook", ("path", Story.Literal("x")));
        hook["customProperties"] = new JsonObject { ["canStartWorkflow"] = true };
        var story = await Story.CreateAsync(Story.Flow(
            [hook, Output("first", expression), Story.Activity("Elsa.HttpEndpoint", "again", ("path", Story.Literal("y"))), Output("reloaded", expression)],
            ("hook", "Done", "first"),
            ("first", "Done", "again"),
            ("again", "Done", "reloaded")));
        await story.StartAsync(new RunStart { RunId = "r", TriggerActivityId = "hook", TriggerPayload = request });
        await story.ResumeAsync(story.Run.Bookmarks.Single().Id, request);
        story.Run.SubStatus.ShouldBe(WorkflowSubStatus.Finished, string.Join("; ", story.Run.Incidents.Select(incident => incident.Message)));
        return story;
    }

    private static JsonObject Output(string name, string expression) =>
        Story.Activity("Elsa.SetOutput", name, ("outputName", Story.Literal(name)), ("outputValue", Story.Input("CEL", expression)));
}
