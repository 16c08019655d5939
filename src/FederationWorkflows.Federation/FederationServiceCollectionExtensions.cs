using System.Net;
using FederationWorkflows.Engine.Descriptors;
using FederationWorkflows.Federation.Aws;
using FederationWorkflows.Federation.Aws.Objects;
using FederationWorkflows.Federation.Aws.Requests;
using FederationWorkflows.Federation.Aws.Sources;
using FederationWorkflows.Federation.Broker;
using FederationWorkflows.Federation.Clusters;
using FederationWorkflows.Federation.Connections;
using FederationWorkflows.Federation.Google;
using FederationWorkflows.Federation.Google.Activities;
using FederationWorkflows.Federation.Google.Requests;
using FederationWorkflows.Federation.Trust;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;

namespace FederationWorkflows.Federation;

/// <summary>Registers the federation clients.</summary>
public static class FederationServiceCollectionExtensions
{
    // Tokens are a few KB; 10,000 buckets with name, date and region are about 2 MB of XML.
    private const long MaxTokenAnswerBytes = 256 * 1024;
    private const long MaxAnswerBytes = 8 * 1024 * 1024;
    private const long MaxAwsMetadataAnswerBytes = 64 * 1024;

    /// <summary>
    /// Registers <see cref="IConnectionStore"/>, <see cref="IGoogleTokenSource"/>, <see cref="IServiceAccountCredentials"/>, <see cref="IWorkloadIdentityPools"/>,
    /// <see cref="IGoogleRequests"/>, <see cref="IAwsFederation"/>, <see cref="IAwsSources"/>, <see cref="ICallerIdentityTokens"/>, <see cref="IProjectedTokens"/>,
    /// <see cref="IBuckets"/>, <see cref="IObjects"/>, <see cref="IObjectWrites"/> and <see cref="IAwsRequests"/> with the options of section <see cref="FederationOptions.Section"/>, which are checked when the host starts.
    /// The activities over them come as one <see cref="IActivityProvider"/>, so call it once. Their HTTP clients are named in <see cref="FederationHttpClients"/>; what the host registered itself (a store, a token source, a <see cref="TimeProvider"/>) stays.
    /// </summary>
    /// <param name="services">The host's services.</param>
    /// <param name="configuration">The host's configuration, at its root.</param>
    public static IServiceCollection AddFederation(this IServiceCollection services, IConfiguration configuration)
    {
        services.AddOptions<FederationOptions>().Bind(configuration.GetSection(FederationOptions.Section)).ValidateOnStart();
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IValidateOptions<FederationOptions>, FederationOptionsValidator>());
        services.TryAddSingleton(TimeProvider.System);

        AddClient(services, FederationHttpClients.Google, MaxTokenAnswerBytes);
        AddClient(services, FederationHttpClients.GoogleMetadata, MaxTokenAnswerBytes).AddHttpMessageHandler<MetadataAddress>();
        AddClient(services, FederationHttpClients.GoogleApis, MaxAnswerBytes);
        AddClient(services, FederationHttpClients.Aws, MaxAnswerBytes);
        AddClient(services, FederationHttpClients.AwsObjects, MaxAnswerBytes, streams: true);
        AddClient(services, FederationHttpClients.AwsMetadata, MaxAwsMetadataAnswerBytes);

        services.TryAddSingleton(provider => new ApplicationDefault(provider.GetRequiredService<IOptionsMonitor<FederationOptions>>(), Environment.GetEnvironmentVariable));
        services.TryAddSingleton<ConnectionCatalog>();
        services.TryAddSingleton<IConnectionStore, ConfiguredConnections>();
        services.TryAddTransient<MetadataAddress>();
        services.TryAddSingleton<GoogleHttp>();
        services.TryAddSingleton<TokenEndpoint>();
        services.TryAddSingleton<MetadataServer>();
        services.TryAddSingleton<IServiceAccountCredentials, ServiceAccountCredentials>();
        services.TryAddSingleton<IGoogleTokenSource, GoogleTokenSource>();
        services.TryAddSingleton<IWorkloadIdentityPools, WorkloadIdentityPools>();

        services.AddSingleton<IActivityProvider>(TypedActivityProvider.FromAssemblyOf<GetAccessToken>());

        services.TryAddSingleton<ExpectedTrust>();
        services.TryAddSingleton<ExpectedPools>();
        services.TryAddSingleton<AwsClients>();
        services.TryAddSingleton<IAwsFederation, AwsFederation>();
        services.TryAddSingleton<AwsEndpoints>();
        services.TryAddSingleton<IBuckets, Buckets>();
        services.TryAddSingleton<S3Calls>();
        services.TryAddSingleton<TransferFolder>();
        services.TryAddSingleton<IAwsRequests, AwsRequests>();
        services.TryAddSingleton<IGoogleRequests, GoogleRequests>();
        services.TryAddSingleton<IObjects, ObjectReads>();
        services.TryAddSingleton<IObjectWrites, ObjectWrites>();
        services.TryAddSingleton<ICallerIdentityTokens, CallerIdentityTokens>();
        services.TryAddSingleton(HostEnvironment.OfProcess);
        services.TryAddSingleton<MetadataHttp>();
        services.TryAddSingleton<EnvironmentKeys>();
        services.TryAddSingleton<ProfileFiles>();
        services.TryAddSingleton<InstanceMetadata>();
        services.TryAddSingleton<ContainerCredentials>();
        services.TryAddSingleton<IAwsSources, AwsSources>();
        services.TryAddSingleton<IProjectedTokens, ProjectedTokens>();

#pragma warning disable CA5394 // It spreads calls in time; nobody need not guess it.
        services.TryAddSingleton(provider => new CloudPace(
            provider.GetRequiredService<IOptionsMonitor<FederationOptions>>(), provider.GetRequiredService<TimeProvider>(), Random.Shared.NextDouble));
#pragma warning restore CA5394
        services.TryAddSingleton<ConnectionExchanges>();
        services.TryAddSingleton<TokenBroker>();
        services.TryAddSingleton<TokenHolders>();
        services.TryAddSingleton<IConnectionDirectory, ConnectionDirectory>();
        services.TryAddSingleton<ITokenBroker>(provider => provider.GetRequiredService<TokenBroker>());
        return services;
    }

    private static IHttpClientBuilder AddClient(IServiceCollection services, string name, long maxAnswerBytes, bool streams = false) =>
        services.AddHttpClient(name)
            .ConfigureHttpClient(client => client.Timeout = Timeout.InfiniteTimeSpan) // Each call has its own limit.
            .ConfigurePrimaryHttpMessageHandler(() => new SocketsHttpHandler
            {
                AllowAutoRedirect = false,
                UseCookies = false,
                ActivityHeadersPropagator = null, // A cloud need not know of which trace a call is.
                AutomaticDecompression = DecompressionMethods.All,
                ConnectTimeout = TimeSpan.FromSeconds(10),
                PooledConnectionLifetime = TimeSpan.FromMinutes(5), // So that a change in DNS is seen.
            })
            .AddHttpMessageHandler(() => new AnswerLimits(maxAnswerBytes, streams));
}
