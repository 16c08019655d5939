using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json.Nodes;
using FederationWorkflows.Federation.Lint;
using FederationWorkflows.Federation.Setup;

namespace FederationWorkflows.CloudLab.Tests;

/// <summary>Roles put into a running lab, and that what <c>fedflow setup</c> writes holds there, each condition for itself.</summary>
public sealed class LabAdministrationTests : IAsyncLifetime
{
    private static readonly GoogleToAws Setup = new()
    {
        Origin = GoogleOrigin.Impersonation,
        AccountId = "111122223333",
        RoleName = "made-by-setup",
        Audience = "https://111122223333.aws.federation/made-by-setup",
        ServiceAccount = "aws-federation@security-automation.iam.gserviceaccount.com",
        ServiceAccountId = TestLab.ServiceAccount,
        Caller = "user:somebody@example.com",
        Buckets = ["security-lab-incident-evidence"],
    };

    private TestLab lab = null!;

    public async ValueTask InitializeAsync() => lab = await TestLab.StartAsync();

    public async ValueTask DisposeAsync() => await lab.DisposeAsync();

    [Fact]
    public async Task What_was_set_up_lets_the_one_token_in_and_does_what_it_is_for()
    {
        (await PutAsync(Role(Setup.TrustPolicy()))).ShouldBe((204, ""));

        var answer = await AssumeAsync(Claims());
        answer.Status.ShouldBe(200, answer.Text);
        var s3 = answer.Client(lab, "s3");
        (await s3.SendAsync(HttpMethod.Get, "/security-lab-incident-evidence/INC-2041/timeline.md")).Status.ShouldBe(200);
        (await s3.SendAsync(HttpMethod.Get, "/security-lab-cloudtrail-logs?list-type=2")).Status.ShouldBe(403);
    }

    [Theory]
    [InlineData("oaud", "google-oaud-missing", "aud", "https://another.service")]
    [InlineData("aud", "google-aud-missing", "azp", "aws-federation@security-automation.iam.gserviceaccount.com")]
    [InlineData("sub", "google-sub-missing", "sub", "999988887777666655554")]
    public async Task Each_condition_keeps_somebody_out_whom_nothing_else_does(string dropped, string rule, string claim, string attackers)
    {
        var claims = Claims();
        claims[claim] = attackers;
        await PutAsync(Role(Setup.TrustPolicy()));
        (await AssumeAsync(claims)).ShouldRefuse(403, "AccessDenied", "Not authorized to perform sts:AssumeRoleWithWebIdentity");

        var policy = Setup.TrustPolicy();
        policy["Statement"]![0]!["Condition"]!["StringEquals"]!.AsObject().Remove($"accounts.google.com:{dropped}").ShouldBeTrue();
        TrustLinter.LintTrustPolicy(policy.ToJsonString()).Select(static finding => finding.Rule.Id).ShouldBe([rule]);
        await PutAsync(Role(policy));
        (await AssumeAsync(claims)).Status.ShouldBe(200);
    }

    [Fact]
    public async Task A_role_that_AWS_would_not_make_changes_nothing()
    {
        await PutAsync(Role(Setup.TrustPolicy()));
        var policy = Setup.TrustPolicy();
        policy["Statement"]![0]!.AsObject().Remove("Principal");

        var (status, text) = await PutAsync(Role(policy));

        status.ShouldBe(400);
        text.ShouldContain("$.aws.accounts[0].roles[0].trustPolicy.Statement[0]: The statement has no Principal.");
        (await AssumeAsync(Claims())).Status.ShouldBe(200);
    }

    [Theory]
    [InlineData("{", 400)]
    [InlineData("null", 400)]
    [InlineData("""{"name":"another","trustPolicy":{}}""", 400)]
    [InlineData("""{"name":"made-by-setup","trustPolicy":{},"admin":true}""", 400)]
    public async Task Another_body_is_refused(string body, int status)
    {
        using var content = new StringContent(body, Encoding.UTF8, "application/json");
        using var response = await lab.Http.PutAsync(Address(Setup.AccountId), content, TestLab.Cancel);
        ((int)response.StatusCode).ShouldBe(status);
    }

    [Fact]
    public async Task An_account_that_is_not_there_is_not_made()
    {
        using var content = JsonContent.Create(Role(Setup.TrustPolicy()));
        await content.LoadIntoBufferAsync(TestLab.Cancel);
        using var response = await lab.Http.PutAsync(Address("999999999999"), content, TestLab.Cancel);
        ((int)response.StatusCode).ShouldBe(404);
    }

    [Fact]
    public async Task A_page_in_a_browser_cannot_change_the_lab()
    {
        var body = Role(Setup.TrustPolicy()).ToJsonString();
        using var form = new StringContent(body, Encoding.UTF8, "text/plain");
        using var simple = await lab.Http.PutAsync(Address(Setup.AccountId), form, TestLab.Cancel);
        ((int)simple.StatusCode).ShouldBe(415);

        using var request = new HttpRequestMessage(HttpMethod.Put, Address(Setup.AccountId)) { Content = new StringContent(body, MediaTypeHeaderValue.Parse("application/json")) };
        request.Headers.Host = "rebound.example";
        using var rebound = await lab.Http.SendAsync(request, TestLab.Cancel);
        ((int)rebound.StatusCode).ShouldBe(415);
    }

    private static Uri Address(string account) => new($"/lab/aws/accounts/{account}/roles/{Setup.RoleName}", UriKind.Relative);

    private static JsonObject Role(JsonObject trustPolicy) => new()
    {
        ["name"] = Setup.RoleName,
        ["trustPolicy"] = trustPolicy,
        ["policies"] = new JsonArray(new JsonObject { ["name"] = "federated-access", ["document"] = Setup.PermissionsPolicy() }),
    };

    private JsonObject Claims()
    {
        var claims = lab.Claims();
        claims["aud"] = Setup.Audience;
        return claims;
    }

    private Task<AwsAnswer> AssumeAsync(JsonObject claims) => lab.AssumeAsync(claims, static form => form["RoleArn"] = Setup.RoleArn);

    private async Task<(int Status, string Text)> PutAsync(JsonObject role)
    {
        using var content = JsonContent.Create(role);
        await content.LoadIntoBufferAsync(TestLab.Cancel);
        using var response = await lab.Http.PutAsync(Address(Setup.AccountId), content, TestLab.Cancel);
        return ((int)response.StatusCode, await response.Content.ReadAsStringAsync(TestLab.Cancel));
    }
}
