using System.Diagnostics;
using Amazon.Runtime;
using Amazon.SecurityToken;
using Amazon.SecurityToken.Model;
using FederationWorkflows.CloudLab.Google;
using FederationWorkflows.Federation;
using FederationWorkflows.Federation.Google;
using Google.Apis.Auth;
using Google.Apis.Auth.OAuth2;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;

namespace FederationWorkflows.CloudLab.Tests.Google;

/// <summary>The environment belongs to the whole process, so nothing else runs meanwhile.</summary>
[CollectionDefinition(nameof(ProcessEnvironment), DisableParallelization = true)]
public sealed class ProcessEnvironment;

/// <summary>Unmodified clients that find the lab's metadata server by their environment, as on an instance.</summary>
[Collection(nameof(ProcessEnvironment))]
public sealed class MetadataLibraryTests : IAsyncLifetime
{
    private const string Audience = "https://federation-workflows.example/aws";
    private const string HostVariable = "GCE_METADATA_HOST";

    private readonly string folder = Directory.CreateTempSubdirectory("cloudlab-metadata-").FullName;
    private readonly Dictionary<string, string?> before = [];
    private CloudLabServer lab = null!;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        lab = await CloudLabServer.StartAsync(new CloudLabOptions(), Cancel);
        Set(HostVariable, lab.EnvironmentVariables[HostVariable]);
        Set("GOOGLE_APPLICATION_CREDENTIALS", null);
        Set("CLOUDSDK_CONFIG", folder);
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var (name, value) in before)
        {
            Environment.SetEnvironmentVariable(name, value);
        }

        Directory.Delete(folder, recursive: true);
        await lab.DisposeAsync();
    }

    [Fact]
    public async Task Googles_library_finds_itself_on_Compute_Engine_and_gets_an_access_token()
    {
        (await ComputeCredential.IsRunningOnComputeEngine()).ShouldBeTrue();
        var credential = GoogleCredential.FromComputeCredential();

        var token = await ((ITokenAccess)credential).GetAccessTokenForRequestAsync(cancellationToken: Cancel);

        lab.Google.TryIntrospect(token, out var grant).ShouldBeTrue();
        (grant.Principal.Email, string.Join(' ', grant.Scopes)).ShouldBe((DefaultGoogleWorld.CiRunner, GoogleLabFixture.CloudPlatform));
        (await credential.GetUniverseDomainAsync(Cancel)).ShouldBe("googleapis.com");
    }

    [Theory]
    [InlineData(OidcTokenFormat.Standard, null)]
    [InlineData(OidcTokenFormat.Full, DefaultGoogleWorld.CiRunner)]
    [InlineData(OidcTokenFormat.FullWithLicences, DefaultGoogleWorld.CiRunner)]
    public async Task Googles_library_gets_an_id_token_and_validates_it(OidcTokenFormat format, string? email)
    {
        var source = await new ComputeCredential().GetOidcTokenAsync(OidcTokenOptions.FromTargetAudience(Audience).WithTokenFormat(format), Cancel);
        var token = await source.GetAccessTokenAsync(Cancel);

        var payload = await JsonWebSignature.VerifySignedTokenAsync<GoogleJsonWebSignature.Payload>(
            token,
            new SignedTokenVerificationOptions
            {
                CertificatesUrl = new Uri(lab.BaseAddress, "/google/oauth2/v3/certs").ToString(),
                TrustedAudiences = { Audience },
                TrustedIssuers = { "https://accounts.google.com" },
            },
            Cancel);
        (payload.Subject, payload.Email).ShouldBe(("100000000000000000002", email));
    }

    [Fact]
    public async Task The_account_of_the_instance_leads_over_the_federation_account_to_an_AWS_role()
    {
        var source = GoogleCredential.FromComputeCredential();
        var impersonated = source.Impersonate(
            new ImpersonatedCredential.Initializer(DefaultGoogleWorld.AwsFederation) { HttpClientFactory = new LabHttpClientFactory(lab.BaseAddress) });
        var oidc = await impersonated.GetOidcTokenAsync(OidcTokenOptions.FromTargetAudience(Audience), Cancel);
        using var sts = new AmazonSecurityTokenServiceClient(
            new AnonymousAWSCredentials(),
            new AmazonSecurityTokenServiceConfig { ServiceURL = lab.BaseAddress.ToString(), AuthenticationRegion = "us-east-1", MaxErrorRetry = 0 });

        var answer = await sts.AssumeRoleWithWebIdentityAsync(
            new AssumeRoleWithWebIdentityRequest
            {
                RoleArn = "arn:aws:iam::111122223333:role/incident-responder",
                RoleSessionName = "ci",
                WebIdentityToken = await oidc.GetAccessTokenAsync(Cancel),
            },
            Cancel);

        answer.SubjectFromWebIdentityToken.ShouldBe(DefaultGoogleWorld.AwsFederationId);
        lab.Events.Snapshot().Select(record => record.EventName).Where(name => name != "GetMetadata").ShouldBe(["GetAccessToken", "GenerateIdToken", "AssumeRoleWithWebIdentity"]);
    }

    [Fact]
    public async Task A_story_connection_to_the_hosts_own_identity_works_on_the_instance()
    {
        var configuration = new ConfigurationBuilder().AddInMemoryCollection([new("Federation:Connections:own:Kind", "applicationDefault")]).Build();
        await using var services = new ServiceCollection().AddLogging().AddFederation(configuration).BuildServiceProvider();
        var tokens = services.GetRequiredService<IGoogleTokenSource>();

        var access = await tokens.GetAccessTokenAsync("own", [GoogleLabFixture.CloudPlatform], Cancel);
        var id = await tokens.GetIdTokenAsync("own", Audience, Cancel);

        lab.Google.TryIntrospect(access.Token.Reveal(), out var grant).ShouldBeTrue();
        (grant.Principal.Email, string.Join(' ', grant.Scopes)).ShouldBe((DefaultGoogleWorld.CiRunner, GoogleLabFixture.CloudPlatform));
        var claims = GoogleLabFixture.Claims(id.Token.Reveal());
        (claims.GetProperty("aud").GetString(), claims.GetProperty("email").GetString()).ShouldBe((Audience, DefaultGoogleWorld.CiRunner));
        lab.Events.Snapshot().Select(record => $"{record.EventName} {record.ErrorCode}").ShouldBe(["GetAccessToken ", "GetIdentityToken "]);
    }

    // Debian's python3-google-auth 1.5 is older than GCE_METADATA_HOST and reads the two names before it.
    [Fact]
    public async Task Googles_library_for_Python_finds_its_default_credentials_on_the_instance()
    {
        const string Script = """
            import google.auth, google.auth.transport.requests
            credentials, project = google.auth.default()
            credentials.refresh(google.auth.transport.requests.Request())
            print(type(credentials).__module__, project, credentials.service_account_email, credentials.token)
            """;
        var start = new ProcessStartInfo("/usr/bin/python3", ["-c", Script]) { RedirectStandardOutput = true, RedirectStandardError = true };
        start.Environment.Clear();
        start.Environment["HOME"] = folder;
        start.Environment["GCE_METADATA_ROOT"] = lab.EnvironmentVariables[HostVariable];
        start.Environment["GCE_METADATA_IP"] = lab.EnvironmentVariables[HostVariable];
        using var process = Process.Start(start)!;
        var output = process.StandardOutput.ReadToEndAsync(Cancel);
        var errors = process.StandardError.ReadToEndAsync(Cancel);
        await process.WaitForExitAsync(Cancel);

        process.ExitCode.ShouldBe(0, "needs apt-get install -y python3-google-auth python3-requests: " + await errors);
        var words = (await output).Trim().Split(' ');
        words[..3].ShouldBe(["google.auth.compute_engine.credentials", DefaultGoogleWorld.ProjectId, DefaultGoogleWorld.CiRunner]);
        lab.Google.TryIntrospect(words[3], out var grant).ShouldBeTrue();
        grant.Principal.Email.ShouldBe(DefaultGoogleWorld.CiRunner);
    }

    private void Set(string name, string? value)
    {
        before[name] = Environment.GetEnvironmentVariable(name);
        Environment.SetEnvironmentVariable(name, value);
    }
}
