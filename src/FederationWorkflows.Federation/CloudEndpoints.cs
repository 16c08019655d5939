namespace FederationWorkflows.Federation;

/// <summary>
/// Where the clouds are. Only the host's configuration (section <c>Federation:Endpoints</c>) sets it: a story that could name an endpoint
/// could send assertions and tokens to its author. Each is an absolute https URL; http is for loopback only.
/// </summary>
public sealed class CloudEndpoints
{
    /// <summary>Google's OAuth 2.0 token endpoint. It takes the place of the <c>token_uri</c> in a key file, which is not trusted.</summary>
    public Uri GoogleToken { get; set; } = new("https://oauth2.googleapis.com/token");

    /// <summary>Base of the IAM Service Account Credentials API.</summary>
    public Uri GoogleIamCredentials { get; set; } = new("https://iamcredentials.googleapis.com");

    /// <summary>Google's security token service, for workload identity pools.</summary>
    public Uri GoogleSts { get; set; } = new("https://sts.googleapis.com/v1/token");

    /// <summary>
    /// Base of all other Google APIs, followed by the service's name (<c>storage</c>, <c>iam</c>) and the path; null for <c>https://SERVICE.googleapis.com</c>.
    /// </summary>
    public Uri? GoogleApis { get; set; }

    /// <summary>
    /// The metadata server of Google Cloud; null for where Google's own clients look: GCE_METADATA_HOST in the environment, or 169.254.169.254. It speaks http: to
    /// its own addresses and to loopback, for a stand-in.
    /// </summary>
    public Uri? GoogleMetadata { get; set; }

    /// <summary>Every AWS service that has no endpoint of its own here; null for the service's own in its region.</summary>
    public Uri? Aws { get; set; }

    /// <summary>AWS STS; null for the region's own endpoint.</summary>
    public Uri? AwsSts { get; set; }

    /// <summary>Amazon S3; null for the region's own endpoint. When set, buckets are addressed by path.</summary>
    public Uri? AwsS3 { get; set; }

    /// <summary>
    /// The EC2 instance metadata service. It speaks http: to its own addresses 169.254.169.254 and [fd00:ec2::254], and to loopback, for a stand-in.
    /// </summary>
    public Uri AwsInstanceMetadata { get; set; } = new("http://169.254.169.254");
}
