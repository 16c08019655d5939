namespace FederationWorkflows.CloudLab.Google;

/// <summary>
/// The Google Cloud half of a lab: its projects, service accounts, users and who may act as whom. It is the <c>google</c> part of the world file.
/// Read one with <see cref="GoogleWorldReader"/>, or take <see cref="DefaultGoogleWorld"/>.
/// </summary>
public sealed record GoogleWorld
{
    /// <summary>The projects.</summary>
    public IReadOnlyList<GoogleProject> Projects { get; init; } = [];

    /// <summary>People who can have signed in with <c>gcloud auth application-default login</c>.</summary>
    public IReadOnlyList<GoogleUser> Users { get; init; } = [];

    /// <summary>Organization policies in force for every project.</summary>
    public IReadOnlyList<OrganizationPolicy> OrgPolicies { get; init; } = [];

    /// <summary>The Compute Engine instance that clients of the lab seem to run on: what its metadata server tells. Left out, there is no metadata server.</summary>
    public GoogleInstance? Instance { get; init; }
}

/// <summary>A Compute Engine instance with a service account attached.</summary>
public sealed record GoogleInstance
{
    /// <summary>The address of the attached service account, one of the world's.</summary>
    public required string ServiceAccount { get; init; }

    /// <summary>The id of the project that the instance is in, one of the world's.</summary>
    public required string Project { get; init; }

    /// <summary>The zone, for example <c>europe-west1-b</c>.</summary>
    public required string Zone { get; init; }

    /// <summary>The instance's name.</summary>
    public required string Name { get; init; }

    /// <summary>The numeric id, 64 bits; left out, it is derived from project, zone and name and so always the same.</summary>
    public string? Id { get; init; }

    /// <summary>The access scopes: the most that tokens from the metadata server can do.</summary>
    public IReadOnlyList<string> Scopes { get; init; } = [OAuthScopes.CloudPlatform];

    /// <summary>The codes of the licenses of its images, which an identity token tells on request.</summary>
    public IReadOnlyList<string> Licenses { get; init; } = [];
}

/// <summary>A project and what it holds.</summary>
public sealed record GoogleProject
{
    /// <summary>The project id, 6 to 30 lower-case letters, digits and hyphens.</summary>
    public required string Id { get; init; }

    /// <summary>The project number, decimal digits.</summary>
    public required string Number { get; init; }

    /// <summary>The project's service accounts.</summary>
    public IReadOnlyList<GoogleServiceAccount> ServiceAccounts { get; init; } = [];

    /// <summary>The project's workload identity pools.</summary>
    public IReadOnlyList<WorkloadIdentityPool> WorkloadIdentityPools { get; init; } = [];

    /// <summary>The project's buckets in Cloud Storage.</summary>
    public IReadOnlyList<GoogleBucket> Buckets { get; init; } = [];

    /// <summary>Roles granted on the project; every service account in it inherits them.</summary>
    public IamPolicy IamPolicy { get; init; } = new();
}

/// <summary>A service account.</summary>
public sealed record GoogleServiceAccount
{
    /// <summary>The part before the at sign; the address is then <c>{name}@{project}.iam.gserviceaccount.com</c>. Give this or <see cref="Email"/>.</summary>
    public string? Name { get; init; }

    /// <summary>The whole address, for accounts with another form, such as the Compute Engine default account.</summary>
    public string? Email { get; init; }

    /// <summary>The numeric id: the <c>sub</c> of the account's tokens. Left out, it is derived from the address and so always the same.</summary>
    public string? UniqueId { get; init; }

    /// <summary>For people.</summary>
    public string? DisplayName { get; init; }

    /// <summary>A disabled account neither signs in nor can be impersonated.</summary>
    public bool Disabled { get; init; }

    /// <summary>User-managed keys.</summary>
    public IReadOnlyList<GoogleServiceAccountKey> Keys { get; init; } = [];

    /// <summary>Roles granted on this account.</summary>
    public IamPolicy IamPolicy { get; init; } = new();

    internal string AddressIn(GoogleProject project) => Email ?? $"{Name}@{project.Id}.iam.gserviceaccount.com";
}

/// <summary>A user-managed key of a service account.</summary>
public sealed record GoogleServiceAccountKey
{
    /// <summary>The key id, the <c>kid</c> of assertions; left out, the lab makes one.</summary>
    public string? Id { get; init; }

    /// <summary>
    /// The public key, PEM <c>PUBLIC KEY</c>, when the private key is kept elsewhere. Left out, the lab makes a key pair at start and can write the key file.
    /// </summary>
    public string? PublicKeyPem { get; init; }

    /// <summary>When it was made; the lab's start when not given.</summary>
    public DateTimeOffset? CreateTime { get; init; }

    /// <summary>A disabled key signs nobody in.</summary>
    public bool Disabled { get; init; }
}

/// <summary>A person with a Google account.</summary>
public sealed record GoogleUser
{
    /// <summary>The address.</summary>
    public required string Email { get; init; }

    /// <summary>The numeric account id; left out, it is derived from the address.</summary>
    public string? UniqueId { get; init; }

    /// <summary>
    /// What the person agreed to at sign-in: the scopes of the refresh token. The default is what <c>gcloud auth application-default login</c> asks for.
    /// </summary>
    public IReadOnlyList<string> Scopes { get; init; } =
    [
        "openid",
        "https://www.googleapis.com/auth/userinfo.email",
        "https://www.googleapis.com/auth/cloud-platform",
    ];
}

/// <summary>An IAM allow policy.</summary>
public sealed record IamPolicy
{
    /// <summary>Who has which role.</summary>
    public IReadOnlyList<IamBinding> Bindings { get; init; } = [];

    internal bool Grants(GooglePrincipal principal, string permission) =>
        Bindings.Any(binding => PredefinedRoles.Grants(binding.Role, permission) && binding.Members.Any(principal.Is));
}

/// <summary>A role and those who have it.</summary>
public sealed record IamBinding
{
    /// <summary>A predefined role, for example <c>roles/iam.serviceAccountTokenCreator</c>.</summary>
    public required string Role { get; init; }

    /// <summary>
    /// <c>serviceAccount:ADDRESS</c>, <c>user:ADDRESS</c>, <c>principal://iam.googleapis.com/...</c>, <c>principalSet://iam.googleapis.com/...</c> or
    /// <c>allAuthenticatedUsers</c>.
    /// </summary>
    public required IReadOnlyList<string> Members { get; init; }
}

/// <summary>A list constraint of the organization.</summary>
public sealed record OrganizationPolicy
{
    /// <summary>The constraint that lets access tokens of the listed service accounts live up to 12 hours.</summary>
    public const string LifetimeExtension = "constraints/iam.allowServiceAccountCredentialLifetimeExtension";

    /// <summary>The constraint; the lab knows <see cref="LifetimeExtension"/>.</summary>
    public required string Constraint { get; init; }

    /// <summary>The values that are allowed, here addresses of service accounts.</summary>
    public required IReadOnlyList<string> AllowedValues { get; init; }
}
