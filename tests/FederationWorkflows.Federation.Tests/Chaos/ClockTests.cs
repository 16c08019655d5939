using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using FederationWorkflows.CloudLab.Google;
using FederationWorkflows.Federation.Tests.Clients;
using static FederationWorkflows.Federation.Tests.Clients.StoryRun;

namespace FederationWorkflows.Federation.Tests.Chaos;

/// <summary>A clock that is an hour off, either way: the story ends at once, and says that it is the clock, and by how much.</summary>
public sealed partial class ClockTests(ChaosLab lab) : IClassFixture<ChaosLab>, IDisposable
{
    /// <summary>And a minute: exactly an hour is what an assertion lives.</summary>
    private static readonly TimeSpan Hour = TimeSpan.FromMinutes(61);

    private readonly ManualTime time = new(DateTimeOffset.UtcNow);

    private readonly string folder = Directory.CreateTempSubdirectory("clocks-").FullName;

    /// <summary>A story, the step that ends it, and what that says with the clocks as minutes between them.</summary>
    private static readonly Dictionary<string, (Func<JsonObject[]> Story, string Activity, string Slow, string Fast)> Stories = new()
    {
        ["a key's assertion"] = (
            static () => [Flow.Step("Google.GetAccessToken", "access", ("connection", "runner"))],
            "access",
            "Google's OAuth token endpoint refused jwt-bearer grant: invalid_grant (HTTP 400): Invalid JWT: Token must be a short-lived token (60 minutes) and in a reasonable timeframe. Check your iat and exp values in the JWT claim. {clock of Google's OAuth token endpoint}: synchronize it (Google allows a few minutes).",
            "Google's OAuth token endpoint refused jwt-bearer grant: invalid_grant (HTTP 400): Invalid JWT: Token must be a short-lived token (60 minutes) and in a reasonable timeframe. Check your iat and exp values in the JWT claim. {clock of Google's OAuth token endpoint}: synchronize it (Google allows a few minutes)."),
        ["a signed call to STS"] = (
            static () => [.. Instance(), Flow.Step("Aws.GetCallerIdentity", "use", ("credentials", "$credentials"))],
            "use",
            "AWS STS refused sts:GetCallerIdentity: SignatureDoesNotMatch (HTTP 403): Signature expired: {} is now earlier than {} ({} - 15 min.). {clock of AWS STS}: synchronize it (AWS allows 15 minutes at S3, 5 elsewhere).",
            "AWS STS refused sts:GetCallerIdentity: SignatureDoesNotMatch (HTTP 403): Signature not yet current: {} is still later than {} ({} + 15 min.). {clock of AWS STS}: synchronize it (AWS allows 15 minutes at S3, 5 elsewhere)."),
        ["a call to S3"] = (
            static () => [.. Instance(), Flow.Step("Aws.ListBuckets", "use", ("credentials", "$credentials"))],
            "use",
            "Amazon S3 refused s3:ListBuckets: RequestTimeTooSkewed (HTTP 403): The difference between the request time and the current time is too large. {clock of Amazon S3}: synchronize it (AWS allows 15 minutes at S3, 5 elsewhere).",
            "Amazon S3 refused s3:ListBuckets: RequestTimeTooSkewed (HTTP 403): The difference between the request time and the current time is too large. {clock of Amazon S3}: synchronize it (AWS allows 15 minutes at S3, 5 elsewhere)."),
        ["an object of S3"] = (
            static () => [.. Instance(), Flow.Step("Aws.PutObject", "use", ("credentials", "$credentials"), ("bucket", "security-lab-incident-evidence"), ("key", "k"), ("content", "c"))],
            "use",
            "Amazon S3 refused s3:PutObject: RequestTimeTooSkewed (HTTP 403): The difference between the request time and the current time is too large. {clock of Amazon S3}: synchronize it (AWS allows 15 minutes at S3, 5 elsewhere).",
            "Amazon S3 refused s3:PutObject: RequestTimeTooSkewed (HTTP 403): The difference between the request time and the current time is too large. {clock of Amazon S3}: synchronize it (AWS allows 15 minutes at S3, 5 elsewhere)."),
        ["any API of AWS"] = (
            static () => [.. Instance(), Flow.Step("Aws.Request", "use", ("credentials", "$credentials"), ("service", "iam"), ("action", "ListRoles"), ("apiVersion", "2010-05-08"))],
            "use",
            "AWS iam refused iam:ListRoles: SignatureDoesNotMatch (HTTP 403): Signature expired: {} is now earlier than {} ({} - 15 min.). {clock of AWS iam}: synchronize it (AWS allows 15 minutes at S3, 5 elsewhere).",
            "AWS iam refused iam:ListRoles: SignatureDoesNotMatch (HTTP 403): Signature not yet current: {} is still later than {} ({} + 15 min.). {clock of AWS iam}: synchronize it (AWS allows 15 minutes at S3, 5 elsewhere)."),
        ["a token of the cluster"] = (
            static () =>
            [
                Flow.Step("Kubernetes.GetServiceAccountToken", "project", ("connection", "cluster"), ("result", ">token")),
                Flow.Step("Aws.AssumeRoleWithWebIdentity", "use", ("roleArn", ChaosLab.Collector), ("webIdentityToken", "$token")),
            ],
            "use",
            "AWS STS refused sts:AssumeRoleWithWebIdentity: ExpiredTokenException (HTTP 400): Token expired: current date/time {} must be before the expiration date/time {}. The ID token is expired: mint a new one just before this call. {what it claims} {clock of AWS STS}: synchronize it.",
            "AWS STS refused sts:AssumeRoleWithWebIdentity: InvalidIdentityToken (HTTP 400): The token is not valid before {}; it is {}. STS could not verify the token: check that it is an unchanged ID token (not an access token) and that its issuer publishes its keys. {what it claims} {clock of AWS STS}: synchronize it."),
        ["a proof for Google"] = (
            static () =>
            [
                Flow.Step("Aws.GetCredentials", "get", ("connection", "workload"), ("result", ">credentials")),
                Flow.Step("Aws.SignCallerIdentity", "sign", ("credentials", "$credentials"), ("provider", DefaultGoogleWorld.WorkloadProvider), ("result", ">proof")),
                Flow.Step("Google.ExchangeAwsToken", "use", ("subjectToken", "$proof"), ("provider", DefaultGoogleWorld.WorkloadProvider), ("serviceAccount", DefaultGoogleWorld.FromAws)),
            ],
            "use",
            "{Google repeats AWS}Signature expired: {} is now earlier than {} ({} - 15 min.){and what was signed} {clock of Google's security token service}: synchronize it.",
            "{Google repeats AWS}Signature not yet current: {} is still later than {} ({} + 15 min.){and what was signed} {clock of Google's security token service}: synchronize it."),
        ["a connection to Google"] = (
            static () => [Flow.Step("Google.GetAccessToken", "use", ("connection", "pool"))],
            "use",
            "{Google repeats AWS}Signature expired: {} is now earlier than {} ({} - 15 min.){and what was signed} {clock of Google's security token service}: synchronize it.",
            "{Google repeats AWS}Signature not yet current: {} is still later than {} ({} + 15 min.){and what was signed} {clock of Google's security token service}: synchronize it."),
    };

    public static MatrixTheoryData<string, bool> Cases => new(Stories.Keys, [true, false]);

    public void Dispose()
    {
        lab.Server.Clock.Skew = TimeSpan.Zero;
        Directory.Delete(folder, recursive: true);
    }

    [Theory(Timeout = 60_000)]
    [MemberData(nameof(Cases))]
    public async Task An_hour_s_difference_ends_the_story_at_once_and_is_told(string what, bool isSlow)
    {
        var (make, activity, slow, fast) = Stories[what];
        lab.Server.Clock.Skew = isSlow ? Hour : -Hour;
        using var host = lab.Host(time, null, ("Connections:cluster:TokenFile", await TokenAsync()));
        var start = time.GetUtcNow();
        var before = lab.Server.Events.Snapshot().Count;

        var story = await RunAsync(host, make(), "access", "token", "credentials", "proof");

        Plain(story.ShouldFault(activity)).ShouldBe(isSlow ? slow.Replace("{clock of", "{61 minutes behind", StringComparison.Ordinal) : fast.Replace("{clock of", "{61 minutes ahead of", StringComparison.Ordinal));
        time.GetUtcNow().ShouldBe(start, "what a clock spoils no pause mends");
        (lab.Server.Events.Snapshot().Count - before).ShouldBeLessThanOrEqualTo(8);
    }

    [Fact]
    public async Task A_projected_token_that_has_expired_by_a_fast_clock_says_so_before_anything_is_sent()
    {
        using var host = lab.Host(new ManualTime(DateTimeOffset.UtcNow + Hour));

        var story = await RunAsync(host, [Activity("Kubernetes.GetServiceAccountToken", "project", ("connection", "cluster"))]);

        var message = story.ShouldFault("project");
        message.ShouldContain(" expired at ");
        message.ShouldEndWith("check that the file is the mounted one, not a copy, and this host's clock.");
    }

    [Fact]
    public async Task A_fast_clock_for_which_everything_has_ended_keeps_nothing_and_asks_once_for_each_use()
    {
        lab.Server.Clock.Skew = -Hour;
        using var host = lab.Host(time);
        var before = lab.Server.Events.Snapshot().Count;

        for (var run = 0; run < 2; run++)
        {
            (await RunAsync(host, [Activity("Aws.GetCredentials", "get", ("connection", "roundtrip"))])).ShouldFinish();
        }

        lab.Server.Events.Snapshot().Skip(before).Select(static entry => entry.EventName).ShouldBe(["GetIdentityToken", "AssumeRoleWithWebIdentity", "GetIdentityToken", "AssumeRoleWithWebIdentity"]);
    }

    [Theory]
    [InlineData(119, "")]
    [InlineData(-119, "")]
    [InlineData(120, "The clock of this host is 2 minutes ahead of that of S (2031-04-05T06:09:08Z here, 2031-04-05T06:07:08Z there): synchronize it.")]
    [InlineData(-7200, "The clock of this host is 2 hours behind that of S (2031-04-05T04:07:08Z here, 2031-04-05T06:07:08Z there): synchronize it.")]
    [InlineData(259200, "The clock of this host is 3 days ahead of that of S (2031-04-08T06:07:08Z here, 2031-04-05T06:07:08Z there): synchronize it.")]
    public void The_difference_is_told_where_it_matters(int seconds, string told)
    {
        var there = FederationHost.Start;

        ClockDifference.With("", "S", "RequestTimeTooSkewed", "", there, there.AddSeconds(seconds)).ShouldBe(told);
        ClockDifference.With("Do it.", "S", "invalid_grant", "Signature expired: ...", there, there.AddSeconds(seconds)).ShouldBe($"Do it. {told}".TrimEnd());
        ClockDifference.With("Do it.", "S", "AccessDenied", "no right", there, there.AddSeconds(seconds)).ShouldBe("Do it.");
        ClockDifference.With("Do it.", "S", "RequestTimeTooSkewed", "", null, there.AddSeconds(seconds)).ShouldBe("Do it.");
    }

    [Fact]
    public async Task A_slow_clock_that_hands_out_a_token_after_its_end_costs_one_more_exchange()
    {
        lab.Server.Clock.Skew = TimeSpan.FromHours(1);
        using var host = lab.Host(time);
        (await RunAsync(host, [Identity()], "token")).ShouldFinish();
        time.Advance(TimeSpan.FromMinutes(61));
        lab.Server.Clock.Skew = TimeSpan.FromMinutes(60 + 61);
        var before = lab.Server.Events.Snapshot().Count;

        (await RunAsync(host, [.. Instance()], "token", "credentials")).ShouldFinish();

        lab.Server.Events.Snapshot().Skip(before).Select(static entry => (entry.EventName, entry.ErrorCode)).ShouldBe(
            [("AssumeRoleWithWebIdentity", "ExpiredTokenException"), ("GetIdentityToken", null), ("AssumeRoleWithWebIdentity", null)]);
    }

    private static JsonObject Identity() => Flow.Step("Google.GetMetadataIdentityToken", "identity", ("connection", "machine"), ("audience", ChaosLab.InstanceAudience), ("result", ">token"));

    /// <summary>Tokens that clouds make are right by their clocks.</summary>
    private static JsonObject[] Instance() =>
        [Identity(), Flow.Step("Aws.AssumeRoleWithWebIdentity", "assume", ("roleArn", ChaosLab.InstanceReader), ("webIdentityToken", "$token"), ("result", ">credentials"))];

    /// <summary>A token that the cluster made by the right time.</summary>
    private async Task<string> TokenAsync()
    {
        var skew = lab.Server.Clock.Skew;
        lab.Server.Clock.Skew = TimeSpan.Zero;
        var file = Path.Combine(folder, "token");
        await File.WriteAllTextAsync(file, lab.Server.Clusters.ProjectToken("forensics", "triage", "collector", "sts.amazonaws.com").Reveal(), TestContext.Current.CancellationToken);
        lab.Server.Clock.Skew = skew;
        return file;
    }

    private static string Plain(string message)
    {
        message = Clocks().Replace(message, "{$1 $2$3}");
        message = Times().Replace(message, "{}");
        message = Claims().Replace(message, "{what it claims} {");
        message = Repeated().Replace(message, "{Google repeats AWS}");
        return Signed().Replace(message, "{and what was signed} {");
    }

    [GeneratedRegex(@"The clock of this host is (61 minutes) ((?:ahead of|behind) )that of ([^(]+) \([0-9T:Z-]+ here, [0-9T:Z-]+ there\)")]
    private static partial Regex Clocks();

    [GeneratedRegex(@"\b[12][0-9]{3}(-[0-9]{2}){2}[T ]([0-9]{2}:){2}[0-9]{2}Z|\b2[0-9]{7}T[0-9]{6}Z|\b[12][0-9]{9}\b")]
    private static partial Regex Times();

    [GeneratedRegex(@"For its conditions .*? the token expires at \{\}\. \{")]
    private static partial Regex Claims();

    [GeneratedRegex(@"^Google's security token service refused token exchange: invalid_grant \(HTTP 400\): Received invalid AWS response of type 403 with the following error message: .*<Message>")]
    private static partial Regex Repeated();

    [GeneratedRegex(@"</Message>.* AWS did not vouch for the signed request, as it is too old or this host's clock is wrong: sign it anew just before this call .*? \{")]
    private static partial Regex Signed();
}
