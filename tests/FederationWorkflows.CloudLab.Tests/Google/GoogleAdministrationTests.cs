using System.Net.Http.Headers;
using System.Text.Json.Nodes;
using FederationWorkflows.Engine;
using FederationWorkflows.Federation;
using FederationWorkflows.Federation.Aws;
using FederationWorkflows.Federation.Google;
using FederationWorkflows.Federation.Lint;
using FederationWorkflows.Federation.Setup;

namespace FederationWorkflows.CloudLab.Tests.Google;

/// <summary>Pools, providers and grants put into a running lab, and that what <c>fedflow setup aws-to-gcp</c> writes holds there, each condition for itself.</summary>
public sealed class GoogleAdministrationTests : IAsyncLifetime
{
    private static readonly AwsToGoogle Setup = new()
    {
        AccountId = "111122223333",
        RoleName = "workload",
        ProjectId = "pool-lab",
        ProjectNumber = "77",
        PoolId = "made-by-setup",
        ProviderId = "aws-account",
        ServiceAccount = "made-by-setup@pool-lab.iam.gserviceaccount.com",
    };

    private readonly PoolLab lab = new();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public ValueTask InitializeAsync() => lab.InitializeAsync();

    public ValueTask DisposeAsync() => lab.DisposeAsync();

    [Fact]
    public async Task What_was_set_up_takes_the_one_role_in_and_nobody_else()
    {
        await ApplyAsync();

        var token = await ExchangeAsync(await WorkloadAsync());

        lab.Server.Google.TryIntrospect(token.Token.Reveal(), out var grant).ShouldBeTrue();
        grant!.Principal.Email.ShouldBe(Setup.ServiceAccount);
        await ShouldRefuseAsync(() => ExchangeAsync(Ann), "unauthorized_client", "The given credential is rejected by the attribute condition.");
        await ShouldRefuseAsync(() => ExchangeAsync(Bob), "invalid_grant", "The AWS account of the given credential does not match the account of the provider.");
    }

    [Fact]
    public async Task Without_the_attribute_condition_others_of_the_account_come_in_which_lint_finds()
    {
        var provider = Provider();
        provider.Remove("attributeCondition");
        await ApplyAsync(provider);

        (await ExchangeAsync(Ann, account: null)).Principal.ShouldBeNull();
        await ShouldRefuseAsync(() => ExchangeAsync(Ann), "PERMISSION_DENIED", "Permission 'iam.serviceAccounts.getAccessToken' denied on resource (or it may not exist).");
        Findings(Written(provider)).ShouldBe(["pool-aws-provider-without-condition"]);
        Findings(Setup.Provider()).ShouldBeEmpty();
    }

    [Fact]
    public async Task Without_the_account_there_is_no_provider_and_with_another_the_role_is_kept_out()
    {
        var provider = Provider();
        provider.Remove("aws");
        (await PutAsync(ProviderPath, provider)).ShouldBe((400, """{"problem":"$: give either \"aws\" or \"oidc\"."}"""));

        provider["aws"] = new JsonObject { ["accountId"] = "444455556666" };
        await ApplyAsync(provider);
        await ShouldRefuseAsync(WorkloadExchangeAsync, "invalid_grant", "The AWS account of the given credential does not match the account of the provider.");
    }

    [Fact]
    public async Task Without_the_binding_the_role_is_taken_in_and_stays_what_it_is()
    {
        (await PutAsync(ProviderPath, Provider())).Status.ShouldBe(204);
        (await PutAsync(BindingPath, Binding("user:somebody@example.com"))).Status.ShouldBe(204);

        (await ExchangeAsync(await WorkloadAsync(), account: null)).Token.Reveal().ShouldNotBeEmpty();
        await ShouldRefuseAsync(WorkloadExchangeAsync, "PERMISSION_DENIED", "Permission 'iam.serviceAccounts.getAccessToken' denied on resource (or it may not exist).");
    }

    [Fact]
    public async Task A_binding_of_the_whole_pool_is_found()
    {
        var policy = new JsonObject { ["bindings"] = new JsonArray(Binding($"principalSet://iam.googleapis.com/projects/77/locations/global/workloadIdentityPools/{Setup.PoolId}/*")) };
        Findings(policy).ShouldBe(["pool-whole-pool"]);
        policy["bindings"]![0]!["members"]![0] = Setup.Member;
        Findings(policy).ShouldBeEmpty();
    }

    [Fact]
    public async Task A_proof_for_another_audience_is_no_proof()
    {
        await ApplyAsync();
        var elsewhere = lab.Client<ICallerIdentityTokens>().Sign(await WorkloadAsync(), PoolLab.AwsProvider.FullName);

        await ShouldRefuseAsync(() => ExchangeAsync(elsewhere, Setup.ServiceAccount), "invalid_grant", "The value of the header x-goog-cloud-target-resource in the AWS request does not match the audience.");
    }

    [Fact]
    public async Task Without_the_mapping_of_the_role_the_condition_is_true_of_nobody()
    {
        var provider = Provider();
        provider["attributeMapping"]!.AsObject().Remove("attribute.aws_role");
        await ApplyAsync(provider);

        await ShouldRefuseAsync(WorkloadExchangeAsync, "unauthorized_client", "The given credential is rejected by the attribute condition.");
    }

    [Fact]
    public async Task A_provider_is_changed_and_the_others_of_its_pool_stay()
    {
        var strict = new JsonObject { ["id"] = "strict-aws", ["aws"] = new JsonObject { ["accountId"] = "111122223333" } };

        (await PutAsync("lab/google/projects/pool-lab/workloadIdentityPools/outside/providers/strict-aws", strict)).Status.ShouldBe(204);

        var caller = await WorkloadAsync();
        foreach (var provider in new[] { "strict-aws", "my-aws" })
        {
            var name = new PoolProviderName("77", "outside", provider);
            (await ExchangeAsync(lab.Client<ICallerIdentityTokens>().Sign(caller, name.FullName), PoolLab.Account, name.FullName)).Token.Reveal().ShouldNotBeEmpty();
        }
    }

    [Theory]
    [InlineData("made-by-setup", "{", 400, "depth")]
    [InlineData("made-by-setup", "null", 400, "must be an object")]
    [InlineData("made-by-setup", """{"id":"another-id","aws":{"accountId":"111122223333"}}""", 400, "$.id: The address is of the provider aws-account: give the same id.")]
    [InlineData("made-by-setup", """{"id":"aws-account","aws":{"accountId":"1"}}""", 400, "$.aws.accountId: '1' is no AWS account; use twelve digits in quotes.")]
    [InlineData("made-by-setup", """{"id":"aws-account","aws":{"accountId":"111122223333"},"attributeCondition":"attribute.x =="}""", 400, "$.attributeCondition: ")]
    [InlineData("made-by-setup", """{"id":"aws-account","oidc":{"issuerUri":"https://a.example","allowedAudiences":[null]}}""", 400, "$.oidc.allowedAudiences[0]: must not be null")]
    [InlineData("made-by-setup", """{"id":"aws-account","aws":{"accountId":"111122223333"},"admin":true}""", 400, "$.admin: there is no such member")]
    [InlineData("gcp-own", """{"id":"aws-account","aws":{"accountId":"111122223333"}}""", 400, "$: 'gcp-own' is no pool id")]
    public async Task A_provider_that_Google_would_not_take_changes_nothing(string pool, string body, int status, string problem)
    {
        await ApplyAsync();

        var answer = await PutAsync($"lab/google/projects/77/workloadIdentityPools/{pool}/providers/aws-account", body);

        answer.Status.ShouldBe(status);
        System.Text.RegularExpressions.Regex.Unescape(answer.Text).ShouldContain(problem);
        (await ExchangeAsync(await WorkloadAsync())).Principal.ShouldBe(Setup.ServiceAccount);
    }

    [Theory]
    [InlineData("lab/google/projects/78/workloadIdentityPools/made-by-setup/providers/aws-account", "The lab has no such project.")]
    [InlineData("lab/google/serviceAccounts/a@elsewhere.iam.gserviceaccount.com/bindings", "The lab has no such project of that service account.")]
    public async Task What_is_not_there_is_not_made(string path, string problem)
    {
        var (status, text) = await PutAsync(path, path.EndsWith("bindings", StringComparison.Ordinal) ? Binding(Setup.Member) : Provider());

        (status, text.Contains(problem, StringComparison.Ordinal)).ShouldBe((404, true), text);
    }

    [Theory]
    [InlineData("roles/owner", Setup1, "$.bindings[0].role: the lab does not know the role")]
    [InlineData("roles/viewer", "somebody", "$.bindings[0].members[0]: ")]
    public async Task A_grant_that_means_nothing_is_refused(string role, string member, string problem)
    {
        var (status, text) = await PutAsync(BindingPath, new JsonObject { ["role"] = role, ["members"] = new JsonArray(member) });

        status.ShouldBe(400);
        text.ShouldContain(problem);
    }

    [Fact]
    public async Task There_is_an_end_to_what_a_lab_keeps()
    {
        async Task<(int Status, string Text)> FillAsync(Func<int, Task<(int Status, string Text)>> put)
        {
            for (var number = 0; ; number++)
            {
                if (await put(number) is { Status: not 204 } refused)
                {
                    return refused;
                }
            }
        }

        var pools = await FillAsync(number => PutAsync($"lab/google/projects/77/workloadIdentityPools/pool-{number}/providers/aws-account", Provider()));
        var accounts = await FillAsync(number => PutAsync($"lab/google/serviceAccounts/account-{number}@pool-lab.iam.gserviceaccount.com/bindings", Binding(Setup.Member)));
        var members = await FillAsync(number => PutAsync(
            BindingPathOf("account-0"), new JsonObject { ["role"] = AwsToGoogle.GrantedRole, ["members"] = new JsonArray([.. Enumerable.Range(0, 100).Select(index => (JsonNode)$"user:u{number}-{index}@example.com")]) }));
        var roles = await FillAsync(number => PutAsync(
            $"lab/aws/accounts/111122223333/roles/role-{number}", $$"""{"name":"role-{{number}}","trustPolicy":{"Version":"2012-10-17","Statement":[{"Effect":"Deny","Principal":"*","Action":"sts:AssumeRole"}]} }"""));

        pools.ShouldBe((400, """{"problem":"$: The project pool-lab would have more than 100 pools or 300 providers, and the lab keeps no more: start another."}"""));
        accounts.ShouldBe((400, """{"problem":"$: The project pool-lab has 100 service accounts, and the lab keeps no more: start another."}"""));
        members.ShouldBe((400, """{"problem":"$.members: The policy of account-0@pool-lab.iam.gserviceaccount.com would have more than 1500 members."}"""));
        roles.ShouldBe((400, """{"problem":"$: The account 111122223333 has 1000 roles, and the lab keeps no more: start another."}"""));
    }

    private const string Setup1 = "user:somebody@example.com";

    private static string ProviderPath => $"lab/google/projects/{Setup.ProjectNumber}/workloadIdentityPools/{Setup.PoolId}/providers/{Setup.ProviderId}";

    private static string BindingPath => BindingPathOf("made-by-setup");

    private static AwsCredentials Ann => new() { AccessKeyId = PoolLab.UserKey, SecretAccessKey = Sensitive.Of(PoolLab.UserSecret) };

    private static AwsCredentials Bob => new() { AccessKeyId = "AKIAPOOLLABUSER0002", SecretAccessKey = Sensitive.Of("poolLabSecretpoolLabSecretpoolLabSecret2") };

    private static string BindingPathOf(string name) => $"lab/google/serviceAccounts/{name}@pool-lab.iam.gserviceaccount.com/bindings";

    private static JsonObject Provider()
    {
        var provider = Setup.Provider();
        provider.Remove("name");
        provider["id"] = Setup.ProviderId;
        return provider;
    }

    // As setup and gcloud write it.
    private static JsonObject Written(JsonObject provider)
    {
        var written = provider.DeepClone().AsObject();
        written.Remove("id");
        written["name"] = Setup.Provider()["name"]!.DeepClone();
        return written;
    }

    private static JsonObject Binding(string member) => new() { ["role"] = AwsToGoogle.GrantedRole, ["members"] = new JsonArray(member) };

    private static IEnumerable<string> Findings(JsonObject document) => TrustLinter.Lint(document.ToJsonString()).Findings.Select(static finding => finding.Rule.Id);

    private async Task ApplyAsync(JsonObject? provider = null)
    {
        (await PutAsync(ProviderPath, provider ?? Provider())).ShouldBe((204, ""));
        (await PutAsync(BindingPath, Binding(Setup.Member))).ShouldBe((204, ""));
    }

    private Task<AwsCredentials> WorkloadAsync() => lab.Client<IAwsSources>().GetAsync(new AwsInstanceSource("here"), Cancel);

    private async Task<GoogleAccessToken> WorkloadExchangeAsync() => await ExchangeAsync(await WorkloadAsync());

    private Task<GoogleAccessToken> ExchangeAsync(AwsCredentials caller) => ExchangeAsync(caller, Setup.ServiceAccount);

    private Task<GoogleAccessToken> ExchangeAsync(AwsCredentials caller, string? account) => ExchangeAsync(lab.Client<ICallerIdentityTokens>().Sign(caller, Setup.ProviderName), account);

    private Task<GoogleAccessToken> ExchangeAsync(Sensitive<string> proof, string? account, string? provider = null) => lab.Client<IWorkloadIdentityPools>().ExchangeAsync(
        new PoolTokenRequest { Provider = provider ?? Setup.ProviderName, SubjectToken = proof, SubjectTokenType = SubjectTokenType.Aws4Request, Scopes = ["https://www.googleapis.com/auth/cloud-platform"], ServiceAccount = account },
        Cancel);

    private static async Task ShouldRefuseAsync(Func<Task<GoogleAccessToken>> exchange, string code, string message)
    {
        var error = await Should.ThrowAsync<FederationException>(exchange);
        (error.Code, error.Detail).ShouldBe((code, message));
    }

    private Task<(int Status, string Text)> PutAsync(string path, JsonObject content) => PutAsync(path, content.ToJsonString());

    private async Task<(int Status, string Text)> PutAsync(string path, string content)
    {
        using var body = new StringContent(content, MediaTypeHeaderValue.Parse("application/json"));
        using var answer = await lab.Http.PutAsync(new Uri(path, UriKind.Relative), body, Cancel);
        return ((int)answer.StatusCode, await answer.Content.ReadAsStringAsync(Cancel));
    }
}
