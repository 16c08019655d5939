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

    /// <summary>The account attached to the instance; it may mint tokens of <see cref="AwsFederation"/> and has no key.</summary>
    public const string CiRunner = "ci-runner@security-automation.iam.gserviceaccount.com";

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
                    new GoogleServiceAccount { Name = "ci-runner", UniqueId = "100000000000000000002", DisplayName = "Attached to the instance" },
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
                ],
            },
        ],
        Users = [new GoogleUser { Email = Analyst, UniqueId = "100000000000000000042" }],
        Instance = new GoogleInstance { ServiceAccount = CiRunner, Project = ProjectId, Zone = "europe-west1-b", Name = "ci-runner-1", Id = "4242424242424242424" },
    };

    private static IamPolicy TokenCreators(params string[] members) => new()
    {
        Bindings = [new IamBinding { Role = "roles/iam.serviceAccountTokenCreator", Members = members }],
    };
}
