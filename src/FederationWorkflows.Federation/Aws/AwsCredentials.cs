using FederationWorkflows.Engine;

namespace FederationWorkflows.Federation.Aws;

/// <summary>
/// AWS credentials: temporary ones, as a rule of an assumed role, with who they are and whose token they came from; or the long-term key of a user.
/// Its secrets render as <c>***</c>.
/// </summary>
public sealed record AwsCredentials
{
    /// <summary>The access key id. Not a secret: it is in every signed request and in CloudTrail.</summary>
    public required string AccessKeyId { get; init; }

    /// <summary>The secret access key.</summary>
    public required Sensitive<string> SecretAccessKey { get; init; }

    /// <summary>The session token; null for a long-term key, which has none.</summary>
    public Sensitive<string>? SessionToken { get; init; }

    /// <summary>When they stop working; null for a long-term key, which works until somebody deletes it, and for a session token whose source does not say.</summary>
    public DateTimeOffset? Expiration { get; init; }

    /// <summary><c>arn:aws:sts::ACCOUNT:assumed-role/ROLE/SESSION</c>.</summary>
    public string? AssumedRoleArn { get; init; }

    /// <summary>The role's unique id and the session name, <c>AROA...:SESSION</c>.</summary>
    public string? AssumedRoleId { get; init; }

    /// <summary>The audience that STS found in the token (its <c>azp</c> where there is one).</summary>
    public string? Audience { get; init; }

    /// <summary>The identity provider that STS found for the token's issuer.</summary>
    public string? Provider { get; init; }

    /// <summary>The token's <c>sub</c>.</summary>
    public string? SubjectFromWebIdentityToken { get; init; }

    /// <summary>What of them must not be shown.</summary>
    internal IReadOnlyList<Sensitive<string>> Secrets => SessionToken is { } session ? [SecretAccessKey, session] : [SecretAccessKey];
}
