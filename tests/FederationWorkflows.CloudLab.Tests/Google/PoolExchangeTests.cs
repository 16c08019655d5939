using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using FederationWorkflows.Engine;
using FederationWorkflows.Federation;
using FederationWorkflows.Federation.Aws;
using FederationWorkflows.Federation.Google;

namespace FederationWorkflows.CloudLab.Tests.Google;

/// <summary>From AWS and from a cluster into Google Cloud: the product's clients, Google's security token service, and what a federated identity may do.</summary>
public sealed class PoolExchangeTests : IAsyncLifetime
{
    private const string CloudPlatform = "https://www.googleapis.com/auth/cloud-platform";
    private const string Aws4Request = "urn:ietf:params:aws:token-type:aws4_request";
    private const string Jwt = "urn:ietf:params:oauth:token-type:jwt";

    private readonly PoolLab lab = new();

    public ValueTask InitializeAsync() => lab.InitializeAsync();

    public ValueTask DisposeAsync() => lab.DisposeAsync();

    [Fact]
    public async Task An_EC2_role_becomes_a_service_account_and_lists_buckets()
    {
        var credentials = await lab.Client<IAwsSources>().GetAsync(new AwsInstanceSource("here"), TestContext.Current.CancellationToken);

        var token = await ExchangeAsync(credentials, PoolLab.AwsProvider, PoolLab.Account);

        token.Principal.ShouldBe(PoolLab.Account);
        (await GetAsync("/google/storage/v1/b?project=pool-lab", token.Token)).Body.GetProperty("items")[0].GetProperty("name").GetString().ShouldBe("findings");
        lab.Events.ShouldBe(["AssumeRole", "GetCallerIdentity", "ExchangeToken", "GenerateAccessToken", "storage.buckets.list"]);
        var exchange = lab.Last("ExchangeToken");
        exchange.RequestParameters!["google.subject"]!.GetValue<string>().ShouldBe("arn:aws:sts::111122223333:assumed-role/workload/i-0123456789abcdef0");
        exchange.RequestParameters["attribute.aws_role"]!.GetValue<string>().ShouldBe("arn:aws:sts::111122223333:assumed-role/workload");
        exchange.UserIdentity!.UserName.ShouldBe($"principal://iam.googleapis.com/{PoolLab.PoolPath}/subject/arn:aws:sts::111122223333:assumed-role/workload/i-0123456789abcdef0");
    }

    [Fact]
    public async Task A_federated_identity_reaches_a_resource_itself_where_IAM_says_so()
    {
        var ann = await ExchangeAsync(User(PoolLab.UserKey, PoolLab.UserSecret), PoolLab.AwsProvider, null);
        var (status, _) = await GetAsync("/google/storage/v1/b?project=77", ann.Token);
        status.ShouldBe(200);

        var role = await ExchangeAsync(await RoleAsync(), PoolLab.AwsProvider, null);
        var (refused, body) = await GetAsync("/google/storage/v1/b?project=pool-lab", role.Token);
        refused.ShouldBe(403);
        body.GetProperty("error").GetProperty("message").GetString().ShouldBe(
            $"principal://iam.googleapis.com/{PoolLab.PoolPath}/subject/arn:aws:sts::111122223333:assumed-role/workload/i-0123456789abcdef0 does not have storage.buckets.list access to the Google Cloud project. "
            + "Permission 'storage.buckets.list' denied on resource (or it may not exist).");
        body.GetProperty("error").GetProperty("errors")[0].GetProperty("reason").GetString().ShouldBe("forbidden");
    }

    [Fact]
    public async Task Only_the_members_of_workloadIdentityUser_become_the_service_account()
    {
        var error = await RefusedAsync(() => ExchangeAsync(User(PoolLab.UserKey, PoolLab.UserSecret), PoolLab.AwsProvider, PoolLab.Account));

        error.Message.ShouldStartWith("Google's IAM Credentials API refused iamcredentials.generateAccessToken: PERMISSION_DENIED (HTTP 403): Permission 'iam.serviceAccounts.getAccessToken' denied on resource (or it may not exist).");
    }

    [Fact]
    public async Task A_pods_token_becomes_the_service_account_and_ends_with_its_proof()
    {
        var proof = lab.Server.Clusters.ProjectToken(PoolLab.Cluster, "default", "collector", PoolLab.ClusterProvider.DefaultAudience, TimeSpan.FromMinutes(10));

        var federated = await ExchangeAsync(proof, PoolLab.ClusterProvider, null);
        var account = await ExchangeAsync(proof, PoolLab.ClusterProvider, PoolLab.Account);

        (federated.ExpiresAt - lab.Time.GetUtcNow()).TotalSeconds.ShouldBeInRange(598, 600);
        account.Principal.ShouldBe(PoolLab.Account);
        (await GetAsync("/google/oauth2/tokeninfo?access_token=" + federated.Token.Reveal(), null)).Body.GetProperty("error").GetString().ShouldBe("invalid_token");
    }

    public static TheoryData<string, string, string, string> AwsRefusals => new()
    {
        { "switched-off", "invalid_target", "The target service indicated by the \"audience\" parameters is invalid. This might either be because the pool or provider is disabled or deleted or because it doesn't exist.", "" },
        { "not-there", "invalid_target", "The target service indicated by the \"audience\" parameters is invalid. This might either be because the pool or provider is disabled or deleted or because it doesn't exist.", "" },
        { "strict-aws", "unauthorized_client", "The given credential is rejected by the attribute condition.", "The condition attribute.aws_role == 'arn:aws:sts::111122223333:assumed-role/other' is false" },
        { "other-account", "invalid_grant", "The AWS account of the given credential does not match the account of the provider.", "the caller is of account 111122223333, the provider takes 999988887777" },
        { "triage-cluster", "invalid_request", "Invalid value for \"subject_token_type\".", "" },
    };

    [Theory]
    [MemberData(nameof(AwsRefusals))]
    public async Task A_provider_refuses_an_AWS_identity_in_Googles_words(string provider, string code, string description, string explanation)
    {
        var error = await RefusedAsync(async () => await ExchangeAsync(await RoleAsync(), new PoolProviderName("77", "outside", provider), null));

        (error.Code, error.Detail).ShouldBe((code, description));
        error.Advice.ShouldContain("The signed request is for '" + lab.Url("/"));
        (lab.Last("ExchangeToken").Explanation ?? "").ShouldBe(explanation);
        lab.Last("ExchangeToken").ErrorCode.ShouldBe(code);
    }

    [Theory]
    [InlineData("closed", "77")]
    [InlineData("outside", "78")]
    [InlineData("elsewhere", "77")]
    public async Task A_disabled_pool_and_a_wrong_project_are_no_targets(string pool, string project) =>
        (await RefusedAsync(async () => await ExchangeAsync(await RoleAsync(), new PoolProviderName(project, pool, "my-aws"), null))).Code.ShouldBe("invalid_target");

    public static TheoryData<string, Action<JsonObject, List<JsonObject>>, string, string, string> SpoiltRequests => new()
    {
        { "another target", (_, headers) => Set(headers, "x-goog-cloud-target-resource", "//iam.googleapis.com/projects/77/locations/global/workloadIdentityPools/outside/providers/strict-aws"), "invalid_grant", "The value of the header x-goog-cloud-target-resource in the AWS request does not match the audience.", "the audience is" },
        { "no target", (_, headers) => headers.RemoveAll(header => Name(header) == "x-goog-cloud-target-resource"), "invalid_grant", "The value of the header x-goog-cloud-target-resource in the AWS request does not match the audience.", "is absent" },
        { "a signed header less", (_, headers) => Set(headers, "Authorization", Value(headers, "Authorization").Replace(";x-goog-cloud-target-resource", "", StringComparison.Ordinal)), "invalid_grant", "Received invalid AWS response of type 403 with the following error message:", "SignatureDoesNotMatch" },
        { "an unsigned date", (_, headers) => Set(headers, "Authorization", Value(headers, "Authorization").Replace(";x-amz-date", "", StringComparison.Ordinal)), "invalid_grant", "The AWS request in the subject token is invalid.", "SignedHeaders has" },
        { "another host", (request, _) => request["url"] = "https://attacker.example/?Action=GetCallerIdentity&Version=2011-06-15", "invalid_grant", "The AWS request in the subject token is invalid.", "the request is not a POST of GetCallerIdentity" },
        { "a look-alike host", (request, _) => request["url"] = "https://sts.amazonaws.com.attacker.example/?Action=GetCallerIdentity&Version=2011-06-15", "invalid_grant", "The AWS request in the subject token is invalid.", "the request is not a POST of GetCallerIdentity" },
        { "another action", (request, _) => request["url"] = request["url"]!.GetValue<string>().Replace("GetCallerIdentity", "GetSessionToken", StringComparison.Ordinal), "invalid_grant", "The AWS request in the subject token is invalid.", "the request is not a POST of GetCallerIdentity" },
        { "another path", (request, _) => request["url"] = request["url"]!.GetValue<string>().Replace("/?", "/lab/events?", StringComparison.Ordinal), "invalid_grant", "The AWS request in the subject token is invalid.", "the request is not a POST of GetCallerIdentity" },
        { "one parameter more", (request, _) => request["url"] = request["url"]!.GetValue<string>() + "&x=y", "invalid_grant", "The AWS request in the subject token is invalid.", "the request is not a POST of GetCallerIdentity" },
        { "GET", (request, _) => request["method"] = "GET", "invalid_grant", "The AWS request in the subject token is invalid.", "the request is not a POST of GetCallerIdentity" },
        { "another host header", (_, headers) => Set(headers, "host", "sts.amazonaws.com"), "invalid_grant", "The AWS request in the subject token is invalid.", "the host header is not the host of the URL" },
        { "a spoilt signature", (_, headers) => Set(headers, "Authorization", Value(headers, "Authorization")[..^4] + "0000"), "invalid_grant", "Received invalid AWS response of type 403 with the following error message:", "SignatureDoesNotMatch" },
        { "another session", (_, headers) => Set(headers, "x-amz-security-token", "AAAA"), "invalid_grant", "Received invalid AWS response of type 403 with the following error message:", "SignatureDoesNotMatch" },
        { "another date", (_, headers) => Set(headers, "x-amz-date", "20200101T000000Z"), "invalid_grant", "Received invalid AWS response of type", "AWS STS refused the signed request" },
        { "a header twice", (_, headers) => headers.Add(new JsonObject { ["key"] = "HOST", ["value"] = "x" }), "invalid_request", "Invalid format of AWS credentials.", "no URL-encoded JSON" },
        { "no headers", (request, headers) => request["headers"] = "none", "invalid_request", "Invalid format of AWS credentials.", "no URL-encoded JSON" },
        { "no url", (request, _) => request.Remove("url"), "invalid_request", "Invalid format of AWS credentials.", "no URL-encoded JSON" },
    };

    [Theory]
    [MemberData(nameof(SpoiltRequests))]
    public async Task A_signed_request_that_was_tampered_with_is_refused(string what, Action<JsonObject, List<JsonObject>> spoil, string code, string description, string explanation)
    {
        var signed = Sign(await RoleAsync(), PoolLab.AwsProvider);
        var request = JsonNode.Parse(Uri.UnescapeDataString(signed.Reveal()))!.AsObject();
        var headers = request["headers"]!.AsArray().Select(header => header!.DeepClone().AsObject()).ToList();
        spoil(request, headers);
        if (request["headers"] is JsonArray)
        {
            request["headers"] = new JsonArray([.. headers]);
        }

        var (status, body) = await PostAsync(Form(PoolLab.AwsProvider, Uri.EscapeDataString(request.ToJsonString()), Aws4Request));

        status.ShouldBe(400, what);
        body.GetProperty("error").GetString().ShouldBe(code, what);
        body.GetProperty("error_description").GetString()!.ShouldStartWith(description);
        lab.Last("ExchangeToken").Explanation!.ShouldContain(explanation);
        lab.Events.ShouldNotContain("GetSessionToken");
    }

    [Fact]
    public async Task A_signed_request_lives_for_minutes()
    {
        var signed = Sign(await RoleAsync(), PoolLab.AwsProvider);
        lab.Time.Advance(TimeSpan.FromMinutes(16));

        var error = await RefusedAsync(() => ExchangeAsync(signed, PoolLab.AwsProvider, null, SubjectTokenType.Aws4Request));

        error.Detail.ShouldStartWith("Received invalid AWS response of type 403");
        error.Detail.ShouldContain("SignatureDoesNotMatch");
        error.Advice.ShouldStartWith("AWS did not vouch for the signed request");
    }

    public static TheoryData<string, string?, string, string> FormRefusals => new()
    {
        { "grant_type", "refresh_token", "unsupported_grant_type", "Invalid value for \"grant_type\"." },
        { "audience", "https://iam.googleapis.com/projects/77/locations/global/workloadIdentityPools/outside/providers/my-aws", "invalid_request", "Invalid value for \"audience\". This value should be the full resource name of the Identity Provider." },
        { "audience", null, "invalid_request", "Invalid value for \"audience\"." },
        { "audience", "//iam.googleapis.com/projects/pool-lab/locations/global/workloadIdentityPools/outside/providers/my-aws", "invalid_request", "Invalid value for \"audience\"." },
        { "requested_token_type", "urn:ietf:params:oauth:token-type:id_token", "invalid_request", "Invalid value of requested_token_type in request." },
        { "scope", null, "invalid_request", "Scope(s) must be provided." },
        { "scope", "everything", "invalid_scope", "Invalid OAuth scope or ID token audience provided: everything" },
        { "subject_token", null, "invalid_request", "Invalid value for \"subject_token\"." },
        { "subject_token_type", "urn:ietf:params:oauth:token-type:saml2", "invalid_request", "Invalid value for \"subject_token_type\"." },
        { "subject_token_type", Aws4Request, "invalid_request", "Invalid value for \"subject_token_type\"." },
    };

    [Theory]
    [MemberData(nameof(FormRefusals))]
    public async Task A_request_that_does_not_fit_the_method_is_refused(string field, string? value, string code, string description)
    {
        var form = Form(PoolLab.ClusterProvider, Proof("collector").Reveal(), Jwt);
        form.Remove(field);
        if (value is not null)
        {
            form[field] = value;
        }

        var (status, body) = await PostAsync(form);

        status.ShouldBe(400);
        body.GetProperty("error").GetString().ShouldBe(code);
        body.GetProperty("error_description").GetString()!.ShouldStartWith(description);
    }

    [Theory]
    [InlineData("collector", "other", "invalid_grant", "The audience in ID Token [other] does not match the expected audience.")]
    [InlineData("viewer", null, "unauthorized_client", "The given credential is rejected by the attribute condition.")]
    public async Task A_cluster_token_for_others_is_refused(string account, string? audience, string code, string description)
    {
        var proof = lab.Server.Clusters.ProjectToken(PoolLab.Cluster, "default", account, audience ?? PoolLab.ClusterProvider.DefaultAudience);

        var error = await RefusedAsync(() => ExchangeAsync(proof, PoolLab.ClusterProvider, null));

        (error.Code, error.Detail).ShouldBe((code, description));
    }

    [Fact]
    public async Task JSON_in_camel_case_is_taken_as_the_form_is()
    {
        var body = new JsonObject
        {
            ["grantType"] = "urn:ietf:params:oauth:grant-type:token-exchange",
            ["audience"] = PoolLab.ClusterProvider.FullName,
            ["scope"] = CloudPlatform,
            ["requestedTokenType"] = "urn:ietf:params:oauth:token-type:access_token",
            ["subjectTokenType"] = "urn:ietf:params:oauth:token-type:id_token",
            ["subjectToken"] = Proof("collector").Reveal(),
        };
        using var content = new StringContent(body.ToJsonString(), Encoding.UTF8, "application/json");
        using var response = await lab.Http.PostAsync(new Uri("/google/sts/v1/token", UriKind.Relative), content, TestContext.Current.CancellationToken);

        ((int)response.StatusCode).ShouldBe(200, await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task Nothing_secret_is_in_the_event_log()
    {
        var credentials = await RoleAsync();
        var signed = Sign(credentials, PoolLab.AwsProvider);
        var token = await ExchangeAsync(signed, PoolLab.AwsProvider, PoolLab.Account, SubjectTokenType.Aws4Request);

        var log = JsonSerializer.Serialize(lab.Server.Events.Snapshot());
        foreach (var secret in new[] { token.Token.Reveal(), credentials.SecretAccessKey.Reveal(), credentials.SessionToken!.Reveal(), signed.Reveal() })
        {
            log.ShouldNotContain(secret, Case.Sensitive);
        }
    }

    private static string Name(JsonObject header) => header["key"]!.GetValue<string>();

    private static string Value(List<JsonObject> headers, string name) => headers.Single(header => Name(header) == name)["value"]!.GetValue<string>();

    private static void Set(List<JsonObject> headers, string name, string value) => headers.Single(header => Name(header) == name)["value"] = value;

    private static AwsCredentials User(string id, string secret) => new() { AccessKeyId = id, SecretAccessKey = Sensitive.Of(secret) };

    private Sensitive<string> Proof(string account) => lab.Server.Clusters.ProjectToken(PoolLab.Cluster, "default", account, PoolLab.ClusterProvider.DefaultAudience);

    private Task<AwsCredentials> RoleAsync() => lab.Client<IAwsSources>().GetAsync(new AwsInstanceSource("here"), TestContext.Current.CancellationToken);

    private Sensitive<string> Sign(AwsCredentials credentials, PoolProviderName provider) => lab.Client<ICallerIdentityTokens>().Sign(credentials, provider.FullName);

    private Task<GoogleAccessToken> ExchangeAsync(AwsCredentials credentials, PoolProviderName provider, string? account) =>
        ExchangeAsync(Sign(credentials, provider), provider, account, SubjectTokenType.Aws4Request);

    private Task<GoogleAccessToken> ExchangeAsync(Sensitive<string> proof, PoolProviderName provider, string? account, SubjectTokenType type = SubjectTokenType.Jwt) =>
        lab.Client<IWorkloadIdentityPools>().ExchangeAsync(
            new PoolTokenRequest { Provider = provider.FullName, SubjectToken = proof, SubjectTokenType = type, Scopes = [CloudPlatform], ServiceAccount = account },
            TestContext.Current.CancellationToken);

    private static async Task<FederationException> RefusedAsync(Func<Task> call) => await Should.ThrowAsync<FederationException>(call);

    private static Dictionary<string, string> Form(PoolProviderName provider, string token, string type) => new()
    {
        ["grant_type"] = "urn:ietf:params:oauth:grant-type:token-exchange",
        ["audience"] = provider.FullName,
        ["scope"] = CloudPlatform,
        ["requested_token_type"] = "urn:ietf:params:oauth:token-type:access_token",
        ["subject_token_type"] = type,
        ["subject_token"] = token,
    };

    private async Task<(int Status, JsonElement Body)> PostAsync(Dictionary<string, string> form)
    {
        using var content = new FormUrlEncodedContent(form);
        using var response = await lab.Http.PostAsync(new Uri("/google/sts/v1/token", UriKind.Relative), content, TestContext.Current.CancellationToken);
        return ((int)response.StatusCode, JsonDocument.Parse(await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken)).RootElement);
    }

    private async Task<(int Status, JsonElement Body)> GetAsync(string path, Sensitive<string>? token)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, path);
        request.Headers.Authorization = token is null ? null : new AuthenticationHeaderValue("Bearer", token.Reveal());
        using var response = await lab.Http.SendAsync(request, TestContext.Current.CancellationToken);
        return ((int)response.StatusCode, JsonDocument.Parse(await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken)).RootElement);
    }
}
