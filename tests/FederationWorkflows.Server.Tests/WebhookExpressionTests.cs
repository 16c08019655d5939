using System.Net;
using System.Text.Json.Nodes;
using FederationWorkflows.Server.Tests.Support;
using static FederationWorkflows.Server.Tests.Support.Stories;

namespace FederationWorkflows.Server.Tests;

/// <summary>A webhook's story computes with what the caller sent, by CEL and Template.</summary>
public sealed class WebhookExpressionTests
{
    [Fact]
    public async Task A_story_reads_the_request_and_answers_with_a_template()
    {
        await using var server = await ServerUnderTest.StartAsync(Story());
        using var request = new HttpRequestMessage(HttpMethod.Post, "/workflows/alerts/eu-west-1?above=5")
        {
            Content = new StringContent(
                """{"severity":"high","findings":[{"arn":"arn:aws:s3:::a","score":9},{"arn":"arn:aws:s3:::b","score":3},{"arn":"arn:aws:s3:::c","score":7}]}""",
                System.Text.Encoding.UTF8,
                "application/json"),
        };
        request.Headers.Add("X-Source", "guardduty");
        request.Headers.Add("Authorization", "Bearer canary-99e1");

        using var answer = await server.Client.SendAsync(request, TestContext.Current.CancellationToken);

        (await answer.TextAsync()).ShouldBe(
            """{"region":"eu-west-1","source":"guardduty","worst":["a","c"],"count":3,"note":"***"}""");
        answer.StatusCode.ShouldBe(HttpStatusCode.Created);
        answer.Headers.GetValues("X-Alert").ShouldBe(["eu-west-1/high"]);
        (await server.GetJsonAsync($"/elsa/api/activity-executions/list?workflowInstanceId={answer.RunId()}")).GetRawText().ShouldNotContain("canary-99e1");
    }

    [Fact]
    public async Task A_request_that_lacks_what_the_story_needs_is_told_by_the_story()
    {
        await using var server = await ServerUnderTest.StartAsync(Story());

        using var answer = await server.PostAsync("/workflows/alerts/eu-west-1", """{"severity":"low"}""");

        answer.StatusCode.ShouldBe(HttpStatusCode.BadRequest);
        (await answer.TextAsync()).ShouldBe("No findings for eu-west-1.");
    }

    private static JsonObject Story()
    {
        var good = Answers(
            Template(new JsonObject
            {
                ["region"] = "${trigger.route.region}",
                ["source"] = "${trigger.headers['x-source']}",
                ["worst"] = "${variables.worst}",
                ["count"] = "${trigger.body.findings.size()}",
                ["note"] = "High alert with ${trigger.body.findings.size()} findings, caller ${trigger.headers.authorization}",
            }),
            ("statusCode", Formula("trigger.body.severity == 'high' ? 201 : 200")),
            ("responseHeaders", Template("""{"X-Alert": "${trigger.route.region}/${trigger.body.severity}"}""")));
        var bad = Answers(Template("No findings for ${trigger.route.region}."), ("statusCode", Literal("BadRequest")));
        bad["id"] = "refuse";
        return Of(
            "alerts",
            [
                Starts("alerts/{region}"),
                Activity(
                    "Elsa.SetVariable",
                    "rank",
                    ("variable", new JsonObject { ["id"] = "worst" }),
                    ("value", Formula("default(trigger.body.findings, []).filter(f, f.score > int(default(trigger.query.above, '0'))).sortBy(f, -f.score).map(f, arn.parse(f.arn).resource)"))),
                Activity("Elsa.If", "any", ("condition", Formula("has(trigger.body.findings)")), ("then", good), ("else", bad)),
            ],
            "worst:Object");
    }
}
