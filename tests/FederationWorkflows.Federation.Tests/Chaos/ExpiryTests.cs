using System.Text.Json.Nodes;
using FederationWorkflows.CloudLab;
using FederationWorkflows.CloudLab.Google;
using FederationWorkflows.Engine;
using FederationWorkflows.Federation.Aws;
using FederationWorkflows.Federation.Broker;
using FederationWorkflows.Federation.Connections;
using FederationWorkflows.Federation.Tests.Clients;
using Microsoft.Extensions.DependencyInjection;
using static FederationWorkflows.Federation.Tests.Clients.StoryRun;

namespace FederationWorkflows.Federation.Tests.Chaos;

/// <summary>
/// Tokens that end between being got and being used, by the cloud's clock or because somebody revoked them. One that is kept for a connection is replaced once, and the story
/// finishes; any other ends it with the reason.
/// </summary>
public sealed class ExpiryTests(ChaosLab lab) : IClassFixture<ChaosLab>, IDisposable
{
    private const string Bucket = "security-lab-incident-evidence";
    private const string Evidence = "arn:aws:iam::111122223333:role/evidence-collector";

    private static readonly (string Key, string? Value)[] More =
    [
        ("Connections:evidence:Kind", "awsRole"), ("Connections:evidence:RoleArn", Evidence), ("Connections:evidence:Source", "machine"), ("Connections:evidence:Audience", ChaosLab.ResponderAudience),
        ("Connections:evidence:ServiceAccount", DefaultGoogleWorld.AwsFederation), ("Connections:evidence:Stories:0", "story"),
        ("Connections:incident:Kind", "awsRole"), ("Connections:incident:RoleArn", ChaosLab.Responder), ("Connections:incident:Source", "machine"), ("Connections:incident:Audience", ChaosLab.ResponderAudience),
        ("Connections:incident:ServiceAccount", DefaultGoogleWorld.AwsFederation), ("Connections:incident:Stories:0", "story"),
    ];

    private static readonly Dictionary<string, Func<JsonObject>> AwsCalls = new()
    {
        ["ListBuckets"] = static () => Use("Aws.ListBuckets"),
        ["ListObjectsV2"] = static () => Use("Aws.ListObjects", ("bucket", Bucket)),
        ["PutObject"] = static () => Use("Aws.PutObject", ("bucket", Bucket), ("key", "expiry/put"), ("content", "c"), ("condition", "Always")),
        ["GetObject"] = static () => Use("Aws.GetObject", ("bucket", Bucket), ("key", "INC-2041/indicators.csv")),
        ["CopyObject"] = static () => Use("Aws.CopyObject", ("bucket", Bucket), ("key", "expiry/copy"), ("sourceKey", "INC-2041/indicators.csv"), ("condition", "Always")),
        ["DeleteObject"] = static () => Use("Aws.DeleteObject", ("bucket", Bucket), ("key", "expiry/none")),
        ["GetCallerIdentity"] = static () => Use("Aws.GetCallerIdentity"),
        ["GetCallerIdentity by Aws.Request"] = static () => Use("Aws.Request", ("service", "sts"), ("action", "GetCallerIdentity"), ("apiVersion", "2011-06-15")),
        ["AssumeRole"] = static () => Use("Aws.AssumeRole", ("roleArn", "arn:aws:iam::444455556666:role/forensics-reader"), ("externalId", "federation-workflows")),
    };

    private readonly ManualTime time = new(DateTimeOffset.UtcNow);

    public static TheoryData<string> Calls => [.. AwsCalls.Keys];

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose()
    {
        lab.Server.Clock.Skew = TimeSpan.Zero;
        lab.Server.Faults.Clear();
    }

    [Theory(Timeout = 60_000)]
    [MemberData(nameof(Calls))]
    public async Task A_session_that_has_ended_in_AWS_is_replaced_and_the_call_made_again(string call)
    {
        using var host = lab.Host(time, null, More);
        lab.Server.Clock.Skew = TimeSpan.FromMinutes(-14);
        (await RunAsync(host, [Get(call)], "credentials")).ShouldFinish();
        lab.Server.Clock.Skew = TimeSpan.FromMinutes(2);
        var before = Seen();

        var story = (await RunAsync(host, [Get(call), AwsCalls[call]()], "credentials")).ShouldFinish();

        var events = Since(before);
        events.Where(static entry => entry.Error == "ExpiredToken").ShouldHaveSingleItem();
        events.Count(static entry => entry.Name == "AssumeRoleWithWebIdentity").ShouldBe(1);
        events[^1].Error.ShouldBeNull();
        story.Journal.ToString().ShouldMatch("refused what the story holds: (ExpiredToken|BadRequest). Its connection gave another one.");
    }

    [Fact(Timeout = 60_000)]
    public async Task An_identity_token_that_has_ended_at_STS_is_replaced()
    {
        using var host = lab.Host(time, null, More);
        lab.Server.Clock.Skew = TimeSpan.FromMinutes(-50);
        (await RunAsync(host, [Identity()], "token")).ShouldFinish();
        lab.Server.Clock.Skew = TimeSpan.FromMinutes(11);
        var before = Seen();

        (await RunAsync(host, [Identity(), Activity("Aws.AssumeRoleWithWebIdentity", "use", ("roleArn", ChaosLab.InstanceReader), ("webIdentityToken", "$token"))], "token")).ShouldFinish();

        Since(before).ShouldBe([("AssumeRoleWithWebIdentity", "ExpiredTokenException"), ("GetIdentityToken", null), ("AssumeRoleWithWebIdentity", null)]);
    }

    [Fact(Timeout = 60_000)]
    public async Task An_identity_token_that_a_connection_kept_for_its_role_is_replaced()
    {
        using var host = lab.Host(time, null, More);
        lab.Server.Clock.Skew = TimeSpan.FromMinutes(-50);
        (await RunAsync(host, [Activity("Aws.GetCredentials", "get", ("connection", "roundtrip"), ("durationSeconds", 900))])).ShouldFinish();
        lab.Server.Clock.Skew = TimeSpan.FromMinutes(11);
        var before = Seen();

        (await RunAsync(host, [Activity("Aws.GetCredentials", "get", ("connection", "roundtrip"), ("durationSeconds", 1800))])).ShouldFinish();

        Since(before).ShouldBe([("AssumeRoleWithWebIdentity", "ExpiredTokenException"), ("GetIdentityToken", null), ("AssumeRoleWithWebIdentity", null)]);
    }

    [Theory(Timeout = 60_000)]
    [InlineData("Google.MintIdToken", "GenerateIdToken")]
    [InlineData("Google.ImpersonateServiceAccount", "GenerateAccessToken")]
    public async Task An_access_token_that_has_ended_at_Google_is_replaced(string type, string operation)
    {
        using var host = lab.Host(time, null, More);
        lab.Server.Clock.Skew = TimeSpan.FromMinutes(-55);
        (await RunAsync(host, [Access("machine")], "access")).ShouldFinish();
        lab.Server.Clock.Skew = TimeSpan.FromMinutes(6);
        var before = Seen();
        (string Name, JsonNode? Value)[] audience = type == "Google.MintIdToken" ? [("audience", ChaosLab.ResponderAudience)] : [];

        (await RunAsync(host, [Access("machine"), Activity(type, "use", [("sourceToken", "$access"), ("serviceAccount", DefaultGoogleWorld.AwsFederation), .. audience])], "access")).ShouldFinish();

        Since(before).ShouldBe([(operation, "UNAUTHENTICATED"), ("GetAccessToken", null), (operation, null)]);
    }

    [Fact(Timeout = 60_000)]
    public async Task An_access_token_that_a_connection_kept_to_impersonate_is_replaced()
    {
        using var host = lab.Host(time, null, More);
        lab.Server.Clock.Skew = TimeSpan.FromMinutes(-55);
        (await RunAsync(host, [Access("machine")], "access")).ShouldFinish();
        lab.Server.Clock.Skew = TimeSpan.FromMinutes(6);
        var before = Seen();

        (await RunAsync(host, [Activity("Aws.GetCredentials", "get", ("connection", "evidence"))])).ShouldFinish();

        Since(before).ShouldBe([("GenerateIdToken", "UNAUTHENTICATED"), ("GetAccessToken", null), ("GenerateIdToken", null), ("AssumeRoleWithWebIdentity", null)]);
    }

    [Fact(Timeout = 60_000)]
    public async Task From_AWS_to_Google_a_token_that_was_revoked_is_replaced()
    {
        using var host = lab.Host(time, null, More);
        (await RunAsync(host, [Access("pool")], "access")).ShouldFinish();
        lab.Server.Faults.Add(new LabFault { Service = "storage.googleapis.com", Status = 401, Code = "UNAUTHENTICATED", Message = "Request had invalid authentication credentials." });
        var before = Seen();

        (await RunAsync(host, [Access("pool"), GoogleBuckets()], "access")).ShouldFinish();

        Since(before).Select(static entry => entry.Name).ShouldBe(["b", "GetCallerIdentity", "ExchangeToken", "generateAccessToken", "storage.buckets.list"], Case.Insensitive);
    }

    [Theory(Timeout = 60_000)]
    [InlineData("ExpiredToken", "The security token included in the request is expired")]
    [InlineData("InvalidClientTokenId", "The security token included in the request is invalid.")]
    public async Task From_AWS_to_Google_credentials_that_have_ended_are_looked_for_anew(string code, string message)
    {
        using var host = lab.Host(time, null, More);
        (await RunAsync(host, [Activity("Aws.GetCredentials", "get", ("connection", "workload"))])).ShouldFinish();
        lab.Server.Faults.Add(new LabFault { Service = "sts.amazonaws.com", Action = "GetCallerIdentity", Status = 403, Code = code, Message = message });
        var before = Seen();

        (await RunAsync(host, [Access("pool")], "access")).ShouldFinish();

        var events = Since(before);
        events.Count(static entry => entry.Name == "GetCallerIdentity").ShouldBe(2);
        events[0].Error.ShouldBe(code);
    }

    [Fact(Timeout = 60_000)]
    public async Task What_AWS_goes_on_refusing_is_replaced_once_a_minute_and_the_story_ends_with_the_reason()
    {
        using var host = lab.Host(time, null, More);
        lab.Server.Faults.Add(new LabFault { Service = "s3.amazonaws.com", Status = 400, Code = "ExpiredToken", Message = "The provided token has expired.", Count = 1_000 });
        var before = Seen();

        for (var run = 0; run < 3; run++)
        {
            (await RunAsync(host, [Get("ListBuckets"), AwsCalls["ListBuckets"]()], "credentials")).ShouldFault("use").ShouldBe(
                "Amazon S3 refused s3:ListBuckets: ExpiredToken (HTTP 400): The provided token has expired. The credentials have expired: assume the role again.");
        }

        Exchanges().ShouldBe(2, "the first one, and one in its place");
        time.Advance(TokenCache.ReplacementCounts);
        (await RunAsync(host, [Get("ListBuckets"), AwsCalls["ListBuckets"]()], "credentials")).ShouldFault("use");
        Exchanges().ShouldBe(3);

        int Exchanges() => Since(before).Count(static entry => entry.Name == "AssumeRoleWithWebIdentity");
    }

    [Fact(Timeout = 60_000)]
    public async Task What_no_connection_gave_ends_the_story_with_the_reason()
    {
        using var host = lab.Host(time, null, More);
        JsonObject[] story =
        [
            Identity(), Activity("Aws.AssumeRoleWithWebIdentity", "assume", ("roleArn", ChaosLab.InstanceReader), ("webIdentityToken", "$token"), ("durationSeconds", 900), ("result", ">credentials")),
            Activity("Aws.GetCallerIdentity", "use", ("credentials", "$credentials")),
        ];
        lab.Server.Faults.Add(new LabFault { Action = "GetCallerIdentity", Status = 403, Code = "ExpiredToken", Message = "The security token included in the request is expired" });

        (await RunAsync(host, story, "token", "credentials")).ShouldFault("use").ShouldBe(
            "AWS STS refused sts:GetCallerIdentity: ExpiredToken (HTTP 403): The security token included in the request is expired. The credentials have expired: assume the role again.");
    }

    [Fact(Timeout = 60_000)]
    public async Task An_ID_token_that_a_story_minted_itself_ends_it_with_the_reason()
    {
        using var host = lab.Host(time, null, More);
        JsonObject[] story =
        [
            Access("runner"), Activity("Google.MintIdToken", "mint", ("sourceToken", "$access"), ("serviceAccount", DefaultGoogleWorld.AwsFederation), ("audience", ChaosLab.ResponderAudience), ("result", ">token")),
            Activity("Aws.AssumeRoleWithWebIdentity", "use", ("roleArn", ChaosLab.Responder), ("webIdentityToken", "$token")),
        ];
        lab.Server.Faults.Add(new LabFault { Action = "AssumeRoleWithWebIdentity", Status = 400, Code = "ExpiredTokenException", Message = "Token expired: current date/time 2 must be before the expiration date/time 1" });
        var before = Seen();

        (await RunAsync(host, story, "access", "token")).ShouldFault("use").ShouldStartWith(
            "AWS STS refused sts:AssumeRoleWithWebIdentity: ExpiredTokenException (HTTP 400): Token expired: current date/time 2 must be before the expiration date/time 1. "
            + "The ID token is expired: mint a new one just before this call. For its conditions accounts.google.com:aud is '112233445566778899001'");
        Since(before).Count(static entry => entry.Name == "AssumeRoleWithWebIdentity").ShouldBe(1);
    }

    [Fact(Timeout = 60_000)]
    public async Task Who_may_not_use_the_connection_gets_no_other_token_of_it()
    {
        using var host = lab.Host(time, null, More);
        var broker = host.Services.GetRequiredService<TokenBroker>();
        var story = ConnectionUser.OfRun("story", "run");
        var mark = TokenMark.Of(await broker.GetAwsCredentialsAsync("evidence", default, story, Cancel));

        (await broker.ReplaceAsync(mark, ConnectionUser.OfRun("other", "run"), Cancel)).ShouldBeNull();
        (await broker.ReplaceAsync(mark, ConnectionUser.OfRun("story", "run", ["author"]), Cancel)).ShouldBeNull();
        (await broker.ReplaceAsync(TokenMark.Of(Sensitive.Of("another")), story, Cancel)).ShouldBeNull();

        (await broker.ReplaceAsync(mark, story, Cancel)).ShouldBeOfType<AwsCredentials>().AccessKeyId.ShouldNotBe(mark);
    }

    private static JsonObject Use(string type, params (string Name, JsonNode? Value)[] properties) => Activity(type, "use", [("credentials", "$credentials"), .. properties]);

    /// <summary>A session of 15 minutes.</summary>
    private static JsonObject Get(string call) =>
        Activity("Aws.GetCredentials", "get", ("connection", call == "AssumeRole" ? "incident" : "evidence"), ("durationSeconds", 900), ("result", ">credentials"));

    private static JsonObject Identity() => Activity("Google.GetMetadataIdentityToken", "identity", ("connection", "machine"), ("audience", ChaosLab.InstanceAudience), ("result", ">token"));

    private static JsonObject Access(string connection) => Activity("Google.GetAccessToken", "access", ("connection", connection), ("result", ">access"));

    private static JsonObject GoogleBuckets() =>
        Activity("Google.Request", "use", ("token", "$access"), ("service", "storage"), ("path", "/storage/v1/b"), ("query", new JsonObject { ["project"] = DefaultGoogleWorld.ProjectId }));

    private int Seen() => lab.Server.Events.Snapshot().Count;

    private List<(string Name, string? Error)> Since(int before) => [.. lab.Server.Events.Snapshot().Skip(before).Select(static entry => (entry.EventName, entry.ErrorCode))];
}
