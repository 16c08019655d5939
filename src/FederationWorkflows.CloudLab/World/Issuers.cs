using System.Text.Json;
using System.Text.RegularExpressions;
using FederationWorkflows.Federation.Trust;

namespace FederationWorkflows.CloudLab;

/// <summary>A Kubernetes cluster that signs tokens of its service accounts.</summary>
public sealed record LabCluster
{
    /// <summary>Its name, unique in the lab: lower-case letters, digits and hyphens.</summary>
    public required string Name { get; init; }

    /// <summary>
    /// The <c>iss</c> of its tokens: an https URL; on GKE <c>https://container.googleapis.com/v1/projects/PROJECT/locations/LOCATION/clusters/NAME</c>. Both clouds of the lab
    /// find its keys by this name.
    /// </summary>
    public required string Issuer { get; init; }

    /// <summary>Its service accounts.</summary>
    public IReadOnlyList<LabClusterAccount> ServiceAccounts { get; init; } = [];
}

/// <summary>A service account of a cluster.</summary>
public sealed record LabClusterAccount
{
    /// <summary>Its namespace.</summary>
    public required string Namespace { get; init; }

    /// <summary>Its name.</summary>
    public required string Name { get; init; }
}

/// <summary>An OpenID Connect issuer outside the lab.</summary>
public sealed record LabIssuer
{
    /// <summary>The <c>iss</c> of its tokens: an https URL.</summary>
    public required string Issuer { get; init; }

    /// <summary>Its public keys, a JWK Set.</summary>
    public required JsonElement Jwks { get; init; }
}

/// <summary>What issuers of a world must be like.</summary>
internal static partial class IssuerRules
{
    public static void Check(LabWorld world)
    {
        var issuers = new HashSet<string>(StringComparer.Ordinal);
        var names = new HashSet<string>(StringComparer.Ordinal);
        for (var index = 0; index < world.Clusters.Count; index++)
        {
            var (cluster, path) = (world.Clusters[index], $"$.clusters[{index}]");
            Require(Name().IsMatch(cluster.Name), $"{path}.name", $"'{cluster.Name}' is no cluster name; use 1 to 63 lower-case letters, digits and hyphens.");
            Require(names.Add(cluster.Name), $"{path}.name", $"The cluster {cluster.Name} is declared twice.");
            CheckIssuer(issuers, cluster.Issuer, $"{path}.issuer");
            foreach (var (account, at) in cluster.ServiceAccounts.Select((account, number) => (account, $"{path}.serviceAccounts[{number}]")))
            {
                Require(Name().IsMatch(account.Namespace), $"{at}.namespace", $"'{account.Namespace}' is no namespace; use 1 to 63 lower-case letters, digits and hyphens.");
                Require(Name().IsMatch(account.Name), $"{at}.name", $"'{account.Name}' is no service account; use 1 to 63 lower-case letters, digits and hyphens.");
            }
        }

        for (var index = 0; index < world.Issuers.Count; index++)
        {
            CheckIssuer(issuers, world.Issuers[index].Issuer, $"$.issuers[{index}].issuer");
            Require(KeysOf(world.Issuers[index], $"$.issuers[{index}].jwks").Count > 0, $"$.issuers[{index}].jwks", "The set has no public RSA or EC signing key.");
        }
    }

    private static IReadOnlyList<JsonWebKey> KeysOf(LabIssuer issuer, string path)
    {
        try
        {
            return JsonWebKey.ParseSet(issuer.Jwks);
        }
        catch (FormatException exception)
        {
            throw new WorldFormatException(path, exception.Message);
        }
    }

    private static void CheckIssuer(HashSet<string> known, string issuer, string path)
    {
        Require(Uri.TryCreate(issuer, UriKind.Absolute, out var url) && url is { Scheme: "https", Query: "" }, path, "An issuer is an https URL.");
        Require(!WebIdentityContext.IsBuiltIn(WebIdentityContext.ProviderName(issuer)), path, "accounts.google.com is Google's, whose tokens the lab signs itself.");
        Require(known.Add(issuer), path, $"The issuer {issuer} is declared twice.");
    }

    private static void Require(bool condition, string path, string problem)
    {
        if (!condition)
        {
            throw new WorldFormatException(path, problem);
        }
    }

    [GeneratedRegex(@"\A[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\z", RegexOptions.CultureInvariant | RegexOptions.NonBacktracking)]
    private static partial Regex Name();
}
