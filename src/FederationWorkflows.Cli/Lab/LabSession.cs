using FederationWorkflows.CloudLab;
using FederationWorkflows.CloudLab.Google;
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

    /// <summary>The settings of a server that works against the lab.</summary>
    public static IReadOnlyDictionary<string, string?> Settings(CloudLabServer lab)
    {
        using var declared = typeof(LabSession).Assembly.GetManifestResourceStream("lab-connections.json")!;
        var settings = new ConfigurationBuilder().AddJsonStream(declared).Build().AsEnumerable().Where(setting => setting.Value is not null).ToDictionary(StringComparer.OrdinalIgnoreCase);
        var address = lab.BaseAddress.ToString().TrimEnd('/');
        settings["Federation:Endpoints:GoogleToken"] = address + "/google/oauth2/token";
        settings["Federation:Endpoints:GoogleIamCredentials"] = address + "/google/iamcredentials";
        settings["Federation:Endpoints:GoogleApis"] = address + "/google";
        settings["Federation:Endpoints:Aws"] = address;
        settings["Federation:Endpoints:GoogleMetadata"] = address;

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

        // The lab's trust policies are known, so that a refusal names the condition.
        foreach (var (index, (account, role)) in lab.World.Aws.Accounts.SelectMany(static account => account.Roles.Select(role => (account, role))).Index())
        {
            settings[$"Federation:TrustPolicies:lab-{index}:RoleArn"] = $"arn:aws:iam::{account.Id}:role{role.Path}{role.Name}";
            settings[$"Federation:TrustPolicies:lab-{index}:Json"] = role.TrustPolicy.GetRawText();
        }

        return settings;
    }
}
