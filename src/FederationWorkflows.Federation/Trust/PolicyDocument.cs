namespace FederationWorkflows.Federation.Trust;

/// <summary>What a policy is attached to, which decides the elements it must and must not have.</summary>
public enum PolicyKind
{
    /// <summary>Attached to a user or role, or passed with a session: has <c>Resource</c>, no <c>Principal</c>.</summary>
    Identity,

    /// <summary>A role's trust policy: has <c>Principal</c>, no <c>Resource</c>.</summary>
    Trust,

    /// <summary>Attached to a resource such as a bucket: has both.</summary>
    Resource,
}

/// <summary>What a statement does to a request that it matches.</summary>
public enum PolicyEffect
{
    /// <summary>It allows, unless something denies.</summary>
    Allow,

    /// <summary>It denies, whatever allows.</summary>
    Deny,
}

/// <summary>An AWS IAM policy (IAM User Guide, "IAM JSON policy reference"). Immutable; made by <see cref="Parse"/>.</summary>
/// <param name="Version"><c>2012-10-17</c> or <c>2008-10-17</c>; the older one, also the default, has no policy variables.</param>
/// <param name="Id">Its <c>Id</c>.</param>
/// <param name="Statements">Its statements in order; never empty.</param>
public sealed record PolicyDocument(string Version, string? Id, IReadOnlyList<PolicyStatement> Statements)
{
    /// <summary>The longest policy read, in characters. IAM's own limits (2,048 to 10,240 without white space) are smaller.</summary>
    public const int MaximumLength = 32 * 1024;

    /// <summary>Whether <c>${...}</c> are policy variables.</summary>
    public bool HasVariables => Version == "2012-10-17";

    /// <summary>Reads a policy.</summary>
    /// <param name="json">The policy, at most <see cref="MaximumLength"/> characters.</param>
    /// <param name="kind">What it will be attached to.</param>
    /// <exception cref="PolicyFormatException">It is not a policy of that kind; the exception says where and why.</exception>
    public static PolicyDocument Parse(string json, PolicyKind kind) => PolicyParser.Parse(json, kind);
}

/// <summary>One statement of a policy.</summary>
/// <param name="Sid">Its name.</param>
/// <param name="Effect">Allow or deny.</param>
/// <param name="Principals"><c>Principal</c> or <c>NotPrincipal</c>; null in an identity policy.</param>
/// <param name="Actions"><c>Action</c> or <c>NotAction</c>: patterns such as <c>s3:Get*</c>.</param>
/// <param name="Resources"><c>Resource</c> or <c>NotResource</c>: ARN patterns; null in a trust policy.</param>
/// <param name="Conditions">Every condition; all must hold.</param>
public sealed record PolicyStatement(
    string? Sid,
    PolicyEffect Effect,
    PrincipalElement? Principals,
    PatternElement Actions,
    PatternElement? Resources,
    IReadOnlyList<PolicyCondition> Conditions);

/// <summary>An element that is a list of patterns.</summary>
/// <param name="Patterns">The patterns, of which one must match.</param>
/// <param name="Negated">Whether it is the <c>Not...</c> form: none may match.</param>
public sealed record PatternElement(IReadOnlyList<string> Patterns, bool Negated);

/// <summary>A statement's principals.</summary>
/// <param name="Entries">The kind (<c>AWS</c>, <c>Federated</c>, <c>Service</c>, <c>CanonicalUser</c>) and the value of each; <c>"*"</c> alone is AWS, *.</param>
/// <param name="Negated">Whether it is <c>NotPrincipal</c>.</param>
public sealed record PrincipalElement(IReadOnlyList<PrincipalEntry> Entries, bool Negated);

/// <summary>One principal that a statement names.</summary>
/// <param name="Kind"><c>AWS</c>, <c>Federated</c>, <c>Service</c> or <c>CanonicalUser</c>.</param>
/// <param name="Value">An ARN, an account id, a provider, <c>*</c>.</param>
public sealed record PrincipalEntry(string Kind, string Value);

/// <summary>One condition: an operator, the key it reads, and the values of which one must match.</summary>
/// <param name="Operator">How the values are compared.</param>
/// <param name="Key">The condition key, for example <c>accounts.google.com:sub</c>.</param>
/// <param name="Values">The expected values.</param>
public sealed record PolicyCondition(ConditionOperator Operator, string Key, IReadOnlyList<string> Values);

/// <summary>A text is not a policy.</summary>
/// <param name="path">Where, as a JSON path such as <c>$.Statement[0].Condition</c>.</param>
/// <param name="problem">What is wrong there and how to mend it.</param>
public sealed class PolicyFormatException(string path, string problem) : FormatException($"{path}: {problem}")
{
    /// <summary>Where, as a JSON path such as <c>$.Statement[0].Condition</c>.</summary>
    public string Path { get; } = path;

    /// <summary>What is wrong there and how to mend it.</summary>
    public string Problem { get; } = problem;
}
