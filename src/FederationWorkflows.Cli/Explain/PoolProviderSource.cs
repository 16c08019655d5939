using System.Text.Json;
using FederationWorkflows.CloudLab;
using FederationWorkflows.Federation.Google;
using FederationWorkflows.Federation.Setup;
using FederationWorkflows.Federation.Trust;

namespace FederationWorkflows.Cli.Explain;

/// <summary>A workload identity pool's provider, and who may become a service account by its pool, from whichever files have them.</summary>
/// <param name="Provider">The provider.</param>
/// <param name="Grant">Who may become the service account; null when that is not asked.</param>
internal sealed record PoolProviderSource(IdentityPoolProvider Provider, PoolGrant? Grant)
{
    /// <summary>Reads what gcloud prints of a provider, and of a service account's policy.</summary>
    /// <exception cref="CommandException">One of them cannot be read.</exception>
    public static async Task<PoolProviderSource> ReadAsync(string providerFile, string? policyFile, string? serviceAccount, CancellationToken cancellationToken)
    {
        try
        {
            var provider = IdentityPoolProvider.Parse(await TextAsync("provider", providerFile, cancellationToken));
            return new PoolProviderSource(provider, policyFile is null ? null : new PoolGrant(serviceAccount ?? "the service account", Members(policyFile, await TextAsync("policy", policyFile, cancellationToken))));
        }
        catch (PoolProviderFormatException e)
        {
            throw new CommandException($"{providerFile}: {e.Message}");
        }
    }

    /// <summary>The provider of a world, by its full name.</summary>
    /// <exception cref="CommandException">The world has no such provider or service account.</exception>
    public static PoolProviderSource Of(LabWorld world, string name, string? serviceAccount)
    {
        var providers = Providers(world).ToDictionary(static provider => provider.Name.FullName);
        if (PoolProviderName.TryParse(name) is not { } wanted || !providers.TryGetValue(wanted.FullName, out var provider))
        {
            throw new CommandException($"The world has no provider {Terminal.Plain(name)}. It has {string.Join(", ", providers.Keys)}.");
        }

        if (serviceAccount is null)
        {
            return new PoolProviderSource(provider, null);
        }

        var account = world.Google.Projects.SelectMany(static project => project.ServiceAccounts.Select(account => (Address: account.Email ?? $"{account.Name}@{project.Id}.iam.gserviceaccount.com", account)))
            .FirstOrDefault(entry => entry.Address == serviceAccount).account ?? throw new CommandException($"The world has no service account {Terminal.Plain(serviceAccount)}.");
        return new PoolProviderSource(provider, new PoolGrant(serviceAccount, [.. account.IamPolicy.Bindings.Where(static binding => binding.Role == AwsToGoogle.GrantedRole).SelectMany(static binding => binding.Members)]));
    }

    /// <summary>The providers of a world, as Google's administrators see them.</summary>
    public static IEnumerable<IdentityPoolProvider> Providers(LabWorld world) =>
        from project in world.Google.Projects
        from pool in project.WorkloadIdentityPools
        from provider in pool.Providers
        select new IdentityPoolProvider
        {
            Name = new PoolProviderName(project.Number, pool.Id, provider.Id),
            AwsAccountId = provider.Aws?.AccountId,
            Oidc = provider.Oidc is { } oidc ? new PoolOidcIssuer(oidc.IssuerUri, oidc.AllowedAudiences) : null,
            AttributeMapping = provider.AttributeMapping,
            AttributeCondition = provider.AttributeCondition,
        };

    private static List<string> Members(string file, string json)
    {
        try
        {
            using var document = JsonDocument.Parse(json);
            return
            [
                .. document.RootElement.GetProperty("bindings").EnumerateArray()
                    .Where(static binding => binding.GetProperty("role").ValueEquals(AwsToGoogle.GrantedRole))
                    .SelectMany(static binding => binding.GetProperty("members").EnumerateArray().Select(static member => member.GetString() ?? "")),
            ];
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or KeyNotFoundException)
        {
            throw new CommandException($"{file}: this is no policy: give what gcloud iam service-accounts get-iam-policy ADDRESS --format=json prints.");
        }
    }

    private static async Task<string> TextAsync(string what, string file, CancellationToken cancellationToken)
    {
        try
        {
            return await File.ReadAllTextAsync(file, cancellationToken);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new CommandException($"The {what} cannot be read: {e.Message}");
        }
    }
}
