using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using FederationWorkflows.CloudLab.Google;

namespace FederationWorkflows.CloudLab.Tests.Google;

/// <summary>A Google lab on a free loopback port, with a clock the test moves.</summary>
public sealed class GoogleLabFixture : IAsyncLifetime
{
    public const string CloudPlatform = "https://www.googleapis.com/auth/cloud-platform";

    private CloudLabServer? server;

    // Now: Google's library judges the lab's tokens by its own clock.
    internal TestClock Time { get; } = new(DateTimeOffset.UtcNow);

    internal EventLog Events => server!.Events;

    internal GoogleLab Lab => server!.Google;

    internal HttpClient Http { get; } = new();

    internal string TokenUrl => new Uri(Http.BaseAddress!, "/google/oauth2/token").ToString();

    public async ValueTask InitializeAsync()
    {
        var options = new CloudLabOptions { World = LabWorld.Default with { Google = GoogleTestWorld.Create() }, TimeProvider = Time };
        server = await CloudLabServer.StartAsync(options, TestContext.Current.CancellationToken);
        Http.BaseAddress = server.BaseAddress;
    }

    public async ValueTask DisposeAsync()
    {
        Http.Dispose();
        await server!.DisposeAsync();
    }

    /// <summary>The fields of a key file, as a client library sees them.</summary>
    internal ServiceAccountKey Key(string email) => ServiceAccountKey.Read(Lab.ServiceAccountKeyFile(email).Reveal());

    /// <summary>An access token that a service account gets with its key.</summary>
    internal async Task<string> TokenOfAsync(string email, string scope = CloudPlatform)
    {
        var (status, body) = await PostTokenAsync(Assertions.Grant(new Assertion(Key(email), TokenUrl, Time.GetUtcNow()) { Scope = scope }.Sign()));
        status.ShouldBe(200, body.ToString());
        return body.GetProperty("access_token").GetString()!;
    }

    internal async Task<(int Status, JsonElement Body)> PostTokenAsync(IEnumerable<KeyValuePair<string, string>> form)
    {
        using var content = new FormUrlEncodedContent(form);
        using var response = await Http.PostAsync(new Uri(TokenUrl), content);
        return ((int)response.StatusCode, await BodyAsync(response));
    }

    /// <summary>A call of the IAM Service Account Credentials API.</summary>
    internal async Task<(int Status, JsonElement Body)> CallAsync(string? token, string account, string verb, object body, string project = "-")
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, $"/google/iamcredentials/v1/projects/{project}/serviceAccounts/{Uri.EscapeDataString(account)}:{verb}");
        request.Content = new StringContent(body as string ?? JsonSerializer.Serialize(body), Encoding.UTF8, "application/json");
        request.Headers.Authorization = token is null ? null : new AuthenticationHeaderValue("Bearer", token);
        using var response = await Http.SendAsync(request);
        return ((int)response.StatusCode, await BodyAsync(response));
    }

    internal async Task<(int Status, JsonElement Body)> GetAsync(string path)
    {
        using var response = await Http.GetAsync(new Uri(Http.BaseAddress!, path));
        return ((int)response.StatusCode, await BodyAsync(response));
    }

    internal static JsonElement Claims(string token) => JsonDocument.Parse(System.Buffers.Text.Base64Url.DecodeFromChars(token.Split('.')[1])).RootElement;

    private static async Task<JsonElement> BodyAsync(HttpResponseMessage response) => JsonDocument.Parse(await response.Content.ReadAsStringAsync()).RootElement;
}
