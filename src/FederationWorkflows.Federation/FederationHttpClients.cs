namespace FederationWorkflows.Federation;

/// <summary>
/// Names of the HTTP clients that the federation uses, for a host that adds its own handlers (an outbound policy, a proxy, telemetry)
/// with <c>services.AddHttpClient(name)</c>.
/// </summary>
public static class FederationHttpClients
{
    /// <summary>For Google's token endpoint, security token service and IAM Credentials API.</summary>
    public const string Google = "federation-google";

    /// <summary>For the metadata server of Google Cloud, a link-local address that no other client has a reason to reach.</summary>
    public const string GoogleMetadata = "federation-google-metadata";

    /// <summary>For any Google API that a story names.</summary>
    public const string GoogleApis = "federation-google-apis";

    /// <summary>For AWS.</summary>
    public const string Aws = "federation-aws";

    /// <summary>For the content of S3 objects, which is passed on as it comes.</summary>
    public const string AwsObjects = "federation-aws-objects";

    /// <summary>For the metadata service of EC2 and the credential endpoints of ECS and EKS, link-local addresses that no other client has a reason to reach.</summary>
    public const string AwsMetadata = "federation-aws-metadata";

    internal static IReadOnlyList<string> All { get; } = [Google, GoogleMetadata, GoogleApis, Aws, AwsObjects, AwsMetadata];
}
