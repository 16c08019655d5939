using System.Net;
using System.Text.Json.Nodes;
using FederationWorkflows.Federation.Connections;
using FederationWorkflows.Federation.Tests.Clients;

namespace FederationWorkflows.Federation.Tests.Google;

public sealed class ApplicationDefaultTests : IDisposable
{
    private const string TokenJson = """{"access_token":"ya29.granted","expires_in":3599,"token_type":"Bearer"}""";

    private readonly string directory = Directory.CreateTempSubdirectory("fedflow-").FullName;
    private readonly Dictionary<string, string> environment = [];

    public void Dispose() => Directory.Delete(directory, recursive: true);

    [Fact]
    public async Task The_file_that_the_environment_names_comes_first()
    {
        environment["GOOGLE_APPLICATION_CREDENTIALS"] = await WriteAsync("named.json", Credentials.KeyJson);
        environment["CLOUDSDK_CONFIG"] = directory;
        await WriteAsync("application_default_credentials.json", Credentials.UserJson);
        using var host = Host();

        var connection = await host.Connections.GetAsync("here", TestContext.Current.CancellationToken);

        connection.ShouldBeOfType<ServiceAccountKeyConnection>().ClientEmail.ShouldBe(Credentials.Email);
    }

    [Fact]
    public async Task The_file_of_the_gcloud_cli_comes_second()
    {
        environment["HOME"] = directory;
        Directory.CreateDirectory(Path.Combine(directory, ".config", "gcloud"));
        await WriteAsync(Path.Combine(".config", "gcloud", "application_default_credentials.json"), Credentials.UserJson);
        using var host = Host();

        var connection = await host.Connections.GetAsync("here", TestContext.Current.CancellationToken);

        connection.ShouldBeOfType<AuthorizedUserConnection>().ClientId.ShouldBe("client-1");
    }

    [Fact]
    public async Task The_metadata_server_comes_last_and_gives_access_tokens()
    {
        using var host = Host();
        host.Network.Answer(TokenJson);

        var token = await host.Google.GetAccessTokenAsync("here", ["openid", "email"], TestContext.Current.CancellationToken);

        host.Network.Only.Url.ShouldBe("http://169.254.169.254/computeMetadata/v1/instance/service-accounts/default/token?scopes=openid,email");
        host.Network.Only.Headers["Metadata-Flavor"].ShouldBe("Google");
        token.Token.Reveal().ShouldBe("ya29.granted");
        token.ExpiresAt.ShouldBe(FederationHost.Start.AddSeconds(3599));
    }

    [Fact]
    public async Task The_metadata_server_gives_id_tokens_in_full_format()
    {
        using var host = Host();
        host.Network.Answer(Credentials.IdToken(), contentType: "text/html");

        var token = await host.Google.GetIdTokenAsync("here", "aws-prod", TestContext.Current.CancellationToken);

        host.Network.Only.Url.ShouldBe("http://169.254.169.254/computeMetadata/v1/instance/service-accounts/default/identity?audience=aws-prod&format=full");
        token.Claims.Audience.ShouldBe(["aws-prod"]);
    }

    [Fact]
    public async Task Off_google_cloud_without_a_file_the_message_says_how_to_get_credentials()
    {
        using var host = Host();
        host.Network.Throw(new HttpRequestException(HttpRequestError.ConnectionError, "No route to host (169.254.169.254:80)"));

        var error = await Should.ThrowAsync<FederationException>(() => host.Google.GetAccessTokenAsync("here", ["openid"], TestContext.Current.CancellationToken));

        error.Code.ShouldBe(FailureCodes.NetworkFailure);
        error.IsRetryable.ShouldBeFalse();
        error.Message.ShouldBe(
            "token: no usable answer from Google Cloud's metadata server: No route to host (169.254.169.254:80). "
            + "connection 'here' uses Application Default Credentials and found no file (GOOGLE_APPLICATION_CREDENTIALS, gcloud auth application-default login): "
            + "give one, or run on Google Cloud with a service account attached.");
    }

    [Fact]
    public async Task A_machine_without_a_service_account_is_told_so()
    {
        using var host = Host();
        host.Network.Answer("<title>404 Not Found</title>", HttpStatusCode.NotFound, "text/html");

        var error = await Should.ThrowAsync<FederationException>(() => host.Time.PassAsync(
            host.Google.GetAccessTokenAsync("here", ["openid"], TestContext.Current.CancellationToken), TimeSpan.FromSeconds(2)));

        error.Code.ShouldBe("NotFound");
        error.Advice.ShouldBe("No service account is attached to this machine (or, on GKE, no workload identity to this pod): attach one.");
    }

    [Fact]
    public async Task An_impersonating_login_gets_tokens_through_its_delegates()
    {
        environment["GOOGLE_APPLICATION_CREDENTIALS"] = await WriteAsync("impersonated.json", new JsonObject
        {
            ["type"] = "impersonated_service_account",
            ["service_account_impersonation_url"] = "https://attacker.example/v1/projects/-/serviceAccounts/target@ops-1.iam.gserviceaccount.com:generateAccessToken",
            ["delegates"] = new JsonArray("projects/-/serviceAccounts/hop@ops-1.iam.gserviceaccount.com"),
            ["source_credentials"] = Credentials.AuthorizedUser(),
        }.ToJsonString());
        using var host = Host();
        host.Network.OnRequest = (sent, _) => Task.FromResult(RecordingHandler.Make(
            sent.Url.EndsWith("/token", StringComparison.Ordinal) ? TokenJson : """{"accessToken":"ya29.target","expireTime":"2031-04-05T06:37:08Z"}"""));

        var token = await host.Google.GetAccessTokenAsync("here", ["openid"], TestContext.Current.CancellationToken);

        token.Token.Reveal().ShouldBe("ya29.target");
        token.Principal.ShouldBe("target@ops-1.iam.gserviceaccount.com");
        host.Network.Requests.Select(sent => sent.Url).ShouldBe(
        [
            "https://oauth2.googleapis.com/token",
            "https://iamcredentials.googleapis.com/v1/projects/-/serviceAccounts/target%40ops-1.iam.gserviceaccount.com:generateAccessToken",
        ]);
        host.Network.Requests[0].Form["scope"].ShouldBe(Credentials.CloudPlatform);
        host.Network.Requests[1].Headers["Authorization"].ShouldBe("Bearer ya29.granted");
        host.Network.Requests[1].Body.ShouldBe("""{"delegates":["projects/-/serviceAccounts/hop@ops-1.iam.gserviceaccount.com"],"scope":["openid"],"lifetime":"3600s"}""");
    }

    [Fact]
    public async Task A_workload_outside_google_cloud_exchanges_its_own_token()
    {
        environment["GOOGLE_APPLICATION_CREDENTIALS"] = await WriteAsync("external.json", (await ExternalAsync()).ToJsonString());
        using var host = Host();
        host.Network.OnRequest = (sent, _) => Task.FromResult(RecordingHandler.Make(
            sent.Url.StartsWith("https://sts.", StringComparison.Ordinal)
                ? """{"access_token":"federated","expires_in":3599,"token_type":"Bearer","issued_token_type":"urn:ietf:params:oauth:token-type:access_token"}"""
                : $$"""{"accessToken":"ya29.target","expireTime":"{{DateTimeOffset.UtcNow.AddHours(1):O}}"}"""));

        var token = await host.Google.GetAccessTokenAsync("here", ["openid"], TestContext.Current.CancellationToken);

        token.Token.Reveal().ShouldBe("ya29.target");
        host.Network.Requests[0].Form["subject_token"].ShouldBe("CANARYsubject");
        host.Network.Requests[1].Headers["Authorization"].ShouldBe("Bearer federated");
    }

    [Theory]
    [InlineData("token_url", "https://sts.googleapis.com.attacker.example/v1/token")]
    [InlineData("token_url", "http://sts.googleapis.com/v1/token")]
    [InlineData("token_url", "https://sts.googleapis.com:8443/v1/token")]
    [InlineData("token_url", "https://sts.googleapis.com@attacker.example/v1/token")]
    [InlineData("token_url", "not a url")]
    [InlineData("service_account_impersonation_url", "https://attacker.example/v1/projects/-/serviceAccounts/a:generateAccessToken")]
    public async Task An_external_account_file_cannot_send_tokens_elsewhere(string property, string url)
    {
        var file = await ExternalAsync();
        file[property] = url;
        environment["GOOGLE_APPLICATION_CREDENTIALS"] = await WriteAsync("external.json", file.ToJsonString());
        using var host = Host();

        var error = await Should.ThrowAsync<FederationException>(() => host.Google.GetAccessTokenAsync("here", ["openid"], TestContext.Current.CancellationToken));

        error.Message.ShouldBe($"connection 'here': its {property} is not Google's. It must be an https URL under googleapis.com, or be at one of Federation:Endpoints.");
        host.Network.Requests.ShouldBeEmpty();
    }

    [Theory]
    [InlineData("""{"type":"gdch_service_account"}""", "its JSON has the type gdch_service_account. Application Default Credentials may be service_account, authorized_user, external_account or impersonated_service_account.")]
    [InlineData("""{"type":"external_account","token_url":"https://sts.googleapis.com/v1/token"}""", "its external_account configuration is incomplete. Make it with: gcloud iam workload-identity-pools create-cred-config.")]
    [InlineData("""{"type":"impersonated_service_account","service_account_impersonation_url":"https://x/y"}""", "its service_account_impersonation_url names no service account. Make the file with: gcloud auth application-default login --impersonate-service-account.")]
    [InlineData("""{"type":"impersonated_service_account","service_account_impersonation_url":"https://x/serviceAccounts/a:generateAccessToken"}""", "its JSON has no source_credentials. Make the file with: gcloud auth application-default login --impersonate-service-account.")]
    [InlineData("""{"type":"impersonated_service_account","service_account_impersonation_url":"https://x/serviceAccounts/a:generateAccessToken","delegates":[7],"source_credentials":{"type":"impersonated_service_account"}}""", "its source_credentials are themselves impersonated. Give the chain as delegates of one impersonation.")]
    public async Task An_unusable_default_credential_says_what_is_wrong(string json, string problem)
    {
        environment["GOOGLE_APPLICATION_CREDENTIALS"] = await WriteAsync("bad.json", json);
        using var host = Host();

        var error = await Should.ThrowAsync<FederationException>(() => host.Google.GetAccessTokenAsync("here", ["openid"], TestContext.Current.CancellationToken));

        error.Code.ShouldBe(FailureCodes.UnusableConnection);
        error.Message.ShouldBe($"connection 'here': {problem}");
    }

    private FederationHost Host() => new([("Connections:here:Kind", "applicationDefault")], environment.GetValueOrDefault);

    private async Task<JsonObject> ExternalAsync() => new()
    {
        ["type"] = "external_account",
        ["audience"] = "//iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/pool/providers/oidc",
        ["subject_token_type"] = "urn:ietf:params:oauth:token-type:jwt",
        ["token_url"] = "https://sts.googleapis.com/v1/token",
        ["service_account_impersonation_url"] = "https://iamcredentials.googleapis.com/v1/projects/-/serviceAccounts/target@ops-1.iam.gserviceaccount.com:generateAccessToken",
        ["credential_source"] = new JsonObject { ["file"] = await WriteAsync("subject.txt", "CANARYsubject") },
    };

    private async Task<string> WriteAsync(string name, string content)
    {
        var path = Path.Combine(directory, name);
        await File.WriteAllTextAsync(path, content, TestContext.Current.CancellationToken);
        return path;
    }
}
