using FederationWorkflows.Engine;
using FederationWorkflows.Federation.Trust;

namespace FederationWorkflows.CloudLab.Aws;

/// <summary>Who a signed request comes from, and by what it is judged.</summary>
internal sealed record AwsCaller
{
    public required string AccountId { get; init; }

    public required string Arn { get; init; }

    /// <summary><c>aws:userid</c>: <c>AIDA...</c>, or <c>AROA...:session</c>.</summary>
    public required string UserId { get; init; }

    public required RequestPrincipal Principal { get; init; }

    public required IReadOnlyList<PolicyDocument> IdentityPolicies { get; init; }

    /// <summary>The policy passed when the session was made; it can only take away.</summary>
    public PolicyDocument? SessionPolicy { get; init; }

    /// <summary>The condition keys that come from the identity.</summary>
    public required ConditionContext Context { get; init; }

    public required LabUserIdentity Identity { get; init; }

    public bool IsRoleSession { get; init; }
}

/// <summary>A key requests are signed with: a user's, or a session's until it expires.</summary>
internal sealed record AccessKey(string Id, Sensitive<string> Secret, Sensitive<string>? SessionToken, DateTimeOffset? Expires, AwsCaller Caller);
