using FederationWorkflows.CloudLab;
using FederationWorkflows.CloudLab.Google;
using FederationWorkflows.Federation.Broker;
using Microsoft.Extensions.DependencyInjection;

namespace FederationWorkflows.Federation.Tests.Clients;

/// <summary>The clients as they are on an instance or in a pod of a CloudLab of their own, over real sockets, with a connection of each kind that workloads have.</summary>
internal sealed class WorkloadHost : IAsyncDisposable, IExchangeObserver
{
    public const string Collector = "arn:aws:iam::444455556666:role/cluster-collector";

    private readonly List<ExchangeReport> exchanges = [];

    private WorkloadHost(CloudLabServer lab, Func<CloudLabServer, IEnumerable<(string Key, string? Value)>> more, Func<string, string?> environment)
    {
        Lab = lab;
        (string Key, string? Value)[] settings =
        [
            ("Endpoints:Aws", lab.BaseAddress.ToString()), ("Endpoints:GoogleMetadata", lab.BaseAddress.ToString()),
            ("Connections:here:Kind", "metadataServer"), ("Connections:here:Stories:0", "story"), ("Connections:here:Roles:0", "operator"),
            ("Connections:ambient:Kind", "applicationDefault"), ("Connections:ambient:Stories:0", "story"),
            ("Connections:pod:Kind", "projectedToken"), ("Connections:pod:Issuer", DefaultGoogleWorld.ClusterIssuer), ("Connections:pod:Stories:0", "story"), ("Connections:pod:Roles:0", "operator"),
            ("Connections:pod:TokenFile", lab.Clusters.ProjectFile("forensics", "triage", "collector", "sts.amazonaws.com")),
            ("Connections:collector:Kind", "awsRole"), ("Connections:collector:RoleArn", Collector), ("Connections:collector:Source", "pod"), ("Connections:collector:Stories:0", "story"),
            .. more(lab),
        ];
        Host = new FederationHost(
            [.. settings.GroupBy(setting => setting.Key).Select(group => group.Last())],
            environment,
            new HurriedTime(),
            configure: services => services.AddSingleton<IExchangeObserver>(this));
    }

    public CloudLabServer Lab { get; }

    public FederationHost Host { get; }

    /// <summary>What was told of exchanges, in order.</summary>
    public IReadOnlyList<ExchangeReport> Exchanges
    {
        get
        {
            lock (exchanges)
            {
                return [.. exchanges];
            }
        }
    }

    /// <param name="more">More settings; the last of a key counts.</param>
    /// <param name="world">The world; the built-in one when null.</param>
    /// <param name="environment">The environment variables; none when null.</param>
    public static async Task<WorkloadHost> StartAsync(
        Func<CloudLabServer, IEnumerable<(string Key, string? Value)>>? more = null, LabWorld? world = null, Func<string, string?>? environment = null) =>
        new(await CloudLabServer.StartAsync(new CloudLabOptions { World = world ?? LabWorld.Default }, TestContext.Current.CancellationToken), more ?? (_ => []), environment ?? (_ => null));

    public ValueTask OnExchangedAsync(ExchangeReport report, CancellationToken cancellationToken)
    {
        lock (exchanges)
        {
            exchanges.Add(report);
        }

        return ValueTask.CompletedTask;
    }

    public async ValueTask DisposeAsync()
    {
        Host.Dispose();
        await Lab.DisposeAsync();
    }
}
