using FederationWorkflows.Cli.Explain;
using FederationWorkflows.CloudLab;
using FederationWorkflows.CloudLab.Google;
using FederationWorkflows.Federation;
using FederationWorkflows.Federation.Connections;
using Microsoft.Extensions.Configuration;

namespace FederationWorkflows.Cli.Lab;

/// <summary>How a server is pointed at a CloudLab: its endpoints, and what <c>lab-connections.json</c> declares, a connection for each identity the shipped stories name.</summary>
internal static class LabSession
{
    private const string KeyKind = "serviceAccountKey";

    private static readonly string[] ProxyVariables = ["HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"];

    /// <summary>Lets no proxy stand between this process and the labs of this machine. Call it before the first request.</summary>
    public static void BypassProxy()
    {
        if (WithoutProxy() is { } exceptions)
        {
            Environment.SetEnvironmentVariable("NO_PROXY", exceptions);
            Environment.SetEnvironmentVariable("no_proxy", exceptions);
        }
    }

    /// <summary>The value of <c>NO_PROXY</c> that leaves the lab out; null when there is no proxy.</summary>
    public static string? WithoutProxy() =>
        Array.Exists(ProxyVariables, name => !string.IsNullOrEmpty(Environment.GetEnvironmentVariable(name)))
            ? string.Join(',', new[] { Environment.GetEnvironmentVariable("no_proxy") ?? Environment.GetEnvironmentVariable("NO_PROXY"), "127.0.0.1" }.Where(part => !string.IsNullOrEmpty(part)))
            : null;

    /// <summary>Where the clouds are in a lab.</summary>
    public static CloudEndpoints Endpoints(Uri lab) => new()
    {
        GoogleToken = new Uri(lab, "google/oauth2/token"),
        GoogleIamCredentials = new Uri(lab, "google/iamcredentials"),
        GoogleSts = new Uri(lab, "google/sts/v1/token"),
        GoogleApis = new Uri(lab, "google"),
        GoogleMetadata = lab,
        Aws = lab,
        AwsInstanceMetadata = new Uri(lab, "lab/imds"),
    };

    /// <summary>The settings of a server that works against the lab.</summary>
    public static IReadOnlyDictionary<string, string?> Settings(CloudLabServer lab)
    {
        using var declared = typeof(LabSession).Assembly.GetManifestResourceStream("lab-connections.json")!;
        var settings = new ConfigurationBuilder().AddJsonStream(declared).Build().AsEnumerable().Where(setting => setting.Value is not null).ToDictionary(StringComparer.OrdinalIgnoreCase);
        var endpoints = Endpoints(lab.BaseAddress);
        foreach (var endpoint in typeof(CloudEndpoints).GetProperties().Where(endpoint => endpoint.GetValue(endpoints) is not null))
        {
            settings[$"Federation:Endpoints:{endpoint.Name}"] = endpoint.GetValue(endpoints)!.ToString()!.TrimEnd('/');
        }

        // A key opens nothing but the lab that made it.
        foreach (var kind in settings.Keys.Where(key => key.EndsWith(":Kind", StringComparison.OrdinalIgnoreCase) && settings[key] == KeyKind).ToArray())
        {
            settings[kind[..^"Kind".Length] + "Json"] = lab.Google.ServiceAccountKeyFile(DefaultGoogleWorld.Runner).Reveal();
        }

        // The kubelet of the lab's cluster keeps a pod's token in a file.
        foreach (var kind in settings.Keys.Where(key => key.EndsWith(":Kind", StringComparison.OrdinalIgnoreCase) && settings[key] == ConnectionKinds.ProjectedToken).ToArray())
        {
            settings[kind[..^"Kind".Length] + "TokenFile"] = lab.Clusters.ProjectFile("forensics", "triage", "collector", "sts.amazonaws.com");
        }

        // What the lab trusts is known, so that a refusal names the condition.
        foreach (var (index, provider) in PoolProviderSource.Providers(lab.World).Index())
        {
            settings[$"Federation:PoolProviders:lab-{index}:Json"] = provider.ToJson().ToJsonString();
        }

        foreach (var (index, (account, role)) in lab.World.Aws.Accounts.SelectMany(static account => account.Roles.Select(role => (account, role))).Index())
        {
            settings[$"Federation:TrustPolicies:lab-{index}:RoleArn"] = $"arn:aws:iam::{account.Id}:role{role.Path}{role.Name}";
            settings[$"Federation:TrustPolicies:lab-{index}:Json"] = role.TrustPolicy.GetRawText();
        }

        return settings;
    }
}
