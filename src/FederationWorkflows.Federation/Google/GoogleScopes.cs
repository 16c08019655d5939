namespace FederationWorkflows.Federation.Google;

/// <summary>OAuth scopes that the clients themselves need.</summary>
internal static class GoogleScopes
{
    /// <summary>All of Google Cloud; what the identity may do there is up to IAM.</summary>
    public const string CloudPlatform = "https://www.googleapis.com/auth/cloud-platform";
}
