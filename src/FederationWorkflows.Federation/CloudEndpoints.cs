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

    /// <summary>AWS STS; null for the region's own endpoint.</summary>
    public Uri? AwsSts { get; set; }

    /// <summary>Amazon S3; null for the region's own endpoint. When set, buckets are addressed by path.</summary>
    public Uri? AwsS3 { get; set; }
}
