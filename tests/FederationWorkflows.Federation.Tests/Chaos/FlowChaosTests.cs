using FederationWorkflows.CloudLab;
using FederationWorkflows.Federation.Tests.Clients;

namespace FederationWorkflows.Federation.Tests.Chaos;

/// <summary>
/// From cloud to cloud while something goes wrong on the way, at every call of every flow: once, and the story finishes all the same; for ever, and it ends with the reason. Time is the
/// test's, and says how long people would have waited.
/// </summary>
public sealed class FlowChaosTests(ChaosLab lab) : IClassFixture<ChaosLab>
{
    private const int RetryAfter = 20;

    private const int ForEver = 1_000_000;

    /// <summary>Five more attempts, as the strategy says.</summary>
    private const int Attempts = 6;

    /// <summary>The metadata server is asked five times for each attempt of a step.</summary>
    private const int MetadataAttempts = 5;

    /// <summary>Six attempts of 30 seconds each, and the pauses between them: 2, 4, 8, 16 and 32 seconds.</summary>
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds((6 * 30) + 62);

    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);

    private static readonly Dictionary<string, LabFault> Faults = new()
    {
        ["429"] = new LabFault { Status = 429 },
        ["429 with Retry-After"] = new LabFault { Status = 429, RetryAfterSeconds = RetryAfter },
        ["500"] = new LabFault { Status = 500 },
        ["503"] = new LabFault { Status = 503 },
        ["cut before the answer"] = new LabFault { Cut = FaultCut.Before },
        ["cut in the answer"] = new LabFault { Cut = FaultCut.After, CutAfterBytes = 10 },
    };

    private static readonly string[] Troubles = [.. Faults.Keys, "slow", "garbage"];

    public static MatrixTheoryData<string, string> Cases => new(Flow.All.SelectMany(static flow => flow.Hops.Select(hop => $"{flow.Name}: {hop.Operation}")), Troubles);

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory(Timeout = 60_000)]
    [MemberData(nameof(Cases))]
    public async Task What_happens_once_delays_the_story_and_no_more(string call, string trouble)
    {
        var (hop, story, waited, met) = await RunAsync(call, trouble, 1);

        story.ShouldFinish();
        met.ShouldBe(1);
        waited.ShouldBeLessThanOrEqualTo(Limit + TimeSpan.FromSeconds(2));
        if (trouble == "429 with Retry-After" && !hop.IsMetadata)
        {
            waited.ShouldBeInRange(TimeSpan.FromSeconds(RetryAfter), TimeSpan.FromSeconds(RetryAfter + 1));
        }
    }

    [Theory(Timeout = 60_000)]
    [MemberData(nameof(Cases))]
    public async Task What_does_not_pass_ends_the_story_with_its_reason(string call, string trouble)
    {
        var (hop, story, waited, met) = await RunAsync(call, trouble, ForEver);

        var message = story.ShouldFault(hop.Activity);
        var (reason, isWhole) = Reason(hop, trouble);
        if (isWhole)
        {
            message.ShouldBe(reason);
        }
        else
        {
            message.ShouldStartWith(reason);
            message.ShouldEndWith($". The connection to {hop.Says} broke before its answer was whole: try again; when it stays so, look at what is between, such as a proxy or a firewall.");
        }

        met.ShouldBe(hop.IsMetadata && char.IsAsciiDigit(trouble[0]) ? Attempts * MetadataAttempts : Attempts);
        waited.ShouldBeLessThanOrEqualTo(Longest);
    }

    private async Task<(Hop Hop, StoryRun Story, TimeSpan Waited, int Met)> RunAsync(string call, string trouble, int count)
    {
        var flow = Flow.All.Single(flow => call.StartsWith(flow.Name + ":", StringComparison.Ordinal));
        var hop = flow.Hops.Single(hop => call.EndsWith($": {hop.Operation}", StringComparison.Ordinal));
        var time = new ManualTime(DateTimeOffset.UtcNow);
        var interference = new Interference(time);
        using var host = lab.Host(time, interference);
        if (flow.Before.Length > 0)
        {
            (await StoryRun.RunAsync(host, flow.Before)).ShouldFinish();
        }

        switch (trouble)
        {
            case "slow":
                interference.Hold(hop.Operation, count);
                break;
            case "garbage":
                interference.Garble(hop.Operation, count);
                break;
            default:
                lab.Server.Faults.Add(Faults[trouble] with { Service = hop.Service, Action = hop.Operation, Count = count });
                break;
        }

        var start = time.GetUtcNow();
        try
        {
            // What nothing ends does not end this way either: the test's own time limit finds it.
            var story = await time.PassAsync(
                StoryRun.RunAsync(host, flow.Story(), flow.Variables), Limit - TimeSpan.FromTicks(1), () => interference.IsHolding && time.GetUtcNow() - start <= Longest);
            var left = lab.Server.Faults.Pending.Sum(static fault => fault.Count);
            return (hop, story, time.GetUtcNow() - start, Faults.ContainsKey(trouble) ? count - left : interference.Met);
        }
        finally
        {
            lab.Server.Faults.Clear();
        }
    }

    private static (string Reason, bool IsWhole) Reason(Hop hop, string trouble) => trouble switch
    {
        "slow" => ($"{hop.Api}: no usable answer from {hop.Says}: nothing within 30 s. Check that this host reaches {hop.Says}, by DNS, proxy and firewall; Federation:Timeout sets the limit.", true),
        "garbage" => ($"{hop.Api}: no usable answer from {hop.Says}: {Misread(hop)}. Check that Federation:Endpoints and the proxy lead to {hop.Says}.", true),
        "cut before the answer" or "cut in the answer" => ($"{hop.Api}: no usable answer from {hop.Says}: ", false),
        _ => ($"{hop.Says} refused {hop.Api}: {Refusal(hop.Service, trouble[..3])}", true),
    };

    private static string Misread(Hop hop) => hop switch
    {
        { IsMetadata: true } => "its answer has no Metadata-Flavor: Google, so something else answers at its address",
        { Service: "oauth2.googleapis.com" } => "its answer is not the JSON of a token",
        { Service: "storage.googleapis.com" } => "its answer is no JSON",
        { Service: "iamcredentials.googleapis.com" or "sts.googleapis.com" } => "its answer is not the JSON that the API documents",
        { Operation: "AssumeRoleWithWebIdentity" } => "its answer has no complete credentials",
        { Operation: "GetCallerIdentity" } => "its answer has no account, ARN and user id",
        { Operation: "ListBuckets" } => "its answer is not a list of buckets",
        { Operation: "PutObject" } => "its answer has no ETag",
        { Operation: "GetObject" } => "its answer has no ETag or no length",
        _ => "its answer is not the XML that the API documents",
    };

    private static string Refusal(string service, string status) => (service, status) switch
    {
        ("oauth2.googleapis.com" or "sts.googleapis.com", "429") => "rate_limit_exceeded (HTTP 429): Rate limit exceeded. The project's quota is used up: try again later, or raise it.",
        ("oauth2.googleapis.com" or "sts.googleapis.com", "500") => "internal_failure (HTTP 500): Backend Error. A fault on Google's side that usually passes: try again.",
        ("oauth2.googleapis.com" or "sts.googleapis.com", "503") => "temporarily_unavailable (HTTP 503): The service is temporarily unavailable. A fault on Google's side that usually passes: try again.",
        ("iamcredentials.googleapis.com" or "storage.googleapis.com", "429") => "RESOURCE_EXHAUSTED (HTTP 429): Resource has been exhausted (e.g. check quota). The project's quota is used up: try again later, or raise it.",
        ("iamcredentials.googleapis.com" or "storage.googleapis.com", "500") => "INTERNAL (HTTP 500): Internal error encountered. A fault on Google's side that usually passes: try again.",
        ("iamcredentials.googleapis.com" or "storage.googleapis.com", "503") => "UNAVAILABLE (HTTP 503): The service is currently unavailable. A fault on Google's side that usually passes: try again.",
        ("metadata.google.internal", "429") => "TooManyRequests (HTTP 429): HTTP 429 without an explanation. It has too much to do, or is only starting: try again.",
        ("metadata.google.internal", "500") => "InternalServerError (HTTP 500): HTTP 500 without an explanation. It has too much to do, or is only starting: try again.",
        ("metadata.google.internal", "503") => "ServiceUnavailable (HTTP 503): HTTP 503 without an explanation. It has too much to do, or is only starting: try again.",
        ("s3.amazonaws.com", "429") => "SlowDown (HTTP 429): Please reduce your request rate. Too many calls: try again later.",
        ("s3.amazonaws.com", "500") => "InternalError (HTTP 500): We encountered an internal error. Please try again. A fault on AWS's side that usually passes: try again.",
        ("s3.amazonaws.com", "503") => "SlowDown (HTTP 503): Please reduce your request rate. Too many calls: try again later.",
        (_, "429") => "Throttling (HTTP 429): Rate exceeded. Too many calls: try again later.",
        (_, "500") => "InternalFailure (HTTP 500): The request processing has failed because of an unknown error, exception or failure. A fault on AWS's side that usually passes: try again.",
        _ => "ServiceUnavailable (HTTP 503): The request has failed due to a temporary failure of the server. A fault on AWS's side that usually passes: try again.",
    };
}
