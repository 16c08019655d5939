using Amazon;
using Amazon.Runtime;
using Amazon.S3;
using Amazon.SecurityToken;
using Microsoft.Extensions.Options;

namespace FederationWorkflows.Federation.Aws;

/// <summary>
/// Makes SDK clients that take nothing from their surroundings: no credentials, region, endpoint or profile of environment, files or instance metadata
/// - only what the call and the host's configuration say.
/// </summary>
internal sealed class AwsClients(System.Net.Http.IHttpClientFactory http, IOptionsMonitor<FederationOptions> options)
{
    private readonly HostHttpClients factory = new(http, FederationHttpClients.Aws);
    private readonly HostHttpClients contents = new(http, FederationHttpClients.AwsObjects);

    public AmazonSecurityTokenServiceClient Sts(AWSCredentials credentials, string region) =>
        new(credentials, Configure(new AmazonSecurityTokenServiceConfig { MaxErrorRetry = options.CurrentValue.StsRetries }, options.CurrentValue.Endpoints.AwsSts ?? options.CurrentValue.Endpoints.Aws, region, factory));

    /// <param name="credentials">Whose rights it has.</param>
    /// <param name="region">Where it calls.</param>
    /// <param name="ofContents">It reads the content of objects, which is not held in memory.</param>
    public AmazonS3Client S3(AwsCredentials credentials, string region, bool ofContents = false)
    {
        var endpoint = options.CurrentValue.Endpoints.AwsS3 ?? options.CurrentValue.Endpoints.Aws;
        // With retries, S3's retry policy answers a 400 by looking for the bucket's region: a URL signed with the session's credentials, sent by an HTTP client
        // of its own to the endpoint that environment or profile name - past the host's policy and everything configured here.
        return new(Sdk(credentials), Configure(new AmazonS3Config { ForcePathStyle = endpoint is not null, MaxErrorRetry = 0 }, endpoint, region, ofContents ? contents : factory));
    }

    public static AWSCredentials Sdk(AwsCredentials credentials) => credentials.SessionToken is { } session
        ? new SessionAWSCredentials(credentials.AccessKeyId, credentials.SecretAccessKey.Reveal(), session.Reveal())
        : new BasicAWSCredentials(credentials.AccessKeyId, credentials.SecretAccessKey.Reveal());

    private static TConfig Configure<TConfig>(TConfig config, Uri? endpoint, string region, HostHttpClients factory)
        where TConfig : ClientConfig
    {
        config.IgnoreConfiguredEndpointUrls = true;
        config.UseDualstackEndpoint = false;
        config.UseFIPSEndpoint = false;
        config.DefaultConfigurationMode = DefaultConfigurationMode.Standard;
        config.RetryMode = RequestRetryMode.Standard;

        // Ten times at once and whatever MaxErrorRetry says, whenever a connection breaks. Of connections that ended while they were idle the HTTP handler takes care.
        config.MaxStaleConnectionRetries = 0;

        // It would learn from the Date of any answer, for the whole process, and sign with another time than the host's: a clock that is wrong is told instead, by how much, as
        // it spoils what is not signed here as well.
        config.DisableClockSkewCorrection = true;
        config.AllowAutoRedirect = false;
        config.DisableLogging = true;
        config.LogResponse = false;
        config.HttpClientFactory = factory;
        if (endpoint is null)
        {
            config.RegionEndpoint = RegionEndpoint.GetBySystemName(region);
        }
        else
        {
            config.ServiceURL = endpoint.AbsoluteUri;
            config.AuthenticationRegion = region;
        }

        return config;
    }

    private sealed class HostHttpClients(System.Net.Http.IHttpClientFactory http, string client) : HttpClientFactory
    {
        public override HttpClient CreateHttpClient(IClientConfig clientConfig) => http.CreateClient(client);

        // The host's factory pools the connections; a client is a wrapper to be thrown away.
        public override bool UseSDKHttpClientCaching(IClientConfig clientConfig) => false;

        public override bool DisposeHttpClientsAfterUse(IClientConfig clientConfig) => true;
    }
}
