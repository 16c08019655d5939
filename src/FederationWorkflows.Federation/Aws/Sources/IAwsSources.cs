namespace FederationWorkflows.Federation.Aws;

/// <summary>
/// AWS credentials that this host has: of its environment, its files, the instance or the container it runs in. Every call looks anew, so that what AWS rotates
/// takes effect: whoever wants them kept until shortly before they expire puts a broker in front.
/// Only a connection leads here; nothing else of the product takes credentials from its surroundings.
/// </summary>
public interface IAwsSources
{
    /// <summary>The credentials of a source as they are now.</summary>
    /// <exception cref="FederationException">
    /// <see cref="FailureCodes.UnusableConnection"/> when there are none or they cannot be used, saying what to mend; or no answer came, or the metadata service refused.
    /// </exception>
    Task<AwsCredentials> GetAsync(AwsSource source, CancellationToken cancellationToken = default);
}

/// <summary>Where AWS credentials come from.</summary>
/// <param name="Connection">The connection that an administrator defined, for messages.</param>
public abstract record AwsSource(string Connection);

/// <summary>The variables AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_SESSION_TOKEN of the host's process.</summary>
/// <param name="Connection">The connection that an administrator defined, for messages.</param>
public sealed record AwsEnvironmentSource(string Connection) : AwsSource(Connection);

/// <summary>
/// A profile with an access key in the shared files ("Configuration and credential file settings in the AWS CLI"); where both files have one, the credentials file wins.
/// Profiles that start a process, sign in by a browser or assume a role are refused: the last are connections of the kind <c>awsRole</c> here.
/// </summary>
/// <param name="Connection">The connection that an administrator defined, for messages.</param>
/// <param name="Profile">Its name; null for AWS_PROFILE, else <c>default</c>.</param>
/// <param name="CredentialsFile">Null for AWS_SHARED_CREDENTIALS_FILE, else <c>~/.aws/credentials</c>.</param>
/// <param name="ConfigFile">Null for AWS_CONFIG_FILE, else <c>~/.aws/config</c>.</param>
public sealed record AwsProfileSource(string Connection, string? Profile = null, string? CredentialsFile = null, string? ConfigFile = null) : AwsSource(Connection);

/// <summary>The role of the EC2 instance, by version 2 of its metadata service ("Use the Instance Metadata Service to access instance metadata").</summary>
/// <param name="Connection">The connection that an administrator defined, for messages.</param>
/// <param name="Role">The role's name, to refuse any other; null for the one that the instance has.</param>
public sealed record AwsInstanceSource(string Connection, string? Role = null) : AwsSource(Connection);

/// <summary>
/// The role of the ECS task or of the EKS pod ("Container credential provider" of the AWS SDKs and Tools reference): AWS_CONTAINER_CREDENTIALS_RELATIVE_URI or
/// AWS_CONTAINER_CREDENTIALS_FULL_URI, with AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE or AWS_CONTAINER_AUTHORIZATION_TOKEN.
/// </summary>
/// <param name="Connection">The connection that an administrator defined, for messages.</param>
public sealed record AwsContainerSource(string Connection) : AwsSource(Connection);

/// <summary>
/// The first that there is of: environment, profile, container, instance. A source that is there and broken is an error, not a reason to take the next.
/// </summary>
/// <param name="Connection">The connection that an administrator defined, for messages.</param>
public sealed record AwsDefaultSource(string Connection) : AwsSource(Connection);
