namespace FederationWorkflows.CloudLab.Google;

/// <summary>The world a lab has when no file is given: it fits the stories in <c>workflows/</c>.</summary>
public static class DefaultGoogleWorld
{
    /// <summary>The project of every account here.</summary>
    public const string ProjectId = "security-automation";

    /// <summary>The workflow's own identity: has a key, and may do nothing but impersonate.</summary>
    public const string Runner = "tines-runner@security-automation.iam.gserviceaccount.com";

    /// <summary>The account that AWS trusts; the runner may mint its tokens.</summary>
    public const string AwsFederation = "aws-federation@security-automation.iam.gserviceaccount.com";

    /// <summary>The numeric id of <see cref="AwsFederation"/>: what a trust policy's <c>accounts.google.com:sub</c> compares with.</summary>
    public const string AwsFederationId = "112233445566778899001";

    /// <summary>An account nobody may impersonate, to see a refusal.</summary>
    public const string Unreachable = "payroll-export@security-automation.iam.gserviceaccount.com";

    /// <summary>An account that the runner reaches only through <see cref="Broker"/>, by a delegation chain.</summary>
    public const string BehindBroker = "forensics-reader@security-automation.iam.gserviceaccount.com";

    /// <summary>The middle of that chain.</summary>
    public const string Broker = "delegation-broker@security-automation.iam.gserviceaccount.com";

    /// <summary>
    /// The account attached to the instance; it may mint tokens of <see cref="AwsFederation"/> and has no key. A pod that is bound to it finds the same metadata server.
    /// </summary>
    public const string CiRunner = "ci-runner@security-automation.iam.gserviceaccount.com";

    /// <summary>The numeric id of <see cref="CiRunner"/>.</summary>
    public const string CiRunnerId = "100000000000000000002";

    /// <summary>An account without a key that sessions of the AWS role <see cref="InboundRole"/> become, through the pool.</summary>
    public const string FromAws = "aws-inbound@security-automation.iam.gserviceaccount.com";

    /// <summary>An account that may see keys of service accounts; the runner may impersonate it.</summary>
    public const string KeyAuditor = "key-auditor@security-automation.iam.gserviceaccount.com";

    /// <summary>The AWS role whose sessions may become <see cref="FromAws"/>, as the attribute <c>aws_role</c> has it.</summary>
    public const string InboundRole = "arn:aws:sts::111122223333:assumed-role/incident-responder";

    /// <summary>The provider that takes identities of the AWS account 111122223333.</summary>
    public const string AwsProvider = "//iam.googleapis.com/projects/424242424242/locations/global/workloadIdentityPools/outside/providers/security-lab-aws";

    /// <summary>The provider that takes sessions of the role <c>workload</c> of the AWS account 444455556666: those of the lab's EC2 instance.</summary>
    public const string WorkloadProvider = "//iam.googleapis.com/projects/424242424242/locations/global/workloadIdentityPools/outside/providers/forensics-aws";

    /// <summary>The provider that takes tokens of the cluster <c>forensics</c>.</summary>
    public const string ClusterProvider = "//iam.googleapis.com/projects/424242424242/locations/global/workloadIdentityPools/outside/providers/forensics-cluster";

    /// <summary>The issuer of the cluster <c>forensics</c>.</summary>
    public const string ClusterIssuer = "https://container.googleapis.com/v1/projects/security-automation/locations/europe-west1/clusters/forensics";

    /// <summary>A person who signed in and may impersonate <see cref="AwsFederation"/>.</summary>
    public const string Analyst = "analyst@example.com";

    /// <summary>Makes the world; keys and credentials come with the lab that is started on it.</summary>
    public static GoogleWorld Create() => new()
    {
        Projects =
        [
            new GoogleProject
            {
                Id = ProjectId,
                Number = "424242424242",
                ServiceAccounts =
                [
                    new GoogleServiceAccount
                    {
                        Name = "tines-runner",
                        UniqueId = "100000000000000000001",
                        DisplayName = "Runs the stories",
                        Keys = [new GoogleServiceAccountKey()],
                    },
                    new GoogleServiceAccount
                    {
                        Name = "aws-federation",
                        UniqueId = AwsFederationId,
                        DisplayName = "Trusted by AWS roles",
                        IamPolicy = TokenCreators($"serviceAccount:{Runner}", $"serviceAccount:{CiRunner}", $"user:{Analyst}"),
                    },
                    new GoogleServiceAccount { Name = "ci-runner", UniqueId = CiRunnerId, DisplayName = "Attached to the instance" },
                    new GoogleServiceAccount
                    {
                        Name = "delegation-broker",
                        DisplayName = "The middle of a delegation chain",
                        IamPolicy = TokenCreators($"serviceAccount:{Runner}"),
                    },
                    new GoogleServiceAccount
                    {
                        Name = "forensics-reader",
                        DisplayName = "Behind the broker",
                        IamPolicy = TokenCreators($"serviceAccount:{Broker}"),
                    },
                    new GoogleServiceAccount { Name = "payroll-export", DisplayName = "Out of reach" },
                    new GoogleServiceAccount
                    {
                        Name = "key-auditor",
                        DisplayName = "Sees keys of service accounts",
                        IamPolicy = TokenCreators($"serviceAccount:{Runner}"),
                    },
                    new GoogleServiceAccount
                    {
                        Name = "legacy-exporter",
                        DisplayName = "Has a key that nobody rotated",
                        Keys = [new GoogleServiceAccountKey { CreateTime = new DateTimeOffset(2023, 5, 9, 11, 20, 0, TimeSpan.Zero) }],
                    },
                    new GoogleServiceAccount
                    {
                        Name = "aws-inbound",
                        DisplayName = "What AWS roles become",
                        IamPolicy = new IamPolicy
                        {
                            Bindings =
                            [
                                new IamBinding
                                {
                                    Role = "roles/iam.workloadIdentityUser",
                                    Members = [$"principalSet://iam.googleapis.com/{Pool}/attribute.aws_role/{InboundRole}", $"principalSet://iam.googleapis.com/{Pool}/attribute.aws_role/{Workload}", $"principal://iam.googleapis.com/{Pool}/subject/{ClusterAccount}"],
                                },
                            ],
                        },
                    },
                ],
                WorkloadIdentityPools =
                [
                    new WorkloadIdentityPool
                    {
                        Id = "outside",
                        Providers =
                        [
                            new WorkloadIdentityPoolProvider
                            {
                                Id = "security-lab-aws",
                                Aws = new PoolAwsAccount { AccountId = "111122223333" },
                                AttributeCondition = "assertion.arn.startsWith('arn:aws:sts::111122223333:assumed-role/')",
                            },
                            new WorkloadIdentityPoolProvider
                            {
                                Id = "forensics-aws",
                                Aws = new PoolAwsAccount { AccountId = "444455556666" },
                                AttributeCondition = $"attribute.aws_role == '{Workload}'",
                            },
                            new WorkloadIdentityPoolProvider
                            {
                                Id = "forensics-cluster",
                                Oidc = new PoolOidcProvider { IssuerUri = ClusterIssuer },
                                AttributeMapping = new Dictionary<string, string>
                                {
                                    ["google.subject"] = "assertion.sub",
                                    ["attribute.namespace"] = "assertion['kubernetes.io']['namespace']",
                                },
                            },
                        ],
                    },
                ],
                Buckets = [new GoogleBucket { Name = "security-automation-findings" }, new GoogleBucket { Name = "security-automation-reports" }],
                IamPolicy = new IamPolicy
                {
                    Bindings =
                    [
                        new IamBinding { Role = "roles/viewer", Members = [$"serviceAccount:{FromAws}"] },
                        new IamBinding { Role = "roles/iam.serviceAccountViewer", Members = [$"serviceAccount:{KeyAuditor}"] },
                    ],
                },
            },
        ],
        Users = [new GoogleUser { Email = Analyst, UniqueId = "100000000000000000042" }],
        Instance = new GoogleInstance { ServiceAccount = CiRunner, Project = ProjectId, Zone = "europe-west1-b", Name = "ci-runner-1", Id = "4242424242424242424" },
    };

    private const string Pool = "projects/424242424242/locations/global/workloadIdentityPools/outside";

    private const string Workload = "arn:aws:sts::444455556666:assumed-role/workload";

    private const string ClusterAccount = "system:serviceaccount:triage:collector";

    private static IamPolicy TokenCreators(params string[] members) => new()
    {
        Bindings = [new IamBinding { Role = "roles/iam.serviceAccountTokenCreator", Members = members }],
    };
}
