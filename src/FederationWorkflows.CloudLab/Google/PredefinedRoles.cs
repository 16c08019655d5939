using System.Collections.Frozen;

namespace FederationWorkflows.CloudLab.Google;

/// <summary>
/// The permissions on service accounts that predefined roles hold (Google Cloud documentation, "IAM roles and permissions index").
/// Roles differ in small ways that decide whether a flow works: Workload Identity User mints tokens, but neither signs nor is a link of a delegation chain.
/// </summary>
internal static class PredefinedRoles
{
    public const string GetAccessToken = "iam.serviceAccounts.getAccessToken";
    public const string GetOpenIdToken = "iam.serviceAccounts.getOpenIdToken";
    public const string SignJwt = "iam.serviceAccounts.signJwt";
    public const string SignBlob = "iam.serviceAccounts.signBlob";
    public const string ImplicitDelegation = "iam.serviceAccounts.implicitDelegation";

    private static readonly FrozenDictionary<string, FrozenSet<string>> Permissions = new Dictionary<string, string[]>
    {
        ["roles/iam.serviceAccountTokenCreator"] =
            ["iam.serviceAccounts.get", "iam.serviceAccounts.list", GetAccessToken, GetOpenIdToken, ImplicitDelegation, SignBlob, SignJwt],
        ["roles/iam.serviceAccountOpenIdTokenCreator"] = [GetOpenIdToken],
        ["roles/iam.workloadIdentityUser"] = ["iam.serviceAccounts.get", "iam.serviceAccounts.list", GetAccessToken, GetOpenIdToken],
        ["roles/iam.serviceAccountUser"] = ["iam.serviceAccounts.actAs", "iam.serviceAccounts.get", "iam.serviceAccounts.list"],
        ["roles/iam.serviceAccountViewer"] = ["iam.serviceAccounts.get", "iam.serviceAccounts.list"],
    }.ToFrozenDictionary(role => role.Key, role => role.Value.ToFrozenSet());

    public static IEnumerable<string> Names => Permissions.Keys.Order(StringComparer.Ordinal);

    public static bool IsKnown(string role) => Permissions.ContainsKey(role);

    public static bool Grants(string role, string permission) => Permissions.TryGetValue(role, out var permissions) && permissions.Contains(permission);
}
