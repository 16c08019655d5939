using System.Text.Json;
using FederationWorkflows.Engine;

namespace FederationWorkflows.CloudLab;

/// <summary>The AWS accounts of a lab.</summary>
public sealed record AwsWorld
{
    /// <summary>The accounts.</summary>
    public IReadOnlyList<AwsAccount> Accounts { get; init; } = [];

    /// <summary>The EC2 instance that clients of the lab seem to run on, for its metadata service. Left out, there is none.</summary>
    public AwsInstance? Instance { get; init; }

    /// <summary>The container that clients of the lab seem to run in, for its credential endpoint. Left out, there is none.</summary>
    public AwsContainer? Container { get; init; }
}

/// <summary>An AWS account.</summary>
public sealed record AwsAccount
{
    /// <summary>Twelve digits.</summary>
    public required string Id { get; init; }

    /// <summary>Its name for people.</summary>
    public string? Alias { get; init; }

    /// <summary>The OpenID Connect providers it trusts. <c>accounts.google.com</c> needs none: AWS knows it.</summary>
    public IReadOnlyList<AwsOidcProvider> OidcProviders { get; init; } = [];

    /// <summary>Its roles.</summary>
    public IReadOnlyList<AwsRole> Roles { get; init; } = [];

    /// <summary>Its users.</summary>
    public IReadOnlyList<AwsUser> Users { get; init; } = [];

    /// <summary>Its buckets.</summary>
    public IReadOnlyList<AwsBucket> Buckets { get; init; } = [];
}

/// <summary>An OpenID Connect provider of an account.</summary>
public sealed record AwsOidcProvider
{
    /// <summary>The issuer, for example <c>https://token.actions.githubusercontent.com</c>.</summary>
    public required string Url { get; init; }

    /// <summary>The audiences it takes tokens for.</summary>
    public required IReadOnlyList<string> ClientIds { get; init; }

    /// <summary>
    /// Fingerprints of certificates, 40 hexadecimal digits each. The lab asks for none, and looks at none: its issuers' keys come without TLS, and AWS itself heeds
    /// them only where an issuer's certificate is of no well-known authority.
    /// </summary>
    public IReadOnlyList<string> Thumbprints { get; init; } = [];
}

/// <summary>A role of an account.</summary>
public sealed record AwsRole
{
    /// <summary>Its name.</summary>
    public required string Name { get; init; }

    /// <summary>Its path, beginning and ending with a slash.</summary>
    public string Path { get; init; } = "/";

    /// <summary>Its unique id, <c>AROA...</c>; made up when not given.</summary>
    public string? RoleId { get; init; }

    /// <summary>What it is for.</summary>
    public string? Description { get; init; }

    /// <summary>When it was made; the lab's start when not given.</summary>
    public DateTimeOffset? CreateDate { get; init; }

    /// <summary>Its tags; its sessions have them as <c>aws:PrincipalTag</c>.</summary>
    public IReadOnlyDictionary<string, string> Tags { get; init; } = new Dictionary<string, string>();

    /// <summary>The longest session, in seconds: 3,600 to 43,200.</summary>
    public int MaxSessionDuration { get; init; } = 3600;

    /// <summary>Who may assume it.</summary>
    public required JsonElement TrustPolicy { get; init; }

    /// <summary>What its sessions may do.</summary>
    public IReadOnlyList<AwsInlinePolicy> Policies { get; init; } = [];
}

/// <summary>A policy of a role or user.</summary>
public sealed record AwsInlinePolicy
{
    /// <summary>Its name.</summary>
    public required string Name { get; init; }

    /// <summary>The policy.</summary>
    public required JsonElement Document { get; init; }
}

/// <summary>A user of an account.</summary>
public sealed record AwsUser
{
    /// <summary>Its name.</summary>
    public required string Name { get; init; }

    /// <summary>Its path, beginning and ending with a slash.</summary>
    public string Path { get; init; } = "/";

    /// <summary>Its unique id, <c>AIDA...</c>; made up when not given.</summary>
    public string? UserId { get; init; }

    /// <summary>When it was made; the lab's start when not given.</summary>
    public DateTimeOffset? CreateDate { get; init; }

    /// <summary>Its tags, which policies read as <c>aws:PrincipalTag</c>.</summary>
    public IReadOnlyDictionary<string, string> Tags { get; init; } = new Dictionary<string, string>();

    /// <summary>Its access keys, two at most; what is not given is made up at start.</summary>
    public IReadOnlyList<AwsAccessKey> AccessKeys { get; init; } = [];

    /// <summary>What it may do.</summary>
    public IReadOnlyList<AwsInlinePolicy> Policies { get; init; } = [];
}

/// <summary>A user's access key.</summary>
public sealed record AwsAccessKey
{
    /// <summary><c>AKIA...</c>; made up when not given.</summary>
    public string? Id { get; init; }

    /// <summary>The secret; made up when not given. A lab's key opens nothing but the lab.</summary>
    public string? Secret { get; init; }

    /// <summary><c>Active</c> or <c>Inactive</c>; an inactive key opens nothing.</summary>
    public string Status { get; init; } = "Active";

    /// <summary>When it was made; the lab's start when not given.</summary>
    public DateTimeOffset? CreateDate { get; init; }

    /// <summary>Its last use before the lab's start; null for a key that was never used.</summary>
    public AwsAccessKeyUse? LastUsed { get; init; }
}

/// <summary>A use of an access key.</summary>
public sealed record AwsAccessKeyUse
{
    /// <summary>When.</summary>
    public required DateTimeOffset Date { get; init; }

    /// <summary>The service, for example <c>s3</c>.</summary>
    public required string Service { get; init; }

    /// <summary>The region.</summary>
    public required string Region { get; init; }
}

/// <summary>A bucket of an account.</summary>
public sealed record AwsBucket
{
    /// <summary>Its name, unique in the lab.</summary>
    public required string Name { get; init; }

    /// <summary>Its region.</summary>
    public string Region { get; init; } = "us-east-1";

    /// <summary>When it was made; the lab's start when not given.</summary>
    public DateTimeOffset? CreationDate { get; init; }

    /// <summary>Its tags.</summary>
    public IReadOnlyDictionary<string, string> Tags { get; init; } = new Dictionary<string, string>();

    /// <summary>What lies in it.</summary>
    public IReadOnlyList<AwsObject> Objects { get; init; } = [];
}

/// <summary>An object in a bucket.</summary>
public sealed record AwsObject
{
    /// <summary>Its key.</summary>
    public required string Key { get; init; }

    /// <summary>Its text.</summary>
    public required string Content { get; init; }

    /// <summary>Its tags.</summary>
    public IReadOnlyDictionary<string, string> Tags { get; init; } = new Dictionary<string, string>();
}

/// <summary>An access key that works in a running lab.</summary>
/// <param name="UserArn">Whose it is.</param>
/// <param name="Id">The access key id.</param>
/// <param name="Secret">The secret access key.</param>
public sealed record LabAccessKey(string UserArn, string Id, Sensitive<string> Secret);
