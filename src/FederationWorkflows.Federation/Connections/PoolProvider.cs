using System.Text.RegularExpressions;

namespace FederationWorkflows.Federation.Connections;

/// <summary>The full resource name of a provider of a workload identity pool ("Workload identity federation", Google IAM documentation).</summary>
internal static partial class PoolProvider
{
    public const string Form = "//iam.googleapis.com/projects/NUMBER/locations/global/workloadIdentityPools/POOL/providers/PROVIDER";

    public static bool IsWellFormed(string name) => Name().IsMatch(name);

    [GeneratedRegex(
        @"\A//iam\.googleapis\.com/projects/[0-9]{1,20}/locations/global/workloadIdentityPools/[a-z0-9-]{4,32}/providers/[a-z0-9-]{4,32}\z",
        RegexOptions.CultureInvariant | RegexOptions.NonBacktracking)]
    private static partial Regex Name();
}
