using System.Collections.Frozen;

namespace FederationWorkflows.CloudLab.Google;

/// <summary>
/// The permissions that predefined roles hold, of those that the lab asks for (Google Cloud documentation, "IAM roles and permissions index").
/// Roles differ in small ways that decide whether a flow works: Workload Identity User mints tokens, but neither signs nor is a link of a delegation chain.
/// </summary>
internal static class PredefinedRoles
{
    public const string GetAccessToken = "iam.serviceAccounts.getAccessToken";
    public const string GetOpenIdToken = "iam.serviceAccounts.getOpenIdToken";
    public const string SignJwt = "iam.serviceAccounts.signJwt";
    public const string SignBlob = "iam.serviceAccounts.signBlob";
    public const string ImplicitDelegation = "iam.serviceAccounts.implicitDelegation";

    public const string ListAccounts = "iam.serviceAccounts.list";
    public const string ListKeys = "iam.serviceAccountKeys.list";
    public const string ListBuckets = "storage.buckets.list";

    private const string GetAccount = "iam.serviceAccounts.get";
    private const string GetKey = "iam.serviceAccountKeys.get";

    private static readonly FrozenDictionary<string, FrozenSet<string>> Permissions = new Dictionary<string, string[]>
    {
        ["roles/iam.serviceAccountTokenCreator"] =
            [GetAccount, ListAccounts, GetAccessToken, GetOpenIdToken, ImplicitDelegation, SignBlob, SignJwt],
        ["roles/iam.serviceAccountOpenIdTokenCreator"] = [GetOpenIdToken],
        ["roles/iam.workloadIdentityUser"] = [GetAccount, ListAccounts, GetAccessToken, GetOpenIdToken],
        ["roles/iam.serviceAccountUser"] = ["iam.serviceAccounts.actAs", GetAccount, ListAccounts],
        ["roles/iam.serviceAccountViewer"] = [GetAccount, ListAccounts, GetKey, ListKeys],
        ["roles/iam.serviceAccountKeyAdmin"] = [GetAccount, ListAccounts, GetKey, ListKeys],
        ["roles/iam.securityReviewer"] = [ListAccounts, ListKeys, ListBuckets],
        ["roles/storage.bucketViewer"] = [ListBuckets],
        ["roles/storage.admin"] = [ListBuckets],
        ["roles/viewer"] = [GetAccount, ListAccounts, GetKey, ListKeys, ListBuckets],
    }.ToFrozenDictionary(role => role.Key, role => role.Value.ToFrozenSet());

    public static IEnumerable<string> Names => Permissions.Keys.Order(StringComparer.Ordinal);

    public static bool IsKnown(string role) => Permissions.ContainsKey(role);

    public static bool Grants(string role, string permission) => Permissions.TryGetValue(role, out var permissions) && permissions.Contains(permission);
}
