using System.Net.Sockets;
using System.Text.Json;
using System.Text.Json.Nodes;
using FederationWorkflows.CloudLab;
using FederationWorkflows.CloudLab.Google;
using FederationWorkflows.Engine;
using FederationWorkflows.Federation.Tests.Clients;
using static FederationWorkflows.Federation.Tests.Clients.StoryRun;

namespace FederationWorkflows.Federation.Tests.Google;

/// <summary>What a story gets of the metadata server, through a connection.</summary>
public sealed class MetadataIdentityTests
{
    private const string Audience = "https://111122223333.aws.federation/instance-reader";

    private const string Role = "arn:aws:iam::111122223333:role/instance-reader";

    private static readonly string[] Variables = ["token", "expires", "claims", "credentials", "caller"];

    [Theory]
    [InlineData(null, true, true, false)]
    [InlineData("Standard", false, false, false)]
    [InlineData("Full", true, true, false)]
    [InlineData("FullWithLicenses", true, true, true)]
    public async Task A_token_tells_as_much_of_the_machine_as_is_asked_for(string? format, bool email, bool instance, bool licenses)
    {
        var world = LabWorld.Default;
        world = world with { Google = world.Google with { Instance = world.Google.Instance! with { Licenses = ["5926592092274602096"] } } };
        await using var workload = await WorkloadHost.StartAsync(world: world);

        var story = (await RunAsync(workload.Host, [Identity("here", format), Activity("Google.DecodeIdToken", "decode", ("token", "$token"), ("result", ">claims"))], Variables)).ShouldFinish();

        var claims = story["claims"].ShouldBeOfType<JsonElement>();
        claims.GetProperty("aud").GetString().ShouldBe(Audience);
        claims.GetProperty("azp").GetString().ShouldBe(DefaultGoogleWorld.CiRunnerId);
        claims.GetProperty("sub").GetString().ShouldBe(DefaultGoogleWorld.CiRunnerId);
        story["expires"].ShouldBe(DateTimeOffset.FromUnixTimeSeconds(claims.GetProperty("exp").GetInt64()));
        claims.TryGetProperty("email", out _).ShouldBe(email);
        claims.TryGetProperty("google", out var google).ShouldBe(instance);
        if (instance)
        {
            google.GetProperty("compute_engine").GetProperty("instance_name").GetString().ShouldBe("ci-runner-1");
            google.GetProperty("compute_engine").TryGetProperty("license_id", out _).ShouldBe(licenses);
        }

        story.Journal.ToString().ShouldContain("***");
        (story.Saved.ToString() + story.Journal).ShouldNotContain(story["token"].ShouldBeOfType<Sensitive<string>>().Reveal().Split('.')[1]);
    }

    [Theory]
    [InlineData("here")]
    [InlineData("ambient")]
    public async Task An_instance_becomes_an_AWS_role_without_any_key(string connection)
    {
        await using var workload = await WorkloadHost.StartAsync();

        var story = (await RunAsync(
            workload.Host,
            [
                Identity(connection),
                Activity("Aws.AssumeRoleWithWebIdentity", "assume", ("roleArn", Role), ("webIdentityToken", "$token"), ("result", ">credentials")),
                Activity("Aws.GetCallerIdentity", "ask", ("credentials", "$credentials"), ("result", ">caller")),
            ],
            Variables)).ShouldFinish();

        story["caller"].ShouldBeOfType<Federation.Aws.CallerIdentity>().Arn.ShouldBe($"arn:aws:sts::111122223333:assumed-role/instance-reader/{DefaultGoogleWorld.CiRunnerId}");
        var report = workload.Exchanges.ShouldHaveSingleItem();
        (report.Connection, report.Kind, report.Story, report.Activity, report.Outcome).ShouldBe((connection, "idToken", "story", "identity", "ok"));
        (report.Claims!.Iss, report.Claims.Azp, report.Claims.Sub).ShouldBe(("https://accounts.google.com", DefaultGoogleWorld.CiRunnerId, DefaultGoogleWorld.CiRunnerId));
    }

    [Fact]
    public async Task The_same_token_is_got_once_and_another_format_is_another_token()
    {
        await using var workload = await WorkloadHost.StartAsync();

        (await RunAsync(workload.Host, [Identity("here"), Identity("here", "Full", "again"), Identity("here", "Standard", "other")], Variables)).ShouldFinish();

        workload.Lab.Events.Snapshot().Count(asked => asked.EventName == "GetIdentityToken").ShouldBe(2);
        workload.Exchanges.Select(report => report.Activity).ShouldBe(["identity", "other"]);
    }

    [Theory]
    [InlineData("here")]
    [InlineData("ambient")]
    public async Task An_access_token_of_the_machine_is_an_access_token_like_any_other(string connection)
    {
        await using var workload = await WorkloadHost.StartAsync();

        var story = (await RunAsync(
            workload.Host,
            [Activity("Google.GetAccessToken", "get", ("connection", connection), ("scopes", new JsonArray("https://www.googleapis.com/auth/devstorage.read_only")), ("result", ">token"), ("expiresAt", ">expires"))],
            Variables)).ShouldFinish();

        workload.Lab.Google.TryIntrospect(story["token"].ShouldBeOfType<Sensitive<string>>().Reveal(), out var grant).ShouldBeTrue();
        (grant!.Principal.Email, string.Join(' ', grant.Scopes)).ShouldBe((DefaultGoogleWorld.CiRunner, "https://www.googleapis.com/auth/devstorage.read_only"));
        story["expires"].ShouldBeOfType<DateTimeOffset>().ShouldBe(grant.ExpiresAt, TimeSpan.FromSeconds(10));
    }

    public static TheoryData<string, string[], string> Refused => new()
    {
        { "none", [], "connection 'none': story 'story' may not use it. An administrator who wants it to adds the story's id to Federation:Connections:none:Stories of the host's configuration." },
        { "here", ["author"], "connection 'here': the run of story 'story' was started, or let go on, by hand by somebody who has the role author only. Somebody with one of the roles of the connection (operator, administrator) starts it, or an administrator adds the role to Federation:Connections:here:Roles of the host's configuration." },
        { "key", [], "connection 'key': it does not come to the metadata server. Name a connection of kind metadataServer, or of kind applicationDefault on Google Cloud without a credential file; other identities mint ID tokens with Google.MintIdToken." },
        { "pod", [], "connection 'pod': it is an identity of a Kubernetes cluster and has no Google tokens. Read its token with Kubernetes.GetServiceAccountToken, or name a Google connection, such as one of kind workloadIdentityPool with the same TokenFile." },
        { "collector", [], "connection 'collector': it is an identity of AWS and has no Google tokens. Get its credentials with Aws.GetCredentials, or name a Google connection." },
    };

    [Theory]
    [MemberData(nameof(Refused))]
    public async Task Nobody_gets_the_machine_s_identity_but_through_a_connection_of_it_that_is_for_him(string connection, string[] hands, string refusal)
    {
        await using var workload = await WorkloadHost.StartAsync(lab =>
        [
            ("Connections:none:Kind", "metadataServer"),
            ("Connections:key:Kind", "serviceAccountKey"), ("Connections:key:Json", Credentials.KeyJson), ("Connections:key:Stories:0", "story"),
        ]);

        var story = await RunByAsync(workload.Host, hands, [Identity(connection)], Variables);

        story.ShouldFault("identity").ShouldBe(refusal);
        workload.Lab.Events.Snapshot().ShouldBeEmpty();
    }

    [Fact]
    public async Task A_credential_file_is_not_passed_over_for_the_machine()
    {
        using var folder = new TemporaryFile(Credentials.UserJson);
        await using var workload = await WorkloadHost.StartAsync(environment: name => name == "GOOGLE_APPLICATION_CREDENTIALS" ? folder.Path : null);

        var story = await RunAsync(workload.Host, [Identity("ambient")], Variables);

        story.ShouldFault("identity").ShouldStartWith("connection 'ambient': it does not come to the metadata server.");
        workload.Lab.Events.Snapshot().ShouldBeEmpty();
    }

    [Theory]
    [InlineData("metadataServer", "connection 'here' is of kind metadataServer: run this host on Google Cloud with a service account attached, or give the connection another kind.")]
    [InlineData("applicationDefault", "connection 'here' uses Application Default Credentials and found no file (GOOGLE_APPLICATION_CREDENTIALS, gcloud auth application-default login): give one, or run on Google Cloud with a service account attached.")]
    public async Task Off_Google_Cloud_the_run_says_so(string kind, string advice)
    {
        using var host = new FederationHost(("Connections:here:Kind", kind), ("Connections:here:Stories:0", "story"));
        host.Network.Throw(new HttpRequestException(HttpRequestError.ConnectionError, "No route to host", new SocketException((int)SocketError.HostUnreachable)));

        var story = await RunAsync(host, [Identity("here")], Variables);

        var message = story.ShouldFault("identity");
        message.ShouldStartWith("identity: no usable answer from Google Cloud's metadata server: No route to host");
        message.ShouldEndWith(advice);
        host.Network.Only.Url.ShouldStartWith("http://169.254.169.254/computeMetadata/v1/instance/service-accounts/default/identity?audience=");
    }

    [Fact]
    public async Task Without_an_account_attached_the_run_says_what_to_attach()
    {
        var world = LabWorld.Default;
        var project = world.Google.Projects[0];
        world = world with
        {
            Google = world.Google with { Projects = [project with { ServiceAccounts = [.. project.ServiceAccounts.Select(account => account.Name == "ci-runner" ? account with { Disabled = true } : account)] }] },
        };
        await using var workload = await WorkloadHost.StartAsync(world: world);

        var story = await RunAsync(workload.Host, [Identity("here")], Variables);

        story.ShouldFault("identity").ShouldBe(
            "Google Cloud's metadata server refused identity: NotFound (HTTP 404): HTTP 404 without an explanation. No service account is attached to this machine (or, on GKE, no workload identity to this pod): attach one.");
    }

    private static JsonObject Identity(string connection, string? format = null, string id = "identity") => Activity(
        "Google.GetMetadataIdentityToken",
        id,
        [("connection", connection), ("audience", Audience), ("result", ">token"), ("expiresAt", ">expires"), .. format is null ? [] : new (string, JsonNode?)[] { ("format", format) }]);

    private sealed class TemporaryFile : IDisposable
    {
        public TemporaryFile(string content) => File.WriteAllText(Path, content);

        public string Path { get; } = System.IO.Path.GetTempFileName();

        public void Dispose() => File.Delete(Path);
    }
}
