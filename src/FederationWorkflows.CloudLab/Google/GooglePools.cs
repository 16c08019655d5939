using System.Text.Json;

namespace FederationWorkflows.CloudLab.Google;

/// <summary>A workload identity pool: identities from outside Google Cloud (IAM REST reference, projects.locations.workloadIdentityPools).</summary>
public sealed record WorkloadIdentityPool
{
    /// <summary>Its id: 4 to 32 lower-case letters, digits and hyphens.</summary>
    public required string Id { get; init; }

    /// <summary>A disabled pool takes nobody in.</summary>
    public bool Disabled { get; init; }

    /// <summary>Whom it believes.</summary>
    public IReadOnlyList<WorkloadIdentityPoolProvider> Providers { get; init; } = [];
}

/// <summary>A provider of a pool: either <see cref="Aws"/> or <see cref="Oidc"/>.</summary>
public sealed record WorkloadIdentityPoolProvider
{
    /// <summary>Its id: 4 to 32 lower-case letters, digits and hyphens.</summary>
    public required string Id { get; init; }

    /// <summary>A disabled provider takes nobody in.</summary>
    public bool Disabled { get; init; }

    /// <summary>An AWS account.</summary>
    public PoolAwsAccount? Aws { get; init; }

    /// <summary>An OpenID Connect issuer.</summary>
    public PoolOidcProvider? Oidc { get; init; }

    /// <summary>Attribute to CEL expression; left out for AWS, Google's default.</summary>
    public IReadOnlyDictionary<string, string>? AttributeMapping { get; init; }

    /// <summary>A CEL expression that must be true.</summary>
    public string? AttributeCondition { get; init; }
}

/// <summary>The AWS account whose identities a provider takes.</summary>
public sealed record PoolAwsAccount
{
    /// <summary>Twelve digits.</summary>
    public required string AccountId { get; init; }
}

/// <summary>The issuer whose tokens a provider takes.</summary>
public sealed record PoolOidcProvider
{
    /// <summary>The <c>iss</c> of its tokens: an https URL.</summary>
    public required string IssuerUri { get; init; }

    /// <summary>The <c>aud</c> that are taken; left out, the provider's own full name with <c>https:</c> before it.</summary>
    public IReadOnlyList<string> AllowedAudiences { get; init; } = [];

    /// <summary>The issuer's keys as a JWK Set; left out, those that the lab publishes for the issuer (Google's own, and the world's clusters').</summary>
    public JsonElement? Jwks { get; init; }
}

/// <summary>A bucket in Cloud Storage, of which the lab has the listing only.</summary>
public sealed record GoogleBucket
{
    /// <summary>Its name.</summary>
    public required string Name { get; init; }

    /// <summary>Where it is.</summary>
    public string Location { get; init; } = "EU";

    /// <summary>When it was made; the lab's start when not given.</summary>
    public DateTimeOffset? TimeCreated { get; init; }
}
