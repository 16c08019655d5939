using System.Security.Claims;
using System.Text.Json;
using System.Text.Json.Nodes;
using FederationWorkflows.CloudLab;
using FederationWorkflows.CloudLab.Google;
using FederationWorkflows.Engine;
using FederationWorkflows.Engine.Execution;
using FederationWorkflows.Federation;
using FederationWorkflows.Runtime.Runs;
using FederationWorkflows.Runtime.Storage;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace FederationWorkflows.EndToEnd;

/// <summary>The stories of machines and pods on a server, against the CloudLab: what they tell, and where and why they are refused.</summary>
public sealed class WorkloadStoryTests
{
    private const string Instance = "gce-to-aws-caller-identity";
    private const string Pod = "gke-s3-roundtrip";
    private const string Cluster = "cluster-to-aws-list-buckets";

    private const string Id = DefaultGoogleWorld.CiRunnerId;

    private const string Issuer = "container.googleapis.com/v1/projects/security-automation/locations/europe-west1/clusters/forensics";

    private static readonly ClaimsPrincipal Ann = new(new ClaimsIdentity([new Claim(ClaimTypes.Name, "ann"), new Claim(ClaimTypes.Role, "administrator")], "test"));

    private static readonly Dictionary<string, Case> Cases = new()
    {
        ["an instance's token is for another audience than the role asks for"] = new(
            Instance, "assumeRole",
            ["AWS STS refused sts:AssumeRoleWithWebIdentity: AccessDenied (HTTP 403): Not authorized to perform sts:AssumeRoleWithWebIdentity.", "GoogleServiceAccount: StringEquals accounts.google.com:oaud (it reads aud) expects 'https://111122223333.aws.federation/instance-reader' and finds 'https://elsewhere.example'."],
            Story: story => story.Set("audience", "https://elsewhere.example")),
        ["the role trusts another account than the instance's"] = new(
            Instance, "assumeRole",
            ["AccessDenied (HTTP 403)", $"GoogleServiceAccount: StringEquals accounts.google.com:sub (it reads sub) expects '999999999999999999999' and finds '{Id}'."],
            World: world => world.TrustPolicy($"\"accounts.google.com:sub\": \"{Id}\"", "\"accounts.google.com:sub\": \"999999999999999999999\"", "instance-reader")),
        ["no account is attached to the instance"] = new(
            Instance, "getIdentityToken",
            ["Google Cloud's metadata server refused identity: NotFound (HTTP 404)", "No service account is attached to this machine"],
            World: world => world.Account("ci-runner", account => account with { Disabled = true })),
        ["the instance's connection is for other stories"] = new(
            Instance, "getIdentityToken",
            ["connection 'gce-instance': story 'gce-to-aws-caller-identity' may not use it. An administrator who wants it to adds the story's id to Federation:Connections:gce-instance:Stories of the host's configuration."],
            Settings: settings => settings["Federation:Connections:gce-instance:Stories:0"] = "another-story"),
        ["the pod's role asks for another audience than the connection has"] = new(
            Pod, "getCredentials",
            ["AccessDenied (HTTP 403)", "GoogleServiceAccount: StringEquals accounts.google.com:oaud (it reads aud) expects 'https://111122223333.aws.federation/pod-roundtrip' and finds 'https://elsewhere.example'."],
            Settings: settings => settings["Federation:Connections:gke-roundtrip:Audience"] = "https://elsewhere.example"),
        ["the pod's role trusts another account"] = new(
            Pod, "getCredentials",
            ["AccessDenied (HTTP 403)", $"accounts.google.com:aud (it reads azp) expects '999999999999999999999' and finds '{Id}'."],
            World: world => world.TrustPolicy($"\"accounts.google.com:aud\": \"{Id}\"", "\"accounts.google.com:aud\": \"999999999999999999999\"", "pod-roundtrip")),
        ["the pod's role may not upload"] = new(
            Pod, "upload",
            ["AccessDenied (HTTP 403)", "is not authorized to perform: s3:PutObject"],
            World: world => world.Permissions("\"s3:PutObject\"", "\"s3:PutObjectTagging\"", "pod-roundtrip")),
        ["the pod's role may list roles"] = new(
            Pod, "tooMuch",
            ["AWS listed the account's roles: the role of the connection gke-roundtrip may do more than a round trip needs."],
            World: world => world.Permission("""{"Effect":"Allow","Action":"iam:ListRoles","Resource":"*"}""", "pod-roundtrip")),
        ["the story asks for a longer session than the pod's connection gives"] = new(
            Pod, "getCredentials",
            ["connection 'gke-roundtrip': a session of 3600 seconds is asked for. Give 900 to 900, or none for 900; an administrator can raise Federation:Connections:gke-roundtrip:MaxDuration."],
            Story: story => story.Set("getCredentials", "durationSeconds", 3600)),
        ["the role trusts another service account of the cluster"] = new(
            Cluster, "assumeRole",
            ["AccessDenied (HTTP 403)", $"ForensicsCluster: StringEquals {Issuer}:sub (it reads sub) expects 'system:serviceaccount:triage:viewer' and finds 'system:serviceaccount:triage:collector'."],
            World: world => world.TrustPolicy("triage:collector", "triage:viewer", "cluster-collector")),
        ["the cluster's token is for another audience"] = new(
            Cluster, "assumeRole",
            ["InvalidIdentityToken (HTTP 400): Incorrect token audience.", "The audience is not among the client ids of the IAM identity provider: add it."],
            Token: lab => lab.Clusters.ProjectFile("forensics", "triage", "collector", "https://elsewhere.example")),
        ["the account has no provider for the cluster"] = new(
            Cluster, "assumeRole",
            [$"InvalidIdentityToken (HTTP 400): No OpenIDConnect provider found in your account for https://{Issuer}.", "Make an IAM identity provider for the token's issuer in account 444455556666"],
            World: world => world with { Aws = world.Aws with { Accounts = [.. world.Aws.Accounts.Select(account => account with { OidcProviders = [] })] } }),
        ["the token's file is not mounted"] = new(
            Cluster, "getServiceAccountToken",
            ["connection 'cluster-workload': its file '/nowhere/token' does not exist. Put the credential there, or correct the connection's path."],
            Settings: settings => settings["Federation:Connections:cluster-workload:TokenFile"] = "/nowhere/token"),
        ["the file has another cluster's token"] = new(
            Cluster, "getServiceAccountToken",
            [$"is of the issuer 'https://{Issuer}', not of 'https://other.example'. Check that the file is the one that this cluster mounts, and the connection's Issuer."],
            Settings: settings => settings["Federation:Connections:cluster-workload:Issuer"] = "https://other.example"),
    };

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public static TheoryData<string> Names => [.. Cases.Keys];

    [Fact]
    public async Task An_instance_tells_who_it_is_on_both_sides()
    {
        var (_, told) = await FinishAsync(Instance);

        told.GetProperty("serviceAccount").GetString().ShouldBe(DefaultGoogleWorld.CiRunner);
        told.GetProperty("instance").GetString().ShouldBe("ci-runner-1");
        told.GetProperty("account").GetString().ShouldBe("111122223333");
        told.GetProperty("arn").GetString().ShouldBe($"arn:aws:sts::111122223333:assumed-role/instance-reader/{Id}");
    }

    [Fact]
    public async Task A_pod_makes_its_round_trip_and_shows_what_it_may_not()
    {
        var (events, told) = await FinishAsync(Pod);

        told.GetProperty("session").GetString().ShouldBe($"arn:aws:sts::111122223333:assumed-role/pod-roundtrip/{Pod}");
        told.GetProperty("buckets").EnumerateArray().Select(bucket => bucket.GetString()).ShouldContain("security-lab-incident-evidence");
        told.GetProperty("isSame").GetBoolean().ShouldBeTrue();
        told.GetProperty("listRoles").GetProperty("refused").GetString().ShouldBe("AccessDenied");
        told.GetProperty("listRoles").GetProperty("message").GetString().ShouldNotBeNull().ShouldContain("is not authorized to perform: iam:ListRoles");
        events.ShouldBe(["GetIdentityToken", "AssumeRoleWithWebIdentity", "ListBuckets", "PutObject", "GetObject", "ListRoles"]);
    }

    [Fact]
    public async Task A_pod_of_any_cluster_lists_the_buckets_without_Google()
    {
        var (events, told) = await FinishAsync(Cluster);

        told.GetProperty("subject").GetString().ShouldBe("system:serviceaccount:triage:collector");
        told.GetProperty("account").GetString().ShouldBe("444455556666");
        told.GetProperty("buckets").EnumerateArray().Select(bucket => bucket.GetString()).ShouldBe(["forensics-disk-images"]);
        events.ShouldBe(["AssumeRoleWithWebIdentity", "ListBuckets"]);
    }

    [Theory]
    [MemberData(nameof(Names))]
    public async Task A_refusal_says_where_why_and_what_to_do(string name)
    {
        var wrong = Cases[name];
        await using var federated = await StartAsync(wrong);

        var result = await RunAsync(federated, wrong.Id);

        result.Summary.SubStatus.ShouldBe(WorkflowSubStatus.Faulted);
        var incident = result.Incidents.ShouldHaveSingleItem();
        incident.ActivityId.ShouldBe(wrong.Activity, incident.Message);
        wrong.Says.ShouldAllBe(part => incident.Message.Contains(part, StringComparison.Ordinal), incident.Message);
        await ShouldHoldNoSecretAsync(federated, result);
    }

    private static async Task<(string?[] Events, JsonElement Output)> FinishAsync(string story)
    {
        await using var federated = await Federated.StartAsync(LabWorld.Default, _ => { }, story: story);
        var result = await RunAsync(federated, story);
        result.Summary.SubStatus.ShouldBe(WorkflowSubStatus.Finished, string.Join("; ", result.Incidents.Select(incident => incident.Message)));
        await ShouldHoldNoSecretAsync(federated, result);
        return ([.. federated.Lab.Events.Snapshot().Select(asked => asked.EventName)], JsonSerializer.Deserialize<JsonElement>(JsonValues.ToJson(result.Output.ShouldHaveSingleItem().Value)));
    }

    private static async Task<Federated> StartAsync(Case wrong)
    {
        var world = wrong.World?.Invoke(LabWorld.Default) ?? LabWorld.Default;
        if (wrong.Token is null)
        {
            return await Federated.StartAsync(world, wrong.Story ?? (_ => { }), wrong.Settings, wrong.Id);
        }

        var federated = await Federated.StartAsync(world, wrong.Story ?? (_ => { }), wrong.Settings, wrong.Id);
        var mounted = federated.Services.GetRequiredService<IOptions<FederationOptions>>().Value.Connections["cluster-workload"].TokenFile!;
        await File.WriteAllTextAsync(mounted, await File.ReadAllTextAsync(wrong.Token(federated.Lab), Cancel), Cancel);
        return federated;
    }

    private static async Task<RunResult> RunAsync(Federated federated, string story)
    {
        var handle = await federated.Services.GetRequiredService<WorkflowRuntime>().StartAsync(new StartRequest(story), Ann, Cancel);
        return await handle.Rest;
    }

    private static async Task ShouldHoldNoSecretAsync(Federated federated, RunResult result)
    {
        var id = result.Summary.Identity.Id;
        var audit = await federated.Services.GetRequiredService<IAuditStore>().ListAsync(new AuditQuery { Action = "connection.exchange" }, Cancel);
        var all = (await federated.GetAsync($"elsa/api/activity-executions/list?WorkflowInstanceId={id}")).GetRawText() + await federated.JournalAsync(id) + JsonSerializer.Serialize(audit);
        all.ShouldNotContain("eyJhbGciOi");
    }

    private sealed record Case(
        string Id,
        string Activity,
        string[] Says,
        Func<LabWorld, LabWorld>? World = null,
        Action<JsonNode>? Story = null,
        Action<Dictionary<string, string?>>? Settings = null,
        Func<CloudLabServer, string>? Token = null);
}
