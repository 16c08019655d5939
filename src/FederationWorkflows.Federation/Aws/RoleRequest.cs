namespace FederationWorkflows.Federation.Aws;

/// <summary>What <see cref="IAwsFederation.AssumeRoleAsync"/> is asked for.</summary>
public sealed record RoleRequest
{
    /// <summary>Who asks.</summary>
    public required AwsCredentials Credentials { get; init; }

    /// <summary><c>arn:aws:iam::ACCOUNT:role/NAME</c>, in the partition of the credentials.</summary>
    public required string RoleArn { get; init; }

    /// <summary>
    /// The session's name, as CloudTrail and the assumed role's ARN show it: 2 to 64 letters, digits or <c>+=,.@_-</c>. Null for the name of the
    /// session that asks, so that a chain can be followed.
    /// </summary>
    public string? SessionName { get; init; }

    /// <summary>
    /// 900 to 43200 seconds, and no more than the role's maximum session duration; from a role's session at most 3600 (role chaining). Null for STS's default of 3600.
    /// </summary>
    public int? DurationSeconds { get; init; }

    /// <summary>What the role's owner asks of third parties (<c>sts:ExternalId</c>): 2 to 1224 letters, digits or <c>+=,.@:/_-</c>.</summary>
    public string? ExternalId { get; init; }

    /// <summary>An IAM policy in JSON, at most 2048 characters, that narrows what the session may do.</summary>
    public string? SessionPolicy { get; init; }

    /// <summary>The region whose STS is asked; null for that of the role's partition (<see cref="FederationOptions.AwsRegion"/>).</summary>
    public string? Region { get; init; }
}
