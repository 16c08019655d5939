using System.Text.Json;
using FederationWorkflows.Federation.Trust;
using World = FederationWorkflows.CloudLab.Tests.Google.GoogleTestWorld;

namespace FederationWorkflows.CloudLab.Tests.Google;

/// <summary>Discovery, keys, tokeninfo and userinfo.</summary>
public sealed class PublishedTokenFactsTests(GoogleLabFixture lab) : IClassFixture<GoogleLabFixture>
{
    [Fact]
    public async Task Discovery_names_Google_as_issuer_and_the_lab_as_the_place_of_the_keys()
    {
        var (status, body) = await lab.GetAsync("/google/.well-known/openid-configuration");

        status.ShouldBe(200);
        body.GetProperty("issuer").GetString().ShouldBe("https://accounts.google.com");
        body.GetProperty("token_endpoint").GetString().ShouldBe(lab.TokenUrl);
        var (_, keys) = await lab.GetAsync(new Uri(body.GetProperty("jwks_uri").GetString()!).PathAndQuery);
        JsonWebKey.ParseSet(keys).Select(key => key.KeyId).Distinct().Count().ShouldBe(2);
        keys.GetProperty("keys").EnumerateArray().SelectMany(key => key.EnumerateObject()).ShouldNotContain(member => member.Name == "d");
    }

    [Fact]
    public async Task A_token_signed_before_a_rotation_keeps_its_key_until_the_next_one()
    {
        var token = await IdTokenAsync();
        (await VerifiesAsync(token)).ShouldBeTrue();

        lab.Lab.RotateSigningKey();
        (await VerifiesAsync(token)).ShouldBeTrue();
        (await VerifiesAsync(await IdTokenAsync())).ShouldBeTrue();

        lab.Lab.RotateSigningKey();
        (await VerifiesAsync(token)).ShouldBeFalse();
    }

    [Theory]
    [InlineData("https://accounts.google.com", 2)]
    [InlineData("accounts.google.com", 2)]
    [InlineData("https://accounts.google.com/", 0)]
    [InlineData("https://token.actions.githubusercontent.com", 0)]
    public async Task The_key_source_knows_Google_only(string issuer, int keys) =>
        (await lab.Lab.KeySource.GetKeysAsync(issuer, TestContext.Current.CancellationToken)).Count.ShouldBe(keys);

    [Fact]
    public async Task The_keys_of_a_service_account_include_its_own_and_the_one_of_signJwt()
    {
        var (_, signed) = await lab.CallAsync(await lab.TokenOfAsync(World.ProjectWide), World.Caller, "signJwt", new { payload = """{"sub":"x"}""" });
        var (_, keys) = await lab.GetAsync("/google/service_accounts/v1/jwk/" + World.Caller);

        JsonWebKey.ParseSet(keys).Select(key => key.KeyId).ShouldBe([lab.Key(World.Caller).KeyId, signed.GetProperty("keyId").GetString()], ignoreOrder: true);
    }

    [Fact]
    public async Task Tokeninfo_tells_the_claims_of_an_id_token_as_text()
    {
        var (status, body) = await lab.GetAsync("/google/oauth2/tokeninfo?id_token=" + await IdTokenAsync());

        status.ShouldBe(200);
        body.GetProperty("aud").GetString().ShouldBe("aud-1");
        body.GetProperty("azp").GetString().ShouldBe(World.TargetId);
        body.GetProperty("email_verified").GetString().ShouldBe("true");
        body.GetProperty("exp").GetString().ShouldBe($"{lab.Time.GetUtcNow().ToUnixTimeSeconds() + 3600}");
        body.GetProperty("alg").GetString().ShouldBe("RS256");
        body.GetProperty("typ").GetString().ShouldBe("JWT");
        body.TryGetProperty("kid", out _).ShouldBeTrue();
    }

    [Theory]
    [InlineData("/google/oauth2/tokeninfo")]
    [InlineData("/google/oauth2/v3/tokeninfo")]
    public async Task Tokeninfo_tells_client_scope_and_time_left_of_an_access_token(string path)
    {
        var token = await lab.TokenOfAsync(World.Caller, "https://www.googleapis.com/auth/userinfo.email https://www.googleapis.com/auth/cloud-platform");
        lab.Time.Advance(TimeSpan.FromSeconds(100));

        var (status, body) = await lab.GetAsync($"{path}?access_token={token}");

        status.ShouldBe(200);
        body.GetProperty("azp").GetString()!.ShouldMatch("^1[0-9]{20}$");
        body.GetProperty("aud").GetString().ShouldBe(body.GetProperty("azp").GetString());
        body.GetProperty("scope").GetString().ShouldBe("https://www.googleapis.com/auth/userinfo.email https://www.googleapis.com/auth/cloud-platform");
        body.GetProperty("expires_in").GetString().ShouldBe("3500");
        body.GetProperty("email").GetString().ShouldBe(World.Caller);
        body.GetProperty("access_type").GetString().ShouldBe("online");
    }

    [Theory]
    [InlineData("access_token=ya29.unknown", "invalid_token", "Invalid Value")]
    [InlineData("id_token=a.b.c", "invalid_token", "Invalid Value")]
    [InlineData("id_token=x", "invalid_token", "Invalid Value")]
    [InlineData("id_token=tampered", "invalid_token", "Invalid Value")]
    [InlineData("id_token=expired", "invalid_token", "Invalid Value")]
    [InlineData("access_token=expired", "invalid_token", "Invalid Value")]
    [InlineData("", "invalid_request", "either access_token, id_token, or token_handle required")]
    public async Task Tokeninfo_refuses_what_is_no_token_in_force(string query, string error, string description)
    {
        switch (query)
        {
            case "id_token=tampered":
                var good = (await IdTokenAsync()).Split('.');
                var other = (await IdTokenAsync("aud-2")).Split('.');
                query = $"id_token={good[0]}.{other[1]}.{good[2]}";
                break;
            case "id_token=expired":
                query = "id_token=" + await IdTokenAsync();
                lab.Time.Advance(TimeSpan.FromHours(1));
                break;
            case "access_token=expired":
                query = "access_token=" + await lab.TokenOfAsync(World.Caller);
                lab.Time.Advance(TimeSpan.FromHours(1));
                break;
        }

        var (status, body) = await lab.GetAsync("/google/oauth2/tokeninfo?" + query);

        status.ShouldBe(400);
        body.GetProperty("error").GetString().ShouldBe(error);
        body.GetProperty("error_description").GetString().ShouldBe(description);
    }

    [Fact]
    public async Task Userinfo_needs_a_token_and_shows_the_address_only_with_its_scope()
    {
        async Task<(int Status, JsonElement Body)> AskAsync(string? token)
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, "/google/oauth2/v3/userinfo");
            request.Headers.Authorization = token is null ? null : new("Bearer", token);
            using var response = await lab.Http.SendAsync(request);
            return ((int)response.StatusCode, JsonDocument.Parse(await response.Content.ReadAsStringAsync()).RootElement);
        }

        (await AskAsync(null)).Status.ShouldBe(401);
        (await AskAsync(await lab.TokenOfAsync(World.Caller))).Body.TryGetProperty("email", out _).ShouldBeFalse();
        (await AskAsync(await lab.TokenOfAsync(World.Caller, "openid email"))).Body.GetProperty("email").GetString().ShouldBe(World.Caller);
    }

    private async Task<string> IdTokenAsync(string audience = "aud-1")
    {
        var (_, body) = await lab.CallAsync(await lab.TokenOfAsync(World.Caller), World.Target, "generateIdToken", new { audience, includeEmail = true });
        return body.GetProperty("token").GetString()!;
    }

    private async Task<bool> VerifiesAsync(string token)
    {
        var (_, keys) = await lab.GetAsync("/google/oauth2/v3/certs");
        var parts = token.Split('.');
        var signed = System.Text.Encoding.ASCII.GetBytes(parts[0] + "." + parts[1]);
        return JsonWebKey.ParseSet(keys).Any(key => key.Verify("RS256", signed, System.Buffers.Text.Base64Url.DecodeFromChars(parts[2])));
    }
}
