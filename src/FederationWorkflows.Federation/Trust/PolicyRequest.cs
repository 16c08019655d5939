namespace FederationWorkflows.Federation.Trust;

/// <summary>What somebody wants to do.</summary>
/// <param name="Principal">Who; null where only identity policies are asked.</param>
/// <param name="Action">The action, for example <c>s3:GetObject</c>.</param>
/// <param name="Resource">The ARN acted on, or <c>*</c>; not looked at by a trust policy.</param>
/// <param name="Context">The condition keys of the request.</param>
public sealed record PolicyRequest(RequestPrincipal? Principal, string Action, string Resource, ConditionContext Context);

/// <summary>Who asks, in the forms a policy may name it by.</summary>
public sealed record RequestPrincipal
{
    private RequestPrincipal(string kind, string? accountId, IReadOnlyList<string> names)
    {
        Kind = kind;
        AccountId = accountId;
        Names = names;
    }

    /// <summary>The kind a policy names it under: <c>AWS</c>, <c>Federated</c> or <c>Service</c>.</summary>
    public string Kind { get; }

    /// <summary>Its account; null for somebody from outside AWS.</summary>
    public string? AccountId { get; }

    /// <summary>Its names: for a role session the session's ARN and the role's.</summary>
    public IReadOnlyList<string> Names { get; }

    /// <summary>Somebody whom an identity provider vouches for.</summary>
    /// <param name="provider">The provider's ARN, or the name of a built-in one such as <c>accounts.google.com</c>.</param>
    public static RequestPrincipal Federated(string provider) => new("Federated", null, [provider]);

    /// <summary>An IAM user.</summary>
    public static RequestPrincipal User(string accountId, string arn) => new("AWS", accountId, [arn]);

    /// <summary>A session of an assumed role.</summary>
    public static RequestPrincipal RoleSession(string accountId, string sessionArn, string roleArn) => new("AWS", accountId, [sessionArn, roleArn]);

    /// <summary>A service of AWS, for example <c>ec2.amazonaws.com</c>.</summary>
    public static RequestPrincipal Service(string name) => new("Service", null, [name]);

    internal PrincipalMatch MatchOf(PrincipalElement element)
    {
        var best = element.Entries.Select(MatchOf).Max();
        return !element.Negated ? best : best == PrincipalMatch.None ? PrincipalMatch.Direct : PrincipalMatch.None;
    }

    // IAM User Guide, "AWS JSON policy elements: Principal": no wildcards inside a name, and "*" under AWS means everybody, also from outside.
    private PrincipalMatch MatchOf(PrincipalEntry entry)
    {
        if (entry is { Kind: "AWS", Value: "*" } || (entry.Kind == Kind && (entry.Value == "*" || Names.Contains(entry.Value))))
        {
            return PrincipalMatch.Direct;
        }

        return entry.Kind == "AWS" && AccountId is not null && (entry.Value == AccountId || entry.Value == $"arn:aws:iam::{AccountId}:root")
            ? PrincipalMatch.Account
            : PrincipalMatch.None;
    }
}
