using FederationWorkflows.Federation.Trust;

namespace FederationWorkflows.CloudLab.Aws.Iam;

/// <summary>A declared user with its ARN, its id, its policies read, and its tags as they are now.</summary>
internal sealed class LabUser(string accountId, AwsUser declared, DateTimeOffset started)
{
    private readonly IReadOnlyList<PolicyDocument> policies = LabRole.ParsePolicies(declared.Policies);

    public string AccountId => accountId;

    public AwsUser Declared => declared;

    public string Name => declared.Name;

    public string Arn { get; } = $"arn:aws:iam::{accountId}:user{declared.Path}{declared.Name}";

    public string Id { get; } = declared.UserId ?? AccessKeyStore.NewId("AIDA");

    public DateTimeOffset Created { get; } = declared.CreateDate ?? started;

    public TagSet Tags { get; } = new(declared.Tags);

    /// <summary>The user as the signer of a request of this moment.</summary>
    public AwsCaller AsCaller() => new()
    {
        AccountId = accountId,
        Arn = Arn,
        UserId = Id,
        UserName = Name,
        Principal = RequestPrincipal.User(accountId, Arn),
        IdentityPolicies = policies,
        Context = Tags.AddTo(ConditionContext.Empty, "aws:PrincipalTag")
            .With("aws:PrincipalArn", Arn)
            .With("aws:PrincipalAccount", accountId)
            .With("aws:PrincipalType", "User")
            .With("aws:userid", Id)
            .With("aws:username", Name),
        Identity = new LabUserIdentity { Type = "IAMUser", PrincipalId = Id, Arn = Arn, AccountId = accountId, UserName = Name },
    };
}
