using System.Net;
using System.Security.Cryptography;
using System.Text;
using FederationWorkflows.Federation.Tests.Clients;

namespace FederationWorkflows.Federation.Tests.Google;

public sealed class TokenEndpointTests : IDisposable
{
    private const string TokenJson = """{"access_token":"ya29.granted","expires_in":3599,"token_type":"Bearer"}""";

    private readonly FederationHost host = new(
        ("Connections:ops:Kind", "serviceAccountKey"), ("Connections:ops:Json", Credentials.KeyJson),
        ("Connections:ann:Kind", "authorizedUser"), ("Connections:ann:Json", Credentials.UserJson));

    public void Dispose() => host.Dispose();

    [Fact]
    public async Task A_service_account_key_signs_an_assertion_and_gets_an_access_token()
    {
        host.Network.Answer(TokenJson);

        var token = await host.Google.GetAccessTokenAsync("ops", [Credentials.CloudPlatform, "https://www.googleapis.com/auth/iam"], TestContext.Current.CancellationToken);

        token.Token.Reveal().ShouldBe("ya29.granted");
        token.ExpiresAt.ShouldBe(FederationHost.Start.AddSeconds(3599));
        token.Scopes.ShouldBe([Credentials.CloudPlatform, "https://www.googleapis.com/auth/iam"]);
        token.Principal.ShouldBe(Credentials.Email);

        var sent = host.Network.Only;
        sent.Method.ShouldBe("POST");
        sent.Url.ShouldBe("https://oauth2.googleapis.com/token");
        sent.Form.Keys.Order().ShouldBe(["assertion", "grant_type"]);
        sent.Form["grant_type"].ShouldBe("urn:ietf:params:oauth:grant-type:jwt-bearer");

        var parts = sent.Form["assertion"].Split('.');
        var header = Credentials.Decode(parts[0]);
        header.GetProperty("alg").GetString().ShouldBe("RS256");
        header.GetProperty("kid").GetString().ShouldBe("key-1");
        var claims = Credentials.Decode(parts[1]);
        claims.GetProperty("iss").GetString().ShouldBe(Credentials.Email);
        claims.GetProperty("aud").GetString().ShouldBe("https://oauth2.googleapis.com/token");
        claims.GetProperty("scope").GetString().ShouldBe($"{Credentials.CloudPlatform} https://www.googleapis.com/auth/iam");
        claims.GetProperty("iat").GetInt64().ShouldBe(FederationHost.Start.ToUnixTimeSeconds());
        claims.GetProperty("exp").GetInt64().ShouldBe(FederationHost.Start.AddHours(1).ToUnixTimeSeconds());
        Credentials.Key.VerifyData(
            Encoding.ASCII.GetBytes($"{parts[0]}.{parts[1]}"), System.Buffers.Text.Base64Url.DecodeFromChars(parts[2]), HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1).ShouldBeTrue();
    }

    [Fact]
    public async Task The_token_uri_in_a_key_file_is_ignored_for_the_administrators_endpoint()
    {
        using var moved = new FederationHost(
            ("Endpoints:GoogleToken", "http://127.0.0.1:9999/token"), ("Connections:ops:Kind", "serviceAccountKey"), ("Connections:ops:Json", Credentials.KeyJson));
        moved.Network.Answer(TokenJson);

        await moved.Google.GetAccessTokenAsync("ops", [Credentials.CloudPlatform], TestContext.Current.CancellationToken);

        moved.Network.Only.Url.ShouldBe("http://127.0.0.1:9999/token");
    }

    [Fact]
    public async Task A_service_account_key_gets_an_id_token_for_an_audience_without_impersonation()
    {
        var minted = Credentials.IdToken();
        host.Network.Answer($$"""{"id_token":"{{minted}}"}""");

        var token = await host.Google.GetIdTokenAsync("ops", "aws-prod", TestContext.Current.CancellationToken);

        token.Token.Reveal().ShouldBe(minted);
        token.Claims.Audience.ShouldBe(["aws-prod"]);
        token.Claims.ExpiresAt.ShouldBe(FederationHost.Start.AddHours(1));
        var claims = Credentials.Decode(host.Network.Only.Form["assertion"].Split('.')[1]);
        claims.GetProperty("target_audience").GetString().ShouldBe("aws-prod");
        claims.GetProperty("iss").GetString().ShouldBe(Credentials.Email);
        claims.TryGetProperty("scope", out _).ShouldBeFalse();
    }

    [Fact]
    public async Task A_persons_refresh_token_is_narrowed_to_the_scopes_asked_for()
    {
        host.Network.Answer("""{"access_token":"ya29.user","expires_in":100,"scope":"openid email","token_type":"Bearer"}""");

        var token = await host.Google.GetAccessTokenAsync("ann", ["openid", "email"], TestContext.Current.CancellationToken);

        host.Network.Only.Form.ShouldBe(
            new Dictionary<string, string>
            {
                ["grant_type"] = "refresh_token",
                ["refresh_token"] = "CANARYrefreshToken",
                ["client_id"] = "client-1",
                ["client_secret"] = "CANARYclientSecret",
                ["scope"] = "openid email",
            },
            ignoreOrder: true);
        token.Scopes.ShouldBe(["openid", "email"]);
        token.ExpiresAt.ShouldBe(FederationHost.Start.AddSeconds(100));
        token.Principal.ShouldBeNull();
    }

    [Fact]
    public async Task A_persons_login_is_told_to_impersonate_when_asked_for_an_id_token()
    {
        var error = await Should.ThrowAsync<FederationException>(() => host.Google.GetIdTokenAsync("ann", "aws-prod", TestContext.Current.CancellationToken));

        error.Code.ShouldBe(FailureCodes.UnusableConnection);
        error.Message.ShouldBe(
            "connection 'ann': it cannot mint ID tokens for an audience by itself. "
            + "Get an access token with it and mint the ID token by impersonating a service account, or use a service account key.");
        host.Network.Requests.ShouldBeEmpty();
    }

    [Theory]
    [InlineData(
        "ops", """{"error":"invalid_grant","error_description":"Invalid JWT Signature."}""", "invalid_grant",
        "The key of connection 'ops' was deleted or disabled, or the file mixes two service accounts. List the keys with: gcloud iam service-accounts keys list --iam-account=robot@ops-1.iam.gserviceaccount.com.")]
    [InlineData(
        "ops", """{"error":"invalid_grant","error_description":"Invalid grant: account not found"}""", "invalid_grant",
        "The service account robot@ops-1.iam.gserviceaccount.com does not exist any more, or client_email in the file of connection 'ops' is wrong.")]
    [InlineData(
        "ops", """{"error":"invalid_grant","error_description":"Invalid JWT: Token must be a short-lived token (60 minutes) and in a reasonable timeframe. Check your iat and exp values"}""",
        "invalid_grant", "The clock of this host is wrong: synchronize it (Google allows a few minutes).")]
    [InlineData(
        "ops", """{"error":"invalid_grant","error_description":"The key is not associated with the account"}""", "invalid_grant",
        "Check the key file of connection 'ops': is it the newest key of robot@ops-1.iam.gserviceaccount.com, unchanged?")]
    [InlineData(
        "ann", """{"error":"invalid_grant","error_description":"Token has been expired or revoked."}""", "invalid_grant",
        "The refresh token of connection 'ann' has expired or was revoked. Log in again: gcloud auth application-default login, and put the new file in place.")]
    [InlineData(
        "ann", """{"error":"invalid_grant","error_description":"reauth related error (invalid_rapt)","error_subtype":"invalid_rapt"}""", "invalid_grant",
        "The organization requires a new login (session length control). Log in again: gcloud auth application-default login, and put the new file in place.")]
    [InlineData(
        "ann", """{"error":"invalid_client","error_description":"The OAuth client was not found."}""", "invalid_client",
        "The OAuth client in the file of connection 'ann' was deleted or its secret was changed. Log in again: gcloud auth application-default login, and put the new file in place.")]
    [InlineData(
        "ops", """{"error":"invalid_scope","error_description":"Invalid OAuth scope or ID token audience provided."}""", "invalid_scope",
        "Check the scopes: each must exist, and a person's login must have granted it (gcloud auth application-default login --scopes=...).")]
    public async Task A_refusal_keeps_googles_words_and_says_what_to_check(string connection, string body, string code, string advice)
    {
        host.Network.Answer(body, HttpStatusCode.BadRequest);

        var error = await Should.ThrowAsync<FederationException>(
            () => host.Google.GetAccessTokenAsync(connection, [Credentials.CloudPlatform], TestContext.Current.CancellationToken));

        error.Cloud.ShouldBe(Cloud.Google);
        error.Side.ShouldBe(FailureSide.Cloud);
        error.Service.ShouldBe("Google's OAuth token endpoint");
        error.Code.ShouldBe(code);
        error.HttpStatus.ShouldBe(400);
        body.ShouldContain($"\"{error.Detail}\"");
        error.Advice.ShouldBe(advice);
        error.IsRetryable.ShouldBeFalse();
        error.Message.ShouldStartWith($"Google's OAuth token endpoint refused {error.Api}: {code} (HTTP 400): {error.Detail}");
        error.Message.ShouldEndWith(advice);
        host.Network.Requests.Count.ShouldBe(1);
    }

    [Theory]
    [InlineData(HttpStatusCode.ServiceUnavailable, "", "ServiceUnavailable", true)]
    [InlineData(HttpStatusCode.InternalServerError, """{"error":"internal_failure"}""", "internal_failure", true)]
    [InlineData(HttpStatusCode.TooManyRequests, "<html>slow down</html>", "TooManyRequests", true)]
    [InlineData(HttpStatusCode.NotFound, "<html>no such page</html>", "NotFound", false)]
    [InlineData(HttpStatusCode.BadRequest, """{"error":{"nested":[1,2""", "BadRequest", false)]
    [InlineData(HttpStatusCode.BadRequest, """{"error":"has spaces, so it is no code"}""", "BadRequest", false)]
    public async Task An_answer_without_a_code_is_named_by_its_status_and_not_repeated(HttpStatusCode status, string body, string code, bool retryable)
    {
        host.Network.Answer(body, status, retryAfter: "17");

        var error = await Should.ThrowAsync<FederationException>(
            () => host.Google.GetAccessTokenAsync("ops", [Credentials.CloudPlatform], TestContext.Current.CancellationToken));

        error.Code.ShouldBe(code);
        error.Detail.ShouldBe($"HTTP {(int)status} without an explanation");
        error.IsRetryable.ShouldBe(retryable);
        error.RetryAfter.ShouldBe(TimeSpan.FromSeconds(17));
        host.Network.Requests.Count.ShouldBe(1);
    }

    [Theory]
    [InlineData("<html>sign in to the hotel's network</html>", "its answer is not the JSON of a token")]
    [InlineData("{}", "its answer has no access_token or no expires_in")]
    [InlineData("""{"access_token":"ya29.x"}""", "its answer has no access_token or no expires_in")]
    [InlineData("""{"access_token":"","expires_in":10}""", "its answer has no access_token or no expires_in")]
    [InlineData("""{"access_token":"ya29.x","expires_in":9223372036854775807}""", "its answer has no access_token or no expires_in")]
    [InlineData("null", "its answer is not the JSON of a token")]
    [InlineData("[]", "its answer is not the JSON of a token")]
    public async Task A_success_that_is_no_token_is_an_unreadable_answer(string body, string detail)
    {
        host.Network.Answer(body);

        var error = await Should.ThrowAsync<FederationException>(
            () => host.Google.GetAccessTokenAsync("ops", [Credentials.CloudPlatform], TestContext.Current.CancellationToken));

        error.Code.ShouldBe(FailureCodes.UnreadableAnswer);
        error.Side.ShouldBe(FailureSide.Network);
        error.Detail.ShouldBe(detail);
    }

    [Theory]
    [InlineData("""{"id_token":"only.two"}""", "its answer is not the JSON of a token")]
    [InlineData("""{"id_token":"e30.eyJpc3MiOjF9.c2ln"}""", "the ID token in its answer cannot be read, its iss is not a string")]
    [InlineData("""{"id_token":"e30.eyJleHAiOjFlMzB9.c2ln"}""", "its answer is not the JSON of a token")]
    [InlineData("""{"id_token":"e30.eyJhdWQiOnt9fQ.c2ln"}""", "the ID token in its answer cannot be read, its aud is neither a string nor an array of strings")]
    [InlineData("{}", "its answer has no ID token")]
    public async Task A_success_that_is_no_id_token_is_an_unreadable_answer(string body, string detail)
    {
        host.Network.Answer(body);

        var error = await Should.ThrowAsync<FederationException>(() => host.Google.GetIdTokenAsync("ops", "aws-prod", TestContext.Current.CancellationToken));

        error.Code.ShouldBe(FailureCodes.UnreadableAnswer);
        error.Detail.ShouldBe(detail);
    }

    public static TheoryData<string[], string> BadScopes => new()
    {
        { [], "0 scopes are given" },
        { ["openid", "two words"], "scopes[1] is no OAuth scope" },
        { [""], "scopes[0] is no OAuth scope" },
        { ["a\"b"], "scopes[0] is no OAuth scope" },
        { [new string('a', 513)], "scopes[0] is no OAuth scope" },
        { [.. Enumerable.Repeat("openid", 101)], "101 scopes are given" },
    };

    [Theory]
    [MemberData(nameof(BadScopes))]
    public async Task A_wrong_scope_is_refused_before_anything_is_sent(string[] scopes, string detail)
    {
        foreach (var connection in new[] { "ops", "ann" })
        {
            var error = await Should.ThrowAsync<FederationException>(() => host.Google.GetAccessTokenAsync(connection, scopes, TestContext.Current.CancellationToken));
            error.Code.ShouldBe(FailureCodes.InvalidInput);
            error.Side.ShouldBe(FailureSide.Here);
            error.Detail.ShouldBe(detail);
        }

        host.Network.Requests.ShouldBeEmpty();
    }
}
