using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using FederationWorkflows.CloudLab.Tests.Google;
using FederationWorkflows.Federation.Aws;
using FederationWorkflows.Federation.Clusters;

namespace FederationWorkflows.CloudLab.Tests.Aws;

/// <summary>Where code in AWS and in clusters finds its identity: the instance's metadata service, the container's endpoint, the projected token.</summary>
public sealed class WorkloadCredentialTests : IAsyncLifetime
{
    private const string Role = "arn:aws:iam::111122223333:role/pod-reader";

    private readonly PoolLab lab = new();

    public ValueTask InitializeAsync() => lab.InitializeAsync();

    public ValueTask DisposeAsync() => lab.DisposeAsync();

    [Fact]
    public async Task The_instances_role_knows_who_it_is()
    {
        var credentials = await lab.Client<IAwsSources>().GetAsync(new AwsInstanceSource("here", "workload"), TestContext.Current.CancellationToken);
        var caller = await lab.Client<IAwsFederation>().GetCallerIdentityAsync(credentials, cancellationToken: TestContext.Current.CancellationToken);

        caller.Arn.ShouldBe("arn:aws:sts::111122223333:assumed-role/workload/i-0123456789abcdef0");
        lab.Last("AssumeRole").UserIdentity!.UserName.ShouldBe("ec2.amazonaws.com");
    }

    [Theory]
    [InlineData("GET", "/lab/imds/latest/meta-data/iam/security-credentials/", null, HttpStatusCode.Unauthorized)]
    [InlineData("GET", "/lab/imds/latest/meta-data/iam/security-credentials/workload", "made-up", HttpStatusCode.Unauthorized)]
    [InlineData("GET", "/lab/imds/latest/meta-data/iam/security-credentials/other", "", HttpStatusCode.NotFound)]
    [InlineData("PUT", "/lab/imds/latest/api/token", null, HttpStatusCode.BadRequest)]
    [InlineData("GET", "/lab/imds/latest/meta-data/placement/region", "", HttpStatusCode.OK)]
    public async Task The_metadata_service_speaks_version_2_only(string method, string path, string? token, HttpStatusCode status)
    {
        if (token?.Length == 0)
        {
            token = await SessionAsync(60);
        }

        (await SendAsync(method, path, token)).StatusCode.ShouldBe(status);
    }

    [Fact]
    public async Task A_session_token_ends_and_a_proxy_gets_none()
    {
        var token = await SessionAsync(60);
        lab.Time.Advance(TimeSpan.FromSeconds(60));
        (await SendAsync("GET", "/lab/imds/latest/meta-data/instance-id", token)).StatusCode.ShouldBe(HttpStatusCode.Unauthorized);

        using var proxied = new HttpRequestMessage(HttpMethod.Put, "/lab/imds/latest/api/token") { Headers = { { "X-aws-ec2-metadata-token-ttl-seconds", "60" }, { "X-Forwarded-For", "10.0.0.1" } } };
        (await lab.Http.SendAsync(proxied, TestContext.Current.CancellationToken)).StatusCode.ShouldBe(HttpStatusCode.Forbidden);
    }

    [Fact]
    public async Task A_role_that_does_not_trust_the_service_gives_no_credentials()
    {
        await using var other = new PoolLab();
        await other.InitializeAsync(world => world with { Aws = world.Aws with { Instance = new AwsInstance { Role = Role }, Container = new AwsContainer { Role = Role } } });

        var error = await Should.ThrowAsync<Federation.FederationException>(() => other.Client<IAwsSources>().GetAsync(new AwsInstanceSource("here"), TestContext.Current.CancellationToken));
        using var container = await other.Http.GetAsync(new Uri("/lab/container/credentials", UriKind.Relative), TestContext.Current.CancellationToken);

        error.Detail.ShouldBe("it has no credentials: AssumeRoleUnauthorizedAccess");
        container.StatusCode.ShouldBe(HttpStatusCode.Forbidden);
        other.Last("AssumeRole").ErrorCode.ShouldBe("AccessDenied");
    }

    [Theory]
    [InlineData("pod-token", HttpStatusCode.OK)]
    [InlineData("other", HttpStatusCode.Unauthorized)]
    [InlineData(null, HttpStatusCode.Unauthorized)]
    public async Task The_container_endpoint_asks_for_its_token(string? authorization, HttpStatusCode status)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, "/lab/container/credentials");
        if (authorization is not null)
        {
            request.Headers.TryAddWithoutValidation("Authorization", authorization);
        }

        using var response = await lab.Http.SendAsync(request, TestContext.Current.CancellationToken);

        response.StatusCode.ShouldBe(status);
        if (status == HttpStatusCode.OK)
        {
            var answer = await response.Content.ReadFromJsonAsync<JsonElement>(TestContext.Current.CancellationToken);
            answer.EnumerateObject().Select(member => member.Name).ShouldBe(["RoleArn", "AccessKeyId", "SecretAccessKey", "Token", "Expiration"]);
        }
    }

    [Fact]
    public async Task A_pods_token_assumes_an_AWS_role_without_Google()
    {
        var file = await lab.TokenFileAsync("collector", "sts.amazonaws.com");
        var token = await lab.Client<IProjectedTokens>().ReadAsync("pod", file, issuer: null, TestContext.Current.CancellationToken);

        var credentials = await AssumeAsync(token);
        var buckets = await lab.Client<IBuckets>().ListAsync(credentials, cancellationToken: TestContext.Current.CancellationToken);

        credentials.Provider.ShouldBe($"arn:aws:iam::111122223333:oidc-provider/{PoolLab.Issuer["https://".Length..]}");
        credentials.SubjectFromWebIdentityToken.ShouldBe("system:serviceaccount:default:collector");
        buckets.Buckets.Select(bucket => bucket.Name).ShouldBe(["pod-evidence"]);
    }

    [Theory]
    [InlineData("viewer", "sts.amazonaws.com", "AccessDenied", "Not authorized to perform sts:AssumeRoleWithWebIdentity")]
    [InlineData("collector", "other", "InvalidIdentityToken", "Incorrect token audience")]
    public async Task A_token_of_another_account_or_audience_is_refused(string account, string audience, string code, string message)
    {
        var token = await lab.Client<IProjectedTokens>().ReadAsync("pod", await lab.TokenFileAsync(account, audience), issuer: null, TestContext.Current.CancellationToken);

        var error = await Should.ThrowAsync<Federation.FederationException>(() => AssumeAsync(token));

        (error.Code, error.Detail).ShouldBe((code, message));
        error.Advice.ShouldContain($":aud is '{audience}'");
        error.Advice.ShouldContain($":sub is 'system:serviceaccount:default:{account}'");
    }

    [Fact]
    public async Task A_cluster_publishes_its_issuer_and_mints_by_TokenRequest()
    {
        var discovery = await lab.Http.GetFromJsonAsync<JsonElement>(new Uri("/lab/clusters/triage/.well-known/openid-configuration", UriKind.Relative), TestContext.Current.CancellationToken);
        var keys = await lab.Http.GetFromJsonAsync<JsonElement>(new Uri(discovery.GetProperty("jwks_uri").GetString()!), TestContext.Current.CancellationToken);
        using var minted = await lab.Http.PostAsJsonAsync(
            new Uri("/lab/clusters/triage/api/v1/namespaces/default/serviceaccounts/collector/token", UriKind.Relative),
            new { spec = new { audiences = new[] { "sts.amazonaws.com" }, expirationSeconds = 600 } },
            TestContext.Current.CancellationToken);

        discovery.GetProperty("issuer").GetString().ShouldBe(PoolLab.Issuer);
        keys.GetProperty("keys").GetArrayLength().ShouldBe(1);
        minted.StatusCode.ShouldBe(HttpStatusCode.Created);
        var token = (await minted.Content.ReadFromJsonAsync<JsonElement>(TestContext.Current.CancellationToken)).GetProperty("status").GetProperty("token").GetString()!;
        var claims = GoogleLabFixture.Claims(token);
        claims.GetProperty("kubernetes.io").GetProperty("serviceaccount").GetProperty("name").GetString().ShouldBe("collector");
        (claims.GetProperty("exp").GetInt64() - claims.GetProperty("iat").GetInt64()).ShouldBe(600);
    }

    [Theory]
    [InlineData("triage", "nobody", "{}", HttpStatusCode.NotFound)]
    [InlineData("other", "collector", "{}", HttpStatusCode.NotFound)]
    [InlineData("triage", "collector", "[]", HttpStatusCode.BadRequest)]
    [InlineData("triage", "collector", """{"spec":{"audiences":"x"}}""", HttpStatusCode.BadRequest)]
    [InlineData("triage", "collector", """{"spec":{"expirationSeconds":599}}""", HttpStatusCode.UnprocessableEntity)]
    public async Task A_TokenRequest_that_makes_no_sense_is_refused(string cluster, string account, string body, HttpStatusCode status)
    {
        using var content = new StringContent(body);
        using var response = await lab.Http.PostAsync(new Uri($"/lab/clusters/{cluster}/api/v1/namespaces/default/serviceaccounts/{account}/token", UriKind.Relative), content, TestContext.Current.CancellationToken);

        response.StatusCode.ShouldBe(status);
    }

    private Task<AwsCredentials> AssumeAsync(ProjectedToken token) => lab.Client<IAwsFederation>().AssumeRoleWithWebIdentityAsync(
        new WebIdentityRequest { RoleArn = Role, WebIdentityToken = token.Token }, TestContext.Current.CancellationToken);

    private async Task<string> SessionAsync(int seconds)
    {
        using var request = new HttpRequestMessage(HttpMethod.Put, "/lab/imds/latest/api/token") { Headers = { { "X-aws-ec2-metadata-token-ttl-seconds", $"{seconds}" } } };
        using var response = await lab.Http.SendAsync(request, TestContext.Current.CancellationToken);
        return await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
    }

    private async Task<HttpResponseMessage> SendAsync(string method, string path, string? token)
    {
        using var request = new HttpRequestMessage(new HttpMethod(method), path);
        if (token is not null)
        {
            request.Headers.TryAddWithoutValidation("X-aws-ec2-metadata-token", token);
        }

        return await lab.Http.SendAsync(request, TestContext.Current.CancellationToken);
    }
}
