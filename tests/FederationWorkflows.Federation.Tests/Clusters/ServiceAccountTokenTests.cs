using System.Text.Json.Nodes;
using FederationWorkflows.CloudLab.Google;
using FederationWorkflows.Engine;
using FederationWorkflows.Federation.Aws;
using FederationWorkflows.Federation.Broker;
using FederationWorkflows.Federation.Connections;
using FederationWorkflows.Federation.Tests.Clients;
using Microsoft.Extensions.DependencyInjection;
using static FederationWorkflows.Federation.Tests.Clients.StoryRun;

namespace FederationWorkflows.Federation.Tests.Clusters;

/// <summary>Clusters whose tokens AWS trusts without Google, from a story, against a CloudLab.</summary>
public sealed class ServiceAccountTokenTests
{
    private const string Subject = "system:serviceaccount:triage:collector";

    private const string Audience = "sts.amazonaws.com";

    private static readonly string[] Variables = ["token", "expires", "issuer", "subject", "credentials", "session", "caller"];

    private static readonly JsonObject Read = Activity(
        "Kubernetes.GetServiceAccountToken", "read", ("connection", "pod"), ("result", ">token"), ("expiresAt", ">expires"), ("issuer", ">issuer"), ("subject", ">subject"));

    [Fact]
    public async Task A_pod_becomes_an_AWS_role_by_its_projected_token()
    {
        await using var workload = await WorkloadHost.StartAsync();

        var story = (await RunAsync(workload.Host, [Read, Assume(WorkloadHost.Collector), Activity("Aws.GetCallerIdentity", "ask", ("credentials", "$credentials"), ("result", ">caller"))], Variables)).ShouldFinish();

        story["issuer"].ShouldBe(DefaultGoogleWorld.ClusterIssuer);
        story["subject"].ShouldBe(Subject);
        story["caller"].ShouldBeOfType<CallerIdentity>().Arn.ShouldBe("arn:aws:sts::444455556666:assumed-role/cluster-collector/system-serviceaccount-triage-collector");
        var report = workload.Exchanges.ShouldHaveSingleItem();
        (report.Connection, report.Kind, report.Story, report.Activity, report.Outcome).ShouldBe(("pod", "projectedToken", "story", "read", "ok"));
        (report.Claims!.Iss, report.Claims.Sub).ShouldBe((DefaultGoogleWorld.ClusterIssuer, Subject));
        report.Claims.Aud.ShouldBe([Audience]);
        report.ExpiresAt.ShouldBe((DateTimeOffset?)story["expires"]);
        (story.Saved.ToString() + story.Journal).ShouldNotContain(story["token"].ShouldBeOfType<Sensitive<string>>().Reveal().Split('.')[1]);
    }

    [Fact]
    public async Task A_connection_of_a_role_is_reached_from_a_projected_token()
    {
        await using var workload = await WorkloadHost.StartAsync();

        var story = (await RunAsync(workload.Host, [Credentials("get"), Credentials("again")], Variables)).ShouldFinish();

        story["session"].ShouldBe("arn:aws:sts::444455556666:assumed-role/cluster-collector/story");
        var report = workload.Exchanges.ShouldHaveSingleItem();
        (report.Connection, report.Kind, report.Role, report.SessionName, report.Claims!.Sub).ShouldBe(("collector", "awsRole", WorkloadHost.Collector, "story", Subject));
        workload.Lab.Events.Snapshot().Select(asked => asked.EventName).ShouldBe(["AssumeRoleWithWebIdentity"]);
    }

    [Fact]
    public async Task A_checked_connection_says_whose_token_it_has()
    {
        await using var workload = await WorkloadHost.StartAsync();

        var report = await workload.Host.Services.GetRequiredService<ITokenBroker>().CheckAsync("pod", TestContext.Current.CancellationToken);
        var facts = workload.Host.Services.GetRequiredService<IConnectionDirectory>().Find("pod").ShouldNotBeNull();

        (report.Succeeded, report.Claims!.Sub).ShouldBe((true, Subject));
        (facts.Cloud, facts.Kind).ShouldBe((null, "projectedToken"));
        facts.Identity.ShouldStartWith($"the service account of {DefaultGoogleWorld.ClusterIssuer} in /");
    }

    public static TheoryData<string, string[], string> NotForThem => new()
    {
        { "none", [], "connection 'none': story 'story' may not use it. An administrator who wants it to adds the story's id to Federation:Connections:none:Stories of the host's configuration." },
        { "pod", ["author"], "connection 'pod': the run of story 'story' was started, or let go on, by hand by somebody who has the role author only. Somebody with one of the roles of the connection (operator, administrator) starts it, or an administrator adds the role to Federation:Connections:pod:Roles of the host's configuration." },
        { "here", [], "connection 'here': its kind is metadataServer, and it has no token of a cluster. Name a connection of kind projectedToken." },
    };

    [Theory]
    [MemberData(nameof(NotForThem))]
    public async Task Nobody_gets_a_pod_s_token_but_through_a_connection_that_is_for_him(string connection, string[] hands, string refusal)
    {
        await using var workload = await WorkloadHost.StartAsync(lab =>
        [
            ("Connections:none:Kind", "projectedToken"), ("Connections:none:Issuer", "https://cluster.example"), ("Connections:none:TokenFile", "/nowhere"),
        ]);

        var story = await RunByAsync(workload.Host, hands, [Activity("Kubernetes.GetServiceAccountToken", "read", ("connection", connection))]);

        story.ShouldFault("read").ShouldBe(refusal);
        workload.Exchanges.ShouldBeEmpty();
    }

    [Theory]
    [InlineData("Google.GetAccessToken", "connection 'pod': it is an identity of a Kubernetes cluster and has no Google tokens.")]
    [InlineData("Aws.GetCredentials", "connection 'pod': it is an identity of a Kubernetes cluster and has no AWS credentials. Name an AWS connection, such as one of kind awsRole that is reached from it.")]
    public async Task What_a_cluster_does_not_give_is_said_with_where_it_is_had(string type, string message)
    {
        await using var workload = await WorkloadHost.StartAsync();

        (await RunAsync(workload.Host, [Activity(type, "get", ("connection", "pod"))])).ShouldFault("get").ShouldStartWith(message);
    }

    public static TheoryData<string, string, string, string[]> Untrusted => new()
    {
        {
            "viewer", Audience, WorkloadHost.Collector,
            [
                "AWS STS refused sts:AssumeRoleWithWebIdentity: AccessDenied (HTTP 403): Not authorized to perform sts:AssumeRoleWithWebIdentity.",
                "ForensicsCluster: StringEquals container.googleapis.com/v1/projects/security-automation/locations/europe-west1/clusters/forensics:sub (it reads sub) expects 'system:serviceaccount:triage:collector' and finds 'system:serviceaccount:triage:viewer'.",
            ]
        },
        {
            "collector", "https://elsewhere.example", WorkloadHost.Collector,
            ["InvalidIdentityToken (HTTP 400): Incorrect token audience.", "The audience is not among the client ids of the IAM identity provider: add it."]
        },
        {
            "collector", Audience, "arn:aws:iam::111122223333:role/incident-responder",
            [
                $"InvalidIdentityToken (HTTP 400): No OpenIDConnect provider found in your account for {DefaultGoogleWorld.ClusterIssuer}.",
                "Make an IAM identity provider for the token's issuer in account 111122223333",
            ]
        },
    };

    [Theory]
    [MemberData(nameof(Untrusted))]
    public async Task A_refusal_says_which_of_the_trust_s_conditions_it_was(string account, string audience, string role, string[] says)
    {
        await using var workload = await WorkloadHost.StartAsync(lab =>
        [
            ("Connections:pod:TokenFile", lab.Clusters.ProjectFile("forensics", "triage", account, audience)),
            ("Connections:collector:RoleArn", role),
            ("TrustPolicies:collector:RoleArn", WorkloadHost.Collector),
            ("TrustPolicies:collector:Json", lab.World.Aws.Accounts[1].Roles.Single(known => known.Name == "cluster-collector").TrustPolicy.GetRawText()),
        ]);

        var inSteps = (await RunAsync(workload.Host, [Read, Assume(role)], Variables)).ShouldFault("assume");
        var byConnection = (await RunAsync(workload.Host, [Credentials("get")], Variables)).ShouldFault("get");

        says.ShouldAllBe(part => inSteps.Contains(part, StringComparison.Ordinal), inSteps);
        byConnection.ShouldBe(inSteps);
    }

    [Fact]
    public async Task A_refusal_of_a_connection_s_role_has_every_condition_in_the_journal()
    {
        await using var workload = await WorkloadHost.StartAsync(lab =>
        [
            ("Connections:pod:TokenFile", lab.Clusters.ProjectFile("forensics", "triage", "viewer", Audience)),
            ("TrustPolicies:collector:RoleArn", WorkloadHost.Collector),
            ("TrustPolicies:collector:Json", lab.World.Aws.Accounts[1].Roles.Single(known => known.Name == "cluster-collector").TrustPolicy.GetRawText()),
        ]);

        var story = await RunAsync(workload.Host, [Credentials("get")], Variables);

        story.ShouldFault("get");
        story.Journal.ToString().ShouldContain("forensics:aud");
    }

    [Fact]
    public async Task A_token_that_the_kubelet_puts_in_its_place_takes_effect_within_minutes()
    {
        using var host = new FederationHost(("Connections:pod:Kind", "projectedToken"), ("Connections:pod:Issuer", "https://cluster.example"), ("Connections:pod:TokenFile", Path.Combine(Path.GetTempPath(), Guid.NewGuid().ToString("N"))));
        var broker = host.Services.GetRequiredService<ITokenBroker>();
        var file = host.Options.Connections["pod"].TokenFile!;
        try
        {
            await File.WriteAllTextAsync(file, Token("one"), TestContext.Current.CancellationToken);
            (await SubjectAsync()).ShouldBe("one");
            await File.WriteAllTextAsync(file, Token("two"), TestContext.Current.CancellationToken);
            (await SubjectAsync()).ShouldBe("one");
            host.Time.Advance(TimeSpan.FromMinutes(5));
            (await SubjectAsync()).ShouldBe("two");
        }
        finally
        {
            File.Delete(file);
        }

        async Task<string?> SubjectAsync() => (await broker.GetProjectedTokenAsync("pod", ConnectionUser.Administrator, TestContext.Current.CancellationToken)).Claims.Subject;

        string Token(string subject) => Clients.Credentials.IdToken(new { iss = "https://cluster.example", sub = subject, aud = new[] { Audience }, exp = host.Time.GetUtcNow().AddHours(1).ToUnixTimeSeconds() });
    }

    private static JsonObject Assume(string role) =>
        Activity("Aws.AssumeRoleWithWebIdentity", "assume", ("roleArn", role), ("webIdentityToken", "$token"), ("sessionName", null), ("result", ">credentials"));

    private static JsonObject Credentials(string id) => Activity("Aws.GetCredentials", id, ("connection", "collector"), ("result", ">credentials"), ("assumedRoleArn", ">session"));
}
