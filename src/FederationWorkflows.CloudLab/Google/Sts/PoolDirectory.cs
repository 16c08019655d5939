using System.Collections.Frozen;
using FederationWorkflows.Federation.Google;
using FederationWorkflows.Federation.Trust;

namespace FederationWorkflows.CloudLab.Google.Sts;

/// <summary>The providers of a world that are in force, ready to decide.</summary>
internal sealed class PoolDirectory
{
    private readonly FrozenDictionary<string, PoolTrust> providers;
    private readonly FrozenDictionary<string, IReadOnlyList<JsonWebKey>> uploadedKeys;

    public PoolDirectory(GoogleWorld world)
    {
        var declared = (
            from project in world.Projects
            from pool in project.WorkloadIdentityPools
            where !pool.Disabled
            from provider in pool.Providers
            where !provider.Disabled
            select (Name: new PoolProviderName(project.Number, pool.Id, provider.Id), provider)).ToList();
        providers = declared.ToFrozenDictionary(entry => entry.Name.FullName, entry => new PoolTrust(Describe(entry.Name, entry.provider)));
        uploadedKeys = declared.Where(entry => entry.provider.Oidc?.Jwks is not null)
            .ToFrozenDictionary(entry => entry.Name.FullName, entry => JsonWebKey.ParseSet(entry.provider.Oidc!.Jwks!.Value));
    }

    public PoolTrust? Find(PoolProviderName name) => providers.GetValueOrDefault(name.FullName);

    /// <summary>The keys of a provider's issuer: those uploaded to the provider, or else those that the issuer publishes.</summary>
    public async ValueTask<IReadOnlyList<JsonWebKey>> KeysAsync(PoolTrust trust, IOidcKeySource published, CancellationToken cancellationToken) =>
        uploadedKeys.TryGetValue(trust.Provider.Name.FullName, out var keys) ? keys : await published.GetKeysAsync(trust.Provider.Oidc!.IssuerUri, cancellationToken);

    /// <summary>A declared provider as the trust evaluation has it.</summary>
    public static IdentityPoolProvider Describe(PoolProviderName name, WorkloadIdentityPoolProvider provider) => new()
    {
        Name = name,
        AwsAccountId = provider.Aws?.AccountId,
        Oidc = provider.Oidc is { } oidc ? new PoolOidcIssuer(oidc.IssuerUri, oidc.AllowedAudiences) : null,
        AttributeMapping = provider.AttributeMapping,
        AttributeCondition = provider.AttributeCondition,
    };
}
