using System.Text.RegularExpressions;

namespace FederationWorkflows.Federation.Aws;

/// <summary>Regions and the partitions they are in. A region becomes part of a host name: nothing but a region's form is let through.</summary>
internal static partial class AwsRegions
{
    public const string Aws = "aws";
    public const string China = "aws-cn";
    public const string GovCloud = "aws-us-gov";

    public static bool IsWellFormed(string region) => Form().IsMatch(region);

    public static string PartitionOf(string region) =>
        region.StartsWith("cn-", StringComparison.Ordinal) ? China : region.StartsWith("us-gov-", StringComparison.Ordinal) ? GovCloud : Aws;

    /// <summary>Where to call in a partition when nobody says.</summary>
    public static string Default(string partition, string configured) => partition switch
    {
        _ when PartitionOf(configured) == partition => configured,
        China => "cn-north-1",
        GovCloud => "us-gov-west-1",
        _ => "us-east-1",
    };

    [GeneratedRegex(@"\A[a-z]{2}(-[a-z]{2,12}){1,3}-[0-9]{1,2}\z", RegexOptions.CultureInvariant | RegexOptions.NonBacktracking)]
    private static partial Regex Form();
}
