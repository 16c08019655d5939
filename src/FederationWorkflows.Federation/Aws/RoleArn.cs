using System.Text.RegularExpressions;

namespace FederationWorkflows.Federation.Aws;

/// <summary>A role's ARN ("Identify AWS resources with ARNs", "IAM identifiers").</summary>
internal sealed partial record RoleArn(string Partition, string Account, string Path)
{
    private const int MaxLength = 2048;

    public static RoleArn? TryParse(string text)
    {
        if (text.Length > MaxLength || Form().Match(text) is not { Success: true } match)
        {
            return null;
        }

        return new RoleArn(match.Groups["partition"].Value, match.Groups["account"].Value, match.Groups["path"].Value);
    }

    public override string ToString() => $"arn:{Partition}:iam::{Account}:role/{Path}";

    // A path is any visible ASCII between slashes; the name follows the last one.
    [GeneratedRegex(
        @"\Aarn:(?<partition>aws|aws-cn|aws-us-gov):iam::(?<account>[0-9]{12}):role/(?<path>([\x21-\x2E\x30-\x7E]+/)*[A-Za-z0-9_+=,.@-]{1,64})\z",
        RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture | RegexOptions.NonBacktracking)]
    private static partial Regex Form();
}
