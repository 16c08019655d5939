using FederationWorkflows.Federation.Google;

namespace FederationWorkflows.Federation.Trust;

/// <summary>
/// A workload identity pool's provider as an administrator of Google Cloud made it (IAM REST reference, projects.locations.workloadIdentityPools.providers):
/// whom it believes, and what it makes of them. Either <see cref="AwsAccountId"/> or <see cref="Oidc"/>.
/// </summary>
public sealed record IdentityPoolProvider
{
    /// <summary>Its full resource name.</summary>
    public required PoolProviderName Name { get; init; }

    /// <summary>The AWS account whose identities it takes: twelve digits.</summary>
    public string? AwsAccountId { get; init; }

    /// <summary>The OpenID Connect issuer whose tokens it takes.</summary>
    public PoolOidcIssuer? Oidc { get; init; }

    /// <summary>
    /// Attribute to CEL expression over <c>assertion</c>: <c>google.subject</c>, <c>google.groups</c>, <c>attribute.NAME</c>. Null for the default, which only AWS has
    /// (<see cref="AttributeMapping.AwsDefault"/>).
    /// </summary>
    public IReadOnlyDictionary<string, string>? AttributeMapping { get; init; }

    /// <summary>A CEL expression over <c>assertion</c>, <c>google</c> and <c>attribute</c> that must be true. Null for none.</summary>
    public string? AttributeCondition { get; init; }
}

/// <summary>The issuer of an OIDC provider.</summary>
/// <param name="IssuerUri">What tokens must have as <c>iss</c>.</param>
/// <param name="AllowedAudiences">What tokens must have among their <c>aud</c>; none for <see cref="PoolProviderName.DefaultAudience"/>.</param>
public sealed record PoolOidcIssuer(string IssuerUri, IReadOnlyList<string> AllowedAudiences)
{
    /// <summary>The audiences that are taken.</summary>
    public IReadOnlyList<string> AudiencesFor(PoolProviderName provider) => AllowedAudiences.Count > 0 ? AllowedAudiences : [provider.DefaultAudience];
}

/// <summary>A provider is not one that Google would take.</summary>
/// <param name="part">Which part: <c>attributeMapping['attribute.team']</c>, <c>attributeCondition</c>.</param>
/// <param name="problem">What is wrong with it and how to mend it.</param>
public sealed class PoolProviderFormatException(string part, string problem) : FormatException($"{part}: {problem}")
{
    /// <summary>Which part of the provider.</summary>
    public string Part { get; } = part;

    /// <summary>What is wrong with it and how to mend it.</summary>
    public string Problem { get; } = problem;
}
