using FederationWorkflows.Federation.Trust;

namespace FederationWorkflows.CloudLab.Aws.Iam;

/// <summary>A declared role with its ARN, its id, its policies read, and its tags as they are now.</summary>
internal sealed class LabRole(string accountId, AwsRole declared, DateTimeOffset started)
{
    public string AccountId => accountId;

    public AwsRole Declared => declared;

    public string Name => declared.Name;

    public string Arn { get; } = $"arn:aws:iam::{accountId}:role{declared.Path}{declared.Name}";

    public string Id { get; } = declared.RoleId ?? AccessKeyStore.NewId("AROA");

    public DateTimeOffset Created { get; } = declared.CreateDate ?? started;

    public TagSet Tags { get; } = new(declared.Tags);

    public PolicyDocument TrustPolicy { get; } = PolicyDocument.Parse(declared.TrustPolicy.GetRawText(), PolicyKind.Trust);

    public IReadOnlyList<PolicyDocument> Policies { get; } = ParsePolicies(declared.Policies);

    public static IReadOnlyList<PolicyDocument> ParsePolicies(IReadOnlyList<AwsInlinePolicy> policies) =>
        [.. policies.Select(static policy => PolicyDocument.Parse(policy.Document.GetRawText(), PolicyKind.Identity))];
}
