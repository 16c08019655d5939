using System.Text.Json;
using System.Text.RegularExpressions;
using FederationWorkflows.Federation.Trust;

namespace FederationWorkflows.CloudLab;

/// <summary>What AWS would refuse to create, the lab refuses to declare.</summary>
internal static partial class AwsWorldRules
{
    private static readonly string[] RoutePrefixes = ["google", "computemetadata", "lab"];

    public static void Check(AwsWorld world)
    {
        var accounts = new HashSet<string>(StringComparer.Ordinal);
        var buckets = new HashSet<string>(StringComparer.Ordinal);
        foreach (var (account, path) in Paths(world.Accounts, "$.aws.accounts"))
        {
            Require(AccountId().IsMatch(account.Id), $"{path}.id", "An account id has twelve digits.");
            Require(accounts.Add(account.Id), $"{path}.id", $"The account {account.Id} is declared twice.");
            foreach (var (provider, at) in Paths(account.OidcProviders, $"{path}.oidcProviders"))
            {
                Require(
                    Uri.TryCreate(provider.Url, UriKind.Absolute, out var url) && url.Scheme is "https" or "http" && url.Query.Length == 0,
                    $"{at}.url",
                    "An OIDC provider's url is an issuer such as https://token.actions.githubusercontent.com.");
                Require(!WebIdentityContext.IsBuiltIn(WebIdentityContext.ProviderName(provider.Url)), $"{at}.url", "AWS knows accounts.google.com without an OIDC provider: leave it out.");
            }

            CheckPrincipals(account, path);
            foreach (var (bucket, at) in Paths(account.Buckets, $"{path}.buckets"))
            {
                Require(IsBucketName(bucket.Name), $"{at}.name", $"'{bucket.Name}' is not a bucket name the lab can serve.");
                Require(buckets.Add(bucket.Name), $"{at}.name", $"The bucket {bucket.Name} is declared twice.");
                Require(IsRegion(bucket.Region), $"{at}.region", $"'{bucket.Region}' is not a region.");
            }
        }
    }

    /// <summary>Amazon S3 User Guide, "General purpose bucket naming rules"; besides, the lab's own first path segments cannot be buckets.</summary>
    public static bool IsBucketName(string name) =>
        BucketName().IsMatch(name)
        && !name.Contains("..", StringComparison.Ordinal)
        && !IpLike().IsMatch(name)
        && !name.StartsWith("xn--", StringComparison.Ordinal)
        && !name.EndsWith("-s3alias", StringComparison.Ordinal)
        && !RoutePrefixes.Contains(name);

    public static bool IsRegion(string name) => Region().IsMatch(name);

    private static void CheckPrincipals(AwsAccount account, string path)
    {
        foreach (var (role, at) in Paths(account.Roles, $"{path}.roles"))
        {
            Require(EntityName().IsMatch(role.Name), $"{at}.name", $"'{role.Name}' is not a role name.");
            Require(account.Roles.Count(other => other.Name == role.Name) == 1, $"{at}.name", $"The role {role.Name} is declared twice.");
            Require(EntityPath().IsMatch(role.Path), $"{at}.path", "A path begins and ends with a slash.");
            Require(role.MaxSessionDuration is >= 3600 and <= 43200, $"{at}.maxSessionDuration", "MaxSessionDuration is 3600 to 43200 seconds.");
            CheckTags(role.Tags, at);
            CheckPolicy(role.TrustPolicy, PolicyKind.Trust, $"{at}.trustPolicy");
            CheckPolicies(role.Policies, at);
        }

        foreach (var (user, at) in Paths(account.Users, $"{path}.users"))
        {
            Require(EntityName().IsMatch(user.Name), $"{at}.name", $"'{user.Name}' is not a user name.");
            Require(account.Users.Count(other => other.Name == user.Name) == 1, $"{at}.name", $"The user {user.Name} is declared twice.");
            Require(EntityPath().IsMatch(user.Path), $"{at}.path", "A path begins and ends with a slash.");
            CheckKeys(user, at);
            CheckTags(user.Tags, at);
            CheckPolicies(user.Policies, at);
        }
    }

    private static void CheckKeys(AwsUser user, string path)
    {
        Require(user.AccessKeys.Count <= Aws.AccessKeyStore.MaximumKeysOfUser, $"{path}.accessKeys", $"A user has {Aws.AccessKeyStore.MaximumKeysOfUser} access keys at most.");
        foreach (var (key, at) in Paths(user.AccessKeys, $"{path}.accessKeys"))
        {
            Require(key.Status is "Active" or "Inactive", $"{at}.status", $"'{key.Status}' is not a status: use Active or Inactive.");
        }
    }

    private static void CheckTags(IReadOnlyDictionary<string, string> tags, string path)
    {
        Require(tags.Count <= Aws.Iam.TagSet.Maximum, $"{path}.tags", $"{Aws.Iam.TagSet.Maximum} tags at most.");
        Require(
            tags.Keys.Distinct(StringComparer.OrdinalIgnoreCase).Count() == tags.Count, $"{path}.tags", "Keys of IAM tags that differ only in case are the same key.");
    }

    private static void CheckPolicies(IReadOnlyList<AwsInlinePolicy> policies, string path)
    {
        foreach (var (policy, at) in Paths(policies, $"{path}.policies"))
        {
            CheckPolicy(policy.Document, PolicyKind.Identity, $"{at}.document");
        }
    }

    private static void CheckPolicy(JsonElement document, PolicyKind kind, string path)
    {
        try
        {
            _ = PolicyDocument.Parse(document.GetRawText(), kind);
        }
        catch (PolicyFormatException exception)
        {
            throw new WorldFormatException($"{path}{exception.Path[1..]}", exception.Problem);
        }
    }

    private static IEnumerable<(T Item, string Path)> Paths<T>(IReadOnlyList<T> items, string path) =>
        items.Select((item, index) => (item, $"{path}[{index}]"));

    private static void Require(bool condition, string path, string problem)
    {
        if (!condition)
        {
            throw new WorldFormatException(path, problem);
        }
    }

    [GeneratedRegex(@"^\d{12}\z")]
    private static partial Regex AccountId();

    [GeneratedRegex(@"^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]\z")]
    private static partial Regex BucketName();

    [GeneratedRegex(@"^\d+\.\d+\.\d+\.\d+\z")]
    private static partial Regex IpLike();

    [GeneratedRegex(@"^[a-z]{2}(-[a-z]+)+-\d\z")]
    private static partial Regex Region();

    [GeneratedRegex(@"^[\w+=,.@-]{1,64}\z")]
    private static partial Regex EntityName();

    [GeneratedRegex(@"^/([\x21-\x7e]{1,500}/)?\z")]
    private static partial Regex EntityPath();
}
