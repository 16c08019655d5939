using System.Text.Json;
using FederationWorkflows.Federation.Google;
using Google.Apis.Auth.OAuth2;

namespace FederationWorkflows.CloudLab.Tests.Google;

/// <summary>Google's library for .NET, unmodified, with the credential files that users are given.</summary>
public sealed class PoolLibraryTests : IAsyncLifetime
{
    private readonly PoolLab lab = new();

    public ValueTask InitializeAsync() => lab.InitializeAsync();

    public ValueTask DisposeAsync() => lab.DisposeAsync();

    [Theory]
    [InlineData(PoolLab.Account)]
    [InlineData(null)]
    public async Task An_EC2_instance_gets_a_token(string? account)
    {
        // The file for the real clouds: the library insists on the instance's own address.
        var token = await TokenAsync(new ExternalAccountFile(PoolLab.AwsProvider, account, new Federation.CloudEndpoints()).ForAws());

        PrincipalOf(token).ShouldBe(account ?? $"principal://iam.googleapis.com/{PoolLab.PoolPath}/subject/arn:aws:sts::111122223333:assumed-role/workload/i-0123456789abcdef0");
    }

    [Fact]
    public async Task A_pod_gets_a_token_from_its_file()
    {
        var file = await lab.TokenFileAsync("collector");

        PrincipalOf(await TokenAsync(new ExternalAccountFile(PoolLab.ClusterProvider, PoolLab.Account, lab.Endpoints).ForFile(file))).ShouldBe(PoolLab.Account);
    }

    [Fact]
    public void The_files_for_the_real_clouds_are_those_that_gcloud_writes()
    {
        var file = JsonDocument.Parse(new ExternalAccountFile(PoolLab.AwsProvider, PoolLab.Account, new Federation.CloudEndpoints()).ForAws()).RootElement;

        file.GetProperty("audience").GetString().ShouldBe("//iam.googleapis.com/projects/77/locations/global/workloadIdentityPools/outside/providers/my-aws");
        file.GetProperty("token_url").GetString().ShouldBe("https://sts.googleapis.com/v1/token");
        file.GetProperty("service_account_impersonation_url").GetString().ShouldBe("https://iamcredentials.googleapis.com/v1/projects/-/serviceAccounts/inbound@pool-lab.iam.gserviceaccount.com:generateAccessToken");
        var source = file.GetProperty("credential_source");
        source.EnumerateObject().ToDictionary(member => member.Name, member => member.Value.GetString()).ShouldBe(new Dictionary<string, string?>
        {
            ["environment_id"] = "aws1",
            ["region_url"] = "http://169.254.169.254/latest/meta-data/placement/availability-zone",
            ["url"] = "http://169.254.169.254/latest/meta-data/iam/security-credentials",
            ["regional_cred_verification_url"] = "https://sts.{region}.amazonaws.com?Action=GetCallerIdentity&Version=2011-06-15",
            ["imdsv2_session_token_url"] = "http://169.254.169.254/latest/api/token",
        });
    }

    [Fact]
    public void A_local_endpoint_can_give_the_token()
    {
        var file = JsonDocument.Parse(new ExternalAccountFile(PoolLab.ClusterProvider, null, lab.Endpoints).ForUrl(new Uri("http://127.0.0.1:1/token"), new Dictionary<string, string> { ["Metadata"] = "true" }, "value")).RootElement;

        file.GetProperty("credential_source").GetRawText().ReplaceLineEndings("").Replace(" ", "", StringComparison.Ordinal).ShouldBe(
            """{"url":"http://127.0.0.1:1/token","headers":{"Metadata":"true"},"format":{"type":"json","subject_token_field_name":"value"}}""");
        file.TryGetProperty("service_account_impersonation_url", out _).ShouldBeFalse();
        Should.Throw<ArgumentException>(() => new ExternalAccountFile(PoolLab.ClusterProvider, null, lab.Endpoints).ForUrl(new Uri("file:///etc/passwd")));
    }

    private async Task<string> TokenAsync(string file) =>
        await CredentialFactory.FromJson(file, JsonCredentialParameters.ExternalAccountCredentialType)
            .CreateScoped("https://www.googleapis.com/auth/cloud-platform")
            .CreateWithHttpClientFactory(new LabHttpClientFactory(lab.Server.BaseAddress))
            .UnderlyingCredential.GetAccessTokenForRequestAsync(cancellationToken: TestContext.Current.CancellationToken);

    private string PrincipalOf(string token) => lab.Server.Google.TryIntrospect(token, out var grant) ? grant.Principal.Email ?? grant.Principal.Member : "no token of this lab";
}
