using System.Net;
using System.Text.Json;
using Amazon.Runtime;
using Amazon.SecurityToken;
using Amazon.SecurityToken.Model;
using FederationWorkflows.CloudLab.Google;
using Google.Apis.Auth.OAuth2;

namespace FederationWorkflows.CloudLab.Tests.Google;

/// <summary>Both halves of the lab in its default world, with the clouds' own libraries.</summary>
public sealed class ComposedLabTests : IAsyncLifetime
{
    private const string Audience = "https://federation-workflows.example/aws";
    private const string Role = "arn:aws:iam::111122223333:role/incident-responder";

    private CloudLabServer lab = null!;

    public async ValueTask InitializeAsync() => lab = await CloudLabServer.StartAsync(new CloudLabOptions(), TestContext.Current.CancellationToken);

    public ValueTask DisposeAsync() => lab.DisposeAsync();

    [Fact]
    public async Task The_runners_key_leads_over_the_federation_account_to_an_AWS_role()
    {
        var token = await IdTokenAsync(Audience);

        var answer = await AssumeAsync(token);

        answer.AssumedRoleUser.Arn.ShouldBe("arn:aws:sts::111122223333:assumed-role/incident-responder/test");
        answer.SubjectFromWebIdentityToken.ShouldBe(DefaultGoogleWorld.AwsFederationId);
        lab.Events.Snapshot().Select(record => record.EventName).ShouldBe(["Token", "GenerateIdToken", "AssumeRoleWithWebIdentity"]);
    }

    [Fact]
    public async Task AWS_refuses_a_token_for_another_audience_and_one_whose_key_is_gone()
    {
        var wrong = await IdTokenAsync("https://elsewhere.example");
        (await Should.ThrowAsync<AmazonSecurityTokenServiceException>(() => AssumeAsync(wrong))).ErrorCode.ShouldBe("AccessDenied");

        var good = await IdTokenAsync(Audience);
        lab.Google.RotateSigningKey();
        lab.Google.RotateSigningKey();
        (await Should.ThrowAsync<AmazonSecurityTokenServiceException>(() => AssumeAsync(good))).ErrorCode.ShouldBe("InvalidIdentityToken");
    }

    [Fact]
    public async Task What_the_Google_half_does_not_have_is_not_found_rather_than_a_bucket()
    {
        using var http = new HttpClient { BaseAddress = lab.BaseAddress };

        (await http.GetAsync(new Uri("/google/nothing/here", UriKind.Relative), TestContext.Current.CancellationToken)).StatusCode.ShouldBe(HttpStatusCode.NotFound);
        lab.Events.Snapshot().ShouldBeEmpty();
    }

    [Fact]
    public void Credential_files_have_Googles_form_and_name_the_lab()
    {
        var key = JsonDocument.Parse(lab.Google.ServiceAccountKeyFile(DefaultGoogleWorld.Runner).Reveal()).RootElement;

        key.EnumerateObject().Select(member => member.Name).ShouldBe(
            ["type", "project_id", "private_key_id", "private_key", "client_email", "client_id", "auth_uri", "token_uri", "auth_provider_x509_cert_url", "client_x509_cert_url", "universe_domain"]);
        key.GetProperty("type").GetString().ShouldBe("service_account");
        key.GetProperty("private_key").GetString()!.ShouldStartWith("-----BEGIN PRIVATE KEY-----\n");
        key.GetProperty("token_uri").GetString().ShouldBe(new Uri(lab.BaseAddress, "/google/oauth2/token").ToString());
    }

    [Theory]
    [InlineData("nobody@example.com", "The lab has no service account nobody@example.com; it has aws-federation@")]
    [InlineData(DefaultGoogleWorld.AwsFederation, "The lab has no private key of aws-federation@")]
    public void A_key_file_that_cannot_be_had_is_refused_with_the_remedy(string email, string message) =>
        Should.Throw<ArgumentException>(() => lab.Google.ServiceAccountKeyFile(email)).Message.ShouldStartWith(message);

    private async Task<string> IdTokenAsync(string audience)
    {
        var factory = new LabHttpClientFactory(lab.BaseAddress);
        var source = CredentialFactory.FromJson<ServiceAccountCredential>(lab.Google.ServiceAccountKeyFile(DefaultGoogleWorld.Runner).Reveal())
            .ToGoogleCredential().CreateScoped(GoogleLabFixture.CloudPlatform).CreateWithHttpClientFactory(factory);
        var impersonated = source.Impersonate(new ImpersonatedCredential.Initializer(DefaultGoogleWorld.AwsFederation) { HttpClientFactory = factory });
        var oidc = await impersonated.GetOidcTokenAsync(OidcTokenOptions.FromTargetAudience(audience), TestContext.Current.CancellationToken);
        return await oidc.GetAccessTokenAsync(TestContext.Current.CancellationToken);
    }

    private async Task<AssumeRoleWithWebIdentityResponse> AssumeAsync(string token)
    {
        using var sts = new AmazonSecurityTokenServiceClient(
            new AnonymousAWSCredentials(),
            new AmazonSecurityTokenServiceConfig { ServiceURL = lab.BaseAddress.ToString(), AuthenticationRegion = "us-east-1", MaxErrorRetry = 0 });
        return await sts.AssumeRoleWithWebIdentityAsync(
            new AssumeRoleWithWebIdentityRequest { RoleArn = Role, RoleSessionName = "test", WebIdentityToken = token },
            TestContext.Current.CancellationToken);
    }
}
