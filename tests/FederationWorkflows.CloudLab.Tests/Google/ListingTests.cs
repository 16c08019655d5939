using System.Net.Http.Headers;
using System.Text.Json;
using FederationWorkflows.Engine;
using FederationWorkflows.Federation.Aws;
using FederationWorkflows.Federation.Google;

namespace FederationWorkflows.CloudLab.Tests.Google;

/// <summary>What a key rotation report reads: a project's service accounts, their keys, its buckets.</summary>
public sealed class ListingTests : IAsyncLifetime
{
    private const string Closed = "closed-account@pool-lab.iam.gserviceaccount.com";

    private readonly PoolLab lab = new();

    public ValueTask InitializeAsync() => lab.InitializeAsync();

    public ValueTask DisposeAsync() => lab.DisposeAsync();

    [Fact]
    public async Task Accounts_are_listed_page_by_page()
    {
        var token = await TokenAsync();

        var (_, first) = await GetAsync("/google/iam/v1/projects/pool-lab/serviceAccounts?pageSize=1", token);
        var (_, second) = await GetAsync($"/google/iam/v1/projects/pool-lab/serviceAccounts?pageSize=1&pageToken={first.GetProperty("nextPageToken").GetString()}", token);

        first.GetProperty("accounts")[0].GetProperty("email").GetString().ShouldBe(Closed);
        second.GetProperty("accounts")[0].GetProperty("name").GetString().ShouldBe($"projects/pool-lab/serviceAccounts/{PoolLab.Account}");
        second.GetProperty("accounts")[0].GetProperty("uniqueId").GetString().ShouldBe("100000000000000000077");
        second.TryGetProperty("nextPageToken", out _).ShouldBeFalse();
    }

    [Theory]
    [InlineData("", "USER_MANAGED 2024-02-03T04:05:06Z,USER_MANAGED 2023-01-02T03:04:05Z disabled,SYSTEM_MANAGED")]
    [InlineData("?keyTypes=USER_MANAGED", "USER_MANAGED 2024-02-03T04:05:06Z,USER_MANAGED 2023-01-02T03:04:05Z disabled")]
    [InlineData("?keyTypes=SYSTEM_MANAGED", "SYSTEM_MANAGED")]
    public async Task Keys_say_since_when_they_are_valid(string query, string expected)
    {
        var (status, body) = await GetAsync($"/google/iam/v1/projects/-/serviceAccounts/{Closed}/keys{query}", await TokenAsync());

        status.ShouldBe(200, body.ToString());
        var keys = body.GetProperty("keys").EnumerateArray().ToList();
        string.Join(',', keys.Select(Describe)).ShouldBe(expected);
        foreach (var key in keys.Where(key => key.GetProperty("keyType").GetString() == "USER_MANAGED"))
        {
            key.GetProperty("validBeforeTime").GetString().ShouldBe("9999-12-31T23:59:59Z");
            key.GetProperty("name").GetString()!.ShouldStartWith($"projects/pool-lab/serviceAccounts/{Closed}/keys/");
        }
    }

    [Theory]
    [InlineData("/google/iam/v1/projects/pool-lab/serviceAccounts", 401, "Request is missing required authentication credential.", false)]
    [InlineData("/google/iam/v1/projects/other/serviceAccounts", 403, "Permission 'iam.serviceAccounts.list' denied on resource (or it may not exist).", true)]
    [InlineData("/google/iam/v1/projects/pool-lab/serviceAccounts?pageSize=x", 400, "Request contains an invalid argument.", true)]
    [InlineData("/google/iam/v1/projects/-/serviceAccounts/nobody@pool-lab.iam.gserviceaccount.com/keys", 403, "Permission 'iam.serviceAccountKeys.list' denied on resource (or it may not exist).", true)]
    [InlineData("/google/iam/v1/projects/-/serviceAccounts/closed-account@pool-lab.iam.gserviceaccount.com/keys?keyTypes=ALL", 400, "Invalid value at 'key_types'", true)]
    [InlineData("/google/storage/v1/b", 400, "Required parameter: project", true)]
    [InlineData("/google/storage/v1/b?project=other", 403, "inbound@pool-lab.iam.gserviceaccount.com does not have storage.buckets.list access to the Google Cloud project.", true)]
    public async Task A_listing_refuses_as_Google_does(string path, int status, string message, bool signedIn)
    {
        var (found, body) = await GetAsync(path, signedIn ? await TokenAsync() : null);

        found.ShouldBe(status, body.ToString());
        body.GetProperty("error").GetProperty("message").GetString()!.ShouldStartWith(message);
    }

    [Fact]
    public async Task A_disabled_key_signs_nobody_in()
    {
        lab.Server.Google.ServiceAccountKeyFile(Closed).Reveal().ShouldNotContain("disabled-key");
        (await lab.Http.GetStringAsync(new Uri($"/google/service_accounts/v1/jwk/{Closed}", UriKind.Relative), TestContext.Current.CancellationToken)).ShouldNotContain("disabled-key");
    }

    private static string Describe(JsonElement key)
    {
        var type = key.GetProperty("keyType").GetString();
        return type == "SYSTEM_MANAGED" ? type : $"{type} {key.GetProperty("validAfterTime").GetString()}{(key.TryGetProperty("disabled", out _) ? " disabled" : "")}";
    }

    private async Task<Sensitive<string>> TokenAsync()
    {
        var credentials = await lab.Client<IAwsSources>().GetAsync(new AwsInstanceSource("here"), TestContext.Current.CancellationToken);
        var token = await lab.Client<IWorkloadIdentityPools>().ExchangeAsync(
            new PoolTokenRequest
            {
                Provider = PoolLab.AwsProvider.FullName,
                SubjectToken = lab.Client<ICallerIdentityTokens>().Sign(credentials, PoolLab.AwsProvider.FullName),
                SubjectTokenType = SubjectTokenType.Aws4Request,
                Scopes = ["https://www.googleapis.com/auth/cloud-platform"],
                ServiceAccount = PoolLab.Account,
            },
            TestContext.Current.CancellationToken);
        return token.Token;
    }

    private async Task<(int Status, JsonElement Body)> GetAsync(string path, Sensitive<string>? token)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, path);
        request.Headers.Authorization = token is null ? null : new AuthenticationHeaderValue("Bearer", token.Reveal());
        using var response = await lab.Http.SendAsync(request, TestContext.Current.CancellationToken);
        return ((int)response.StatusCode, JsonDocument.Parse(await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken)).RootElement);
    }
}
