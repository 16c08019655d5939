using FederationWorkflows.Federation;
using FederationWorkflows.Federation.Google;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;

namespace FederationWorkflows.CloudLab.Tests.Google;

/// <summary>A lab with workload identity pools: an AWS account, a cluster, and the clients of the product pointed at it.</summary>
internal sealed class PoolLab : IAsyncDisposable
{
    public const string Account = "inbound@pool-lab.iam.gserviceaccount.com";
    public const string UserKey = "AKIAPOOLLABUSER0001";
    public const string UserSecret = "poolLabSecretpoolLabSecretpoolLabSecret1";
    public const string Issuer = "https://container.googleapis.com/v1/projects/pool-lab/locations/europe-west1/clusters/triage";
    public const string Cluster = "triage";

    private const string Pool = "projects/77/locations/global/workloadIdentityPools/outside";
    private const string World = """
        {
          "google": {
            "projects": [
              {
                "id": "pool-lab", "number": "77",
                "serviceAccounts": [
                  {
                    "name": "inbound", "uniqueId": "100000000000000000077",
                    "iamPolicy": { "bindings": [ { "role": "roles/iam.workloadIdentityUser", "members": [
                      "principalSet://iam.googleapis.com/projects/77/locations/global/workloadIdentityPools/outside/attribute.aws_role/arn:aws:sts::111122223333:assumed-role/workload",
                      "principal://iam.googleapis.com/projects/77/locations/global/workloadIdentityPools/outside/subject/system:serviceaccount:default:collector" ] } ] }
                  },
                  { "name": "closed-account", "keys": [ { "createTime": "2024-02-03T04:05:06Z" }, { "id": "disabled-key", "createTime": "2023-01-02T03:04:05Z", "disabled": true } ] }
                ],
                "workloadIdentityPools": [
                  {
                    "id": "outside",
                    "providers": [
                      { "id": "my-aws", "aws": { "accountId": "111122223333" } },
                      { "id": "strict-aws", "aws": { "accountId": "111122223333" }, "attributeCondition": "attribute.aws_role == 'arn:aws:sts::111122223333:assumed-role/other'" },
                      { "id": "short-aws", "aws": { "accountId": "111122223333" }, "attributeMapping": { "google.subject": "assertion.account" } },
                      { "id": "other-account", "aws": { "accountId": "999988887777" } },
                      { "id": "switched-off", "disabled": true, "aws": { "accountId": "111122223333" } },
                      { "id": "triage-cluster", "oidc": { "issuerUri": "https://container.googleapis.com/v1/projects/pool-lab/locations/europe-west1/clusters/triage" },
                        "attributeMapping": { "google.subject": "assertion.sub", "attribute.namespace": "assertion['kubernetes.io']['namespace']" },
                        "attributeCondition": "assertion.sub.endsWith(':collector') || assertion.sub.endsWith(':stranger')" }
                    ]
                  },
                  { "id": "closed", "disabled": true, "providers": [ { "id": "my-aws", "aws": { "accountId": "111122223333" } } ] }
                ],
                "buckets": [ { "name": "findings" } ],
                "iamPolicy": { "bindings": [ { "role": "roles/viewer", "members": [
                  "serviceAccount:inbound@pool-lab.iam.gserviceaccount.com",
                  "principalSet://iam.googleapis.com/projects/77/locations/global/workloadIdentityPools/outside/attribute.aws_role/arn:aws:iam::111122223333:user/ann" ] } ] }
              }
            ]
          },
          "clusters": [
            { "name": "triage", "issuer": "https://container.googleapis.com/v1/projects/pool-lab/locations/europe-west1/clusters/triage", "serviceAccounts": [
              { "namespace": "default", "name": "collector" }, { "namespace": "default", "name": "viewer" }, { "namespace": "default", "name": "stranger" } ] }
          ],
          "aws": {
            "instance": { "role": "arn:aws:iam::111122223333:role/workload", "availabilityZone": "eu-central-1b" },
            "container": { "role": "arn:aws:iam::111122223333:role/workload", "authorizationToken": "pod-token" },
            "accounts": [
              {
                "id": "111122223333",
                "oidcProviders": [ { "url": "https://container.googleapis.com/v1/projects/pool-lab/locations/europe-west1/clusters/triage", "clientIds": ["sts.amazonaws.com"],
                  "thumbprints": ["08745487e891c19e3078c1f2a07e452950ef36f6"] } ],
                "roles": [
                  { "name": "workload", "trustPolicy": { "Version": "2012-10-17", "Statement": [ { "Effect": "Allow",
                      "Principal": { "Service": ["ec2.amazonaws.com", "pods.eks.amazonaws.com"] }, "Action": "sts:AssumeRole" } ] } },
                  { "name": "pod-reader", "trustPolicy": { "Version": "2012-10-17", "Statement": [ { "Effect": "Allow",
                      "Principal": { "Federated": "arn:aws:iam::111122223333:oidc-provider/container.googleapis.com/v1/projects/pool-lab/locations/europe-west1/clusters/triage" },
                      "Action": "sts:AssumeRoleWithWebIdentity",
                      "Condition": { "StringEquals": {
                        "container.googleapis.com/v1/projects/pool-lab/locations/europe-west1/clusters/triage:aud": "sts.amazonaws.com",
                        "container.googleapis.com/v1/projects/pool-lab/locations/europe-west1/clusters/triage:sub": "system:serviceaccount:default:collector" } } } ] },
                    "policies": [ { "name": "list", "document": { "Version": "2012-10-17", "Statement": [ { "Effect": "Allow", "Action": "s3:ListAllMyBuckets", "Resource": "*" } ] } } ] }
                ],
                "users": [ { "name": "ann", "accessKeys": [ { "id": "AKIAPOOLLABUSER0001", "secret": "poolLabSecretpoolLabSecretpoolLabSecret1" } ] } ],
                "buckets": [ { "name": "pod-evidence" } ]
              },
              { "id": "444455556666", "users": [ { "name": "bob", "accessKeys": [ { "id": "AKIAPOOLLABUSER0002", "secret": "poolLabSecretpoolLabSecretpoolLabSecret2" } ] } ] }
            ]
          }
        }
        """;

    private CloudLabServer? server;
    private ServiceProvider? services;

    public static PoolProviderName AwsProvider { get; } = new("77", "outside", "my-aws");

    public static PoolProviderName ClusterProvider { get; } = new("77", "outside", "triage-cluster");

    public static string PoolPath => Pool;

    public TestClock Time { get; } = new(DateTimeOffset.UtcNow);

    public string Folder { get; } = Directory.CreateTempSubdirectory("pool-lab-").FullName;

    public CloudLabServer Server => server!;

    public HttpClient Http { get; } = new();

    public CloudEndpoints Endpoints => new()
    {
        GoogleToken = new Uri(Url("/google/oauth2/token")),
        GoogleSts = new Uri(Url("/google/sts/v1/token")),
        GoogleIamCredentials = new Uri(Url("/google/iamcredentials")),
        AwsSts = new Uri(Url("/")),
        AwsS3 = new Uri(Url("/")),
        AwsInstanceMetadata = new Uri(Url("/lab/imds")),
    };

    /// <summary>What was asked of the lab, by name.</summary>
    public IEnumerable<string> Events => Server.Events.Snapshot().Select(record => record.EventName);

    public LabEvent Last(string name) => Server.Events.Snapshot().Last(record => record.EventName == name);

    public async ValueTask InitializeAsync(Func<LabWorld, LabWorld>? change = null)
    {
        var world = LabWorld.Parse(World);
        server = await CloudLabServer.StartAsync(new CloudLabOptions { World = change?.Invoke(world) ?? world, TimeProvider = Time }, TestContext.Current.CancellationToken);
        Http.BaseAddress = server.BaseAddress;
    }

    public string Url(string path) => new Uri(Server.BaseAddress, path).AbsoluteUri;

    /// <summary>The product's own clients, as a host has them.</summary>
    public T Client<T>()
        where T : notnull
    {
        if (services is null)
        {
            var settings = typeof(CloudEndpoints).GetProperties().Select(endpoint => KeyValuePair.Create("Federation:Endpoints:" + endpoint.Name, endpoint.GetValue(Endpoints)?.ToString()));
            var collection = new ServiceCollection();
            collection.AddSingleton<TimeProvider>(Time);
            collection.AddFederation(new ConfigurationBuilder().AddInMemoryCollection(settings.Append(new("Federation:StsRetries", "0"))).Build());
            services = collection.BuildServiceProvider();
        }

        return services.GetRequiredService<T>();
    }

    /// <summary>A token of the cluster in a file, as a pod has it.</summary>
    public async Task<string> TokenFileAsync(string account, string? audience = null)
    {
        var path = Path.Combine(Folder, account);
        var token = Server.Clusters.ProjectToken(Cluster, "default", account, audience ?? ClusterProvider.DefaultAudience);
        await File.WriteAllTextAsync(path, token.Reveal(), TestContext.Current.CancellationToken);
        return path;
    }

    public async ValueTask DisposeAsync()
    {
        Http.Dispose();
        if (services is not null)
        {
            await services.DisposeAsync();
        }

        if (server is not null)
        {
            await server.DisposeAsync();
        }

        Directory.Delete(Folder, recursive: true);
    }
}
