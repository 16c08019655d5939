using System.Collections.Frozen;
using FederationWorkflows.Federation.Google;
using FederationWorkflows.Federation.Trust;

namespace FederationWorkflows.CloudLab.Google.Sts;

/// <summary>The providers of a world that are in force, ready to decide: a snapshot, replaced as a whole when one is put. Safe for use by several threads.</summary>
internal sealed class PoolDirectory
{
    // Those of Google's that can be raised on request, and so nobody's who tries a flow (IAM documentation, "Quotas and limits").
    private const int MaximumPools = 100;
    private const int MaximumProviders = 300;

    private readonly Lock changing = new();

    private volatile Snapshot snapshot;

    public PoolDirectory(GoogleWorld world)
    {
        snapshot = new Snapshot(world.Projects);
    }

    public PoolTrust? Find(PoolProviderName name) => snapshot.Providers.GetValueOrDefault(name.FullName);

    /// <summary>The keys of a provider's issuer: those uploaded to the provider, or else those that the issuer publishes.</summary>
    public async ValueTask<IReadOnlyList<JsonWebKey>> KeysAsync(PoolTrust trust, IOidcKeySource published, CancellationToken cancellationToken) =>
        snapshot.UploadedKeys.TryGetValue(trust.Provider.Name.FullName, out var keys) ? keys : await published.GetKeysAsync(trust.Provider.Oidc!.IssuerUri, cancellationToken);

    /// <summary>Makes a provider, and its pool where that is not there; or changes it. False when there is no such project.</summary>
    /// <param name="project">The project, by its id or number.</param>
    /// <param name="poolId">The pool.</param>
    /// <param name="provider">The provider.</param>
    /// <exception cref="WorldFormatException">Google would not take it; nothing is changed.</exception>
    public bool Put(string project, string poolId, WorkloadIdentityPoolProvider provider)
    {
        lock (changing)
        {
            var projects = snapshot.Projects;
            if (projects.FirstOrDefault(candidate => candidate.Id == project || candidate.Number == project) is not { } home)
            {
                return false;
            }

            GoogleWorldReader.Require(GooglePoolRules.CheckPoolId(poolId, "$").Concat(GooglePoolRules.CheckProvider(new PoolProviderName(home.Number, poolId, provider.Id), provider, "$")));
            var pool = home.WorkloadIdentityPools.FirstOrDefault(candidate => candidate.Id == poolId) ?? new WorkloadIdentityPool { Id = poolId };
            pool = pool with { Providers = [.. pool.Providers.Where(other => other.Id != provider.Id), provider] };
            var pools = home.WorkloadIdentityPools.Where(other => other.Id != poolId).Append(pool).ToList();
            if (pools.Count > MaximumPools || pools.Sum(static candidate => candidate.Providers.Count) > MaximumProviders)
            {
                throw new WorldFormatException("$", $"The project {home.Id} would have more than {MaximumPools} pools or {MaximumProviders} providers, and the lab keeps no more: start another.");
            }

            snapshot = new Snapshot([.. projects.Select(other => other == home ? home with { WorkloadIdentityPools = pools } : other)]);
            return true;
        }
    }

    /// <summary>A declared provider as the trust evaluation has it.</summary>
    public static IdentityPoolProvider Describe(PoolProviderName name, WorkloadIdentityPoolProvider provider) => new()
    {
        Name = name,
        AwsAccountId = provider.Aws?.AccountId,
        Oidc = provider.Oidc is { } oidc ? new PoolOidcIssuer(oidc.IssuerUri, oidc.AllowedAudiences) : null,
        AttributeMapping = provider.AttributeMapping,
        AttributeCondition = provider.AttributeCondition,
    };

    private sealed class Snapshot
    {
        public Snapshot(IReadOnlyList<GoogleProject> projects)
        {
            Projects = projects;
            var declared = (
                from project in projects
                from pool in project.WorkloadIdentityPools
                where !pool.Disabled
                from provider in pool.Providers
                where !provider.Disabled
                select (Name: new PoolProviderName(project.Number, pool.Id, provider.Id), provider)).ToList();
            Providers = declared.ToFrozenDictionary(entry => entry.Name.FullName, entry => new PoolTrust(Describe(entry.Name, entry.provider)));
            UploadedKeys = declared.Where(entry => entry.provider.Oidc?.Jwks is not null)
                .ToFrozenDictionary(entry => entry.Name.FullName, entry => JsonWebKey.ParseSet(entry.provider.Oidc!.Jwks!.Value));
        }

        public IReadOnlyList<GoogleProject> Projects { get; }

        public FrozenDictionary<string, PoolTrust> Providers { get; }

        public FrozenDictionary<string, IReadOnlyList<JsonWebKey>> UploadedKeys { get; }
    }
}
