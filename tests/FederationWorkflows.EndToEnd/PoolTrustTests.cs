using System.Net;
using System.Text.Json;
using System.Text.Json.Nodes;
using FederationWorkflows.CloudLab;
using FederationWorkflows.CloudLab.Google;

namespace FederationWorkflows.EndToEnd;

/// <summary>The shipped story from AWS to Google Cloud, by a server, against a CloudLab: as it should be, and with one thing wrong.</summary>
public sealed class PoolTrustTests
{
    private const string Story = "aws-to-gcp-token";

    /// <summary>A signed request, Google's access tokens, a session token's header.</summary>
    private static readonly string[] SecretBeginnings = ["%22Authorization%22", "AWS4-HMAC-SHA256", "ya29.", "X-Amz-Security-Token"];

    private static readonly Dictionary<string, Case> Cases = new()
    {
        ["the provider's condition names another role"] = new(
            World: world => world.Provider("forensics-aws", provider => provider with { AttributeCondition = "attribute.aws_role == 'arn:aws:sts::444455556666:assumed-role/other'" }),
            Activity: "exchangeToken",
            Says: ["unauthorized_client", "The given credential is rejected by the attribute condition.", "The provider as it is declared here asks for", "attribute.aws_role == 'arn:aws:sts::444455556666:assumed-role/other'"]),
        ["the provider is for another account"] = new(
            Story: story => story.Set("provider", DefaultGoogleWorld.AwsProvider),
            Activity: "exchangeToken",
            Says: ["invalid_grant", "The AWS account of the given credential does not match the account of the provider.", "AWS account '111122223333'"]),
        ["the proof is for another provider than the exchange"] = new(
            Story: story => story.Set("signCallerIdentity", "provider", DefaultGoogleWorld.AwsProvider),
            Activity: "exchangeToken",
            Says: ["invalid_grant", "x-goog-cloud-target-resource", "It was signed for another provider: give this one's full name when signing."]),
        ["the role is not bound to the service account"] = new(
            Story: story => story.Set("serviceAccount", DefaultGoogleWorld.Unreachable),
            Activity: "exchangeToken",
            Says: ["PERMISSION_DENIED", "iam.serviceAccounts.getAccessToken", $"Grant roles/iam.workloadIdentityUser on {DefaultGoogleWorld.Unreachable} to principalSet://iam.googleapis.com/projects/424242424242/locations/global/workloadIdentityPools/outside/attribute.NAME/VALUE"]),
        ["the provider does not exist"] = new(
            Story: story => story.Set("provider", DefaultGoogleWorld.WorkloadProvider + "-2"),
            Activity: "exchangeToken",
            Says: ["invalid_target", "The pool or the provider does not exist, is disabled or was deleted"]),
        ["the service account may not list buckets"] = new(
            World: world => world with { Google = world.Google with { Projects = [.. world.Google.Projects.Select(static project => project with { IamPolicy = new IamPolicy() })] } },
            Activity: "listBuckets",
            Says: ["Forbidden", "storage.buckets.list", "Grant a role"]),
        ["the server is not on an EC2 instance"] = new(
            World: world => world with { Aws = world.Aws with { Instance = null } },
            Activity: "getCredentials",
            Says: ["the EC2 instance metadata service refused", "aws ec2 modify-instance-metadata-options --http-endpoint enabled"]),
        ["the connection is not for this story"] = new(
            Settings: settings => settings["Federation:Connections:aws-workload:Stories:0"] = "another-story",
            Activity: "getCredentials",
            Says: ["connection 'aws-workload': story 'aws-to-gcp-token' may not use it."]),
    };

    public static TheoryData<string> Names => [.. Cases.Keys];

    [Theory]
    [MemberData(nameof(Names))]
    public async Task It_fails_where_the_clouds_would_and_says_what_to_check(string name)
    {
        var wrong = Cases[name];
        await using var federated = await Federated.StartAsync(wrong.World?.Invoke(LabWorld.Default) ?? LabWorld.Default, wrong.Story ?? (_ => { }), wrong.Settings, Story);

        var (status, body, id) = await federated.SendAsync("workflows/google-buckets", "{}");

        status.ShouldBe(HttpStatusCode.InternalServerError, body);
        var run = await federated.GetAsync($"elsa/api/workflow-instances/{id}");
        var incident = run.GetProperty("workflowState").GetProperty("incidents").EnumerateArray().Single(item => item.GetProperty("activityId").GetString() == wrong.Activity);
        var message = incident.GetProperty("exception").GetProperty("message").GetString()!;
        wrong.Says.ShouldAllBe(part => message.Contains(part, StringComparison.Ordinal), message);
        await ShouldHoldNoSecretAsync(federated, id, run);
    }

    [Fact]
    public async Task When_all_is_right_the_buckets_come_and_no_secret_is_shown_anywhere()
    {
        await using var federated = await Federated.StartAsync(LabWorld.Default, _ => { }, story: Story);

        var (status, body, id) = await federated.SendAsync("workflows/google-buckets", "{}");

        status.ShouldBe(HttpStatusCode.OK, body);
        var answer = JsonNode.Parse(body)!;
        answer["serviceAccount"]!.GetValue<string>().ShouldBe(DefaultGoogleWorld.FromAws);
        answer["buckets"]!.AsArray().Select(bucket => bucket!.GetValue<string>()).ShouldBe(["security-automation-findings", "security-automation-reports"]);
        federated.Lab.Events.Snapshot().Select(record => record.EventName).ShouldBe(["AssumeRole", "GetCallerIdentity", "ExchangeToken", "GenerateAccessToken", "storage.buckets.list"]);
        await ShouldHoldNoSecretAsync(federated, id, await federated.GetAsync($"elsa/api/workflow-instances/{id}"));
    }

    public static TheoryData<string, string, string> Troubles => new()
    {
        { "exchangeToken", "sts.googleapis.com", "token" },
        { "exchangeToken", "iamcredentials.googleapis.com", "generateAccessToken" },
        { "listBuckets", "storage.googleapis.com", "b" },
    };

    [Theory]
    [MemberData(nameof(Troubles))]
    public async Task A_story_that_tries_again_finishes_whatever_goes_wrong_first(string activity, string service, string action)
    {
        await using var federated = await Federated.StartAsync(
            LabWorld.Default,
            story => story["root"]!["activities"]!.AsArray().Single(item => (string?)item!["id"] == activity)!["customProperties"]!["retry"] =
                JsonNode.Parse("""{"maxRetryAttempts":5,"delay":"00:00:00.05","backoffType":"Constant","useJitter":false}"""),
            story: Story);
        foreach (var fault in new[]
        {
            new LabFault { Status = 429, RetryAfterSeconds = 0 }, new LabFault { Status = 500 }, new LabFault { Status = 503 }, new LabFault { Cut = FaultCut.Before }, new LabFault { Cut = FaultCut.After, CutAfterBytes = 10 },
        })
        {
            federated.Lab.Faults.Add(fault with { Service = service, Action = action });
        }

        // What waits for its next attempt is answered before it has ended.
        var (status, body, id) = await federated.SendAsync("workflows/google-buckets", "{}");

        status.ShouldBe(HttpStatusCode.Accepted, body);
        (await federated.EndOfAsync(id)).GetProperty("subStatus").GetString().ShouldBe("Finished");
        federated.Lab.Faults.Pending.ShouldBeEmpty();
    }

    private static async Task ShouldHoldNoSecretAsync(Federated federated, string id, JsonElement shown)
    {
        var executions = await federated.GetAsync($"elsa/api/activity-executions/list?WorkflowInstanceId={id}");
        var all = shown.GetRawText() + executions.GetRawText() + await federated.JournalAsync(id);
        SecretBeginnings.ShouldAllBe(beginning => !all.Contains(beginning, StringComparison.Ordinal));
    }

    private sealed record Case(
        string Activity, string[] Says, Func<LabWorld, LabWorld>? World = null, Action<JsonNode>? Story = null, Action<Dictionary<string, string?>>? Settings = null);
}
