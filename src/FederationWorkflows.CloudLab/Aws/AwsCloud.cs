using System.Collections.Concurrent;
using FederationWorkflows.CloudLab.Aws.Iam;
using FederationWorkflows.CloudLab.Aws.S3.Storage;
using FederationWorkflows.Federation.Trust;

namespace FederationWorkflows.CloudLab.Aws;

/// <summary>The declared accounts, running: roles and users with their ids and policies, keys, buckets.</summary>
internal sealed class AwsCloud
{
    // AWS's own, unless it is asked for more ("IAM and AWS STS quotas").
    private const int MaximumRoles = 1000;
    private const int MaximumProviders = 100;

    private readonly Lock putting = new();
    private readonly ConcurrentDictionary<string, LabRole> roles = new(StringComparer.Ordinal);
    private readonly List<LabUser> users = [];
    private readonly Dictionary<string, AwsAccount> accounts;
    private readonly ConcurrentDictionary<(string Account, string Name), AwsOidcProvider> providers = new();

    public AwsCloud(AwsWorld world, Spool spool, DateTimeOffset now)
    {
        accounts = world.Accounts.ToDictionary(static account => account.Id);
        foreach (var account in world.Accounts)
        {
            foreach (var provider in account.OidcProviders)
            {
                _ = PutProvider(account.Id, provider);
            }

            foreach (var role in account.Roles)
            {
                var running = new LabRole(account.Id, role, now);
                roles[running.Arn] = running;
            }

            foreach (var declared in account.Users)
            {
                var user = new LabUser(account.Id, declared, now);
                users.Add(user);
                foreach (var key in declared.AccessKeys)
                {
                    Keys.AddUserKey(user, key, now);
                }
            }
        }

        Buckets = new BucketStore(world, spool, now);
    }

    public AccessKeyStore Keys { get; } = new();

    /// <summary>The keys of all users as they are now.</summary>
    public IReadOnlyList<LabAccessKey> UserKeys => [.. users.SelectMany(user => Keys.Of(user).Select(key => new LabAccessKey(user.Arn, key.Id, key.Secret)))];

    public BucketStore Buckets { get; }

    public LabRole? FindRole(string arn) => roles.GetValueOrDefault(arn);

    /// <summary>Makes a role, or changes it: sessions it has given stay as they are. False when the lab has no such account.</summary>
    /// <exception cref="WorldFormatException">The account is full.</exception>
    public bool PutRole(string accountId, AwsRole role, DateTimeOffset now)
    {
        if (!accounts.ContainsKey(accountId))
        {
            return false;
        }

        var running = new LabRole(accountId, role, now);
        lock (putting)
        {
            if (!roles.ContainsKey(running.Arn) && RolesOf(accountId).Count() >= MaximumRoles)
            {
                throw new WorldFormatException("$", $"The account {accountId} has {MaximumRoles} roles, and the lab keeps no more: start another.");
            }

            roles[running.Arn] = running;
        }

        return true;
    }

    public IEnumerable<LabRole> RolesOf(string accountId) => roles.Values.Where(role => role.AccountId == accountId).OrderBy(static role => role.Name, StringComparer.Ordinal);

    public IEnumerable<LabUser> UsersOf(string accountId) => users.Where(user => user.AccountId == accountId).OrderBy(static user => user.Name, StringComparer.Ordinal);

    /// <summary>Makes an OIDC provider, or changes the one of its issuer. False when the lab has no such account.</summary>
    /// <exception cref="WorldFormatException">The account is full.</exception>
    public bool PutProvider(string accountId, AwsOidcProvider provider)
    {
        if (!accounts.ContainsKey(accountId))
        {
            return false;
        }

        var key = (accountId, WebIdentityContext.ProviderName(provider.Url));
        lock (putting)
        {
            if (!providers.ContainsKey(key) && providers.Keys.Count(other => other.Account == accountId) >= MaximumProviders)
            {
                throw new WorldFormatException("$", $"The account {accountId} has {MaximumProviders} OIDC providers, and the lab keeps no more: start another.");
            }

            providers[key] = provider;
        }

        return true;
    }

    public AwsOidcProvider? FindProvider(string accountId, string providerName) => providers.GetValueOrDefault((accountId, providerName));
}
