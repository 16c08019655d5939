using System.Text.Json.Nodes;
using System.Xml.Linq;

namespace FederationWorkflows.CloudLab.Tests;

/// <summary>A real lab on a free port, its issuer, and plain HTTP to it.</summary>
internal sealed class TestLab : IAsyncDisposable
{
    public const string ServiceAccount = "112233445566778899001";
    public const string Audience = "https://federation-workflows.example/aws";
    public const string Role = "arn:aws:iam::111122223333:role/incident-responder";

    private TestLab(CloudLabServer server, TimeProvider clock)
    {
        Server = server;
        Clock = clock;
        Http = new HttpClient { BaseAddress = server.BaseAddress };
    }

    public CloudLabServer Server { get; }

    public TimeProvider Clock { get; }

    public HttpClient Http { get; }

    public static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public static async Task<TestLab> StartAsync(
        TimeProvider? clock = null,
        LabWorld? world = null,
        long maximumObjectSize = 64 * 1024 * 1024,
        int maximumEvents = 1000,
        long maximumStorage = 1024L * 1024 * 1024,
        string? storageFolder = null)
    {
        var issuer = new TestIssuer(TestIssuer.Google, "https://ci.example", "https://unregistered.example");
        clock ??= TimeProvider.System;
        var options = new CloudLabOptions
        {
            TimeProvider = clock,
            World = world ?? LabWorld.Default,
            MaximumObjectSize = maximumObjectSize,
            MaximumEvents = maximumEvents,
            MaximumStorage = maximumStorage,
            StorageFolder = storageFolder,
        };
        return new TestLab(await CloudLabServer.StartAsync(options, (_, _) => new LabComposition([], issuer), Cancel), clock);
    }

    /// <summary>The claims of an ID token as Google mints it for the default world's service account.</summary>
    public JsonObject Claims() => new()
    {
        ["iss"] = TestIssuer.Google,
        ["aud"] = Audience,
        ["azp"] = ServiceAccount,
        ["sub"] = ServiceAccount,
        ["email"] = "incident-bot@security-lab.iam.gserviceaccount.com",
        ["email_verified"] = true,
        ["iat"] = Clock.GetUtcNow().ToUnixTimeSeconds(),
        ["exp"] = Clock.GetUtcNow().AddHours(1).ToUnixTimeSeconds(),
    };

    public static Dictionary<string, string> AssumeForm(string token) => new()
    {
        ["Action"] = "AssumeRoleWithWebIdentity",
        ["Version"] = "2011-06-15",
        ["RoleArn"] = Role,
        ["RoleSessionName"] = "INC-2041",
        ["WebIdentityToken"] = token,
    };

    public Task<AwsAnswer> AssumeAsync(JsonObject? claims = null, Action<Dictionary<string, string>>? change = null)
    {
        var form = AssumeForm(TestIssuer.Sign(claims ?? Claims()));
        change?.Invoke(form);
        return PostAsync(form);
    }

    public async Task<AwsAnswer> PostAsync(Dictionary<string, string> form)
    {
        using var content = new FormUrlEncodedContent(form);
        using var response = await Http.PostAsync(new Uri("/", UriKind.Relative), content, Cancel);
        return await AwsAnswer.ReadAsync(response);
    }

    public SigV4Client UserClient(string service = "s3")
    {
        var key = Server.AccessKeys[0];
        return new SigV4Client(Http, Clock, key.Id, key.Secret.Reveal(), null, service);
    }

    /// <summary>A client with the credentials of a new session.</summary>
    public async Task<SigV4Client> SessionClientAsync(string service = "s3", Action<Dictionary<string, string>>? change = null)
    {
        var answer = await AssumeAsync(change: change);
        answer.Status.ShouldBe(200, answer.Text);
        return answer.Client(this, service);
    }

    public async ValueTask DisposeAsync()
    {
        Http.Dispose();
        await Server.DisposeAsync();
    }
}

/// <summary>An answer of STS, IAM or S3.</summary>
internal sealed record AwsAnswer(int Status, string Text, HttpResponseMessage Response)
{
    public XElement Xml => XElement.Parse(Text);

    public string? this[string element] => Xml.Descendants().FirstOrDefault(candidate => candidate.Name.LocalName == element)?.Value;

    public static async Task<AwsAnswer> ReadAsync(HttpResponseMessage response) =>
        new((int)response.StatusCode, await response.Content.ReadAsStringAsync(TestLab.Cancel), response);

    public SigV4Client Client(TestLab lab, string service) =>
        new(lab.Http, lab.Clock, this["AccessKeyId"]!, this["SecretAccessKey"]!, this["SessionToken"], service);

    public void ShouldRefuse(int status, string code, string message) => (Status, this["Code"], this["Message"]).ShouldBe((status, code, message), Text);
}
