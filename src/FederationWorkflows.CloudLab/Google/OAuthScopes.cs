namespace FederationWorkflows.CloudLab.Google;

/// <summary>The OAuth scopes that matter to the lab (Google Identity documentation, "OAuth 2.0 scopes for Google APIs").</summary>
internal static class OAuthScopes
{
    public const string CloudPlatform = "https://www.googleapis.com/auth/cloud-platform";
    public const string Iam = "https://www.googleapis.com/auth/iam";

    /// <summary>Whether the text has the form of a scope of Google's; the list itself is long and grows.</summary>
    public static bool IsKnown(string scope) =>
        scope is "openid" or "email" or "profile" or "https://mail.google.com/"
        || (scope.StartsWith("https://www.googleapis.com/auth/", StringComparison.Ordinal) && scope.Length > "https://www.googleapis.com/auth/".Length);

    /// <summary>Whether a token with this scope tells the address of its principal.</summary>
    public static bool ShowsEmail(string scope) => scope is "email" or "https://www.googleapis.com/auth/userinfo.email";
}
