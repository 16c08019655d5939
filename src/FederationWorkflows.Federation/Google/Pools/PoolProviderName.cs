using System.Text.RegularExpressions;

namespace FederationWorkflows.Federation.Google;

/// <summary>The full resource name of a workload identity pool's provider ("Full resource names"; IAM REST reference, projects.locations.workloadIdentityPools.providers).</summary>
/// <param name="ProjectNumber">The project's number.</param>
/// <param name="Pool">The pool's id: 4 to 32 of <c>a-z 0-9 -</c>.</param>
/// <param name="Provider">The provider's id: 4 to 32 of <c>a-z 0-9 -</c>.</param>
public sealed partial record PoolProviderName(string ProjectNumber, string Pool, string Provider)
{
    private const string Host = "//iam.googleapis.com/";

    /// <summary><c>//iam.googleapis.com/projects/...</c>: the <c>audience</c> of an exchange and what a signed request names as its target.</summary>
    public string FullName => $"{Host}{ResourceName}";

    /// <summary><c>https://iam.googleapis.com/projects/...</c>: the <c>aud</c> that an OIDC provider without allowed audiences asks for.</summary>
    public string DefaultAudience => "https:" + FullName;

    /// <summary><c>projects/NUMBER/locations/global/workloadIdentityPools/POOL</c>: what principals of the pool begin with.</summary>
    public string PoolPath => $"projects/{ProjectNumber}/locations/global/workloadIdentityPools/{Pool}";

    /// <summary><c>projects/NUMBER/locations/global/workloadIdentityPools/POOL/providers/PROVIDER</c>, as the IAM API names it.</summary>
    public string ResourceName => $"{PoolPath}/providers/{Provider}";

    /// <summary>Reads a name, with or without <c>//iam.googleapis.com/</c> (or <c>https:</c> before it); null when it is none.</summary>
    public static PoolProviderName? TryParse(string? text) =>
        text is not null && Form().Match(text) is { Success: true } match
            ? new PoolProviderName(match.Groups["project"].Value, match.Groups["pool"].Value, match.Groups["provider"].Value)
            : null;

    /// <inheritdoc/>
    public override string ToString() => FullName;

    [GeneratedRegex(
        @"\A((https:)?//iam\.googleapis\.com/)?projects/(?<project>[0-9]{1,25})/locations/global/workloadIdentityPools/(?<pool>[a-z0-9-]{4,32})/providers/(?<provider>[a-z0-9-]{4,32})\z",
        RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture | RegexOptions.NonBacktracking)]
    private static partial Regex Form();
}
