using System.Collections.Frozen;
using FederationWorkflows.Federation.Aws.Signing;
using Microsoft.Extensions.Options;

namespace FederationWorkflows.Federation.Aws;

/// <summary>Where a service is called, and for which region and service it is signed.</summary>
/// <param name="Base">The URL up to the path, without a slash at its end.</param>
/// <param name="Region">The region to sign for.</param>
/// <param name="SigningName">The service to sign for.</param>
internal sealed record AwsEndpoint(string Base, string Region, string SigningName);

/// <summary>
/// Finds the endpoint of a service from its name and region (AWS General Reference, "Service endpoints and quotas"). What a story names becomes part of a
/// host name below AWS's own domains, and of nothing else.
/// </summary>
internal sealed class AwsEndpoints(IOptionsMonitor<FederationOptions> options)
{
    /// <summary>Services of a whole partition: one host, signed for one region.</summary>
    private static readonly FrozenDictionary<(string Service, string Partition), (string Host, string Region)> Global = new Dictionary<(string, string), (string, string)>
    {
        [("iam", AwsRegions.Aws)] = ("iam.amazonaws.com", "us-east-1"),
        [("iam", AwsRegions.China)] = ("iam.cn-north-1.amazonaws.com.cn", "cn-north-1"),
        [("iam", AwsRegions.GovCloud)] = ("iam.us-gov.amazonaws.com", "us-gov-west-1"),
        [("organizations", AwsRegions.Aws)] = ("organizations.us-east-1.amazonaws.com", "us-east-1"),
        [("organizations", AwsRegions.China)] = ("organizations.cn-northwest-1.amazonaws.com.cn", "cn-northwest-1"),
        [("organizations", AwsRegions.GovCloud)] = ("organizations.us-gov-west-1.amazonaws.com", "us-gov-west-1"),
        [("route53", AwsRegions.Aws)] = ("route53.amazonaws.com", "us-east-1"),
        [("route53", AwsRegions.China)] = ("route53.amazonaws.com.cn", "cn-northwest-1"),
        [("route53", AwsRegions.GovCloud)] = ("route53.us-gov.amazonaws.com", "us-gov-west-1"),
        [("cloudfront", AwsRegions.Aws)] = ("cloudfront.amazonaws.com", "us-east-1"),
        [("cloudfront", AwsRegions.China)] = ("cloudfront.cn-northwest-1.amazonaws.com.cn", "cn-northwest-1"),
        [("waf", AwsRegions.Aws)] = ("waf.amazonaws.com", "us-east-1"),
        [("shield", AwsRegions.Aws)] = ("shield.us-east-1.amazonaws.com", "us-east-1"),
        [("support", AwsRegions.Aws)] = ("support.us-east-1.amazonaws.com", "us-east-1"),
        [("health", AwsRegions.Aws)] = ("health.us-east-1.amazonaws.com", "us-east-1"),
        [("ce", AwsRegions.Aws)] = ("ce.us-east-1.amazonaws.com", "us-east-1"),
        [("cur", AwsRegions.Aws)] = ("cur.us-east-1.amazonaws.com", "us-east-1"),
        [("budgets", AwsRegions.Aws)] = ("budgets.amazonaws.com", "us-east-1"),
        [("account", AwsRegions.Aws)] = ("account.us-east-1.amazonaws.com", "us-east-1"),
        [("globalaccelerator", AwsRegions.Aws)] = ("globalaccelerator.us-west-2.amazonaws.com", "us-west-2"),
    }.ToFrozenDictionary();

    /// <summary>Names with a dot, one by one: of any other the first part could be a bucket or an API of somebody's.</summary>
    private static readonly FrozenDictionary<string, string> SigningNames = new Dictionary<string, string>(StringComparer.Ordinal)
    {
        ["api.ecr"] = "ecr",
        ["api.ecr-public"] = "ecr-public",
        ["api.pricing"] = "pricing",
        ["api.sagemaker"] = "sagemaker",
        ["runtime.sagemaker"] = "sagemaker",
        ["data.iot"] = "iotdata",
        ["data-ats.iot"] = "iotdata",
        ["streams.dynamodb"] = "dynamodb",
        ["entitlement.marketplace"] = "aws-marketplace",
        ["catalog.marketplace"] = "aws-marketplace",
        ["metering.marketplace"] = "aws-marketplace",
        ["portal.sso"] = "awsssoportal",
        ["email"] = "ses",
        ["bedrock-runtime"] = "bedrock",
        ["bedrock-agent"] = "bedrock",
        ["bedrock-agent-runtime"] = "bedrock",
    }.ToFrozenDictionary(StringComparer.Ordinal);

    /// <summary>Whether a name is one that a service can have, and not the host of a customer.</summary>
    public static bool IsService(string service) =>
        service.Length is > 1 and <= 63
        && (service.Contains('.', StringComparison.Ordinal)
            ? SigningNames.ContainsKey(service)
            : service.All(static character => char.IsAsciiLetterLower(character) || char.IsAsciiDigit(character) || character == '-') && service[0] != '-' && service[^1] != '-');

    public AwsEndpoint Find(string service, string region)
    {
        var partition = AwsRegions.PartitionOf(region);
        var signing = SigningNames.GetValueOrDefault(service, service);
        if (Global.TryGetValue((service, partition), out var global))
        {
            return new AwsEndpoint(Configured(service) ?? $"https://{global.Host}", global.Region, signing);
        }

        return new AwsEndpoint(Configured(service) ?? $"https://{service}.{region}.{Domain(partition)}", region, signing);
    }

    /// <summary>The URL of an object: by the bucket's own host, or by path where that cannot have a certificate (dots) or an administrator has set an endpoint.</summary>
    public string ObjectUrl(string region, string bucket, string key)
    {
        var path = SigV4.EscapePath(key);
        return Configured(SigV4.S3) is { } configured ? $"{configured}/{bucket}/{path}"
            : bucket.Contains('.', StringComparison.Ordinal) ? $"https://s3.{region}.{Domain(AwsRegions.PartitionOf(region))}/{bucket}/{path}"
            : $"https://{bucket}.s3.{region}.{Domain(AwsRegions.PartitionOf(region))}/{path}";
    }

    private static string Domain(string partition) => partition == AwsRegions.China ? "amazonaws.com.cn" : "amazonaws.com";

    private string? Configured(string service)
    {
        var endpoints = options.CurrentValue.Endpoints;
        var own = service switch
        {
            SigV4.S3 => endpoints.AwsS3,
            "sts" => endpoints.AwsSts,
            _ => null,
        };
        return (own ?? endpoints.Aws)?.AbsoluteUri.TrimEnd('/');
    }
}
