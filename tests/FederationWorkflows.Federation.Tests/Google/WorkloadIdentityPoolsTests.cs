using System.Net;
using FederationWorkflows.Engine;
using FederationWorkflows.Federation.Google;
using FederationWorkflows.Federation.Tests.Clients;
using Microsoft.Extensions.DependencyInjection;

namespace FederationWorkflows.Federation.Tests.Google;

public sealed class WorkloadIdentityPoolsTests : IDisposable
{
    private const string Provider = "//iam.googleapis.com/projects/123456789012/locations/global/workloadIdentityPools/outside/providers/cluster";
    private const string Granted = """{"access_token":"ya29.d.CANARYfederated","issued_token_type":"urn:ietf:params:oauth:token-type:access_token","token_type":"Bearer","expires_in":3599}""";

    private readonly FederationHost host = new();

    public void Dispose() => host.Dispose();

    private static PoolTokenRequest Request => new()
    {
        Provider = Provider, SubjectToken = Sensitive.Of(Credentials.IdToken()), SubjectTokenType = SubjectTokenType.Jwt, Scopes = [Credentials.CloudPlatform],
    };

    [Fact]
    public async Task A_token_is_exchanged_for_a_federated_one()
    {
        host.Network.Answer(Granted);

        var token = await ExchangeAsync(Request with { Scopes = ["https://www.googleapis.com/auth/devstorage.read_only", "openid"] });

        token.Token.Reveal().ShouldBe("ya29.d.CANARYfederated");
        token.ExpiresAt.ShouldBe(FederationHost.Start.AddSeconds(3599));
        token.Scopes.ShouldBe(["https://www.googleapis.com/auth/devstorage.read_only", "openid"]);
        var sent = host.Network.Only;
        sent.Url.ShouldBe("https://sts.googleapis.com/v1/token");
        sent.Form.ShouldBe(
            new Dictionary<string, string>
            {
                ["grant_type"] = "urn:ietf:params:oauth:grant-type:token-exchange",
                ["audience"] = Provider,
                ["scope"] = "https://www.googleapis.com/auth/devstorage.read_only openid",
                ["requested_token_type"] = "urn:ietf:params:oauth:token-type:access_token",
                ["subject_token_type"] = "urn:ietf:params:oauth:token-type:jwt",
                ["subject_token"] = Credentials.IdToken(),
            },
            ignoreOrder: true);
        sent.Headers.Keys.ShouldNotContain("Authorization");
    }

    [Fact]
    public async Task With_a_service_account_the_federated_token_only_impersonates()
    {
        host.Network.OnRequest = (sent, _) => Task.FromResult(RecordingHandler.Make(sent.Url.Contains("iamcredentials", StringComparison.Ordinal)
            ? """{"accessToken":"ya29.CANARYaccount","expireTime":"2031-04-05T06:17:08Z"}"""
            : Granted));

        var token = await ExchangeAsync(Request with
        {
            SubjectTokenType = SubjectTokenType.Aws4Request, ServiceAccount = "reader@ops-1.iam.gserviceaccount.com", Scopes = ["openid"], Lifetime = TimeSpan.FromMinutes(10),
        });

        (token.Token.Reveal(), token.Principal).ShouldBe(("ya29.CANARYaccount", "reader@ops-1.iam.gserviceaccount.com"));
        host.Network.Requests[0].Form["subject_token_type"].ShouldBe("urn:ietf:params:aws:token-type:aws4_request");
        host.Network.Requests[0].Form["scope"].ShouldBe(Credentials.CloudPlatform);
        host.Network.Requests[1].Headers["Authorization"].ShouldBe("Bearer ya29.d.CANARYfederated");
        host.Network.Requests[1].Body.ShouldBe("""{"delegates":[],"scope":["openid"],"lifetime":"600s"}""");
    }

    public static TheoryData<string, string, string> Refusals => new()
    {
        { "invalid_target", "The target service indicated by the \\\"audience\\\" parameters is invalid.", "The pool or the provider does not exist, is disabled or was deleted, or the name has the project's id where its number belongs" },
        { "unauthorized_client", "The given credential is rejected by the attribute condition.", "The provider's attribute condition is not true of this identity" },
        { "unauthorized_client", "The mapped attribute 'google.subject' must be of type STRING.", "An attribute mapping gives something other than text" },
        { "invalid_request", "The size of mapped attribute google.subject exceeds the 127 bytes limit.", "Map google.subject to something shorter than 127 bytes" },
        { "invalid_grant", "The audience in ID Token [other] does not match the expected audience.", "The token's aud is not among the provider's allowed audiences" },
        { "invalid_grant", "The issuer in ID Token https://x does not match the expected one in config: https://y.", "The token's iss is not the provider's issuer, letter by letter" },
        { "invalid_grant", "ID Token issued at 1 is stale to sign-in.", "The token is expired or from the future" },
        { "invalid_grant", "Unable to verify the ID Token signature.", "The signature is not of a key that Google has of this issuer" },
        { "invalid_grant", "Error connecting to the given credential's issuer.", "Google finds no key for this token" },
        { "invalid_grant", "Received invalid AWS response of type 403", "AWS did not vouch for the signed request" },
        { "invalid_request", "Scope(s) must be provided.", "Give at least one OAuth scope that exists" },
        { "something_new", "Nobody has seen this.", "Check the workload identity pool's provider: issuer, allowed audiences, attribute mapping and condition" },
    };

    [Theory]
    [MemberData(nameof(Refusals))]
    public async Task A_refusal_is_explained_with_what_the_token_says(string code, string description, string advice)
    {
        host.Network.Answer($$"""{"error":"{{code}}","error_description":"{{description}}"}""", HttpStatusCode.BadRequest);

        var error = await RefusedAsync(Request);

        error.Message.ShouldStartWith($"Google's security token service refused token exchange: {code} (HTTP 400): {description.Replace("\\", "", StringComparison.Ordinal)}");
        error.Advice.ShouldStartWith(advice);
        error.Advice.ShouldEndWith("The token has iss 'https://accounts.google.com', aud 'aws-prod', sub '112233445566778899001', exp 2031-04-05T07:07:08Z.");
        error.IsRetryable.ShouldBeFalse();
    }

    [Fact]
    public async Task A_refused_signed_request_is_explained_by_what_it_was_signed_for()
    {
        host.Network.Answer("""{"error":"invalid_grant","error_description":"Received invalid AWS response of type 403"}""", HttpStatusCode.BadRequest);
        var signed = host.Services.GetRequiredService<Federation.Aws.ICallerIdentityTokens>().Sign(Credentials.Session, Provider);

        var error = await RefusedAsync(Request with { SubjectToken = signed, SubjectTokenType = SubjectTokenType.Aws4Request });

        error.Advice.ShouldEndWith(
            $"The signed request is for 'https://sts.us-east-1.amazonaws.com/?Action=GetCallerIdentity&Version=2011-06-15', target '{Provider}', signed '20310405T060708Z'.");
        error.ToString().ShouldNotContain("CANARY");
    }

    [Theory]
    [InlineData(429, true)]
    [InlineData(500, true)]
    [InlineData(503, true)]
    [InlineData(400, false)]
    public async Task What_passes_may_be_tried_again(int status, bool retryable)
    {
        host.Network.Answer("<html>", (HttpStatusCode)status, "text/html");

        (await RefusedAsync(Request)).IsRetryable.ShouldBe(retryable);
    }

    [Theory]
    [InlineData("{}")]
    [InlineData("[]")]
    [InlineData("""{"access_token":"","expires_in":3600}""")]
    [InlineData("""{"access_token":"ya29.x","expires_in":-1}""")]
    [InlineData("""{"access_token":"ya29.x","expires_in":99999999}""")]
    public async Task A_success_that_is_none_is_unreadable(string body)
    {
        host.Network.Answer(body);

        (await RefusedAsync(Request)).Code.ShouldBe(FailureCodes.UnreadableAnswer);
    }

    [Fact]
    public async Task Wrong_inputs_are_refused_before_anything_is_sent()
    {
        var cases = new (PoolTokenRequest Request, string Detail)[]
        {
            (Request with { Provider = "projects/my-project/locations/global/workloadIdentityPools/a/providers/b" }, "the provider is not the full resource name of a workload identity pool's provider"),
            (Request with { SubjectToken = Sensitive.Of("") }, "the subject token has 0 characters"),
            (Request with { SubjectToken = Sensitive.Of(new string('x', 70_000)) }, "the subject token has 70000 characters"),
            (Request with { Scopes = [] }, "0 scopes are given"),
            (Request with { ServiceAccount = "serviceAccount:x@y" }, "the service account is no service account"),
        };
        foreach (var (request, detail) in cases)
        {
            (await RefusedAsync(request)).Detail.ShouldBe(detail);
        }

        host.Network.Requests.ShouldBeEmpty();
    }

    private Task<GoogleAccessToken> ExchangeAsync(PoolTokenRequest request) =>
        host.Services.GetRequiredService<IWorkloadIdentityPools>().ExchangeAsync(request, TestContext.Current.CancellationToken);

    private Task<FederationException> RefusedAsync(PoolTokenRequest request) => Should.ThrowAsync<FederationException>(() => ExchangeAsync(request));
}
