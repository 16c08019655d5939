using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using FederationWorkflows.CloudLab;
using FederationWorkflows.CloudLab.Google;
using FederationWorkflows.Engine;
using FederationWorkflows.Federation.Aws;
using FederationWorkflows.Federation.Aws.Objects;
using FederationWorkflows.Federation.Aws.Requests;
using FederationWorkflows.Federation.Broker;
using FederationWorkflows.Federation.Connections;
using FederationWorkflows.Federation.Google;
using FederationWorkflows.Federation.Tests.Chaos;
using FederationWorkflows.Federation.Tests.Clients;
using Microsoft.Extensions.DependencyInjection;

namespace FederationWorkflows.Federation.Tests.Refusals;

/// <summary>
/// The failure tables of docs/flows: what they say that a run says has been said, in the refusals that other tests hold to the letter or in those made here. What may happen at any
/// step is <see cref="FlowChaosTests"/>'s.
/// </summary>
public sealed partial class FailureTableTests(ChaosLab lab) : IClassFixture<ChaosLab>, IDisposable
{
    private static readonly Dictionary<string, Seen> Refusals = JsonSerializer.Deserialize<Dictionary<string, Seen>>(
        File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "Refusals", "refusals.json")), JsonSerializerOptions.Web)!;

    /// <summary>By code: what brings it about.</summary>
    private static readonly (string Code, Func<FailureTableTests, Task> Make)[] Made =
    [
        ("UnusableConnection", static test => test.IdentityAsync(test.Host(), "runner")),
        ("UnusableConnection", static test => test.ProjectAsync(("Connections:cluster:TokenFile", "/var/run/secrets/none"))),
        ("UnusableConnection", static test => test.ProjectAsync(("Connections:cluster:Issuer", "https://another.example"))),
        ("UnusableConnection", static test => test.ProjectAsync(TimeSpan.FromMinutes(61))),
        ("NetworkFailure", static test => test.IdentityAsync(test.Host(("Endpoints:GoogleMetadata", "http://127.0.0.1:1/")))),
        ("NotFound", static test => test.FaultAsync(new LabFault { Service = "metadata.google.internal", Status = 404, Count = 5 }, static test => test.IdentityAsync(test.Host()))),
        ("UnreadableAnswer", static test =>
        {
            var (host, trouble) = test.Troubled();
            trouble.Garble("identity", 1);
            return test.IdentityAsync(host);
        }),
        ("ExpiredToken", static async test => await test.Host().Buckets.ListAsync(await test.EndedAsync(), cancellationToken: Cancel)),
        ("ExpiredToken", static async test => await test.Host().Aws.GetCallerIdentityAsync(await test.EndedAsync(), cancellationToken: Cancel)),
        ("RequestTimeTooSkewed", static async test =>
        {
            var credentials = await test.AssumeAsync();
            test.Skew(61);
            await test.Host().Buckets.ListAsync(credentials, cancellationToken: Cancel);
        }),
        ("invalid_grant", static test =>
        {
            test.Skew(61);
            return test.Host().Google.GetAccessTokenAsync("runner", [Credentials.CloudPlatform], Cancel);
        }),
        ("TooManyExchanges", static async test =>
        {
            var host = test.Host();
            await Should.ThrowAsync<FederationException>(() => test.FaultAsync(new LabFault { Service = "sts.amazonaws.com", Status = 429, RetryAfterSeconds = 120 }, _ => RoundtripAsync(host)));
            await Broker(host).GetAwsCredentialsAsync("collector", default, User, Cancel);
        }),
        ("Timeout", static test =>
        {
            var (host, trouble) = test.Troubled();
            trouble.Hold("token", 1);
            return test.time.PassAsync(
                host.Services.GetRequiredService<IWorkloadIdentityPools>().ExchangeAsync(
                    new PoolTokenRequest { Provider = DefaultGoogleWorld.WorkloadProvider, SubjectToken = test.Pod(), SubjectTokenType = SubjectTokenType.Jwt, Scopes = [Credentials.CloudPlatform] }, Cancel),
                TimeSpan.Zero,
                () => trouble.IsHolding);
        }),
        ("SignatureDoesNotMatch", static async test =>
        {
            var credentials = await test.AssumeAsync();
            test.Skew(61);
            await test.Host().Aws.GetCallerIdentityAsync(credentials, cancellationToken: Cancel);
        }),
        ("invalid_grant", static test => test.Host(("Connections:runner:Json", test.MixedUpKey())).Google.GetAccessTokenAsync("runner", [Credentials.CloudPlatform], Cancel)),
        ("AccessDenied", static async test =>
        {
            var request = new AwsRequest { Credentials = await RoundtripAsync(test.Host()), Service = "iam" };
            await test.Host().AwsRequests.SendAsync(AwsRequest.QueryStyle(request, "ListRoles", "2010-05-08", []), Cancel);
        }),
        ("PreconditionFailed", static async test =>
        {
            var credentials = await RoundtripAsync(test.Host());
            foreach (var key in new[] { "one", "another" })
            {
                var address = new ObjectAddress { Credentials = credentials, Bucket = "security-lab-incident-evidence", Key = "roundtrip/failure-table" };
                await test.Host().Writes.PutAsync(new ObjectTarget { Address = address, IdempotencyKey = key }, Encoding.UTF8.GetBytes(key), Cancel);
            }
        }),
        ("InvalidIdentityToken", static test => test.AssumeAsync(ChaosLab.Collector, Sensitive.Of(OfUnknownKey(test.Pod())))),
    ];

    private readonly ManualTime time = new(DateTimeOffset.UtcNow);

    private readonly List<FederationHost> hosts = [];

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public static TheoryData<string, string> Rows
    {
        get
        {
            var rows = new TheoryData<string, string>();
            foreach (var (page, row) in Directory.GetFiles(Path.Combine(Root(), "docs", "flows"), "*.md").Order(StringComparer.Ordinal).SelectMany(RowsOf))
            {
                rows.Add(page, row);
            }

            return rows;
        }
    }

    public void Dispose()
    {
        lab.Server.Clock.Skew = TimeSpan.Zero;
        lab.Server.Faults.Clear();
        hosts.ForEach(static host => host.Dispose());
    }

    [Theory(Timeout = 60_000)]
    [MemberData(nameof(Rows))]
    public async Task What_a_table_says_that_a_run_says_has_been_said(string page, string row)
    {
        var (code, status, words) = Read(row);
        if (Refusals.Values.Any(seen => Fits(seen.Code, seen.Message)))
        {
            return;
        }

        var made = new List<string>();
        foreach (var (_, make) in Made.Where(made => code.Length == 0 || made.Code == code))
        {
            var error = await Should.ThrowAsync<FederationException>(() => make(this));
            lab.Server.Clock.Skew = TimeSpan.Zero;
            made.Add($"{error.Code}: {error.Message}");
            if (Fits(error.Code, error.Message))
            {
                return;
            }
        }

        Assert.Fail($"{page}: nothing says this: {row}. Seen of the code: {string.Join("\n", made.Concat(Refusals.Values.Where(seen => seen.Code == code).Select(static seen => seen.Message)).Take(5))}");

        bool Fits(string seenCode, string message) => (code.Length == 0 || seenCode == code) && message.Contains(status, StringComparison.Ordinal) && Has(message, words);
    }

    [Fact]
    public void Every_flow_has_a_table()
    {
        var pages = Rows.Select(static row => row.Data.Item1).GroupBy(static page => page).ToList();

        pages.Count.ShouldBe(5);
        pages.ShouldAllBe(static page => page.Count() > 5);
    }

    /// <summary>The second cell of <c>| step | `CODE` (STATUS): words | what to do |</c>, or the first of a table whose rows begin with what the run says.</summary>
    private static IEnumerable<(string Page, string Row)> RowsOf(string path)
    {
        var (step, isWhole) = ("", false);
        foreach (var line in File.ReadLines(path).SkipWhile(static line => line != "## When it fails").Skip(1).TakeWhile(static line => !line.StartsWith("## ", StringComparison.Ordinal)))
        {
            if (!line.StartsWith('|') || line.StartsWith("|---", StringComparison.Ordinal) || line.StartsWith("| step", StringComparison.Ordinal))
            {
                continue;
            }

            if (line.StartsWith("| the run says", StringComparison.Ordinal))
            {
                isWhole = true;
                continue;
            }

            var cells = line.Trim('|').Split(" | ");
            step = cells[0].Trim() is { Length: > 0 } named ? named : step;

            // The last is what the story itself says.
            if (step is not ("any" or "`tooMuch`"))
            {
                yield return (Path.GetFileName(path), cells[isWhole ? 0 : 1].Trim());
            }
        }
    }

    private static (string Code, string Status, string[] Words) Read(string row)
    {
        if (Whole().Match(row) is { Success: true } whole)
        {
            return (whole.Groups["code"].Value, whole.Groups["status"].Value, Fragments(whole.Groups["words"].Value));
        }

        var match = Cell().Match(row);
        return !match.Success ? ("", "", Fragments(row)) : (match.Groups["code"].Value, match.Groups["status"] is { Success: true } status ? $"(HTTP {status.Value})" : "", Fragments(match.Groups["words"].Value));
    }

    private static string[] Fragments(string words) => [.. words.Replace("`", "", StringComparison.Ordinal).Split("...", StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries)];

    private static bool Has(string message, string[] words)
    {
        var from = 0;
        foreach (var word in words)
        {
            from = message.IndexOf(word, from, StringComparison.Ordinal);
            if (from < 0)
            {
                return false;
            }
        }

        return true;
    }

    private FederationHost Host(params (string Key, string? Value)[] more) => Keep(lab.Host(time, null, more));

    private (FederationHost Host, Interference Trouble) Troubled()
    {
        var trouble = new Interference(time);
        return (Keep(lab.Host(time, trouble)), trouble);
    }

    private FederationHost Keep(FederationHost host)
    {
        hosts.Add(host);
        return host;
    }

    private void Skew(int minutes) => lab.Server.Clock.Skew = TimeSpan.FromMinutes(minutes);

    private async Task FaultAsync(LabFault fault, Func<FailureTableTests, Task> call)
    {
        lab.Server.Faults.Add(fault);
        await call(this);
    }

    private static ConnectionUser User => ConnectionUser.OfRun("story", "run");

    private static ITokenBroker Broker(FederationHost host) => host.Services.GetRequiredService<ITokenBroker>();

    private Task<GoogleIdToken> IdentityAsync(FederationHost host, string connection = "machine") =>
        time.PassAsync(Broker(host).GetMetadataIdTokenAsync(connection, ChaosLab.InstanceAudience, MetadataTokenFormat.Full, User, Cancel).AsTask(), TimeSpan.FromSeconds(2));

    private Task ProjectAsync(params (string Key, string? Value)[] more) => Broker(Host(more)).GetProjectedTokenAsync("cluster", User, Cancel).AsTask();

    private Task ProjectAsync(TimeSpan later) => Broker(Keep(lab.Host(new ManualTime(DateTimeOffset.UtcNow + later)))).GetProjectedTokenAsync("cluster", User, Cancel).AsTask();

    private static Task<AwsCredentials> RoundtripAsync(FederationHost host) => Broker(host).GetAwsCredentialsAsync("roundtrip", default, User, Cancel).AsTask();

    /// <summary>The file of a key with the private part of another.</summary>
    private string MixedUpKey()
    {
        var file = JsonNode.Parse(lab.Server.Google.ServiceAccountKeyFile(DefaultGoogleWorld.Runner).Reveal())!;
        file["private_key"] = Credentials.KeyPem;
        return file.ToJsonString();
    }

    private Sensitive<string> Pod() => lab.Server.Clusters.ProjectToken("forensics", "triage", "collector", "sts.amazonaws.com");

    private Task<AwsCredentials> AssumeAsync(string role, Sensitive<string> token) =>
        Host().Aws.AssumeRoleWithWebIdentityAsync(new WebIdentityRequest { RoleArn = role, WebIdentityToken = token, DurationSeconds = 900 }, Cancel);

    private async Task<AwsCredentials> AssumeAsync() => await AssumeAsync(ChaosLab.InstanceReader, (await IdentityAsync(Host())).Token);

    /// <summary>Credentials of a session that is over.</summary>
    private async Task<AwsCredentials> EndedAsync()
    {
        Skew(-14);
        var credentials = await AssumeAsync();
        Skew(2);
        return credentials;
    }

    /// <summary>A token that names a key which its issuer does not publish.</summary>
    private static string OfUnknownKey(Sensitive<string> token)
    {
        var parts = token.Reveal().Split('.');
        return $"{Credentials.Part(KeyId().Replace(Credentials.Decode(parts[0]).GetRawText(), "\"kid\":\"gone\""))}.{parts[1]}.{parts[2]}";
    }

    private static string Root()
    {
        var folder = AppContext.BaseDirectory;
        while (!Directory.Exists(Path.Combine(folder, "docs")))
        {
            folder = Path.GetDirectoryName(folder)!;
        }

        return folder;
    }

    [GeneratedRegex("\"kid\":\"[^\"]*\"")]
    private static partial Regex KeyId();

    [GeneratedRegex("^`(?<code>[A-Za-z_]+)`( \\((?<status>[0-9]+)\\))?(: (?<words>.+))?$", RegexOptions.ExplicitCapture)]
    private static partial Regex Cell();

    [GeneratedRegex(@"^`(?<code>[A-Za-z_]+) (?<status>\(HTTP [0-9]+\)): (?<words>[^`]+)`$", RegexOptions.ExplicitCapture)]
    private static partial Regex Whole();

    private sealed record Seen(string Code, string Message);
}
