using Google.Apis.Auth;
using Google.Apis.Auth.OAuth2;
using Google.Apis.Auth.OAuth2.Responses;
using World = FederationWorkflows.CloudLab.Tests.Google.GoogleTestWorld;

namespace FederationWorkflows.CloudLab.Tests.Google;

/// <summary>Google's own .NET library against the lab. Nothing in it is told that Google is not there, save where requests go.</summary>
public sealed class GoogleLibraryTests(GoogleLabFixture lab) : IClassFixture<GoogleLabFixture>
{
    private LabHttpClientFactory Factory => new(lab.Http.BaseAddress!);

    [Fact]
    public async Task A_key_file_alone_leads_to_an_access_token()
    {
        var credential = CredentialFactory.FromJson<ServiceAccountCredential>(lab.Lab.ServiceAccountKeyFile(World.Caller).Reveal())
            .ToGoogleCredential().CreateScoped(GoogleLabFixture.CloudPlatform);

        var token = await ((ITokenAccess)credential).GetAccessTokenForRequestAsync(cancellationToken: TestContext.Current.CancellationToken);

        lab.Lab.TryIntrospect(token, out var grant).ShouldBeTrue();
        grant.Principal.Email.ShouldBe(World.Caller);
    }

    [Fact]
    public async Task A_key_file_leads_to_an_id_token_that_the_library_validates()
    {
        var credential = CredentialFactory.FromJson<ServiceAccountCredential>(lab.Lab.ServiceAccountKeyFile(World.Caller).Reveal());

        var source = await credential.GetOidcTokenAsync(OidcTokenOptions.FromTargetAudience("https://app.example.com"), TestContext.Current.CancellationToken);
        var token = await source.GetAccessTokenAsync(TestContext.Current.CancellationToken);

        var payload = await ValidateAsync(token, "https://app.example.com");
        payload.Issuer.ShouldBe("https://accounts.google.com");
        GoogleLabFixture.Claims(token).GetProperty("azp").GetString().ShouldBe(World.Caller);
    }

    [Fact]
    public async Task The_Spotify_flow_impersonates_and_mints_an_id_token()
    {
        var impersonated = ScopedSource().Impersonate(new ImpersonatedCredential.Initializer(World.Target)
        {
            Scopes = [GoogleLabFixture.CloudPlatform],
            Lifetime = TimeSpan.FromMinutes(10),
            HttpClientFactory = Factory,
        });

        var access = await ((ITokenAccess)impersonated).GetAccessTokenForRequestAsync(cancellationToken: TestContext.Current.CancellationToken);
        var source = await impersonated.GetOidcTokenAsync(OidcTokenOptions.FromTargetAudience("sts.amazonaws.com"), TestContext.Current.CancellationToken);
        var token = await source.GetAccessTokenAsync(TestContext.Current.CancellationToken);

        lab.Lab.TryIntrospect(access, out var grant).ShouldBeTrue();
        grant.Principal.Email.ShouldBe(World.Target);
        grant.ExpiresAt.ShouldBe(lab.Time.GetUtcNow().AddMinutes(10));
        (await ValidateAsync(token, "sts.amazonaws.com")).Subject.ShouldBe(World.TargetId);

        // The .NET library asks for the email and does not send useEmailAzp: AWS sees the numeric id.
        GoogleLabFixture.Claims(token).GetProperty("azp").GetString().ShouldBe(World.TargetId);
    }

    [Fact]
    public async Task A_delegation_chain_works_and_its_lack_is_refused_as_by_Google()
    {
        ImpersonatedCredential.Initializer To(params string[] delegates) => new(World.ChainEnd)
        {
            DelegateAccounts = delegates,
            Scopes = [GoogleLabFixture.CloudPlatform],
            HttpClientFactory = Factory,
        };
        var source = ScopedSource();

        var token = await ((ITokenAccess)source.Impersonate(To(World.FirstHop, "projects/-/serviceAccounts/" + World.SecondHop))).GetAccessTokenForRequestAsync(cancellationToken: TestContext.Current.CancellationToken);
        var refusal = await Should.ThrowAsync<TokenResponseException>(
            () => ((ITokenAccess)source.Impersonate(To())).GetAccessTokenForRequestAsync(cancellationToken: TestContext.Current.CancellationToken));

        lab.Lab.TryIntrospect(token, out var grant).ShouldBeTrue();
        grant.DelegationChain.Select(link => link.Email).ShouldBe([World.Caller, World.FirstHop, World.SecondHop]);
        // The library expects OAuth's {"error":"text"} here and cannot read the API's {"error":{...}}: the status is all it tells.
        refusal.StatusCode.ShouldBe(System.Net.HttpStatusCode.Forbidden);
        lab.Events.Snapshot()[^1].ErrorMessage.ShouldBe("Permission 'iam.serviceAccounts.getAccessToken' denied on resource (or it may not exist).");
    }

    [Fact]
    public async Task A_persons_sign_in_leads_through_the_refresh_token_to_an_impersonated_id_token()
    {
        var user = CredentialFactory.FromJson<UserCredential>(lab.Lab.AuthorizedUserFile(World.User).Reveal())
            .ToGoogleCredential().CreateWithHttpClientFactory(Factory);
        var impersonated = user.Impersonate(new ImpersonatedCredential.Initializer(World.Target) { Scopes = [GoogleLabFixture.CloudPlatform], HttpClientFactory = Factory });

        var source = await impersonated.GetOidcTokenAsync(OidcTokenOptions.FromTargetAudience("sts.amazonaws.com"), TestContext.Current.CancellationToken);

        (await ValidateAsync(await source.GetAccessTokenAsync(TestContext.Current.CancellationToken), "sts.amazonaws.com")).Subject.ShouldBe(World.TargetId);
    }

    private GoogleCredential ScopedSource() =>
        CredentialFactory.FromJson<ServiceAccountCredential>(lab.Lab.ServiceAccountKeyFile(World.Caller).Reveal())
            .ToGoogleCredential().CreateScoped(GoogleLabFixture.CloudPlatform).CreateWithHttpClientFactory(Factory);

    private Task<JsonWebSignature.Payload> ValidateAsync(string token, string audience) => JsonWebSignature.VerifySignedTokenAsync(
        token,
        new SignedTokenVerificationOptions
        {
            CertificatesUrl = new Uri(lab.Http.BaseAddress!, "/google/oauth2/v3/certs").ToString(),
            TrustedAudiences = { audience },
            TrustedIssuers = { "https://accounts.google.com" },
        },
        TestContext.Current.CancellationToken);
}
