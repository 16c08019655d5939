using System.Text.Json;
using FederationWorkflows.Engine.Execution;
using FederationWorkflows.Runtime.Storage;
using FederationWorkflows.Server.Pages.Runs;

namespace FederationWorkflows.Server.Tests.Pages;

public sealed class RunTimelineTests
{
    private static readonly DateTimeOffset Noon = new(2026, 1, 1, 12, 0, 0, TimeSpan.Zero);

    [Fact]
    public void Steps_lie_where_they_were_in_the_run_and_are_as_long_as_they_took()
    {
        var timeline = Of([Step("a", 0, 2.5), Step("b", 5, 10)], finished: 10);
        timeline.Steps.Select(step => (step.Name, step.Left, step.Width)).ShouldBe([("a", "0", "250"), ("b", "500", "500")]);
    }

    [Fact]
    public void A_step_that_goes_on_reaches_until_now()
    {
        var step = Of([Step("a", 5, null)], finished: null, now: 20).Steps.Single();
        (step.Left, step.Width, step.Took).ShouldBe(("250", "750", null));
    }

    [Fact]
    public void However_short_a_step_was_it_can_be_seen() =>
        Of([Step("a", 9.9999, 10)], finished: 10).Steps.Single().ShouldSatisfyAllConditions(step => step.Left.ShouldBe("996"), step => step.Width.ShouldBe("4"));

    [Fact]
    public void What_only_holds_steps_is_no_step_and_too_many_are_counted()
    {
        var timeline = Of([Step("flow", 0, 1, "Elsa.Flowchart"), .. Enumerable.Range(0, 502).Select(i => Step($"s{i}", 0, 1))], finished: 1);
        (timeline.Steps.Count, timeline.LeftOut).ShouldBe((500, 2));
    }

    [Theory]
    [InlineData("Aws.ListBuckets", "{}", "{}", """{"ActedAs":"arn:aws:sts::1:assumed-role/r/s"}""", "arn:aws:sts::1:assumed-role/r/s")]
    [InlineData("Aws.AssumeRoleWithWebIdentity", """{"RoleArn":"arn:role"}""", """{"AssumedRoleArn":"arn:session"}""", "{}", "arn:session")]
    [InlineData("Aws.AssumeRoleWithWebIdentity", """{"RoleArn":"arn:role"}""", "{}", "{}", "arn:role")]
    [InlineData("Google.MintIdToken", """{"ServiceAccount":"sa@p.iam.gserviceaccount.com"}""", "{}", "{}", "sa@p.iam.gserviceaccount.com")]
    [InlineData("Google.GetAccessToken", """{"Connection":"c"}""", """{"Principal":"me@p.iam.gserviceaccount.com"}""", "{}", "me@p.iam.gserviceaccount.com")]
    [InlineData("Elsa.SetVariable", """{"RoleArn":"arn:role"}""", "{}", "{}", null)]
    public void A_step_tells_the_cloud_identity_it_acted_as(string type, string state, string outputs, string payload, string? identity)
    {
        var record = Step("a", 0, 1, type) with { ActivityState = Values(state), Outputs = Values(outputs), Payload = Values(payload) };
        Of([record], finished: 1).Steps.Single().ActedAs.ShouldBe(identity);
    }

    private static RunTimeline Of(ActivityExecutionRecord[] records, double? finished, double now = 0) => new(
        new RunSummary
        {
            Identity = new RunIdentityFacts("r", "story", "v1", 1, "hash", null, null, Noon),
            Status = finished is null ? WorkflowStatus.Running : WorkflowStatus.Finished,
            SubStatus = finished is null ? WorkflowSubStatus.Suspended : WorkflowSubStatus.Finished,
            FinishedAt = finished is { } seconds ? Noon.AddSeconds(seconds) : null,
        },
        records,
        Noon.AddSeconds(now));

    private static ActivityExecutionRecord Step(string id, double from, double? to, string type = "Elsa.WriteLine") => new()
    {
        Id = "x" + id,
        WorkflowInstanceId = "r",
        ActivityId = id,
        ActivityNodeId = id,
        ActivityType = type,
        Status = to is null ? ActivityStatus.Running : ActivityStatus.Completed,
        StartedAt = Noon.AddSeconds(from),
        CompletedAt = to is { } seconds ? Noon.AddSeconds(seconds) : null,
    };

    private static Dictionary<string, JsonElement> Values(string json) => JsonSerializer.Deserialize<Dictionary<string, JsonElement>>(json)!;
}
