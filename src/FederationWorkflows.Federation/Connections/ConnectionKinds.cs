using System.Collections.Frozen;

namespace FederationWorkflows.Federation.Connections;

/// <summary>The kinds of connections, by the names they have in the configuration (case does not matter).</summary>
public static class ConnectionKinds
{
    /// <summary>Google: a service account with a key file.</summary>
    public const string ServiceAccountKey = "serviceAccountKey";

    /// <summary>Google: a person's login, OAuth client and refresh token as <c>gcloud auth application-default login</c> writes them.</summary>
    public const string AuthorizedUser = "authorizedUser";

    /// <summary>Google: the host's own identity, Application Default Credentials.</summary>
    public const string ApplicationDefault = "applicationDefault";

    /// <summary>Google: the service account attached to the machine or pod this host runs on.</summary>
    public const string MetadataServer = "metadataServer";

    /// <summary>Google: a workload outside Google Cloud, by an <c>external_account</c> file.</summary>
    public const string ExternalAccount = "externalAccount";

    /// <summary>Google: a workload identity pool, reached from an AWS connection or a projected token.</summary>
    public const string WorkloadIdentityPool = "workloadIdentityPool";

    /// <summary>A Kubernetes cluster: the token of a service account that is projected into this host's file system.</summary>
    public const string ProjectedToken = "projectedToken";

    /// <summary>AWS: the keys in the host's environment (<c>AWS_ACCESS_KEY_ID</c> and its neighbours).</summary>
    public const string AwsEnvironment = "awsEnvironment";

    /// <summary>AWS: a profile of the AWS configuration files of the account this host runs as.</summary>
    public const string AwsProfile = "awsProfile";

    /// <summary>AWS: the role of the EC2 instance this host runs on, by IMDSv2.</summary>
    public const string AwsInstance = "awsInstance";

    /// <summary>AWS: the role of the ECS task or EKS pod this host runs in.</summary>
    public const string AwsContainer = "awsContainer";

    /// <summary>AWS: the first of environment, profile, container and instance that there is.</summary>
    public const string AwsDefault = "awsDefault";

    /// <summary>AWS: a role, assumed from the connection that <see cref="ConnectionOptions.Source"/> names.</summary>
    public const string AwsRole = "awsRole";

    private static readonly string[] Credential = [nameof(ConnectionOptions.File), nameof(ConnectionOptions.Json), nameof(ConnectionOptions.Scopes)];

    private static readonly FrozenDictionary<string, ConnectionKind> ByName = new ConnectionKind[]
    {
        new(ServiceAccountKey, Cloud.Google, Credential),
        new(AuthorizedUser, Cloud.Google, Credential),
        new(ApplicationDefault, Cloud.Google, [nameof(ConnectionOptions.Scopes)]),
        new(MetadataServer, Cloud.Google, [nameof(ConnectionOptions.Scopes)]),
        new(ExternalAccount, Cloud.Google, Credential),
        new(
            WorkloadIdentityPool,
            Cloud.Google,
            [nameof(ConnectionOptions.Source), nameof(ConnectionOptions.TokenFile), nameof(ConnectionOptions.Provider), nameof(ConnectionOptions.ServiceAccount), nameof(ConnectionOptions.Region), nameof(ConnectionOptions.Scopes)]),
        new(ProjectedToken, null, [nameof(ConnectionOptions.TokenFile), nameof(ConnectionOptions.Issuer)]),
        new(AwsEnvironment, Cloud.Aws, []),
        new(AwsProfile, Cloud.Aws, [nameof(ConnectionOptions.Profile)]),
        new(AwsInstance, Cloud.Aws, []),
        new(AwsContainer, Cloud.Aws, []),
        new(AwsDefault, Cloud.Aws, []),
        new(
            AwsRole,
            Cloud.Aws,
            [
                nameof(ConnectionOptions.RoleArn), nameof(ConnectionOptions.Source), nameof(ConnectionOptions.Audience), nameof(ConnectionOptions.ServiceAccount), nameof(ConnectionOptions.SessionName),
                nameof(ConnectionOptions.SessionPolicy), nameof(ConnectionOptions.MaxDuration), nameof(ConnectionOptions.Region), nameof(ConnectionOptions.ExternalId),
            ]),
    }.ToFrozenDictionary(kind => kind.Name, StringComparer.OrdinalIgnoreCase);

    /// <summary>The names of all kinds that can be used.</summary>
    public static IReadOnlyList<string> All { get; } =
    [
        ServiceAccountKey, AuthorizedUser, ApplicationDefault, MetadataServer, ExternalAccount, WorkloadIdentityPool, ProjectedToken,
        AwsEnvironment, AwsProfile, AwsInstance, AwsContainer, AwsDefault, AwsRole,
    ];

    internal static ConnectionKind? Find(string? name) => name is null ? null : ByName.GetValueOrDefault(name);
}

/// <summary>A kind of connection: whose cloud's identity it is, null for that of a cluster, and which of the settings it takes.</summary>
internal sealed record ConnectionKind(string Name, Cloud? Cloud, string[] Takes);
