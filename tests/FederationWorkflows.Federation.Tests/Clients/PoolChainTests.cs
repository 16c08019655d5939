using System.Text.Json.Nodes;
using FederationWorkflows.Engine;
using static FederationWorkflows.Federation.Tests.Clients.StoryRun;

namespace FederationWorkflows.Federation.Tests.Clients;

/// <summary>The activities that lead from AWS and from other issuers into Google Cloud, as a story has them.</summary>
public sealed class PoolChainTests : IDisposable
{
    private const string Provider = "//iam.googleapis.com/projects/123456789012/locations/global/workloadIdentityPools/outside/providers/my-aws";
    private const string Account = "reader@ops-1.iam.gserviceaccount.com";

    private static readonly JsonObject[] Chain =
    [
        Activity("Aws.AssumeRoleWithWebIdentity", "assume", ("roleArn", "arn:aws:iam::123456789012:role/reader"), ("webIdentityToken", Credentials.IdToken()), ("result", ">credentials")),
        Activity("Aws.SignCallerIdentity", "sign", ("credentials", "$credentials"), ("provider", Provider), ("region", "eu-central-1"), ("result", ">proof")),
        Activity(
            "Google.ExchangeAwsToken", "exchange", ("subjectToken", "$proof"), ("provider", Provider), ("serviceAccount", Account), ("scopes", new JsonArray("openid")), ("lifetime", "00:10:00"),
            ("result", ">token"), ("expiresAt", ">expires")),
    ];

    private readonly FederationHost host = new();

    public void Dispose() => host.Dispose();

    [Fact]
    public async Task A_story_goes_from_AWS_to_a_service_account_and_saves_no_secret_in_clear()
    {
        host.Network.OnRequest = (sent, _) => Task.FromResult(Clouds(sent));

        var story = (await RunAsync(host, Chain, "credentials", "proof", "token", "expires")).ShouldFinish();

        host.Network.Requests.Select(sent => sent.Url.Replace("%40", "@", StringComparison.Ordinal)).ShouldBe(
        [
            "https://sts.us-east-1.amazonaws.com/", "https://sts.googleapis.com/v1/token", $"https://iamcredentials.googleapis.com/v1/projects/-/serviceAccounts/{Account}:generateAccessToken",
        ]);
        Uri.UnescapeDataString(host.Network.Requests[1].Form["subject_token"]).ShouldContain("https://sts.eu-central-1.amazonaws.com/?Action=GetCallerIdentity&Version=2011-06-15");
        host.Network.Requests[2].Body.ShouldBe("""{"delegates":[],"scope":["openid"],"lifetime":"600s"}""");
        story["token"].ShouldBeOfType<Sensitive<string>>().Reveal().ShouldBe("ya29.CANARYaccount");
        story["expires"].ShouldBe(new DateTimeOffset(2031, 4, 5, 6, 17, 8, TimeSpan.Zero));
        foreach (var everything in new[] { story.Saved.ToString(), story.Journal.ToString(), string.Join('\n', host.Log) })
        {
            everything.ShouldNotContain("CANARY", Case.Sensitive);
            everything.ShouldNotContain("x-goog-cloud-target-resource", Case.Sensitive);
        }
    }

    [Fact]
    public async Task A_call_of_an_API_tells_whose_token_it_was_made_with()
    {
        host.Network.OnRequest = (sent, _) => Task.FromResult(sent.Url.Contains("storage.googleapis.com", StringComparison.Ordinal) ? RecordingHandler.Make("{}") : Clouds(sent));
        var list = Activity("Google.Request", "list", ("token", "$token"), ("service", "storage"), ("path", "/storage/v1/b"));

        var story = (await RunAsync(host, [.. Chain, list, Activity("Google.Request", "other", ("token", "ya29.of-somebody"), ("service", "storage"), ("path", "/storage/v1/b"))], "credentials", "proof", "token", "expires")).ShouldFinish();

        var journal = story.Journal.ToString().Split('\n');
        journal.ShouldContain(line => line.StartsWith("list Completed", StringComparison.Ordinal) && line.Contains($"\"ActedAs\":\"{Account}\"", StringComparison.Ordinal));
        journal.Where(line => line.StartsWith("other ", StringComparison.Ordinal)).ShouldAllBe(line => !line.Contains("ActedAs", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Another_issuers_token_becomes_a_federated_one()
    {
        host.Network.OnRequest = (sent, _) => Task.FromResult(Clouds(sent));

        var story = (await RunAsync(
            host, [Activity("Google.ExchangeIdToken", "exchange", ("subjectToken", Credentials.IdToken()), ("provider", Provider), ("result", ">token"), ("expiresAt", ">expires"))], "token", "expires")).ShouldFinish();

        story["token"].ShouldBeOfType<Sensitive<string>>().Reveal().ShouldBe("ya29.d.CANARYfederated");
        story["expires"].ShouldBe(FederationHost.Start.AddSeconds(3599));
        host.Network.Only.Form["subject_token_type"].ShouldBe("urn:ietf:params:oauth:token-type:jwt");
    }

    [Fact]
    public async Task A_refusal_ends_with_what_was_signed_and_for_whom()
    {
        host.Network.OnRequest = (sent, _) => Task.FromResult(sent.Url.Contains("sts.googleapis.com", StringComparison.Ordinal)
            ? RecordingHandler.Make("""{"error":"unauthorized_client","error_description":"The given credential is rejected by the attribute condition."}""", System.Net.HttpStatusCode.BadRequest)
            : Clouds(sent));

        var story = await RunAsync(host, Chain, "credentials", "proof", "token", "expires");

        var message = story.ShouldFault("exchange");
        message.ShouldStartWith("Google's security token service refused token exchange: unauthorized_client (HTTP 400): The given credential is rejected by the attribute condition. The provider's attribute condition is not true");
        message.ShouldEndWith($"target '{Provider}', signed '20310405T060708Z'.");
        story.Journal.ToString().ShouldNotContain("CANARY");
    }

    [Theory]
    [InlineData("aws-prod", "assertion.sub == '1'", "Denied: Google answers unauthorized_client: The given credential is rejected by the attribute condition. attribute condition: assertion.sub == '1' expects true and finds false. Compare it with the mapped values above: it names somebody else.")]
    [InlineData("elsewhere", "true", "Denied: Google answers invalid_grant: The audience in ID Token [aws-prod] does not match the expected audience. provider: audience (it reads aud) expects 'elsewhere' and finds 'aws-prod'. Get the token for this audience, or allow its own at the provider (--allowed-audiences); with none allowed, it must be https: and the provider's full name.")]
    [InlineData("aws-prod", "true", "The provider as it is declared here would take it (Allowed: taken in as principal://iam.googleapis.com/projects/123456789012/locations/global/workloadIdentityPools/outside/subject/112233445566778899001), so Google has another one: compare with gcloud iam workload-identity-pools providers describe. The provider's attribute condition is not true of this identity")]
    public async Task A_refusal_is_explained_by_the_provider_as_it_is_declared(string audience, string condition, string advice)
    {
        var declared = $$"""{"name":"{{Provider[2..]}}","oidc":{"issuerUri":"https://accounts.google.com","allowedAudiences":["{{audience}}"]},"attributeMapping":{"google.subject":"assertion.sub"},"attributeCondition":"{{condition}}"}""".Replace("iam.googleapis.com/", "", StringComparison.Ordinal);
        using var host = new FederationHost(("PoolProviders:mine:Json", declared));
        host.Network.Answer("""{"error":"unauthorized_client","error_description":"The given credential is rejected by the attribute condition."}""", System.Net.HttpStatusCode.BadRequest);

        var story = await RunAsync(host, [Activity("Google.ExchangeIdToken", "exchange", ("subjectToken", Credentials.IdToken()), ("provider", Provider))]);

        story.ShouldFault("exchange").ShouldStartWith($"Google's security token service refused token exchange: unauthorized_client (HTTP 400): The given credential is rejected by the attribute condition. {advice}");
    }

    [Fact]
    public async Task Who_signed_a_request_is_not_guessed_and_what_the_provider_asks_for_is_told()
    {
        var declared = $$"""{"name":"{{Provider["//iam.googleapis.com/".Length..]}}","aws":{"accountId":"123456789012"},"attributeCondition":"attribute.aws_role == 'arn:aws:sts::123456789012:assumed-role/other'"}""";
        using var host = new FederationHost(("PoolProviders:mine:Json", declared));
        host.Network.OnRequest = (sent, _) => Task.FromResult(sent.Url.Contains("sts.googleapis.com", StringComparison.Ordinal)
            ? RecordingHandler.Make("""{"error":"unauthorized_client","error_description":"The given credential is rejected by the attribute condition."}""", System.Net.HttpStatusCode.BadRequest)
            : Clouds(sent));

        var story = await RunAsync(host, Chain, "credentials", "proof", "token", "expires");

        story.ShouldFault("exchange").ShouldEndWith(
            " The provider as it is declared here asks for AWS account '123456789012' and attribute.aws_role == 'arn:aws:sts::123456789012:assumed-role/other' true.");
    }

    [Fact]
    public void What_an_exchange_cannot_work_without_is_reported_before_a_run() =>
        Compile(host, [Activity("Google.ExchangeAwsToken", "a"), Activity("Google.ExchangeIdToken", "b"), Activity("Aws.SignCallerIdentity", "c")])
            .Problems.Where(problem => problem.Code == "missing-required-input").Select(problem => problem.Path[(problem.Path.IndexOf('[', StringComparison.Ordinal) + 1)..]).ShouldBe(
                ["0].subjectToken", "0].provider", "1].subjectToken", "1].provider", "2].credentials", "2].provider"], ignoreOrder: true);

    private static HttpResponseMessage Clouds(RecordingHandler.Sent sent) => sent.Url switch
    {
        var url when url.Contains("amazonaws", StringComparison.Ordinal) => RecordingHandler.Make(
            """
            <AssumeRoleWithWebIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><AssumeRoleWithWebIdentityResult>
            <AssumedRoleUser><Arn>arn:aws:sts::123456789012:assumed-role/reader/s</Arn><AssumedRoleId>AROAEXAMPLE:s</AssumedRoleId></AssumedRoleUser>
            <Credentials><AccessKeyId>ASIAEXAMPLE0000001</AccessKeyId><SecretAccessKey>CANARYsecret</SecretAccessKey><SessionToken>CANARYsession</SessionToken><Expiration>2031-04-05T06:22:08Z</Expiration></Credentials>
            </AssumeRoleWithWebIdentityResult></AssumeRoleWithWebIdentityResponse>
            """,
            contentType: "text/xml"),
        var url when url.EndsWith(":generateAccessToken", StringComparison.Ordinal) => RecordingHandler.Make("""{"accessToken":"ya29.CANARYaccount","expireTime":"2031-04-05T06:17:08Z"}"""),
        _ => RecordingHandler.Make("""{"access_token":"ya29.d.CANARYfederated","issued_token_type":"urn:ietf:params:oauth:token-type:access_token","token_type":"Bearer","expires_in":3599}"""),
    };
}
