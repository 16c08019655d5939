using System.Net;
using FederationWorkflows.Engine;
using FederationWorkflows.Federation.Google;
using FederationWorkflows.Federation.Tests.Clients;

namespace FederationWorkflows.Federation.Tests.Google;

public sealed class ServiceAccountCredentialsTests : IDisposable
{
    private const string Target = "aws-reader@ops-1.iam.gserviceaccount.com";

    private readonly FederationHost host = new();

    public void Dispose() => host.Dispose();

    [Fact]
    public async Task Impersonation_sends_the_delegates_scopes_and_lifetime_and_gives_the_targets_token()
    {
        host.Network.Answer("""{"accessToken":"ya29.target","expireTime":"2031-04-05T06:37:08.123456789Z"}""");

        var token = await host.ServiceAccounts.GenerateAccessTokenAsync(
            AccessToken() with { Delegates = ["hop@ops-1.iam.gserviceaccount.com", "112233445566778899002"], Lifetime = TimeSpan.FromMinutes(30) },
            TestContext.Current.CancellationToken);

        var sent = host.Network.Only;
        sent.Method.ShouldBe("POST");
        sent.Url.ShouldBe("https://iamcredentials.googleapis.com/v1/projects/-/serviceAccounts/aws-reader%40ops-1.iam.gserviceaccount.com:generateAccessToken");
        sent.Headers["Authorization"].ShouldBe("Bearer ya29.CANARYsource");
        sent.Headers["Content-Type"].ShouldBe("application/json; charset=utf-8");
        sent.Body.ShouldBe(
            """{"delegates":["projects/-/serviceAccounts/hop@ops-1.iam.gserviceaccount.com","projects/-/serviceAccounts/112233445566778899002"],"scope":["https://www.googleapis.com/auth/cloud-platform"],"lifetime":"1800s"}""");
        token.Token.Reveal().ShouldBe("ya29.target");
        token.ExpiresAt.ShouldBe(new DateTimeOffset(2031, 4, 5, 6, 37, 8, TimeSpan.Zero).AddTicks(1234567));
        token.Scopes.ShouldBe([Credentials.CloudPlatform]);
        token.Principal.ShouldBe(Target);
    }

    [Theory]
    [InlineData(true, null, """{"delegates":[],"audience":"aws-prod","includeEmail":true}""")]
    [InlineData(false, true, """{"delegates":[],"audience":"aws-prod","includeEmail":false,"useEmailAzp":true}""")]
    [InlineData(true, false, """{"delegates":[],"audience":"aws-prod","includeEmail":true,"useEmailAzp":false}""")]
    public async Task Minting_an_id_token_sends_what_it_shall_contain_and_reads_it(bool includeEmail, bool? useEmailAzp, string body)
    {
        var minted = Credentials.IdToken();
        host.Network.Answer($$"""{"token":"{{minted}}"}""");

        var token = await host.ServiceAccounts.GenerateIdTokenAsync(
            IdToken() with { IncludeEmail = includeEmail, UseEmailAzp = useEmailAzp }, TestContext.Current.CancellationToken);

        host.Network.Only.Url.ShouldBe("https://iamcredentials.googleapis.com/v1/projects/-/serviceAccounts/aws-reader%40ops-1.iam.gserviceaccount.com:generateIdToken");
        host.Network.Only.Body.ShouldBe(body);
        token.Token.Reveal().ShouldBe(minted);
        token.Claims.Issuer.ShouldBe("https://accounts.google.com");
        token.Claims.AuthorizedParty.ShouldBe("112233445566778899001");
        token.Claims.Subject.ShouldBe("112233445566778899001");
        token.Claims.Email.ShouldBe(Credentials.Email);
    }

    [Fact]
    public async Task An_administrators_endpoint_takes_the_place_of_googles()
    {
        using var moved = new FederationHost(("Endpoints:GoogleIamCredentials", "http://localhost:8080/iam/"));
        moved.Network.Answer("""{"accessToken":"x","expireTime":"2031-04-05T06:37:08Z"}""");

        await moved.ServiceAccounts.GenerateAccessTokenAsync(AccessToken(), TestContext.Current.CancellationToken);

        moved.Network.Only.Url.ShouldStartWith("http://localhost:8080/iam/v1/projects/-/serviceAccounts/");
    }

    [Fact]
    public async Task A_missing_grant_names_role_target_and_caller()
    {
        host.Network.Answer(
            """{"error":{"code":403,"message":"Permission 'iam.serviceAccounts.getOpenIdToken' denied on resource (or it may not exist).","status":"PERMISSION_DENIED","details":[{"@type":"type.googleapis.com/google.rpc.ErrorInfo","reason":"IAM_PERMISSION_DENIED","domain":"iam.googleapis.com","metadata":{"permission":"iam.serviceAccounts.getOpenIdToken"}}]}}""",
            HttpStatusCode.Forbidden);

        var error = await Should.ThrowAsync<FederationException>(
            () => host.ServiceAccounts.GenerateIdTokenAsync(IdToken() with { Caller = "robot@ops-1.iam.gserviceaccount.com" }, TestContext.Current.CancellationToken));

        error.Code.ShouldBe("PERMISSION_DENIED");
        error.HttpStatus.ShouldBe(403);
        error.Api.ShouldBe("iamcredentials.generateIdToken");
        error.Message.ShouldBe(
            "Google's IAM Credentials API refused iamcredentials.generateIdToken: PERMISSION_DENIED (HTTP 403): "
            + "Permission 'iam.serviceAccounts.getOpenIdToken' denied on resource (or it may not exist). "
            + "Grant roles/iam.serviceAccountOpenIdTokenCreator (or roles/iam.serviceAccountTokenCreator) on aws-reader@ops-1.iam.gserviceaccount.com to robot@ops-1.iam.gserviceaccount.com; "
            + "a new grant takes up to a few minutes. The same answer comes when aws-reader@ops-1.iam.gserviceaccount.com does not exist.");
    }

    [Fact]
    public async Task A_missing_grant_along_a_chain_names_every_link()
    {
        host.Network.Answer("""{"error":{"code":403,"message":"denied","status":"PERMISSION_DENIED"}}""", HttpStatusCode.Forbidden);

        var error = await Should.ThrowAsync<FederationException>(() => host.ServiceAccounts.GenerateAccessTokenAsync(
            AccessToken() with { Delegates = ["hop@ops-1.iam.gserviceaccount.com"] }, TestContext.Current.CancellationToken));

        error.Advice.ShouldBe(
            "Each link of the chain needs its grant: roles/iam.serviceAccountTokenCreator on hop@ops-1.iam.gserviceaccount.com to the identity of the source token; "
            + $"roles/iam.serviceAccountTokenCreator on {Target} to hop@ops-1.iam.gserviceaccount.com. A new grant takes up to a few minutes.");
    }

    [Theory]
    [InlineData(401, "UNAUTHENTICATED", "Request had invalid authentication credentials.", null, false, "The source token is expired, revoked or no access token: get a new one just before this call.")]
    [InlineData(403, "PERMISSION_DENIED", "IAM Service Account Credentials API has not been used in project 1 before", "SERVICE_DISABLED", false,
        "Enable the API in the project of the caller: gcloud services enable iamcredentials.googleapis.com.")]
    [InlineData(403, "PERMISSION_DENIED", "Request had insufficient authentication scopes.", "ACCESS_TOKEN_SCOPE_INSUFFICIENT", false,
        "Get the source token with the scope https://www.googleapis.com/auth/cloud-platform (or .../auth/iam).")]
    [InlineData(404, "NOT_FOUND", "Not found; Gaia id not found for email", null, false, $"The service account {Target} does not exist: check its spelling, and that it was not deleted.")]
    [InlineData(400, "INVALID_ARGUMENT", "The access token lifetime cannot exceed 3600 seconds.", null, false,
        "More than an hour needs the organization policy constraints/iam.allowServiceAccountCredentialLifetimeExtension to list the service account; else give at most 1 hour.")]
    [InlineData(429, "RESOURCE_EXHAUSTED", "Quota exceeded", null, true, "The project's quota is used up: try again later, or raise it.")]
    [InlineData(503, "UNAVAILABLE", "The service is currently unavailable.", null, true, "A fault on Google's side that usually passes: try again.")]
    public async Task Each_refusal_says_what_to_check(int status, string code, string message, string? reason, bool retryable, string advice)
    {
        var details = reason is null ? "[]" : $$"""[{"@type":"type.googleapis.com/google.rpc.ErrorInfo","reason":"{{reason}}"}]""";
        host.Network.Answer($$$"""{"error":{"code":{{{status}}},"message":"{{{message}}}","status":"{{{code}}}","details":{{{details}}}}}""", (HttpStatusCode)status);

        var error = await Should.ThrowAsync<FederationException>(() => host.ServiceAccounts.GenerateAccessTokenAsync(AccessToken(), TestContext.Current.CancellationToken));

        error.Code.ShouldBe(code);
        error.HttpStatus.ShouldBe(status);
        error.Detail.ShouldBe(message);
        error.Advice.ShouldBe(advice);
        error.IsRetryable.ShouldBe(retryable);
    }

    [Theory]
    [InlineData("""[{"@type":"type.googleapis.com/google.rpc.RetryInfo","retryDelay":"2.5s"}]""", "9", 2.5)]
    [InlineData("[]", "9", 9.0)]
    [InlineData("[]", "Sat, 05 Apr 2031 06:08:08 GMT", 60.0)]
    [InlineData("[]", "Sat, 05 Apr 2031 06:00:00 GMT", 0.0)]
    [InlineData("[]", null, null)]
    [InlineData("""[{"@type":"type.googleapis.com/google.rpc.RetryInfo","retryDelay":"soon"}]""", null, null)]
    public async Task The_wait_that_google_asks_for_is_passed_on(string details, string? header, double? seconds)
    {
                host.Network.Answer(
            $$$"""{"error":{"code":429,"message":"slow","status":"RESOURCE_EXHAUSTED","details":{{{details}}}}}""", HttpStatusCode.TooManyRequests, retryAfter: header);

        var error = await Should.ThrowAsync<FederationException>(() => host.ServiceAccounts.GenerateAccessTokenAsync(AccessToken(), TestContext.Current.CancellationToken));

        error.RetryAfter.ShouldBe(seconds is { } value ? TimeSpan.FromSeconds(value) : null);
    }

    [Theory]
    [InlineData("{}")]
    [InlineData("<html>")]
    [InlineData("[]")]
    [InlineData("null")]
    [InlineData("""{"accessToken":null,"expireTime":"2031-04-05T06:37:08Z"}""")]
    [InlineData("""{"accessToken":"","expireTime":"2031-04-05T06:37:08Z"}""")]
    [InlineData("""{"accessToken":"x","expireTime":"tomorrow"}""")]
    [InlineData("""{"accessToken":7,"expireTime":"2031-04-05T06:37:08Z"}""")]
    public async Task A_success_that_is_not_what_the_api_documents_is_an_unreadable_answer(string body)
    {
        host.Network.Answer(body);

        var error = await Should.ThrowAsync<FederationException>(() => host.ServiceAccounts.GenerateAccessTokenAsync(AccessToken(), TestContext.Current.CancellationToken));

        error.Code.ShouldBe(FailureCodes.UnreadableAnswer);
    }

    public static TheoryData<string, string> BadServiceAccounts => new()
    {
        { "", "empty" },
        { "somebody@example.com", "no service account" },
        { "projects/-/serviceAccounts/" + Target, "with the prefix" },
        { "a@b.iam.gserviceaccount.com:generateIdToken?x=", "with another method" },
        { "a@b.iam.gserviceaccount.com/../../x@y.iam.gserviceaccount.com", "with a path" },
        { Target + "\n", "with a line break" },
    };

    [Theory]
    [MemberData(nameof(BadServiceAccounts))]
    public async Task A_service_account_of_another_form_is_refused_before_anything_is_sent(string serviceAccount, string why)
    {
        var target = await Should.ThrowAsync<FederationException>(
            () => host.ServiceAccounts.GenerateAccessTokenAsync(AccessToken() with { ServiceAccount = serviceAccount }, TestContext.Current.CancellationToken), why);
        target.Detail.ShouldBe("the service account is no service account");
        var delegated = await Should.ThrowAsync<FederationException>(
            () => host.ServiceAccounts.GenerateIdTokenAsync(IdToken() with { Delegates = [Target, serviceAccount] }, TestContext.Current.CancellationToken), why);
        delegated.Detail.ShouldBe("delegates[1] is no service account");
        delegated.Code.ShouldBe(FailureCodes.InvalidInput);
        host.Network.Requests.ShouldBeEmpty();
    }

    [Theory]
    [InlineData("robot@ops-1.iam.gserviceaccount.com")]
    [InlineData("ops-1@appspot.gserviceaccount.com")]
    [InlineData("example.com:ops-1@appspot.gserviceaccount.com")]
    [InlineData("112233-compute@developer.gserviceaccount.com")]
    [InlineData("robot@ops-1.example.com.iam.gserviceaccount.com")]
    [InlineData("112233445566778899001")]
    public async Task Every_form_of_service_account_that_google_has_is_accepted(string serviceAccount)
    {
        host.Network.Answer("""{"accessToken":"x","expireTime":"2031-04-05T06:37:08Z"}""");

        await host.ServiceAccounts.GenerateAccessTokenAsync(AccessToken() with { ServiceAccount = serviceAccount }, TestContext.Current.CancellationToken);

        Uri.UnescapeDataString(host.Network.Only.Url).ShouldEndWith($"/{serviceAccount}:generateAccessToken");
    }

    [Fact]
    public async Task Lifetimes_audiences_chains_and_tokens_out_of_range_are_refused_before_anything_is_sent()
    {
        var cancellation = TestContext.Current.CancellationToken;
        var cases = new (Func<Task> Call, string Detail)[]
        {
            (() => host.ServiceAccounts.GenerateAccessTokenAsync(AccessToken() with { Lifetime = TimeSpan.Zero }, cancellation), "the lifetime is 00:00:00"),
            (() => host.ServiceAccounts.GenerateAccessTokenAsync(AccessToken() with { Lifetime = TimeSpan.FromHours(12.5) }, cancellation), "the lifetime is 12:30:00"),
            (() => host.ServiceAccounts.GenerateAccessTokenAsync(AccessToken() with { Scopes = [] }, cancellation), "0 scopes are given"),
            (() => host.ServiceAccounts.GenerateAccessTokenAsync(AccessToken() with { Delegates = [.. Enumerable.Repeat(Target, 11)] }, cancellation), "11 delegates are given"),
            (() => host.ServiceAccounts.GenerateAccessTokenAsync(AccessToken() with { SourceToken = Sensitive.Of("CANARY\r\nX: y") }, cancellation), "the source token is no access token"),
            (() => host.ServiceAccounts.GenerateIdTokenAsync(IdToken() with { SourceToken = Sensitive.Of("Bearer CANARY") }, cancellation), "the source token is no access token"),
            (() => host.ServiceAccounts.GenerateIdTokenAsync(IdToken() with { Audience = "" }, cancellation), "the audience has 0 characters"),
            (() => host.ServiceAccounts.GenerateIdTokenAsync(IdToken() with { Audience = new string('a', 2049) }, cancellation), "the audience has 2049 characters"),
        };

        foreach (var (call, detail) in cases)
        {
            var error = await Should.ThrowAsync<FederationException>(call);
            error.Code.ShouldBe(FailureCodes.InvalidInput);
            error.Detail.ShouldBe(detail);
            error.ToString().ShouldNotContain("CANARY");
        }

        host.Network.Requests.ShouldBeEmpty();
    }

    private static AccessTokenRequest AccessToken() => new() { ServiceAccount = Target, SourceToken = Sensitive.Of("ya29.CANARYsource"), Scopes = [Credentials.CloudPlatform] };

    private static IdTokenRequest IdToken() => new() { ServiceAccount = Target, SourceToken = Sensitive.Of("ya29.CANARYsource"), Audience = "aws-prod" };
}
