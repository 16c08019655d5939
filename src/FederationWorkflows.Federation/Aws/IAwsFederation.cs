using FederationWorkflows.Engine;

namespace FederationWorkflows.Federation.Aws;

/// <summary>AWS STS: from a foreign ID token to temporary credentials, and from role to role.</summary>
public interface IAwsFederation
{
    /// <summary>
    /// Exchanges an ID token for credentials of a role. The call is not signed: the token is the only proof, and no credentials of this host
    /// (environment, files, instance metadata) are ever used.
    /// </summary>
    /// <exception cref="FederationException">An input is wrong, no answer came, or STS refused.</exception>
    Task<AwsCredentials> AssumeRoleWithWebIdentityAsync(WebIdentityRequest request, CancellationToken cancellationToken = default);

    /// <summary>Exchanges credentials for those of a role that trusts whom they are of, in the same account or another; from role to role, too.</summary>
    /// <exception cref="FederationException">An input is wrong, no answer came, or STS refused.</exception>
    Task<AwsCredentials> AssumeRoleAsync(RoleRequest request, CancellationToken cancellationToken = default);

    /// <summary>Who the credentials are. Works whatever their policies say.</summary>
    /// <param name="credentials">The credentials in question.</param>
    /// <param name="region">The region to ask in; null for that of the credentials' partition (<see cref="FederationOptions.AwsRegion"/>).</param>
    /// <param name="cancellationToken">Cancels the call.</param>
    /// <exception cref="FederationException">An input is wrong, no answer came, or STS refused.</exception>
    Task<CallerIdentity> GetCallerIdentityAsync(AwsCredentials credentials, string? region = null, CancellationToken cancellationToken = default);
}

/// <summary>What <see cref="IAwsFederation.AssumeRoleWithWebIdentityAsync"/> is asked for.</summary>
public sealed record WebIdentityRequest
{
    /// <summary><c>arn:aws:iam::ACCOUNT:role/NAME</c>, in the partition aws, aws-cn or aws-us-gov.</summary>
    public required string RoleArn { get; init; }

    /// <summary>The ID token, at most 20000 characters.</summary>
    public required Sensitive<string> WebIdentityToken { get; init; }

    /// <summary>
    /// The session's name, as CloudTrail and the assumed role's ARN show it: 2 to 64 letters, digits or <c>+=,.@_-</c>. Null for the token's <c>sub</c>,
    /// brought into that form.
    /// </summary>
    public string? SessionName { get; init; }

    /// <summary>900 to 43200 seconds, and no more than the role's maximum session duration. Null for STS's default of 3600.</summary>
    public int? DurationSeconds { get; init; }

    /// <summary>An IAM policy in JSON, at most 2048 characters, that narrows what the session may do.</summary>
    public string? SessionPolicy { get; init; }

    /// <summary>The region whose STS is asked; null for that of the role's partition (<see cref="FederationOptions.AwsRegion"/>).</summary>
    public string? Region { get; init; }
}

/// <summary>Who some credentials are.</summary>
/// <param name="Account">The account's 12 digits.</param>
/// <param name="Arn">The ARN of the user or the session.</param>
/// <param name="UserId">The unique id.</param>
public sealed record CallerIdentity(string Account, string Arn, string UserId);
