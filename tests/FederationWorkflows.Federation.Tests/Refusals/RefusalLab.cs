using System.Net.Http.Headers;
using FederationWorkflows.CloudLab;
using FederationWorkflows.Engine;
using FederationWorkflows.Federation.Aws;
using FederationWorkflows.Federation.Broker;
using FederationWorkflows.Federation.Connections;
using FederationWorkflows.Federation.Google;
using FederationWorkflows.Federation.Tests.Clients;
using FederationWorkflows.Federation.Trust;
using Microsoft.Extensions.DependencyInjection;

namespace FederationWorkflows.Federation.Tests.Refusals;

/// <summary>
/// A CloudLab in which everything works until a case breaks one thing, and the product's clients pointed at it. What is in force is declared to the host, as an
/// administrator would who keeps it in version control: refusals say which condition refused.
/// </summary>
public sealed class RefusalLab : IAsyncLifetime
{
    public const string Audience = "https://refusals.example/aws";
    public const string Subject = "112233445566778899001";
    public const string Runner = "runner@refusals.iam.gserviceaccount.com";
    public const string Trusted = "federation@refusals.iam.gserviceaccount.com";
    public const string Inbound = "inbound@refusals.iam.gserviceaccount.com";
    public const string Role = "arn:aws:iam::111122223333:role/reader";
    public const string Issuer = "https://container.googleapis.com/v1/projects/refusals/locations/europe-west1/clusters/triage";
    public const string CloudPlatform = "https://www.googleapis.com/auth/cloud-platform";

    private readonly string folder = Directory.CreateTempSubdirectory("refusals-").FullName;

    // No limit comes while a busy machine takes its time.
    private readonly ManualTime time = new(DateTimeOffset.UtcNow);

    private CloudLabServer? server;

    private TimeSpan passed;

    private FederationHost? host;

    internal FederationHost Host => host!;

    public CloudLabServer Server => server!;

    public string Folder => folder;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        var world = LabWorld.Parse(await File.ReadAllTextAsync(Path.Combine(AppContext.BaseDirectory, "Refusals", "world.json"), Cancel));
        server = await CloudLabServer.StartAsync(new CloudLabOptions { World = world }, Cancel);
        await File.WriteAllTextAsync(TrustFile, "{}", Cancel);
        host = new FederationHost(
            [
                ("Endpoints:GoogleToken", Url("google/oauth2/token")), ("Endpoints:GoogleIamCredentials", Url("google/iamcredentials")), ("Endpoints:GoogleSts", Url("google/sts/v1/token")),
                ("Endpoints:GoogleApis", Url("google")), ("Endpoints:Aws", Url("")), ("Endpoints:AwsInstanceMetadata", Url("lab/imds")),
                ("TrustPolicies:reader:RoleArn", Role), ("TrustPolicies:reader:File", TrustFile),
                .. Providers(world).Select(static (provider, index) => ($"PoolProviders:{index}:Json", (string?)provider)),
                ("Connections:runner:Kind", "serviceAccountKey"), ("Connections:runner:Json", server.Google.ServiceAccountKeyFile(Runner).Reveal()), ("Connections:runner:Stories:0", "story"),
                ("Connections:narrow:Kind", "serviceAccountKey"), ("Connections:narrow:Json", server.Google.ServiceAccountKeyFile(Runner).Reveal()), ("Connections:narrow:Stories:0", "story"), ("Connections:narrow:Scopes:0", "openid"),
                ("Connections:disabled:Kind", "serviceAccountKey"), ("Connections:disabled:Json", server.Google.ServiceAccountKeyFile("disabled-runner@refusals.iam.gserviceaccount.com").Reveal()), ("Connections:disabled:Stories:0", "story"),
                ("Connections:environment:Kind", "awsEnvironment"), ("Connections:environment:Stories:0", "story"),
                ("Connections:profile:Kind", "awsProfile"), ("Connections:profile:Profile", "operator"), ("Connections:profile:Stories:0", "story"),
                ("Connections:reader:Kind", "awsRole"), ("Connections:reader:RoleArn", Role), ("Connections:reader:Source", "runner"), ("Connections:reader:Audience", Audience),
                ("Connections:reader:ServiceAccount", Trusted), ("Connections:reader:MaxDuration", "00:30:00"), ("Connections:reader:Stories:0", "story"),
            ],
            static _ => null,
            time);
    }

    public async ValueTask DisposeAsync()
    {
        host?.Dispose();
        if (server is not null)
        {
            await server.DisposeAsync();
        }

        Directory.Delete(folder, recursive: true);
    }

    /// <summary>Lets time pass, for both sides.</summary>
    public void Pass(TimeSpan by)
    {
        time.Advance(by);
        Server.Clock.Skew += by;
        passed += by;
    }

    /// <summary>The right time again, for both sides.</summary>
    public void Restore()
    {
        time.Advance(-passed);
        passed = TimeSpan.Zero;
        Server.Clock.Skew = TimeSpan.Zero;
    }

    /// <summary>What is different from run to run, replaced by its name.</summary>
    public string Plain(string message) => message.Replace(Url("").TrimEnd('/'), "{lab}", StringComparison.Ordinal);

    /// <summary>Gives the role of an account its trust policy, in the lab and in what is declared.</summary>
    public async Task PutRoleAsync(string statements, string? policies = null, string name = "reader", string account = "111122223333")
    {
        var policy = $$"""{"Version":"2012-10-17","Statement":[{{statements}}]}""";
        await PutAsync($"lab/aws/accounts/{account}/roles/{name}", $$"""{"name":"{{name}}","trustPolicy":{{policy}},"policies":[{"name":"p","document":{"Version":"2012-10-17","Statement":[{{policies ?? Allow("s3:ListAllMyBuckets")}}]} }]}""");
        if (name == "reader")
        {
            await File.WriteAllTextAsync(TrustFile, policy, Cancel);
        }
    }

    public static string Allow(string action, string resource = "*") => $$"""{"Effect":"Allow","Action":"{{action}}","Resource":"{{resource}}"}""";

    public static string Deny(string action, string resource = "*") => $$"""{"Effect":"Deny","Action":"{{action}}","Resource":"{{resource}}"}""";

    /// <summary>The trust statement that pins the three claims, with changes.</summary>
    public static string Pinned(string oaud = Audience, string aud = Subject, string sub = Subject) =>
        Trusting($$"""{"StringEquals":{"accounts.google.com:oaud":"{{oaud}}","accounts.google.com:aud":"{{aud}}","accounts.google.com:sub":"{{sub}}"} }""");

    public static string Trusting(string condition, string effect = "Allow", string principal = """{"Federated":"accounts.google.com"}""", string action = "sts:AssumeRoleWithWebIdentity", string sid = "Google") =>
        $$"""{"Sid":"{{sid}}","Effect":"{{effect}}","Principal":{{principal}},"Action":"{{action}}","Condition":{{condition}} }""";

    public async Task PutAsync(string path, string json)
    {
        using var content = new StringContent(json, MediaTypeHeaderValue.Parse("application/json"));
        await content.LoadIntoBufferAsync(Cancel);
        using var client = new HttpClient(new SocketsHttpHandler { UseProxy = false });
        using var answer = await client.PutAsync(new Uri(Server.BaseAddress, path), content, Cancel);
        answer.IsSuccessStatusCode.ShouldBeTrue(await answer.Content.ReadAsStringAsync(Cancel));
    }

    /// <summary>The runner's access token.</summary>
    public async Task<Sensitive<string>> AccessTokenAsync(params string[] scopes) =>
        (await Host.Google.GetAccessTokenAsync("runner", scopes.Length == 0 ? [CloudPlatform] : scopes, Cancel)).Token;

    /// <summary>An ID token as the runner mints it.</summary>
    public async Task<Sensitive<string>> MintAsync(string audience = Audience, string account = Trusted, bool includeEmail = true, bool? useEmailAzp = null, Sensitive<string>? source = null, params string[] delegates) =>
        (await Host.ServiceAccounts.GenerateIdTokenAsync(
            new IdTokenRequest
            {
                ServiceAccount = account, SourceToken = source ?? await AccessTokenAsync(), Caller = "connection 'runner'", Audience = audience, IncludeEmail = includeEmail, UseEmailAzp = useEmailAzp, Delegates = delegates,
            },
            Cancel)).Token;

    public Task<AwsCredentials> AssumeAsync(Sensitive<string> token, Func<WebIdentityRequest, WebIdentityRequest>? change = null)
    {
        var request = new WebIdentityRequest { RoleArn = Role, WebIdentityToken = token, SessionName = "story" };
        return Host.Aws.AssumeRoleWithWebIdentityAsync(change?.Invoke(request) ?? request, Cancel);
    }

    /// <summary>A user's key of the lab.</summary>
    public AwsCredentials User(string name)
    {
        var key = Server.AccessKeys.First(key => key.UserArn.EndsWith("/" + name, StringComparison.Ordinal));
        return new AwsCredentials { AccessKeyId = key.Id, SecretAccessKey = key.Secret };
    }

    /// <summary>The session that the lab's EC2 instance has.</summary>
    public Task<AwsCredentials> WorkloadAsync() => Host.Services.GetRequiredService<IAwsSources>().GetAsync(new AwsInstanceSource("here"), Cancel);

    public Task<AwsCredentials> ChainAsync(AwsCredentials caller, string role = Role, Func<RoleRequest, RoleRequest>? change = null)
    {
        var request = new RoleRequest { Credentials = caller, RoleArn = role, SessionName = "story" };
        return Host.Aws.AssumeRoleAsync(change?.Invoke(request) ?? request, Cancel);
    }

    public static string Provider(string id, string pool = "outside", string project = "77") => $"//iam.googleapis.com/projects/{project}/locations/global/workloadIdentityPools/{pool}/providers/{id}";

    public Sensitive<string> Sign(AwsCredentials credentials, string provider) => Host.Services.GetRequiredService<ICallerIdentityTokens>().Sign(credentials, provider);

    /// <summary>Exchanges the proof of the lab's EC2 instance at a provider.</summary>
    public async Task<GoogleAccessToken> ExchangeAsync(string provider, string? account = Inbound, Func<PoolTokenRequest, PoolTokenRequest>? change = null) =>
        await ExchangeAsync(await WorkloadAsync(), provider, account, change);

    public async Task<GoogleAccessToken> ExchangeAsync(AwsCredentials caller, string provider, string? account = Inbound, Func<PoolTokenRequest, PoolTokenRequest>? change = null) =>
        await ExchangeAsync(Sign(caller, provider), provider, SubjectTokenType.Aws4Request, account, change);

    public Task<GoogleAccessToken> ExchangeAsync(Sensitive<string> proof, string provider, SubjectTokenType type, string? account = Inbound, Func<PoolTokenRequest, PoolTokenRequest>? change = null)
    {
        var request = new PoolTokenRequest { Provider = provider, SubjectToken = proof, SubjectTokenType = type, Scopes = [CloudPlatform], ServiceAccount = account };
        return Host.Services.GetRequiredService<IWorkloadIdentityPools>().ExchangeAsync(change?.Invoke(request) ?? request, Cancel);
    }

    /// <summary>What a story gets by a connection.</summary>
    internal ValueTask<AwsCredentials> ByConnectionAsync(string connection, AwsNarrowing narrowing = default, string story = "story", params string[] hands) =>
        Host.Services.GetRequiredService<ITokenBroker>().GetAwsCredentialsAsync(connection, narrowing, ConnectionUser.OfRun(story, "run", hands), Cancel);

    internal ValueTask<GoogleAccessToken> TokenByConnectionAsync(string connection, string scope = CloudPlatform, string story = "story") =>
        Host.Services.GetRequiredService<ITokenBroker>().GetAccessTokenAsync(connection, [scope], ConnectionUser.OfRun(story, "run"), Cancel);

    /// <summary>A pod's token of the cluster.</summary>
    public Sensitive<string> PodToken(string account = "collector", string audience = "sts.amazonaws.com", string cluster = "triage") => Server.Clusters.ProjectToken(cluster, "default", account, audience);

    /// <summary>A signed request or a token that somebody meddled with.</summary>
    public static Sensitive<string> Tampered(Sensitive<string> proof, Func<string, string> change) => Sensitive.Of(change(proof.Reveal()));

    /// <summary>A signed request, changed in its JSON.</summary>
    public static Sensitive<string> Resigned(Sensitive<string> proof, string from, string to)
    {
        var json = Uri.UnescapeDataString(proof.Reveal());
        json.ShouldContain(from);
        return Sensitive.Of(Uri.EscapeDataString(json.Replace(from, to, StringComparison.Ordinal)));
    }

    private string TrustFile => Path.Combine(folder, "trust.json");

    private string Url(string path) => new Uri(Server.BaseAddress, path).AbsoluteUri;

    private static IEnumerable<string> Providers(LabWorld world) =>
        from project in world.Google.Projects
        from pool in project.WorkloadIdentityPools
        from provider in pool.Providers
        select new IdentityPoolProvider
        {
            Name = new PoolProviderName(project.Number, pool.Id, provider.Id),
            AwsAccountId = provider.Aws?.AccountId,
            Oidc = provider.Oidc is { } oidc ? new PoolOidcIssuer(oidc.IssuerUri, oidc.AllowedAudiences) : null,
            AttributeMapping = provider.AttributeMapping,
            AttributeCondition = provider.AttributeCondition,
        }.ToJson().ToJsonString();
}
