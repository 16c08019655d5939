namespace FederationWorkflows.Federation.Trust;

/// <summary>
/// The trust policy that a role is expected to have, in <c>Federation:TrustPolicies:{name}</c>: what is in version control or in Terraform, not what AWS has.
/// A refused AssumeRoleWithWebIdentity is explained by it.
/// </summary>
public sealed class TrustPolicyOptions
{
    /// <summary>The role: <c>arn:aws:iam::ACCOUNT:role/NAME</c>.</summary>
    public string? RoleArn { get; set; }

    /// <summary>Path of the policy's JSON file, read anew for each explanation.</summary>
    public string? File { get; set; }

    /// <summary>The policy itself.</summary>
    public string? Json { get; set; }

    /// <summary>What is wrong with this definition and how to mend it; null when nothing is.</summary>
    internal string? Problem() =>
        RoleArn is null || Aws.RoleArn.TryParse(RoleArn) is null ? "its RoleArn is missing or no role's: give arn:aws:iam::ACCOUNT:role/NAME."
        : string.IsNullOrWhiteSpace(File) == string.IsNullOrWhiteSpace(Json) ? "give File (a path) or Json (the policy), one of them."
        : null;
}
