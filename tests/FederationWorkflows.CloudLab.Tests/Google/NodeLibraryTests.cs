using System.Text.Json;
using FederationWorkflows.Federation.Google;

namespace FederationWorkflows.CloudLab.Tests.Google;

/// <summary>
/// Google's library for Node.js, unmodified, with the credential files that users are given (Node/package-lock.json pins it; npm ci fetches it into the test's own
/// folder). Without Node.js these tests fail: they are part of what the files promise.
/// </summary>
public sealed class NodeLibraryTests : IClassFixture<NodeLibrary>, IAsyncLifetime
{
    private readonly NodeLibrary library;
    private readonly PoolLab lab = new();

    public NodeLibraryTests(NodeLibrary library) => this.library = library;

    public ValueTask InitializeAsync() => lab.InitializeAsync();

    public async ValueTask DisposeAsync() => await lab.DisposeAsync();

    [Fact]
    public async Task An_EC2_instance_becomes_a_service_account()
    {
        var answer = await RunAsync(File(PoolLab.AwsProvider, PoolLab.Account).ForAws(), lab.Url("/google/storage/v1/b?project=pool-lab"));

        answer.TryGetProperty("error", out _).ShouldBeFalse(answer.ToString());
        answer.GetProperty("client").GetString().ShouldBe("AwsClient");
        answer.GetProperty("body").GetProperty("items")[0].GetProperty("name").GetString().ShouldBe("findings");
        lab.Events.ShouldBe(["AssumeRole", "GetCallerIdentity", "ExchangeToken", "GenerateAccessToken", "storage.buckets.list"]);
    }

    [Fact]
    public async Task Keys_in_the_environment_reach_a_resource_without_a_service_account()
    {
        var answer = await RunAsync(
            File(PoolLab.AwsProvider, null).ForAws(),
            lab.Url("/google/storage/v1/b?project=pool-lab"),
            ("AWS_REGION", "eu-central-1"), ("AWS_ACCESS_KEY_ID", PoolLab.UserKey), ("AWS_SECRET_ACCESS_KEY", PoolLab.UserSecret));

        answer.TryGetProperty("error", out _).ShouldBeFalse(answer.ToString());
        answer.GetProperty("status").GetInt32().ShouldBe(200);
        lab.Events.ShouldBe(["GetCallerIdentity", "ExchangeToken", "storage.buckets.list"]);
    }

    [Fact]
    public async Task A_pods_token_file_becomes_a_service_account()
    {
        var file = await lab.TokenFileAsync("collector");

        var answer = await RunAsync(File(PoolLab.ClusterProvider, PoolLab.Account).ForFile(file), lab.Url("/google/storage/v1/b?project=pool-lab"));

        answer.TryGetProperty("error", out _).ShouldBeFalse(answer.ToString());
        answer.GetProperty("client").GetString().ShouldBe("IdentityPoolClient");
        lab.Events.ShouldBe(["ExchangeToken", "GenerateAccessToken", "storage.buckets.list"]);
    }

    [Fact]
    public async Task A_refusal_reaches_the_user_in_Googles_words()
    {
        var file = await lab.TokenFileAsync("viewer");

        var answer = await RunAsync(File(PoolLab.ClusterProvider, PoolLab.Account).ForFile(file), lab.Url("/google/storage/v1/b?project=pool-lab"));

        answer.GetProperty("error").GetString().ShouldBe("Error code unauthorized_client: The given credential is rejected by the attribute condition.", answer.ToString());
    }

    /// <summary>
    /// The library signs for the service that the host's name begins with, and the lab's address has no such name. It never sends the request; whoever
    /// verifies it does, and the lab's AWS STS takes it as AWS's own would.
    /// </summary>
    private ExternalAccountFile File(PoolProviderName provider, string? account)
    {
        var endpoints = lab.Endpoints;
        endpoints.AwsSts = null;
        return new(provider, account, endpoints);
    }

    private async Task<JsonElement> RunAsync(string credentials, string url, params (string Name, string Value)[] environment)
    {
        var path = Path.Combine(lab.Folder, "credentials.json");
        await System.IO.File.WriteAllTextAsync(path, credentials, TestContext.Current.CancellationToken);
        var output = await library.RunAsync("node", ["exchange.mjs", url], [("GOOGLE_APPLICATION_CREDENTIALS", path), ("GOOGLE_CLOUD_PROJECT", "pool-lab"), .. environment]);
        return JsonDocument.Parse(output).RootElement;
    }
}
