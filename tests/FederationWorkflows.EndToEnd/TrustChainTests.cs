using System.Net;
using System.Text.Json;
using System.Text.Json.Nodes;
using FederationWorkflows.CloudLab;
using FederationWorkflows.CloudLab.Google;

namespace FederationWorkflows.EndToEnd;

/// <summary>The shipped story against a CloudLab in which one thing is wrong: it fails where it would fail in the clouds, and says why and what to check.</summary>
public sealed class TrustChainTests
{
    private const string Federation = DefaultGoogleWorld.AwsFederation;

    private const string Runner = DefaultGoogleWorld.Runner;

    private const string Subject = DefaultGoogleWorld.AwsFederationId;

    /// <summary>A signed token's header, Google's access tokens, a private key.</summary>
    private static readonly string[] SecretBeginnings = ["eyJhbGciOi", "ya29.", "-----BEGIN"];

    private static readonly Dictionary<string, Case> Cases = new()
    {
        ["the audience is not the one the role asks for"] = new(
            Story: story => story.Set("audience", "https://elsewhere.example"),
            Activity: "assumeRole",
            Says: ["AccessDenied", "Not authorized to perform sts:AssumeRoleWithWebIdentity", "GoogleServiceAccount: StringEquals accounts.google.com:oaud (it reads aud) expects 'https://federation-workflows.example/aws' and finds 'https://elsewhere.example'."]),
        ["the trust policy names another subject"] = new(
            World: world => world.TrustPolicy($"\"accounts.google.com:sub\": \"{Subject}\"", "\"accounts.google.com:sub\": \"999999999999999999999\""),
            Activity: "assumeRole",
            Says: ["AccessDenied", "Not authorized to perform sts:AssumeRoleWithWebIdentity", $"StringEquals accounts.google.com:sub (it reads sub) expects '999999999999999999999' and finds '{Subject}'."]),
        ["the trust policy compares aud with the audience although AWS reads azp there"] = new(
            Story: story => story.Set("roleArn", "arn:aws:iam::111122223333:role/broken-trust"),
            Activity: "assumeRole",
            Says: ["AccessDenied", $"accounts.google.com:aud (it reads azp) expects 'https://federation-workflows.example/aws' and finds '{Subject}'. aud reads the token's azp"]),
        ["the trust policy trusts another provider"] = new(
            World: world => world.TrustPolicy("\"accounts.google.com\"", "\"graph.facebook.com\""),
            Activity: "assumeRole",
            Says: ["AccessDenied", "Denied: no statement names the token's issuer.", "name accounts.google.com under Principal.Federated"]),
        ["the trust policy allows another action"] = new(
            World: world => world.TrustPolicy("sts:AssumeRoleWithWebIdentity", "sts:AssumeRoleWithSAML"),
            Activity: "assumeRole",
            Says: ["AccessDenied", "Not authorized to perform sts:AssumeRoleWithWebIdentity"]),
        ["a statement of the trust policy denies"] = new(
            World: world => world.TrustStatement("""{"Effect":"Deny","Principal":"*","Action":"sts:AssumeRoleWithWebIdentity"}"""),
            Activity: "assumeRole",
            Says: ["AccessDenied", "Not authorized to perform sts:AssumeRoleWithWebIdentity"]),
        ["the role does not exist"] = new(
            Story: story => story.Set("roleArn", "arn:aws:iam::111122223333:role/no-such-role"),
            Activity: "assumeRole",
            Says: ["AccessDenied", "The role arn:aws:iam::111122223333:role/no-such-role does not exist, or its trust policy does not allow this token"]),
        ["the role's ARN is none"] = new(
            Story: story => story.Set("roleArn", "incident-responder"),
            Activity: "assumeRole",
            Says: ["the role ARN is not the ARN of a role", "arn:aws:iam::ACCOUNT:role/NAME"]),
        ["the session is to last longer than the role allows"] = new(
            Story: story => story.Set("assumeRole", "durationSeconds", 7200),
            Activity: "assumeRole",
            Says: ["ValidationError", "The requested DurationSeconds exceeds the MaxSessionDuration set for this role.", "Raise the role's maximum session duration"]),
        ["the role may not list buckets"] = new(
            World: world => world.Permissions("s3:ListAllMyBuckets", "s3:GetBucketTagging"),
            Activity: "listBuckets",
            Says: ["AccessDenied", "is not authorized to perform: s3:ListAllMyBuckets", "no identity-based policy allows", "Allow s3:ListAllMyBuckets in a policy of the assumed role"]),
        ["a policy of the role denies listing buckets"] = new(
            World: world => world.Permission("""{"Effect":"Deny","Action":"s3:List*","Resource":"*"}"""),
            Activity: "listBuckets",
            Says: ["AccessDenied", "s3:ListAllMyBuckets", "with an explicit deny in an identity-based policy"]),
        ["the runner may not impersonate the account AWS trusts"] = new(
            World: world => world.Account("aws-federation", account => account with { IamPolicy = new IamPolicy() }),
            Activity: "mintIdToken",
            Says: ["PERMISSION_DENIED", "iam.serviceAccounts.getOpenIdToken", $"on {Federation} to"]),
        ["the runner's role on the account does not mint ID tokens"] = new(
            World: world => world.Account("aws-federation", account => account with
            {
                IamPolicy = new IamPolicy { Bindings = [new IamBinding { Role = "roles/iam.serviceAccountUser", Members = [$"serviceAccount:{Runner}"] }] },
            }),
            Activity: "mintIdToken",
            Says: ["PERMISSION_DENIED", "roles/iam.serviceAccountOpenIdTokenCreator"]),
        ["the account AWS trusts does not exist"] = new(
            Story: story => story.Set("serviceAccount", "nobody@security-automation.iam.gserviceaccount.com"),
            Activity: "mintIdToken",
            Says: ["nobody@security-automation.iam.gserviceaccount.com"]),
        ["the account AWS trusts is disabled"] = new(
            World: world => world.Account("aws-federation", account => account with { Disabled = true }),
            Activity: "mintIdToken",
            Says: ["NOT_FOUND", $"Gaia id not found for email {Federation}", "check its spelling"]),
        ["the runner is disabled"] = new(
            World: world => world.Account("tines-runner", account => account with { Disabled = true }),
            Activity: "getAccessToken",
            Says: ["invalid_grant", "account not found", Runner]),
        ["the story names a connection that nobody defined"] = new(
            Story: story => story.Set("getAccessToken", "connection", "no-such-connection"),
            Activity: "getAccessToken",
            Says: ["no-such-connection"]),
    };

    public static TheoryData<string> Names => [.. Cases.Keys];

    [Theory]
    [MemberData(nameof(Names))]
    public async Task It_fails_where_the_clouds_would_and_says_what_to_check(string name)
    {
        var wrong = Cases[name];
        await using var federated = await Federated.StartAsync(wrong.World?.Invoke(LabWorld.Default) ?? LabWorld.Default, wrong.Story ?? (_ => { }));
        await ShouldFailAsync(federated, wrong.Activity, wrong.Says);
    }

    [Fact]
    public async Task A_key_that_was_replaced_signs_nothing_any_more()
    {
        // The key file of another lab: the same account, another key.
        await using var before = await CloudLabServer.StartAsync(new CloudLabOptions(), TestContext.Current.CancellationToken);
        await using var federated = await Federated.StartAsync(
            LabWorld.Default,
            _ => { },
            settings => settings["Federation:Connections:incident-source:Json"] = before.Google.ServiceAccountKeyFile(Runner).Reveal());

        await ShouldFailAsync(federated, "getAccessToken", ["invalid_grant", "Invalid JWT Signature", "gcloud iam service-accounts keys list"]);
    }

    [Fact]
    public async Task When_all_is_right_the_buckets_come_and_no_secret_is_shown_anywhere()
    {
        await using var federated = await Federated.StartAsync(LabWorld.Default, _ => { });

        var (status, body, id) = await federated.SendIncidentAsync();

        status.ShouldBe(HttpStatusCode.OK, body);
        var answer = JsonNode.Parse(body)!;
        answer["incident"]!.GetValue<string>().ShouldBe("INC-2041");
        answer["account"]!.GetValue<string>().ShouldBe("111122223333");
        answer["role"]!.GetValue<string>().ShouldStartWith("arn:aws:sts::111122223333:assumed-role/incident-responder/");
        answer["buckets"]!.AsArray().Select(bucket => bucket!.GetValue<string>()).Count(name => name.Length > 0).ShouldBe(5);
        var executions = await federated.GetAsync($"elsa/api/activity-executions/list?WorkflowInstanceId={id}");
        executions.GetProperty("items").EnumerateArray().Single(item => item.GetProperty("activityId").GetString() == "getAccessToken")
            .GetProperty("outputs").GetProperty("Result").GetString().ShouldBe("***");
        var credentials = executions.GetProperty("items").EnumerateArray().Single(item => item.GetProperty("activityId").GetString() == "assumeRole").GetProperty("outputs").GetProperty("Result");
        credentials.GetProperty("secretAccessKey").GetString().ShouldBe("***");
        credentials.GetProperty("sessionToken").GetString().ShouldBe("***");
        await ShouldHoldNoSecretAsync(federated, id, executions);
    }

    private static async Task ShouldFailAsync(Federated federated, string activity, string[] says)
    {
        var (status, body, id) = await federated.SendIncidentAsync();

        status.ShouldBe(HttpStatusCode.InternalServerError, body);
        body.ShouldContain($"The story failed before it answered. See run {id}.");
        var run = await federated.GetAsync($"elsa/api/workflow-instances/{id}");
        run.GetProperty("subStatus").GetString().ShouldBe("Faulted");
        var incident = run.GetProperty("workflowState").GetProperty("incidents").EnumerateArray().Single(item => item.GetProperty("activityId").GetString() == activity);
        var message = incident.GetProperty("exception").GetProperty("message").GetString()!;
        says.ShouldAllBe(part => message.Contains(part, StringComparison.Ordinal), message);
        await ShouldHoldNoSecretAsync(federated, id, run);
    }

    private static async Task ShouldHoldNoSecretAsync(Federated federated, string id, JsonElement shown)
    {
        var executions = await federated.GetAsync($"elsa/api/activity-executions/list?WorkflowInstanceId={id}");
        var all = shown.GetRawText() + executions.GetRawText() + await federated.JournalAsync(id);
        SecretBeginnings.ShouldAllBe(beginning => !all.Contains(beginning, StringComparison.Ordinal));
    }

    private sealed record Case(string Activity, string[] Says, Func<LabWorld, LabWorld>? World = null, Action<JsonNode>? Story = null);
}
