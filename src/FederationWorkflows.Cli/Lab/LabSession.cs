using FederationWorkflows.CloudLab;
using FederationWorkflows.CloudLab.Google;

namespace FederationWorkflows.Cli.Lab;

/// <summary>How a server is pointed at a CloudLab: its endpoints, and a connection for each identity the shipped stories name.</summary>
internal static class LabSession
{
    /// <summary>The connection the shipped stories use as their source identity.</summary>
    public const string SourceConnection = "incident-source";

    public static IReadOnlyDictionary<string, string?> Settings(CloudLabServer lab)
    {
        var address = lab.BaseAddress.ToString().TrimEnd('/');
        return new Dictionary<string, string?>
        {
            ["Federation:Endpoints:GoogleToken"] = address + "/google/oauth2/token",
            ["Federation:Endpoints:GoogleIamCredentials"] = address + "/google/iamcredentials",
            ["Federation:Endpoints:AwsSts"] = address,
            ["Federation:Endpoints:AwsS3"] = address,
            [$"Federation:Connections:{SourceConnection}:Kind"] = "serviceAccountKey",
            [$"Federation:Connections:{SourceConnection}:Json"] = lab.Google.ServiceAccountKeyFile(DefaultGoogleWorld.Runner).Reveal(),
        };
    }
}
