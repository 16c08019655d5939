using FederationWorkflows.CloudLab.Google;

namespace FederationWorkflows.CloudLab.Tests.Google;

/// <summary>Accounts with every kind of right between them. All are in project <c>trust-lab</c>.</summary>
internal static class GoogleTestWorld
{
    public const string Caller = "caller@trust-lab.iam.gserviceaccount.com";
    public const string Target = "target@trust-lab.iam.gserviceaccount.com";
    public const string TargetId = "112233445566778899001";
    public const string Disabled = "disabled@trust-lab.iam.gserviceaccount.com";
    public const string Stranger = "stranger@trust-lab.iam.gserviceaccount.com";
    public const string OpenIdOnly = "openid-only@trust-lab.iam.gserviceaccount.com";
    public const string WorkloadUser = "workload-user@trust-lab.iam.gserviceaccount.com";
    public const string ProjectWide = "project-wide@trust-lab.iam.gserviceaccount.com";
    public const string LongLived = "long-lived@trust-lab.iam.gserviceaccount.com";
    public const string FirstHop = "first-hop@trust-lab.iam.gserviceaccount.com";
    public const string SecondHop = "second-hop@trust-lab.iam.gserviceaccount.com";
    public const string ChainEnd = "chain-end@trust-lab.iam.gserviceaccount.com";
    public const string WeakHop = "weak-hop@trust-lab.iam.gserviceaccount.com";
    public const string User = "analyst@example.com";

    public static GoogleWorld Create() => new()
    {
        Projects =
        [
            new GoogleProject
            {
                Id = "trust-lab",
                Number = "123456789012",
                IamPolicy = Bindings(("roles/iam.serviceAccountTokenCreator", ProjectWide)),
                ServiceAccounts =
                [
                    Account("caller", keys: 1),
                    Account("target", 0, TargetId, ("roles/iam.serviceAccountTokenCreator", Caller), ("roles/iam.serviceAccountOpenIdTokenCreator", OpenIdOnly), ("roles/iam.workloadIdentityUser", WorkloadUser), ("roles/iam.serviceAccountTokenCreator", "user:" + User)),
                    Account("disabled", 1, null, ("roles/iam.serviceAccountTokenCreator", Caller)) with { Disabled = true },
                    Account("stranger", keys: 1),
                    Account("openid-only", keys: 1),
                    Account("workload-user", keys: 1),
                    Account("project-wide", keys: 1),
                    Account("long-lived", 0, null, ("roles/iam.serviceAccountTokenCreator", Caller)),
                    Account("first-hop", 0, null, ("roles/iam.serviceAccountTokenCreator", Caller)),
                    Account("second-hop", 0, null, ("roles/iam.serviceAccountTokenCreator", FirstHop)),
                    Account("chain-end", 0, null, ("roles/iam.serviceAccountTokenCreator", SecondHop), ("roles/iam.serviceAccountTokenCreator", WeakHop)),
                    Account("weak-hop", 0, null, ("roles/iam.workloadIdentityUser", Caller)),
                ],
            },
        ],
        Users = [new GoogleUser { Email = User, UniqueId = "100000000000000000042" }],
        OrgPolicies = [new OrganizationPolicy { Constraint = OrganizationPolicy.LifetimeExtension, AllowedValues = [LongLived] }],
    };

    private static GoogleServiceAccount Account(string name, int keys = 0, string? uniqueId = null, params (string Role, string Member)[] bindings) => new()
    {
        Name = name,
        UniqueId = uniqueId,
        Keys = [.. Enumerable.Range(0, keys).Select(_ => new GoogleServiceAccountKey())],
        IamPolicy = Bindings(bindings),
    };

    private static IamPolicy Bindings(params (string Role, string Member)[] bindings) => new()
    {
        Bindings = [.. bindings.Select(binding => new IamBinding
        {
            Role = binding.Role,
            Members = [binding.Member.Contains(':', StringComparison.Ordinal) ? binding.Member : "serviceAccount:" + binding.Member],
        })],
    };
}
