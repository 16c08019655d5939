using FederationWorkflows.Federation.Aws.Objects;
using FederationWorkflows.Federation.Broker;
using FederationWorkflows.Federation.Connections;
using FederationWorkflows.Federation.Trust;

namespace FederationWorkflows.Federation;

/// <summary>The host's configuration section <c>Federation</c>.</summary>
public sealed class FederationOptions
{
    /// <summary>The name of the section.</summary>
    public const string Section = "Federation";

    /// <summary>Where the clouds are.</summary>
    public CloudEndpoints Endpoints { get; set; } = new();

    /// <summary>The identities an administrator lets stories use, by the name stories know them by (case does not matter).</summary>
    public Dictionary<string, ConnectionOptions> Connections { get; } = new(StringComparer.OrdinalIgnoreCase);

    /// <summary>The trust policies that roles are expected to have, by any name: refusals of AWS STS are explained by them.</summary>
    public Dictionary<string, TrustPolicyOptions> TrustPolicies { get; } = new(StringComparer.OrdinalIgnoreCase);

    /// <summary>The providers of workload identity pools as they are expected to be, by any name: refusals of Google's token service are explained by them.</summary>
    public Dictionary<string, PoolProviderOptions> PoolProviders { get; } = new(StringComparer.OrdinalIgnoreCase);

    /// <summary>Content of S3 objects: how much a story may hold, and the folder for what is larger.</summary>
    public ObjectOptions Objects { get; set; } = new();

    /// <summary>How long one call to a cloud may take, retries included; of a transfer, how long nothing may move: 1 to 90 seconds. Default 30 seconds.</summary>
    public TimeSpan Timeout { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>How often the AWS SDK repeats a call to STS that failed for a passing reason: 0 to 5. Default 2. Other calls are not repeated.</summary>
    public int StsRetries { get; set; } = 2;

    /// <summary>Whoever uses the host is its administrator: every story may use every connection. No configuration says this, only a host.</summary>
    internal bool HasOneUser { get; private set; }

    /// <summary>
    /// For a host that has one user, who is its administrator, such as a command at somebody's keyboard: every story that he runs may use every
    /// connection that he configured.
    /// </summary>
    public void TrustOnlyUser() => HasOneUser = true;

    /// <summary>How tokens are kept, and how fast clouds are asked for them.</summary>
    public BrokerOptions Broker { get; set; } = new();

    /// <summary>The AWS region of calls that name none, in the <c>aws</c> partition. Default <c>us-east-1</c>.</summary>
    public string AwsRegion { get; set; } = "us-east-1";
}
