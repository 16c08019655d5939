using System.Text.Json.Nodes;
using FederationWorkflows.CloudLab;
using FederationWorkflows.CloudLab.Google;
using FederationWorkflows.Federation.Aws;
using FederationWorkflows.Federation.Google;
using FederationWorkflows.Federation.Tests.Clients;
using Microsoft.Extensions.DependencyInjection;
using static FederationWorkflows.Federation.Tests.Clients.StoryRun;

namespace FederationWorkflows.Federation.Tests.Chaos;

/// <summary>
/// From AWS to Google Cloud while something goes wrong on the way: the run ends with a precise reason. Time is the test's, and passes when something waits for it.
/// </summary>
public sealed class PoolChaosTests : IAsyncLifetime
{
    private const string Provider = DefaultGoogleWorld.WorkloadProvider;
    private const string Account = DefaultGoogleWorld.FromAws;

    private static readonly (string Name, LabFault Fault)[] Faults =
    [
        ("429", new LabFault { Status = 429, RetryAfterSeconds = 2 }),
        ("500", new LabFault { Status = 500 }),
        ("503", new LabFault { Status = 503 }),
        ("cut before", new LabFault { Cut = FaultCut.Before }),
        ("cut after", new LabFault { Cut = FaultCut.After, CutAfterBytes = 10 }),
        ("slow", new LabFault { DelayMilliseconds = LabFault.MaximumDelayMilliseconds }),
    ];

    private static readonly (string Hop, string Service, string Action, string Activity)[] Hops =
    [
        ("the exchange", "sts.googleapis.com", "token", "exchange"),
        ("the service account", "iamcredentials.googleapis.com", "generateAccessToken", "exchange"),
        ("the API", "storage.googleapis.com", "b", "list"),
    ];

    private static readonly Dictionary<string, string> Reasons = new()
    {
        ["the exchange: 429"] = "Google's security token service refused token exchange: rate_limit_exceeded (HTTP 429): Rate limit exceeded. The project's quota is used up: try again later, or raise it.",
        ["the exchange: 500"] = "Google's security token service refused token exchange: internal_failure (HTTP 500): Backend Error. A fault on Google's side that usually passes: try again.",
        ["the exchange: 503"] = "Google's security token service refused token exchange: temporarily_unavailable (HTTP 503): The service is temporarily unavailable. A fault on Google's side that usually passes: try again.",
        ["the service account: 429"] = "Google's IAM Credentials API refused iamcredentials.generateAccessToken: RESOURCE_EXHAUSTED (HTTP 429): Resource has been exhausted (e.g. check quota). The project's quota is used up: try again later, or raise it.",
        ["the service account: 500"] = "Google's IAM Credentials API refused iamcredentials.generateAccessToken: INTERNAL (HTTP 500): Internal error encountered. A fault on Google's side that usually passes: try again.",
        ["the service account: 503"] = "Google's IAM Credentials API refused iamcredentials.generateAccessToken: UNAVAILABLE (HTTP 503): The service is currently unavailable. A fault on Google's side that usually passes: try again.",
        ["the API: 429"] = "Google's API storage.googleapis.com refused storage:GET: RESOURCE_EXHAUSTED (HTTP 429): Resource has been exhausted (e.g. check quota). The project's quota is used up: try again later, or raise it.",
        ["the API: 500"] = "Google's API storage.googleapis.com refused storage:GET: INTERNAL (HTTP 500): Internal error encountered. A fault on Google's side that usually passes: try again.",
        ["the API: 503"] = "Google's API storage.googleapis.com refused storage:GET: UNAVAILABLE (HTTP 503): The service is currently unavailable. A fault on Google's side that usually passes: try again.",
    };

    private static readonly Dictionary<string, (string Service, string Api)> Words = new()
    {
        ["the exchange"] = ("Google's security token service", "token exchange"),
        ["the service account"] = ("Google's IAM Credentials API", "iamcredentials.generateAccessToken"),
        ["the API"] = ("Google's API storage.googleapis.com", "storage:GET"),
    };

    private CloudLabServer? lab;

    private ManualTime? time;

    private FederationHost? host;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        lab = await CloudLabServer.StartAsync(new CloudLabOptions(), Cancel);
        time = new ManualTime(DateTimeOffset.UtcNow);
        host = new FederationHost(
            [
                ("Endpoints:GoogleToken", Url("google/oauth2/token")), ("Endpoints:GoogleIamCredentials", Url("google/iamcredentials")), ("Endpoints:GoogleSts", Url("google/sts/v1/token")),
                ("Endpoints:GoogleApis", Url("google")), ("Endpoints:Aws", Url("")), ("Endpoints:AwsInstanceMetadata", Url("lab/imds")),
                ("Connections:workload:Kind", "awsInstance"), ("Connections:workload:Stories:0", "story"),
                ("Connections:pool:Kind", "workloadIdentityPool"), ("Connections:pool:Source", "workload"), ("Connections:pool:Provider", Provider), ("Connections:pool:ServiceAccount", Account), ("Connections:pool:Stories:0", "story"),
            ],
            static _ => null,
            time);
    }

    public async ValueTask DisposeAsync()
    {
        host?.Dispose();
        await lab!.DisposeAsync();
    }

    public static TheoryData<string, string> Troubles => new MatrixTheoryData<string, string>(Hops.Select(static hop => hop.Hop), Faults.Select(static fault => fault.Name));

    [Theory]
    [MemberData(nameof(Troubles))]
    public async Task Trouble_on_the_way_ends_the_run_with_its_reason(string hop, string fault)
    {
        var (_, service, action, activity) = Hops.Single(candidate => candidate.Hop == hop);
        lab!.Faults.Add(Faults.Single(candidate => candidate.Name == fault).Fault with { Service = service, Action = action });

        var running = RunAsync(host!, Story(), "credentials", "proof", "token", "buckets");
        if (fault == "slow")
        {
            // Not before the call is held up: the steps before it have a limit, too.
            while (lab.Faults.Pending.Count > 0 && !running.IsCompleted)
            {
                await Task.Yield();
            }

            time!.Advance(TimeSpan.FromSeconds(31));
        }

        var story = await running;

        var (name, api) = Words[hop];
        var message = story.ShouldFault(activity);
        switch (fault)
        {
            case "slow":
                message.ShouldBe($"{api}: no usable answer from {name}: nothing within 30 s. Check that this host reaches {name}, by DNS, proxy and firewall; Federation:Timeout sets the limit.");
                break;
            case "cut before" or "cut after":
                message.ShouldStartWith($"{api}: no usable answer from {name}: ");
                break;
            default:
                message.ShouldBe(Reasons[$"{hop}: {fault}"]);
                break;
        }
    }

    [Theory]
    [InlineData(429)]
    [InlineData(500)]
    [InlineData(503)]
    public async Task Trouble_between_Google_and_AWS_is_a_refusal_that_says_so(int status)
    {
        lab!.Faults.Add(new LabFault { Service = "sts.amazonaws.com", Action = "GetCallerIdentity", Status = status });

        var story = await RunAsync(host!, Story(), "credentials", "proof", "token", "buckets");

        story.ShouldFault("exchange").ShouldStartWith(
            $"Google's security token service refused token exchange: invalid_grant (HTTP 400): Received invalid AWS response of type {status} with the following error message: ");
    }

    [Fact]
    public async Task A_proof_that_has_expired_on_the_way_is_refused_and_a_new_one_is_taken()
    {
        var proof = host!.Services.GetRequiredService<ICallerIdentityTokens>().Sign(await CredentialsAsync(), Provider);
        lab!.Clock.Skew = TimeSpan.FromMinutes(16);

        var error = await Should.ThrowAsync<FederationException>(() => ExchangeAsync(proof));

        (error.Code, error.IsRetryable).ShouldBe(("invalid_grant", false));
        error.Message.ShouldContain("Signature expired");
        error.Advice.ShouldStartWith("AWS did not vouch for the signed request, as it is too old or this host's clock is wrong: sign it anew just before this call");
        time!.Advance(TimeSpan.FromMinutes(16));
        (await ExchangeAsync(host.Services.GetRequiredService<ICallerIdentityTokens>().Sign(await CredentialsAsync(), Provider))).Principal.ShouldBe(Account);
    }

    [Fact]
    public async Task A_token_that_has_expired_on_the_way_is_refused_by_the_API()
    {
        var token = await ExchangeAsync(host!.Services.GetRequiredService<ICallerIdentityTokens>().Sign(await CredentialsAsync(), Provider));
        lab!.Clock.Skew = TimeSpan.FromMinutes(61);

        var error = await Should.ThrowAsync<FederationException>(() => host.GoogleRequests.SendAsync(
            new() { Token = token.Token, Service = "storage", Path = "/storage/v1/b", Method = "GET", Query = [new("project", "security-automation")] }, Cancel));

        (error.HttpStatus, error.IsRetryable).ShouldBe((401, false));
        error.Advice.ShouldStartWith("The token is expired, revoked or no access token: get a new one just before this call. The clock of this host is 61 minutes behind that of Google's API storage.googleapis.com (");
    }

    [Theory]
    [InlineData(60, "Signature expired")]
    [InlineData(-60, "Signature not yet current")]
    public async Task A_clock_that_is_an_hour_off_is_named(int minutes, string words)
    {
        var credentials = await CredentialsAsync();
        lab!.Clock.Skew = TimeSpan.FromMinutes(minutes);

        var error = await Should.ThrowAsync<FederationException>(() => ExchangeAsync(host!.Services.GetRequiredService<ICallerIdentityTokens>().Sign(credentials, Provider)));

        error.Message.ShouldContain(words);
        error.Advice.ShouldContain("sign it anew just before this call");
        error.Advice.ShouldContain($"The clock of this host is 60 minutes {(minutes > 0 ? "behind" : "ahead of")} that of Google's security token service (");
    }

    private static JsonObject[] Story() =>
    [
        Activity("Aws.GetCredentials", "get", ("connection", "workload"), ("result", ">credentials")),
        Activity("Aws.SignCallerIdentity", "sign", ("credentials", "$credentials"), ("provider", Provider), ("result", ">proof")),
        Activity("Google.ExchangeAwsToken", "exchange", ("subjectToken", "$proof"), ("provider", Provider), ("serviceAccount", Account), ("result", ">token")),
        Activity("Google.Request", "list", ("token", "$token"), ("service", "storage"), ("path", "/storage/v1/b"), ("query", new JsonObject { ["project"] = "security-automation" }), ("collect", "items"), ("result", ">buckets")),
    ];

    private Task<AwsCredentials> CredentialsAsync() => host!.Services.GetRequiredService<IAwsSources>().GetAsync(new AwsInstanceSource("here"), Cancel);

    private Task<GoogleAccessToken> ExchangeAsync(Engine.Sensitive<string> proof) => host!.Services.GetRequiredService<IWorkloadIdentityPools>().ExchangeAsync(
        new PoolTokenRequest { Provider = Provider, SubjectToken = proof, SubjectTokenType = SubjectTokenType.Aws4Request, Scopes = [Credentials.CloudPlatform], ServiceAccount = Account }, Cancel);

    private string Url(string path) => new Uri(lab!.BaseAddress, path).AbsoluteUri;
}
