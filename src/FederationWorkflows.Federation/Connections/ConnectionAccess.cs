namespace FederationWorkflows.Federation.Connections;

/// <summary>Who may use a connection.</summary>
public static class ConnectionAccess
{
    /// <summary>In <see cref="ConnectionOptions.Stories"/>: every story.</summary>
    public const string EveryStory = "*";
}
