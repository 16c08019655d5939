using System.Security.Cryptography;
using System.Text.Json;
using FederationWorkflows.CloudLab.Google;
using World = FederationWorkflows.CloudLab.Tests.Google.GoogleTestWorld;

namespace FederationWorkflows.CloudLab.Tests.Google;

public sealed class ServiceAccountGrantTests(GoogleLabFixture lab) : IClassFixture<GoogleLabFixture>
{
    private const string BadTimes =
        "Invalid JWT: Token must be a short-lived token (60 minutes) and in a reasonable timeframe. Check your iat and exp values in the JWT claim.";

    private const string BadScope = "Invalid OAuth scope or ID token audience provided.";

    private Assertion Good => new(lab.Key(World.Caller), lab.TokenUrl, lab.Time.GetUtcNow());

    private long Now => lab.Time.GetUtcNow().ToUnixTimeSeconds();

    public static TheoryData<string, int, string, string> Refusals => new()
    {
        { "wrong key", 400, "invalid_grant", "Invalid JWT Signature." },
        { "unknown key id", 400, "invalid_grant", "Invalid JWT Signature." },
        { "another account's key", 400, "invalid_grant", "Invalid JWT Signature." },
        { "tampered payload", 400, "invalid_grant", "Invalid JWT Signature." },
        { "tampered signature", 400, "invalid_grant", "Invalid JWT Signature." },
        { "alg none", 400, "invalid_grant", "Invalid JWT Signature." },
        { "HS256 with the public key", 400, "invalid_grant", "Invalid JWT Signature." },
        { "RS512 in the header", 400, "invalid_grant", "Invalid JWT Signature." },
        { "unknown account", 400, "invalid_grant", "Invalid grant: account not found" },
        { "unknown account and key", 400, "invalid_grant", "Invalid grant: account not found" },
        { "numeric id as issuer", 400, "invalid_grant", "Invalid grant: account not found" },
        { "disabled account", 400, "invalid_grant", "Invalid grant: account not found" },
        { "no issuer", 400, "invalid_grant", "Invalid grant: account not found" },
        { "no iat", 400, "invalid_grant", "Invalid JWT: iat (issued at) is not set." },
        { "no exp", 400, "invalid_grant", "Invalid JWT: exp (expiration time) is not set." },
        { "expired", 400, "invalid_grant", BadTimes },
        { "longer than an hour", 400, "invalid_grant", BadTimes },
        { "iat in the future", 400, "invalid_grant", BadTimes },
        { "exp before iat", 400, "invalid_grant", BadTimes },
        { "another audience", 400, "invalid_grant", "Invalid JWT: Failed audience check." },
        { "another host's token endpoint", 400, "invalid_grant", "Invalid JWT: Failed audience check." },
        { "no audience", 400, "invalid_grant", "Invalid JWT: Failed audience check." },
        { "no scope", 400, "invalid_scope", BadScope },
        { "blank scope", 400, "invalid_scope", BadScope },
        { "scope and target audience", 400, "invalid_scope", BadScope },
        { "a user as subject", 401, "unauthorized_client", "Client is unauthorized to retrieve access tokens using this method, or client not authorized for any of the scopes requested." },
        { "two segments", 400, "invalid_request", "Bad Request" },
        { "four segments", 400, "invalid_request", "Bad Request" },
        { "header that is no JSON", 400, "invalid_request", "Bad Request" },
        { "payload that is an array", 400, "invalid_request", "Bad Request" },
        { "claims that are no Unicode", 400, "invalid_request", "Bad Request" },
        { "a claim given twice", 400, "invalid_request", "Bad Request" },
        { "no base64url", 400, "invalid_request", "Bad Request" },
        { "empty", 400, "invalid_request", "Bad Request" },
    };

    [Theory]
    [MemberData(nameof(Refusals))]
    public async Task A_wrong_assertion_is_refused_in_Googles_words(string what, int status, string error, string description)
    {
        var answer = await lab.PostTokenAsync(Assertions.Grant(Bend(what)));

        answer.Status.ShouldBe(status);
        answer.Body.GetProperty("error").GetString().ShouldBe(error);
        answer.Body.GetProperty("error_description").GetString().ShouldBe(description);
        answer.Body.EnumerateObject().Count().ShouldBe(2);
    }

    [Theory]
    [InlineData("lab")]
    [InlineData("https://oauth2.googleapis.com/token")]
    [InlineData("https://www.googleapis.com/oauth2/v4/token")]
    [InlineData("https://accounts.google.com/o/oauth2/token")]
    public async Task An_assertion_for_the_labs_or_Googles_own_address_gets_an_access_token(string audience)
    {
        var (status, body) = await lab.PostTokenAsync(Assertions.Grant((Good with { Audience = audience == "lab" ? lab.TokenUrl : audience }).Sign()));

        status.ShouldBe(200);
        body.GetProperty("token_type").GetString().ShouldBe("Bearer");
        body.GetProperty("expires_in").GetInt32().ShouldBe(3599);
        body.GetProperty("access_token").GetString()!.ShouldStartWith("ya29.");
        lab.Lab.TryIntrospect(body.GetProperty("access_token").GetString()!, out var grant).ShouldBeTrue();
        grant.Principal.Member.ShouldBe("serviceAccount:" + World.Caller);
        grant.Scopes.ShouldBe([GoogleLabFixture.CloudPlatform]);
        grant.DelegationChain.ShouldBeEmpty();
    }

    [Theory]
    [InlineData(300, 3600)]
    [InlineData(-3600, 3600)]
    [InlineData(-10, 60)]
    public async Task Clocks_a_few_minutes_off_are_tolerated_as_Google_tolerates_them(int issuedAt, int lifetime)
    {
        var (status, _) = await lab.PostTokenAsync(Assertions.Grant((Good with { IssuedAt = Now + issuedAt, Expires = Now + issuedAt + lifetime }).Sign()));

        status.ShouldBe(200);
    }

    [Fact]
    public async Task Times_in_quotes_and_a_missing_key_id_are_taken_as_Google_takes_them()
    {
        var (status, _) = await lab.PostTokenAsync(Assertions.Grant((Good with { IssuedAt = $"{Now}", Expires = $"{Now + 60}", KeyId = null }).Sign()));

        status.ShouldBe(200);
    }

    [Fact]
    public async Task A_target_audience_instead_of_a_scope_gets_an_id_token_with_the_address_as_azp()
    {
        var (status, body) = await lab.PostTokenAsync(Assertions.Grant((Good with { Scope = null, TargetAudience = "https://app.example.com" }).Sign()));

        status.ShouldBe(200);
        body.EnumerateObject().Single().Name.ShouldBe("id_token");
        ShouldBeIdToken(body, "https://app.example.com");
    }

    [Fact]
    public async Task A_scope_that_is_none_of_Googles_gets_an_id_token_for_it_as_from_Google()
    {
        var (status, body) = await lab.PostTokenAsync(Assertions.Grant((Good with { Scope = "sts.amazonaws.com" }).Sign()));

        status.ShouldBe(200);
        ShouldBeIdToken(body, "sts.amazonaws.com");
    }

    [Fact]
    public void A_key_kept_elsewhere_signs_in_and_is_not_handed_out()
    {
        using var rsa = RSA.Create(2048);
        var directory = new GoogleDirectory(new GoogleWorld
        {
            Projects =
            [
                new GoogleProject
                {
                    Id = "my-project",
                    Number = "1",
                    ServiceAccounts = [new GoogleServiceAccount { Name = "runner", Keys = [new GoogleServiceAccountKey { Id = "k1", PublicKeyPem = rsa.ExportSubjectPublicKeyInfoPem() }] }],
                },
            ],
        });
        var key = new ServiceAccountKey("runner@my-project.iam.gserviceaccount.com", "k1", rsa.ExportPkcs8PrivateKeyPem());
        var assertion = new Assertion(key, "https://oauth2.googleapis.com/token", lab.Time.GetUtcNow()).Sign();

        var verified = ServiceAccountAssertion.Verify(assertion, directory, _ => true, lab.Time.GetUtcNow(), new GoogleAuditEntry("oauth2.googleapis.com", "Token"));

        verified.Account.Email.ShouldBe(key.Email);
        verified.Account.DownloadableKey.ShouldBeNull();
    }

    [Theory]
    [InlineData("password", "Invalid grant_type: password")]
    [InlineData("", "Invalid grant_type: ")]
    public async Task An_unknown_grant_type_is_refused(string grantType, string description)
    {
        var (status, body) = await lab.PostTokenAsync(new Dictionary<string, string> { ["grant_type"] = grantType });

        status.ShouldBe(400);
        body.GetProperty("error").GetString().ShouldBe("unsupported_grant_type");
        body.GetProperty("error_description").GetString().ShouldBe(description);
    }

    [Fact]
    public async Task A_body_beyond_64_KiB_is_refused()
    {
        var (status, body) = await lab.PostTokenAsync(Assertions.Grant(new string('a', 70_000)));

        status.ShouldBe(400);
        body.GetProperty("error").GetString().ShouldBe("invalid_request");
    }

    private void ShouldBeIdToken(JsonElement body, string audience)
    {
        var claims = GoogleLabFixture.Claims(body.GetProperty("id_token").GetString()!);
        claims.GetProperty("iss").GetString().ShouldBe("https://accounts.google.com");
        claims.GetProperty("aud").GetString().ShouldBe(audience);
        claims.GetProperty("azp").GetString().ShouldBe(World.Caller);
        claims.GetProperty("email").GetString().ShouldBe(World.Caller);
        claims.GetProperty("email_verified").GetBoolean().ShouldBeTrue();
        claims.GetProperty("sub").GetString()!.ShouldMatch("^1[0-9]{20}$");
        claims.GetProperty("iat").GetInt64().ShouldBe(Now);
        claims.GetProperty("exp").GetInt64().ShouldBe(Now + 3600);
        claims.EnumerateObject().Count().ShouldBe(8);
    }

    private static string Encode(string json) => System.Buffers.Text.Base64Url.EncodeToString(System.Text.Encoding.UTF8.GetBytes(json));

    private string Bend(string what)
    {
        using var other = RSA.Create(2048);
        var signed = Good.Sign();
        var parts = signed.Split('.');
        return what switch
        {
            "wrong key" => (Good with { PrivateKeyPem = other.ExportPkcs8PrivateKeyPem() }).Sign(),
            "unknown key id" => (Good with { KeyId = "0000000000000000000000000000000000000000" }).Sign(),
            "another account's key" => (new Assertion(lab.Key(World.Stranger), lab.TokenUrl, lab.Time.GetUtcNow()) with { Issuer = World.Caller }).Sign(),
            "tampered payload" => $"{parts[0]}.{(Good with { Scope = "https://www.googleapis.com/auth/iam" }).Sign().Split('.')[1]}.{parts[2]}",
            "tampered signature" => $"{parts[0]}.{parts[1]}.{(parts[2][0] == 'A' ? 'B' : 'A')}{parts[2][1..]}",
            "alg none" => (Good with { Algorithm = "none" }).Sign(),
            "HS256 with the public key" => (Good with { Algorithm = "HS256" }).Sign(),
            "RS512 in the header" => (Good with { Algorithm = "RS512" }).Sign(),
            "unknown account" => (Good with { Issuer = "nobody@trust-lab.iam.gserviceaccount.com" }).Sign(),
            "unknown account and key" => (Good with { Issuer = "nobody@trust-lab.iam.gserviceaccount.com", PrivateKeyPem = other.ExportPkcs8PrivateKeyPem(), KeyId = "ffff" }).Sign(),
            "numeric id as issuer" => (Good with { Issuer = JsonDocument.Parse(lab.Lab.ServiceAccountKeyFile(World.Caller).Reveal()).RootElement.GetProperty("client_id").GetString() }).Sign(),
            "disabled account" => new Assertion(lab.Key(World.Disabled), lab.TokenUrl, lab.Time.GetUtcNow()).Sign(),
            "no issuer" => (Good with { Issuer = null }).Sign(),
            "no iat" => (Good with { IssuedAt = null }).Sign(),
            "no exp" => (Good with { Expires = null }).Sign(),
            "expired" => (Good with { IssuedAt = Now - 3601, Expires = Now - 1 }).Sign(),
            "longer than an hour" => (Good with { Expires = Now + 3601 }).Sign(),
            "iat in the future" => (Good with { IssuedAt = Now + 301, Expires = Now + 600 }).Sign(),
            "exp before iat" => (Good with { IssuedAt = Now + 10, Expires = Now + 5 }).Sign(),
            "another audience" => (Good with { Audience = "https://example.com/token" }).Sign(),
            "another host's token endpoint" => (Good with { Audience = "http://lab.example.com/google/oauth2/token" }).Sign(),
            "no audience" => (Good with { Audience = null }).Sign(),
            "no scope" => (Good with { Scope = null }).Sign(),
            "blank scope" => (Good with { Scope = " " }).Sign(),
            "scope and target audience" => (Good with { TargetAudience = "https://app.example.com" }).Sign(),
            "a user as subject" => (Good with { Subject = World.User }).Sign(),
            "two segments" => $"{parts[0]}.{parts[1]}",
            "four segments" => signed + ".x",
            "header that is no JSON" => $"AAAA.{parts[1]}.{parts[2]}",
            "payload that is an array" => $"{parts[0]}.W10.{parts[2]}",
            "claims that are no Unicode" => $"{parts[0]}.{Encode("""{"iss":"\ud800"}""")}.{parts[2]}",
            "a claim given twice" => $"{parts[0]}.{Encode("""{"iss":"a","iss":"b"}""")}.{parts[2]}",
            "no base64url" => $"{parts[0]}.{parts[1]}.%%%",
            "empty" => "",
            _ => throw new ArgumentOutOfRangeException(nameof(what), what, "No such case."),
        };
    }
}
