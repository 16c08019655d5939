using System.Collections.Concurrent;
using FederationWorkflows.CloudLab.Aws.S3;
using FederationWorkflows.Federation.Trust;

namespace FederationWorkflows.CloudLab.Aws;

/// <summary>The declared accounts, running: roles and users with their ids and policies, keys, buckets.</summary>
internal sealed class AwsCloud
{
    private readonly ConcurrentDictionary<string, LabRole> roles = new(StringComparer.Ordinal);
    private readonly Dictionary<string, AwsAccount> accounts;

    public AwsCloud(AwsWorld world, DateTimeOffset now)
    {
        accounts = world.Accounts.ToDictionary(static account => account.Id);
        var userKeys = new List<LabAccessKey>();
        foreach (var account in world.Accounts)
        {
            foreach (var role in account.Roles)
            {
                var running = new LabRole(account, role, now);
                roles[running.Arn] = running;
            }

            foreach (var user in account.Users)
            {
                var caller = CallerOf(account, user);
                userKeys.AddRange(user.AccessKeys
                    .Select(key => Keys.AddUserKey(caller, key.Id, key.Secret))
                    .Select(key => new LabAccessKey(caller.Arn, key.Id, key.Secret)));
            }
        }

        UserKeys = userKeys;
        Buckets = new BucketStore(world, now);
    }

    public AccessKeyStore Keys { get; } = new();

    public IReadOnlyList<LabAccessKey> UserKeys { get; }

    public BucketStore Buckets { get; }

    public LabRole? FindRole(string arn) => roles.GetValueOrDefault(arn);

    /// <summary>Makes a role, or changes it: sessions it has given stay as they are. False when the lab has no such account.</summary>
    public bool PutRole(string accountId, AwsRole role, DateTimeOffset now)
    {
        if (!accounts.TryGetValue(accountId, out var account))
        {
            return false;
        }

        var running = new LabRole(account, role, now);
        roles[running.Arn] = running;
        return true;
    }

    public IEnumerable<LabRole> RolesOf(string accountId) => roles.Values.Where(role => role.AccountId == accountId).OrderBy(static role => role.Declared.Name, StringComparer.Ordinal);

    public AwsOidcProvider? FindProvider(string accountId, string providerName) =>
        accounts.GetValueOrDefault(accountId)?.OidcProviders.FirstOrDefault(provider => WebIdentityContext.ProviderName(provider.Url) == providerName);

    private static AwsCaller CallerOf(AwsAccount account, AwsUser user)
    {
        var arn = $"arn:aws:iam::{account.Id}:user{user.Path}{user.Name}";
        var userId = AccessKeyStore.NewId("AIDA");
        return new AwsCaller
        {
            AccountId = account.Id,
            Arn = arn,
            UserId = userId,
            Principal = RequestPrincipal.User(account.Id, arn),
            IdentityPolicies = LabRole.ParsePolicies(user.Policies),
            Context = ConditionContext.Empty
                .With("aws:PrincipalArn", arn)
                .With("aws:PrincipalAccount", account.Id)
                .With("aws:PrincipalType", "User")
                .With("aws:userid", userId)
                .With("aws:username", user.Name),
            Identity = new LabUserIdentity { Type = "IAMUser", PrincipalId = userId, Arn = arn, AccountId = account.Id, UserName = user.Name },
        };
    }
}

/// <summary>A declared role with its ARN, its id and its policies read.</summary>
internal sealed class LabRole(AwsAccount account, AwsRole declared, DateTimeOffset created)
{
    public string AccountId { get; } = account.Id;

    public AwsRole Declared { get; } = declared;

    public string Arn { get; } = $"arn:aws:iam::{account.Id}:role{declared.Path}{declared.Name}";

    public string Id { get; } = declared.RoleId ?? AccessKeyStore.NewId("AROA");

    public DateTimeOffset Created { get; } = created;

    public PolicyDocument TrustPolicy { get; } = PolicyDocument.Parse(declared.TrustPolicy.GetRawText(), PolicyKind.Trust);

    public IReadOnlyList<PolicyDocument> Policies { get; } = ParsePolicies(declared.Policies);

    public static IReadOnlyList<PolicyDocument> ParsePolicies(IReadOnlyList<AwsInlinePolicy> policies) =>
        [.. policies.Select(static policy => PolicyDocument.Parse(policy.Document.GetRawText(), PolicyKind.Identity))];
}
