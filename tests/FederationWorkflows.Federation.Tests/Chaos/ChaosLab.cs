using FederationWorkflows.CloudLab;
using FederationWorkflows.CloudLab.Google;
using FederationWorkflows.Federation.Tests.Clients;
using Microsoft.Extensions.DependencyInjection;

namespace FederationWorkflows.Federation.Tests.Chaos;

/// <summary>One CloudLab for all tests of a class, and hosts on it: each with its own time, its own tokens and its own trouble.</summary>
public sealed class ChaosLab : IAsyncLifetime
{
    public const string Responder = "arn:aws:iam::111122223333:role/incident-responder";
    public const string ResponderAudience = "https://federation-workflows.example/aws";
    public const string InstanceReader = "arn:aws:iam::111122223333:role/instance-reader";
    public const string InstanceAudience = "https://111122223333.aws.federation/instance-reader";
    public const string Roundtrip = "arn:aws:iam::111122223333:role/pod-roundtrip";
    public const string RoundtripAudience = "https://111122223333.aws.federation/pod-roundtrip";
    public const string Collector = "arn:aws:iam::444455556666:role/cluster-collector";

    private CloudLabServer? server;

    private string? tokenFile;

    private string? key;

    public CloudLabServer Server => server!;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        server = await CloudLabServer.StartAsync(new CloudLabOptions(), Cancel);
        key = server.Google.ServiceAccountKeyFile(DefaultGoogleWorld.Runner).Reveal();
        tokenFile = server.Clusters.ProjectFile("forensics", "triage", "collector", "sts.amazonaws.com");
    }

    public async ValueTask DisposeAsync()
    {
        if (server is not null)
        {
            await server.DisposeAsync();
        }
    }

    /// <summary>A host at the lab, with a connection of each kind that leads somewhere; of more settings the last of a key counts.</summary>
    internal FederationHost Host(ManualTime time, Interference? trouble = null, params (string Key, string? Value)[] more)
    {
        (string Key, string? Value)[] settings =
        [
            ("Endpoints:GoogleToken", Url("google/oauth2/token")), ("Endpoints:GoogleIamCredentials", Url("google/iamcredentials")), ("Endpoints:GoogleSts", Url("google/sts/v1/token")),
            ("Endpoints:GoogleApis", Url("google")), ("Endpoints:GoogleMetadata", Url("")), ("Endpoints:Aws", Url("")), ("Endpoints:AwsInstanceMetadata", Url("lab/imds")),
            .. Connection("runner", ("Kind", "serviceAccountKey"), ("Json", key)),
            .. Connection("machine", ("Kind", "metadataServer")),
            .. Connection("cluster", ("Kind", "projectedToken"), ("TokenFile", tokenFile), ("Issuer", DefaultGoogleWorld.ClusterIssuer)),
            .. Connection("responder", ("Kind", "awsRole"), ("RoleArn", Responder), ("Source", "runner"), ("Audience", ResponderAudience), ("ServiceAccount", DefaultGoogleWorld.AwsFederation)),
            .. Connection("roundtrip", ("Kind", "awsRole"), ("RoleArn", Roundtrip), ("Source", "machine"), ("Audience", RoundtripAudience)),
            .. Connection("collector", ("Kind", "awsRole"), ("RoleArn", Collector), ("Source", "cluster")),
            .. Connection("workload", ("Kind", "awsInstance")),
            .. Connection("pool", ("Kind", "workloadIdentityPool"), ("Source", "workload"), ("Provider", DefaultGoogleWorld.WorkloadProvider), ("ServiceAccount", DefaultGoogleWorld.FromAws)),
            .. more,
        ];
        return new FederationHost(
            [.. settings.GroupBy(static setting => setting.Key).Select(static group => group.Last())],
            static _ => null,
            time,
            configure: services =>
            {
                foreach (var name in trouble is null ? [] : FederationHttpClients.All)
                {
                    services.AddHttpClient(name).AddHttpMessageHandler(trouble!.Handler);
                }
            });
    }

    public string Url(string path) => new Uri(Server.BaseAddress, path).AbsoluteUri;

    private static IEnumerable<(string Key, string? Value)> Connection(string name, params (string Key, string? Value)[] settings) =>
        settings.Append(("Stories:0", "story")).Select(setting => ($"Connections:{name}:{setting.Item1}", setting.Item2));
}
