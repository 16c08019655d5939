using System.Globalization;
using System.Text.Json;
using World = FederationWorkflows.CloudLab.Tests.Google.GoogleTestWorld;

namespace FederationWorkflows.CloudLab.Tests.Google;

public sealed class IamCredentialsTests(GoogleLabFixture lab) : IClassFixture<GoogleLabFixture>
{
    private static readonly string[] Scope = [GoogleLabFixture.CloudPlatform];

    /// <summary>Caller, chain, target, method and, for a refusal, the permission that the first missing link needed.</summary>
    public static TheoryData<string, string, string, string, string?> Rights => new()
    {
        { World.Caller, "", World.Target, "generateAccessToken", null },
        { World.Caller, "", World.Target, "generateIdToken", null },
        { World.Caller, "", World.Target, "signJwt", null },
        { World.Caller, "", World.Target, "signBlob", null },
        { World.Caller, "", World.TargetId, "generateIdToken", null },
        { World.OpenIdOnly, "", World.Target, "generateIdToken", null },
        { World.OpenIdOnly, "", World.Target, "generateAccessToken", "getAccessToken" },
        { World.OpenIdOnly, "", World.Target, "signJwt", "signJwt" },
        { World.OpenIdOnly, "", World.Target, "signBlob", "signBlob" },
        { World.WorkloadUser, "", World.Target, "generateAccessToken", null },
        { World.WorkloadUser, "", World.Target, "generateIdToken", null },
        { World.WorkloadUser, "", World.Target, "signJwt", "signJwt" },
        { World.WorkloadUser, "", World.Target, "signBlob", "signBlob" },
        { World.Stranger, "", World.Target, "generateAccessToken", "getAccessToken" },
        { World.Stranger, "", World.Target, "generateIdToken", "getOpenIdToken" },
        { World.Stranger, "", World.Target, "signJwt", "signJwt" },
        { World.Stranger, "", World.Stranger, "generateAccessToken", "getAccessToken" },
        { World.ProjectWide, "", World.Stranger, "generateAccessToken", null },
        { World.Caller, $"{World.FirstHop} {World.SecondHop}", World.ChainEnd, "generateAccessToken", null },
        { World.Caller, $"{World.FirstHop} {World.SecondHop}", World.ChainEnd, "generateIdToken", null },
        { World.Caller, "", World.ChainEnd, "generateAccessToken", "getAccessToken" },
        { World.Stranger, $"{World.FirstHop} {World.SecondHop}", World.ChainEnd, "generateAccessToken", "implicitDelegation" },
        { World.Caller, World.SecondHop, World.ChainEnd, "generateAccessToken", "implicitDelegation" },
        { World.Caller, World.FirstHop, World.ChainEnd, "generateAccessToken", "getAccessToken" },
        { World.Caller, $"{World.SecondHop} {World.FirstHop}", World.ChainEnd, "generateAccessToken", "implicitDelegation" },
        { World.Caller, World.WeakHop, World.ChainEnd, "generateAccessToken", "implicitDelegation" },
    };

    [Theory]
    [MemberData(nameof(Rights))]
    public async Task Each_method_needs_its_own_permission_on_every_link(string caller, string chain, string target, string method, string? missing)
    {
        var request = Request(method);
        request["delegates"] = chain.Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(account => "projects/-/serviceAccounts/" + account).ToArray();
        var (status, body) = await lab.CallAsync(await lab.TokenOfAsync(caller), target, method, request);

        if (missing is null)
        {
            status.ShouldBe(200, body.ToString());
            return;
        }

        status.ShouldBe(403);
        ShouldBeError(body, 403, "PERMISSION_DENIED", $"Permission 'iam.serviceAccounts.{missing}' denied on resource (or it may not exist).");
        var info = body.GetProperty("error").GetProperty("details")[0];
        info.GetProperty("@type").GetString().ShouldBe("type.googleapis.com/google.rpc.ErrorInfo");
        info.GetProperty("reason").GetString().ShouldBe("IAM_PERMISSION_DENIED");
        info.GetProperty("domain").GetString().ShouldBe("iam.googleapis.com");
        info.GetProperty("metadata").GetProperty("permission").GetString().ShouldBe($"iam.serviceAccounts.{missing}");
    }

    public static TheoryData<string, string, string, int, string, string> BadRequests => new()
    {
        { "generateAccessToken", World.Target, "{}", 400, "INVALID_ARGUMENT", "Request contains an invalid argument." },
        { "generateAccessToken", World.Target, """{"scope":[]}""", 400, "INVALID_ARGUMENT", "Request contains an invalid argument." },
        { "generateAccessToken", World.Target, """{"scope":["https://app.example.com"]}""", 400, "INVALID_ARGUMENT", "Request contains an invalid argument." },
        { "generateAccessToken", World.Target, """{"scope":["SCOPE"],"lifetime":"3601s"}""", 400, "INVALID_ARGUMENT", "Request contains an invalid argument." },
        { "generateAccessToken", World.Target, """{"scope":["SCOPE"],"lifetime":"0s"}""", 400, "INVALID_ARGUMENT", "Request contains an invalid argument." },
        { "generateAccessToken", World.Target, """{"scope":["SCOPE"],"lifetime":"-5s"}""", 400, "INVALID_ARGUMENT", "Request contains an invalid argument." },
        { "generateAccessToken", World.Target, """{"scope":["SCOPE"],"lifetime":"99999999999s"}""", 400, "INVALID_ARGUMENT", "Request contains an invalid argument." },
        { "generateAccessToken", World.Target, """{"scope":["SCOPE"],"lifetime":"999999999999s"}""", 400, "INVALID_ARGUMENT", "Invalid value at 'lifetime' (type.googleapis.com/google.protobuf.Duration), \"999999999999s\"" },
        { "generateAccessToken", World.LongLived, """{"scope":["SCOPE"],"lifetime":"43201s"}""", 400, "INVALID_ARGUMENT", "Request contains an invalid argument." },
        { "generateAccessToken", World.Target, """{"scope":["SCOPE"],"lifetime":"1h"}""", 400, "INVALID_ARGUMENT", "Invalid value at 'lifetime' (type.googleapis.com/google.protobuf.Duration), \"1h\"" },
        { "generateAccessToken", World.Target, """{"scope":["SCOPE"],"lifetime":60}""", 400, "INVALID_ARGUMENT", "Invalid value at 'lifetime' (TYPE_STRING), 60" },
        { "generateAccessToken", World.Target, """{"scope":[7]}""", 400, "INVALID_ARGUMENT", "Invalid value at 'scope[0]' (TYPE_STRING), 7" },
        { "generateAccessToken", World.Target, """{"scopes":["SCOPE"]}""", 400, "INVALID_ARGUMENT", "Invalid JSON payload received. Unknown name \"scopes\": Cannot find field." },
        { "generateAccessToken", World.Target, """{"scope":["SCOPE"],"delegates":["projects/-/serviceAccounts/first-hop"]}""", 400, "INVALID_ARGUMENT", "Invalid form of account ID first-hop. Should be [Gaia ID |Email |Unique ID |] of the account" },
        { "generateAccessToken", World.Target, """{"scope":["SCOPE"],"delegates":["projects/trust-lab/serviceAccounts/caller@trust-lab.iam.gserviceaccount.com"]}""", 400, "INVALID_ARGUMENT", "Request contains an invalid argument." },
        { "generateAccessToken", World.Target, """{"scope":""", 400, "INVALID_ARGUMENT", "Invalid JSON payload received. Expected a JSON object." },
        { "generateAccessToken", World.Target, "[]", 400, "INVALID_ARGUMENT", "Invalid JSON payload received. Expected a JSON object." },
        { "generateAccessToken", World.Target, """{"scope":["\ud800"]}""", 400, "INVALID_ARGUMENT", "Invalid JSON payload received. Expected a JSON object." },
        { "generateAccessToken", World.Target, """{"\ud800":1}""", 400, "INVALID_ARGUMENT", "Invalid JSON payload received. Expected a JSON object." },
        { "generateAccessToken", World.Target, """{"scope":["SCOPE"],"scope":["SCOPE"]}""", 400, "INVALID_ARGUMENT", "Invalid JSON payload received. Expected a JSON object." },
        { "signJwt", World.Target, """{"payload":"{\"iss\":\"\\ud800\"}"}""", 400, "INVALID_ARGUMENT", "Request contains an invalid argument." },
        { "generateAccessToken", "target", """{"scope":["SCOPE"]}""", 400, "INVALID_ARGUMENT", "Invalid form of account ID target. Should be [Gaia ID |Email |Unique ID |] of the account" },
        { "generateAccessToken", "nobody@trust-lab.iam.gserviceaccount.com", """{"scope":["SCOPE"]}""", 404, "NOT_FOUND", "Not found; Gaia id not found for email nobody@trust-lab.iam.gserviceaccount.com" },
        { "generateAccessToken", "999", """{"scope":["SCOPE"]}""", 404, "NOT_FOUND", "Requested entity was not found." },
        { "generateAccessToken", World.Disabled, """{"scope":["SCOPE"]}""", 404, "NOT_FOUND", "Not found; Gaia id not found for email disabled@trust-lab.iam.gserviceaccount.com" },
        { "generateAccessToken", World.Target, """{"scope":["SCOPE"],"delegates":["projects/-/serviceAccounts/nobody@trust-lab.iam.gserviceaccount.com"]}""", 404, "NOT_FOUND", "Not found; Gaia id not found for email nobody@trust-lab.iam.gserviceaccount.com" },
        { "generateIdToken", World.Target, "{}", 400, "INVALID_ARGUMENT", "Request contains an invalid argument." },
        { "generateIdToken", World.Target, "", 400, "INVALID_ARGUMENT", "Request contains an invalid argument." },
        { "generateIdToken", World.Target, """{"audience":""}""", 400, "INVALID_ARGUMENT", "Request contains an invalid argument." },
        { "generateIdToken", World.Target, """{"audience":"a","includeEmail":"yes"}""", 400, "INVALID_ARGUMENT", "Invalid value at 'includeEmail' (TYPE_BOOL), \"yes\"" },
        { "generateIdToken", World.Target, """{"audience":"a","lifetime":"60s"}""", 400, "INVALID_ARGUMENT", "Invalid JSON payload received. Unknown name \"lifetime\": Cannot find field." },
        { "signJwt", World.Target, "{}", 400, "INVALID_ARGUMENT", "Request contains an invalid argument." },
        { "signJwt", World.Target, """{"payload":"no json"}""", 400, "INVALID_ARGUMENT", "Request contains an invalid argument." },
        { "signJwt", World.Target, """{"payload":"[]"}""", 400, "INVALID_ARGUMENT", "Request contains an invalid argument." },
        { "signJwt", World.Target, """{"payload":"{\"exp\":1}"}""", 400, "INVALID_ARGUMENT", "Request contains an invalid argument." },
        { "signJwt", World.Target, """{"payload":"{\"exp\":99999999999}"}""", 400, "INVALID_ARGUMENT", "Request contains an invalid argument." },
        { "signBlob", World.Target, """{"payload":"***"}""", 400, "INVALID_ARGUMENT", "Invalid value at 'payload' (TYPE_BYTES), Base64 decoding failed for \"***\"" },
    };

    [Theory]
    [MemberData(nameof(BadRequests))]
    public async Task A_request_that_asks_wrongly_is_refused_with_the_reason(string method, string account, string body, int status, string code, string message)
    {
        var answer = await lab.CallAsync(await lab.TokenOfAsync(World.Caller), account, method, body.Replace("SCOPE", GoogleLabFixture.CloudPlatform, StringComparison.Ordinal));

        answer.Status.ShouldBe(status);
        ShouldBeError(answer.Body, status, code, message);
    }

    [Fact]
    public async Task A_project_in_place_of_the_hyphen_is_refused()
    {
        var answer = await lab.CallAsync(await lab.TokenOfAsync(World.Caller), World.Target, "generateIdToken", Request("generateIdToken"), project: "trust-lab");

        answer.Status.ShouldBe(400);
        ShouldBeError(answer.Body, 400, "INVALID_ARGUMENT", "Request contains an invalid argument.");
    }

    [Theory]
    [InlineData(null, "CREDENTIALS_MISSING", "Request is missing required authentication credential.")]
    [InlineData("ya29.made-up", "ACCESS_TOKEN_TYPE_UNSUPPORTED", "Request had invalid authentication credentials.")]
    [InlineData("expired", "ACCESS_TOKEN_EXPIRED", "Request had invalid authentication credentials.")]
    public async Task A_caller_without_a_token_in_force_is_unauthenticated(string? token, string reason, string message)
    {
        if (token == "expired")
        {
            token = await lab.TokenOfAsync(World.Caller);
            lab.Time.Advance(TimeSpan.FromHours(1));
        }

        var (status, body) = await lab.CallAsync(token, World.Target, "generateIdToken", Request("generateIdToken"));

        status.ShouldBe(401);
        ShouldBeError(
            body,
            401,
            "UNAUTHENTICATED",
            message + " Expected OAuth 2 access token, login cookie or other valid authentication credential. See https://developers.google.com/identity/sign-in/web/devconsole-project.");
        var info = body.GetProperty("error").GetProperty("details")[0];
        info.GetProperty("reason").GetString().ShouldBe(reason);
        info.GetProperty("domain").GetString().ShouldBe("googleapis.com");
        info.GetProperty("metadata").GetProperty("service").GetString().ShouldBe("iamcredentials.googleapis.com");
        info.GetProperty("metadata").GetProperty("method").GetString().ShouldBe("google.iam.credentials.v1.IAMCredentials.GenerateIdToken");
    }

    [Theory]
    [InlineData("https://www.googleapis.com/auth/devstorage.read_only", 403)]
    [InlineData("https://www.googleapis.com/auth/userinfo.email openid", 403)]
    [InlineData("https://www.googleapis.com/auth/iam", 200)]
    public async Task The_callers_token_needs_the_cloud_platform_or_iam_scope(string scope, int expected)
    {
        var (status, body) = await lab.CallAsync(await lab.TokenOfAsync(World.Caller, scope), World.Target, "generateIdToken", Request("generateIdToken"));

        status.ShouldBe(expected);
        if (expected == 403)
        {
            ShouldBeError(body, 403, "PERMISSION_DENIED", "Request had insufficient authentication scopes.");
            body.GetProperty("error").GetProperty("details")[0].GetProperty("reason").GetString().ShouldBe("ACCESS_TOKEN_SCOPE_INSUFFICIENT");
        }
    }

    [Theory]
    [InlineData(World.Target, null, 3600)]
    [InlineData(World.Target, "3600s", 3600)]
    [InlineData(World.Target, "600s", 600)]
    [InlineData(World.LongLived, null, 3600)]
    [InlineData(World.LongLived, "43200s", 43200)]
    public async Task An_access_token_lives_as_long_as_asked_within_the_limit(string target, string? lifetime, int seconds)
    {
        var (status, body) = await lab.CallAsync(await lab.TokenOfAsync(World.Caller), target, "generateAccessToken", new { scope = Scope, lifetime });

        status.ShouldBe(200);
        var expires = DateTimeOffset.Parse(body.GetProperty("expireTime").GetString()!, CultureInfo.InvariantCulture);
        expires.ToUnixTimeSeconds().ShouldBe(lab.Time.GetUtcNow().ToUnixTimeSeconds() + seconds);
        lab.Lab.TryIntrospect(body.GetProperty("accessToken").GetString()!, out var grant).ShouldBeTrue();
        grant.Principal.Email.ShouldBe(target);
        grant.DelegationChain.Select(link => link.Email).ShouldBe([World.Caller]);

        lab.Time.Advance(TimeSpan.FromSeconds(seconds));
        lab.Lab.TryIntrospect(body.GetProperty("accessToken").GetString()!, out _).ShouldBeFalse();
    }

    [Theory]
    [InlineData("""{"audience":"aud-1"}""", World.TargetId, false)]
    [InlineData("""{"audience":"aud-1","includeEmail":true}""", World.TargetId, true)]
    [InlineData("""{"audience":"aud-1","useEmailAzp":true}""", World.Target, false)]
    [InlineData("""{"audience":"aud-1","includeEmail":true,"useEmailAzp":true}""", World.Target, true)]
    [InlineData("""{"audience":"aud-1","includeEmail":"true","useEmailAzp":"true"}""", World.Target, true)]
    public async Task An_id_token_carries_the_azp_of_its_minting_path(string request, string azp, bool hasEmail)
    {
        var (status, body) = await lab.CallAsync(await lab.TokenOfAsync(World.Caller), World.Target, "generateIdToken", request);

        status.ShouldBe(200);
        var claims = GoogleLabFixture.Claims(body.GetProperty("token").GetString()!);
        var now = lab.Time.GetUtcNow().ToUnixTimeSeconds();
        claims.GetProperty("iss").GetString().ShouldBe("https://accounts.google.com");
        claims.GetProperty("aud").GetString().ShouldBe("aud-1");
        claims.GetProperty("azp").GetString().ShouldBe(azp);
        claims.GetProperty("sub").GetString().ShouldBe(World.TargetId);
        claims.GetProperty("iat").GetInt64().ShouldBe(now);
        claims.GetProperty("exp").GetInt64().ShouldBe(now + 3600);
        claims.TryGetProperty("email", out var email).ShouldBe(hasEmail);
        claims.TryGetProperty("email_verified", out _).ShouldBe(hasEmail);
        claims.EnumerateObject().Count().ShouldBe(hasEmail ? 8 : 6);
        if (hasEmail)
        {
            email.GetString().ShouldBe(World.Target);
        }
    }

    [Fact]
    public async Task A_form_is_taken_in_place_of_JSON_because_Googles_Java_library_sends_one()
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, $"/google/iamcredentials/v1/projects/-/serviceAccounts/{World.Target}:generateIdToken");
        request.Content = new FormUrlEncodedContent(new Dictionary<string, string> { ["audience"] = "aud-1", ["includeEmail"] = "true", ["useEmailAzp"] = "true" });
        request.Headers.Authorization = new("Bearer", await lab.TokenOfAsync(World.Caller));
        using var response = await lab.Http.SendAsync(request, TestContext.Current.CancellationToken);

        var body = JsonDocument.Parse(await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken)).RootElement;
        GoogleLabFixture.Claims(body.GetProperty("token").GetString()!).GetProperty("azp").GetString().ShouldBe(World.Target);
    }

    [Fact]
    public async Task A_signed_jwt_of_an_account_is_a_valid_assertion_of_it()
    {
        var now = lab.Time.GetUtcNow().ToUnixTimeSeconds();
        var claims = JsonSerializer.Serialize(new { iss = World.Target, aud = lab.TokenUrl, scope = GoogleLabFixture.CloudPlatform, iat = now, exp = now + 60 });
        var (_, signed) = await lab.CallAsync(await lab.TokenOfAsync(World.Caller), World.Target, "signJwt", new { payload = claims });

        var (status, body) = await lab.PostTokenAsync(Assertions.Grant(signed.GetProperty("signedJwt").GetString()!));

        status.ShouldBe(200, body.ToString());
        lab.Lab.TryIntrospect(body.GetProperty("access_token").GetString()!, out var grant).ShouldBeTrue();
        grant.Principal.Email.ShouldBe(World.Target);
    }

    [Fact]
    public async Task An_impersonated_token_impersonates_further_and_remembers_the_whole_chain()
    {
        var (_, first) = await lab.CallAsync(await lab.TokenOfAsync(World.Caller), World.FirstHop, "generateAccessToken", new { scope = Scope });
        var (_, second) = await lab.CallAsync(first.GetProperty("accessToken").GetString(), World.SecondHop, "generateAccessToken", new { scope = Scope });

        lab.Lab.TryIntrospect(second.GetProperty("accessToken").GetString()!, out var grant).ShouldBeTrue();
        grant.Principal.Email.ShouldBe(World.SecondHop);
        grant.DelegationChain.Select(link => link.Email).ShouldBe([World.Caller, World.FirstHop]);
    }

    [Fact]
    public async Task Impersonating_in_a_circle_keeps_the_origin_and_a_bounded_chain()
    {
        // An account that may impersonate itself: the project-wide token creator.
        var token = await lab.TokenOfAsync(World.ProjectWide);
        for (var turn = 0; turn < 40; turn++)
        {
            var (_, body) = await lab.CallAsync(token, World.ProjectWide, "generateAccessToken", new { scope = Scope });
            token = body.GetProperty("accessToken").GetString()!;
        }

        lab.Lab.TryIntrospect(token, out var grant).ShouldBeTrue();
        grant.DelegationChain.Count.ShouldBe(32);
    }

    private static Dictionary<string, object> Request(string method) => method switch
    {
        "generateAccessToken" => new() { ["scope"] = Scope },
        "generateIdToken" => new() { ["audience"] = "aud-1" },
        "signJwt" => new() { ["payload"] = """{"sub":"x"}""" },
        _ => new() { ["payload"] = "eA==" },
    };

    private static void ShouldBeError(JsonElement body, int code, string status, string message)
    {
        var error = body.GetProperty("error");
        error.GetProperty("code").GetInt32().ShouldBe(code);
        error.GetProperty("message").GetString().ShouldBe(message);
        error.GetProperty("status").GetString().ShouldBe(status);
    }
}
