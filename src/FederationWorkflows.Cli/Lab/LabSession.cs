using FederationWorkflows.CloudLab;
using FederationWorkflows.CloudLab.Google;

namespace FederationWorkflows.Cli.Lab;

/// <summary>How a server is pointed at a CloudLab: its endpoints, and a connection for each identity the shipped stories name.</summary>
internal static class LabSession
{
    /// <summary>The connection the shipped stories use as their source identity.</summary>
    public const string SourceConnection = "incident-source";

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

    /// <param name="lab">The CloudLab.</param>
    /// <param name="stories">The stories that may use the connection, by their definition ids.</param>
    public static IReadOnlyDictionary<string, string?> Settings(CloudLabServer lab, params string[] stories)
    {
        var address = lab.BaseAddress.ToString().TrimEnd('/');
        var settings = new Dictionary<string, string?>
        {
            ["Federation:Endpoints:GoogleToken"] = address + "/google/oauth2/token",
            ["Federation:Endpoints:GoogleIamCredentials"] = address + "/google/iamcredentials",
            ["Federation:Endpoints:GoogleApis"] = address + "/google",
            ["Federation:Endpoints:Aws"] = address,
            [$"Federation:Connections:{SourceConnection}:Kind"] = "serviceAccountKey",
            [$"Federation:Connections:{SourceConnection}:Json"] = lab.Google.ServiceAccountKeyFile(DefaultGoogleWorld.Runner).Reveal(),
        };
        for (var index = 0; index < stories.Length; index++)
        {
            settings[$"Federation:Connections:{SourceConnection}:Stories:{index}"] = stories[index];
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
