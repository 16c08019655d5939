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

    /// <summary>The name of the user; null for a role session.</summary>
    public string? UserName { get; init; }

    /// <summary>The source identity of the session, which stays when it assumes further roles.</summary>
    public string? SourceIdentity { get; init; }

    /// <summary>The session tags that go on to the sessions of roles it assumes.</summary>
    public IReadOnlyList<KeyValuePair<string, string>> TransitiveTags { get; init; } = [];
}
