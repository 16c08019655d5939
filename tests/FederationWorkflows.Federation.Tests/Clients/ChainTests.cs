using System.Text.Json;
using System.Text.Json.Nodes;
using FederationWorkflows.Engine;
using FederationWorkflows.Federation.Aws;
using static FederationWorkflows.Federation.Tests.Clients.StoryRun;

namespace FederationWorkflows.Federation.Tests.Clients;

/// <summary>The activities as a story has them: from a connection to the buckets, over saved and reloaded runs.</summary>
public sealed class ChainTests : IDisposable
{
    private const string Target = "aws-reader@ops-1.iam.gserviceaccount.com";

    private static readonly JsonObject[] Chain =
    [
        Activity("Google.GetAccessToken", "source", ("connection", "ops"), ("result", ">access"), ("principal", ">principal"), ("grantedScopes", ">scopes"), ("expiresAt", ">sourceExpires")),
        Activity(
            "Google.ImpersonateServiceAccount", "impersonate", ("sourceToken", "$access"), ("serviceAccount", Target), ("delegates", new JsonArray("hop@ops-1.iam.gserviceaccount.com")),
            ("scopes", new JsonArray("https://www.googleapis.com/auth/iam", "openid")), ("lifetime", "00:10:00"), ("result", ">impersonated")),
        Activity("Google.MintIdToken", "mint", ("serviceAccount", Target), ("sourceToken", "$impersonated"), ("audience", "aws-prod"), ("useEmailAzp", true), ("result", ">idToken")),
        Activity("Google.DecodeIdToken", "decode", ("token", "$idToken"), ("result", ">claims"), ("subject", ">subject"), ("audience", ">audience"), ("expiresAt", ">expires")),
        Activity(
            "Aws.AssumeRoleWithWebIdentity", "assume", ("roleArn", "arn:aws:iam::123456789012:role/reader"), ("webIdentityToken", "$idToken"), ("durationSeconds", 900), ("region", "eu-central-1"),
            ("result", ">credentials"), ("assumedRoleArn", ">session")),
        Activity("Aws.GetCallerIdentity", "identity", ("credentials", "$credentials"), ("result", ">caller")),
        Activity("Aws.ListBuckets", "list", ("credentials", "$credentials"), ("region", "eu-central-1"), ("result", ">buckets"), ("isTruncated", ">truncated")),
    ];

    private static readonly string[] Variables =
    [
        "access", "principal", "scopes", "sourceExpires", "impersonated:Secret", "idToken", "claims", "subject:String", "audience", "expires", "credentials", "session", "caller", "buckets", "truncated",
    ];

    private readonly FederationHost host = new(("Connections:ops:Kind", "serviceAccountKey"), ("Connections:ops:Json", Credentials.KeyJson), ("Connections:ops:Stories:0", "story"));

    public void Dispose() => host.Dispose();

    [Fact]
    public async Task A_story_goes_from_a_connection_to_the_buckets_and_saves_no_secret_in_clear()
    {
        var idToken = Credentials.IdToken();
        host.Network.OnRequest = (sent, _) => Task.FromResult(Clouds(sent, idToken));

        var story = (await RunAsync(host, Chain, Variables)).ShouldFinish();

        host.Network.Requests.Select(sent => sent.Url.Replace("%40", "@", StringComparison.Ordinal)).ShouldBe(
        [
            "https://oauth2.googleapis.com/token",
            $"https://iamcredentials.googleapis.com/v1/projects/-/serviceAccounts/{Target}:generateAccessToken",
            $"https://iamcredentials.googleapis.com/v1/projects/-/serviceAccounts/{Target}:generateIdToken",
            "https://sts.eu-central-1.amazonaws.com/",
            "https://sts.us-east-1.amazonaws.com/",
            "https://s3.eu-central-1.amazonaws.com/?max-buckets=1000",
        ]);
        host.Network.Requests[1].Headers["Authorization"].ShouldBe("Bearer ya29.CANARYsource");
        host.Network.Requests[1].Body.ShouldBe(
            """{"delegates":["projects/-/serviceAccounts/hop@ops-1.iam.gserviceaccount.com"],"scope":["https://www.googleapis.com/auth/iam","openid"],"lifetime":"600s"}""");
        host.Network.Requests[2].Headers["Authorization"].ShouldBe("Bearer ya29.CANARYtarget");
        host.Network.Requests[2].Body.ShouldBe("""{"delegates":[],"audience":"aws-prod","includeEmail":true,"useEmailAzp":true}""");
        host.Network.Requests[3].Form["WebIdentityToken"].ShouldBe(idToken);
        host.Network.Requests[3].Form["DurationSeconds"].ShouldBe("900");
        host.Network.Requests[3].Form["RoleSessionName"].ShouldBe("112233445566778899001");
        host.Network.Requests[5].Headers["X-Amz-Security-Token"].ShouldBe("CANARYsession");

        story["principal"].ShouldBe(Credentials.Email);
        story["scopes"].ShouldBeOfType<string[]>().ShouldBe([Credentials.CloudPlatform]);
        story["sourceExpires"].ShouldBe(FederationHost.Start.AddSeconds(3599));
        story["claims"].ShouldBeOfType<JsonElement>().GetProperty("azp").GetString().ShouldBe("112233445566778899001");
        story["subject"].ShouldBe("112233445566778899001");
        story["audience"].ShouldBeOfType<string[]>().ShouldBe(["aws-prod"]);
        story["expires"].ShouldBe(FederationHost.Start.AddHours(1));
        story["session"].ShouldBe("arn:aws:sts::123456789012:assumed-role/reader/s");
        story["caller"].ShouldBe(new CallerIdentity("123456789012", "arn:aws:sts::123456789012:assumed-role/reader/s", "AROAEXAMPLE:s"));
        story["buckets"].ShouldBeOfType<Bucket[]>().ShouldBe([new Bucket("logs", new DateTimeOffset(2020, 1, 2, 3, 4, 5, TimeSpan.Zero), "eu-west-1")]);
        story["truncated"].ShouldBe(false);
        story["credentials"].ShouldBeOfType<AwsCredentials>().SessionToken!.Reveal().ShouldBe("CANARYsession");

        story.Saved.ToString().ShouldContain("ASIAEXAMPLE0000001");
        story.Journal.ToString().ShouldContain("***");
        foreach (var everything in new[] { story.Saved.ToString(), story.Journal.ToString(), string.Join('\n', host.Log) })
        {
            everything.ShouldNotContain("CANARY", Case.Sensitive);
            everything.ShouldNotContain(idToken.Split('.')[1], Case.Sensitive);
        }
    }

    [Fact]
    public async Task A_refusal_becomes_an_incident_in_the_words_of_the_cloud()
    {
        host.Network.OnRequest = (sent, _) => Task.FromResult(sent.Url.Contains("sts.", StringComparison.Ordinal)
            ? RecordingHandler.Make(
                "<ErrorResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\"><Error><Code>AccessDenied</Code><Message>Not authorized to perform sts:AssumeRoleWithWebIdentity</Message></Error></ErrorResponse>",
                System.Net.HttpStatusCode.Forbidden,
                "text/xml")
            : Clouds(sent, Credentials.IdToken()));

        var story = await RunAsync(host, Chain, Variables);

        story.ShouldFault("assume").ShouldStartWith(
            "AWS STS refused sts:AssumeRoleWithWebIdentity: AccessDenied (HTTP 403): Not authorized to perform sts:AssumeRoleWithWebIdentity. "
            + "The role arn:aws:iam::123456789012:role/reader does not exist, or its trust policy does not allow this token");
        story.Journal.ToString().ShouldNotContain("CANARY");
    }

    [Fact]
    public async Task A_connections_own_identity_mints_without_a_service_account()
    {
        host.Network.Answer($$"""{"id_token":"{{Credentials.IdToken()}}"}""");

        var story = await RunAsync(host, [Activity("Google.MintIdToken", "mint", ("connection", "ops"), ("audience", "aws-prod"), ("result", ">token"))], "token");

        story.ShouldFinish()["token"].ShouldBeOfType<Sensitive<string>>().Reveal().ShouldBe(Credentials.IdToken());
        host.Network.Only.Form.Keys.ShouldContain("assertion");
    }

    public static TheoryData<string[], string> WrongCombinations => new()
    {
        { [], "neither a connection nor a service account is given" },
        { ["connection", "serviceAccount"], "a connection is given together with a service account or a source token" },
        { ["connection", "sourceToken"], "a connection is given together with a service account or a source token" },
        { ["connection", "serviceAccount", "sourceToken"], "a connection is given together with a service account or a source token" },
        { ["serviceAccount"], "the service account has no source token" },
        { ["sourceToken"], "the source token has no service account" },
    };

    [Theory]
    [MemberData(nameof(WrongCombinations))]
    public async Task Minting_says_which_of_its_two_ways_is_incomplete(string[] given, string detail)
    {
        var inputs = given.Select(name => (name, (JsonNode?)(name == "serviceAccount" ? Target : name == "connection" ? "ops" : "ya29.CANARY")));

        var story = await RunAsync(host, [Activity("Google.MintIdToken", "mint", [("audience", "aws-prod"), .. inputs])]);

        story.ShouldFault("mint").ShouldBe($"Google.MintIdToken: {detail}. Give either serviceAccount and sourceToken, or connection alone to mint for its own identity.");
        host.Network.Requests.ShouldBeEmpty();
    }

    [Theory]
    [InlineData("Aws.GetCallerIdentity")]
    [InlineData("Aws.ListBuckets")]
    public async Task Credentials_that_no_activity_made_are_asked_for(string type)
    {
        var story = await RunAsync(host, [Activity(type, "call", ("credentials", "$nothing"))], "nothing");

        story.ShouldFault("call").ShouldBe($"{type}: no credentials are given. Give the result of an activity that assumes a role, e.g. through a variable of type Object.");
    }

    [Fact]
    public void What_an_activity_cannot_work_without_is_reported_before_a_run()
    {
        var result = Compile(
            host,
            [
                Activity("Google.GetAccessToken", "a"), Activity("Google.ImpersonateServiceAccount", "b"), Activity("Google.MintIdToken", "c"), Activity("Google.DecodeIdToken", "d"),
                Activity("Aws.AssumeRoleWithWebIdentity", "e"), Activity("Aws.GetCallerIdentity", "f"), Activity("Aws.ListBuckets", "g"),
            ]);

        result.Problems.Where(problem => problem.Code == "missing-required-input").Select(problem => problem.Path[(problem.Path.IndexOf('[', StringComparison.Ordinal) + 1)..]).ShouldBe(
            [
                "0].connection", "1].sourceToken", "1].serviceAccount", "2].audience", "3].token", "4].roleArn", "4].webIdentityToken", "5].credentials", "6].credentials",
            ],
            ignoreOrder: true);
    }

    private static HttpResponseMessage Clouds(RecordingHandler.Sent sent, string idToken) => sent switch
    {
        { Url: "https://oauth2.googleapis.com/token" } => RecordingHandler.Make("""{"access_token":"ya29.CANARYsource","expires_in":3599,"token_type":"Bearer"}"""),
        { Url: var url } when url.EndsWith(":generateAccessToken", StringComparison.Ordinal) => RecordingHandler.Make("""{"accessToken":"ya29.CANARYtarget","expireTime":"2031-04-05T06:17:08Z"}"""),
        { Url: var url } when url.EndsWith(":generateIdToken", StringComparison.Ordinal) => RecordingHandler.Make($$"""{"token":"{{idToken}}"}"""),
        { Body: var body } when body.Contains("AssumeRoleWithWebIdentity", StringComparison.Ordinal) => RecordingHandler.Make(
            """
            <AssumeRoleWithWebIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><AssumeRoleWithWebIdentityResult>
            <AssumedRoleUser><Arn>arn:aws:sts::123456789012:assumed-role/reader/s</Arn><AssumedRoleId>AROAEXAMPLE:s</AssumedRoleId></AssumedRoleUser>
            <Credentials><AccessKeyId>ASIAEXAMPLE0000001</AccessKeyId><SecretAccessKey>CANARYsecret</SecretAccessKey><SessionToken>CANARYsession</SessionToken><Expiration>2031-04-05T06:22:08Z</Expiration></Credentials>
            </AssumeRoleWithWebIdentityResult></AssumeRoleWithWebIdentityResponse>
            """,
            contentType: "text/xml"),
        { Body: var body } when body.Contains("GetCallerIdentity", StringComparison.Ordinal) => RecordingHandler.Make(
            """
            <GetCallerIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><GetCallerIdentityResult>
            <Arn>arn:aws:sts::123456789012:assumed-role/reader/s</Arn><UserId>AROAEXAMPLE:s</UserId><Account>123456789012</Account></GetCallerIdentityResult></GetCallerIdentityResponse>
            """,
            contentType: "text/xml"),
        _ => RecordingHandler.Make(
            """
            <ListAllMyBucketsResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Owner><ID>o</ID></Owner><Buckets>
            <Bucket><Name>logs</Name><CreationDate>2020-01-02T03:04:05.000Z</CreationDate><BucketRegion>eu-west-1</BucketRegion></Bucket></Buckets></ListAllMyBucketsResult>
            """,
            contentType: "application/xml"),
    };
}
