using System.Net;
using FederationWorkflows.Server.Tests.Support;
using static FederationWorkflows.Server.Tests.Support.Stories;

namespace FederationWorkflows.Server.Tests;

/// <summary>A request that cannot be read changes nothing, and its sender learns what is wrong with it and where.</summary>
public sealed class RequestBodyTests
{
    private const string Execute = "/elsa/api/workflow-definitions/story/execute";

    [Theory]
    [InlineData(Execute, """{"input":{"who":"\ud800"}}""", """The request's JSON cannot be read: The text has half of a pair of \ud800 to \udfff (at $.input.who, line 1, column 25).""")]
    [InlineData(Execute, "{\n  \"input\": {\"who\": {\"deep\": [\"fine\", \"\\udc00\"]}}\n}", """The request's JSON cannot be read: The text has half of a pair of \ud800 to \udfff (at $.input.who, line 2, column 48).""")]
    [InlineData("/elsa/api/workflow-definitions/story/dispatch", """{"input":{"who":"\ud800"}}""", """The request's JSON cannot be read: The text has half of a pair of \ud800 to \udfff (at $.input.who, line 1, column 25).""")]
    [InlineData("/elsa/api/tasks/none/complete", """{"result":"\ud800"}""", """The request's JSON cannot be read: The text has half of a pair of \ud800 to \udfff (at $.result, line 1, column 19).""")]
    [InlineData("/elsa/api/events/news/trigger", """{"input":"\ud800"}""", """The request's JSON cannot be read: The text has half of a pair of \ud800 to \udfff (at $.input, line 1, column 18).""")]
    [InlineData("/api/runs/none/rerun", """{"input":{"who":"\ud800"}}""", """The request's JSON cannot be read: The text has half of a pair of \ud800 to \udfff (at $.input.who, line 1, column 25).""")]
    [InlineData("/api/runs/none/rerun", """{"input":7}""", "The request's JSON cannot be read: A value of another type is expected (at $.input, line 1, column 11).")]
    [InlineData("/api/runs/none/rerun", """{"who":"Grace"}""", """The body must be {"input":{"name":value}}, or empty for the same input again.""")]
    [InlineData(Execute, """{"input":{"who":"Ada",}}""", "The request's JSON cannot be read: The JSON object contains a trailing comma at the end which is not supported in this mode (at $.input, line 1, column 23).")]
    [InlineData(Execute, """{"input":"Ada"}""", "The request's JSON cannot be read: A value of another type is expected (at $.input, line 1, column 15).")]
    [InlineData(Execute, """{"correlationId":7}""", "The request's JSON cannot be read: A value of another type is expected (at $.correlationId, line 1, column 19).")]
    [InlineData("/api/runs?limit=many", null, """Failed to bind parameter "Nullable<int> Limit" from "many".""")]
    public async Task What_cannot_be_read_is_refused_with_what_and_where(string path, string? body, string problem)
    {
        await using var server = await ServerUnderTest.StartAsync(Of("story", [Writes("write", Literal("done"))]));

        using var answer = await (body is null ? server.GetAsync(path) : server.PostAsync(path, body));

        (await answer.ShouldBeProblemAsync(HttpStatusCode.BadRequest)).ShouldBe(problem);
        (await server.CountRunsAsync()).ShouldBe(0);
    }
}
