using System.Text.RegularExpressions;
using FederationWorkflows.CloudLab.Google.Sts;
using FederationWorkflows.Federation.Google;
using FederationWorkflows.Federation.Trust;

namespace FederationWorkflows.CloudLab.Google;

/// <summary>What workload identity pools and buckets of a world must be like.</summary>
internal static partial class GooglePoolRules
{
    public static IEnumerable<string> Check(GoogleProject project, string path)
    {
        var pools = new HashSet<string>(StringComparer.Ordinal);
        for (var p = 0; p < project.WorkloadIdentityPools.Count; p++)
        {
            var pool = project.WorkloadIdentityPools[p];
            var poolPath = $"{path}.workloadIdentityPools[{p}]";
            foreach (var problem in CheckPoolId(pool.Id, $"{poolPath}.id"))
            {
                yield return problem;
            }

            if (!pools.Add(pool.Id))
            {
                yield return $"{poolPath}.id: the pool '{pool.Id}' is declared twice.";
            }

            var providers = new HashSet<string>(StringComparer.Ordinal);
            for (var r = 0; r < pool.Providers.Count; r++)
            {
                var provider = pool.Providers[r];
                var providerPath = $"{poolPath}.providers[{r}]";
                if (!providers.Add(provider.Id))
                {
                    yield return $"{providerPath}.id: the provider '{provider.Id}' is declared twice.";
                }

                foreach (var problem in CheckProvider(new PoolProviderName(project.Number, pool.Id, provider.Id), provider, providerPath))
                {
                    yield return problem;
                }
            }
        }

        for (var b = 0; b < project.Buckets.Count; b++)
        {
            if (!BucketName().IsMatch(project.Buckets[b].Name))
            {
                yield return $"{path}.buckets[{b}].name: '{project.Buckets[b].Name}' is no bucket name; use 3 to 63 lower-case letters, digits, hyphens, underscores and dots.";
            }
        }
    }

    public static IEnumerable<string> CheckPoolId(string id, string path) =>
        PoolId().IsMatch(id) && !id.StartsWith("gcp-", StringComparison.Ordinal)
            ? []
            : [$"{path}: '{id}' is no pool id; use 4 to 32 lower-case letters, digits and hyphens, not starting with gcp-."];

    public static IEnumerable<string> CheckProvider(PoolProviderName name, WorkloadIdentityPoolProvider provider, string path)
    {
        if (!PoolId().IsMatch(provider.Id) || provider.Id.StartsWith("gcp-", StringComparison.Ordinal))
        {
            yield return $"{path}.id: '{provider.Id}' is no provider id; use 4 to 32 lower-case letters, digits and hyphens, not starting with gcp-.";
        }

        if (provider.Aws is null == provider.Oidc is null)
        {
            yield return $"{path}: give either \"aws\" or \"oidc\".";
            yield break;
        }

        if (provider.Aws is { } aws && !AccountId().IsMatch(aws.AccountId))
        {
            yield return $"{path}.aws.accountId: '{aws.AccountId}' is no AWS account; use twelve digits in quotes.";
        }

        if (provider.Oidc is { } oidc)
        {
            if (!Uri.TryCreate(oidc.IssuerUri, UriKind.Absolute, out var issuer) || issuer.Scheme != Uri.UriSchemeHttps)
            {
                yield return $"{path}.oidc.issuerUri: '{oidc.IssuerUri}' is no issuer; use an https URL.";
            }

            if (KeyProblem(oidc) is { } keys)
            {
                yield return $"{path}.oidc.jwks: {keys}";
            }
        }

        if (MappingProblem(name, provider) is { } mapping)
        {
            yield return $"{path}.{mapping}";
        }
    }

    private static string? KeyProblem(PoolOidcProvider oidc)
    {
        try
        {
            return oidc.Jwks is { } jwks && JsonWebKey.ParseSet(jwks).Count == 0 ? "the set has no public RSA or EC signing key." : null;
        }
        catch (FormatException exception)
        {
            return exception.Message;
        }
    }

    private static string? MappingProblem(PoolProviderName name, WorkloadIdentityPoolProvider provider)
    {
        try
        {
            _ = new PoolTrust(PoolDirectory.Describe(name, provider));
            return null;
        }
        catch (PoolProviderFormatException exception)
        {
            return exception.Message;
        }
    }

    [GeneratedRegex(@"\A[a-z0-9-]{4,32}\z", RegexOptions.CultureInvariant | RegexOptions.NonBacktracking)]
    private static partial Regex PoolId();

    [GeneratedRegex(@"\A[0-9]{12}\z", RegexOptions.CultureInvariant | RegexOptions.NonBacktracking)]
    private static partial Regex AccountId();

    [GeneratedRegex(@"\A[a-z0-9][a-z0-9._-]{1,61}[a-z0-9]\z", RegexOptions.CultureInvariant | RegexOptions.NonBacktracking)]
    private static partial Regex BucketName();
}
