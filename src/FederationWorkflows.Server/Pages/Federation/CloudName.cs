using FederationWorkflows.Federation;

namespace FederationWorkflows.Server.Pages.Federation;

/// <summary>What people call whose identity a connection is.</summary>
internal static class CloudName
{
    /// <param name="cloud">The cloud; null for a cluster.</param>
    public static string Of(Cloud? cloud) => cloud switch
    {
        Cloud.Aws => "AWS",
        Cloud.Google => "Google Cloud",
        _ => "Kubernetes",
    };
}
