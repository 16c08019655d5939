namespace FederationWorkflows.Federation.Connections;

/// <summary>What a connection's own configuration gives away: more stories, longer sessions and longer-lived keys than are needed.</summary>
internal static class ConnectionFindings
{
    private static readonly TimeSpan LongSession = TimeSpan.FromHours(4);

    public static IEnumerable<ConnectionFinding> Of(ConnectionDefinition connection)
    {
        var options = connection.Options;
        if (options.Stories.Contains(ConnectionAccess.EveryStory))
        {
            yield return new("every-story", true, "Whoever may publish a story for it can make any story use this identity.", $"List the stories that need it in {Key(nameof(options.Stories))}.");
        }
        else if (options.Stories.Count == 0)
        {
            yield return new("no-story", false, "No story may use it.", $"List the stories that need it in {Key(nameof(options.Stories))}, unless it is only the source of others.");
        }

        if (options.IsKind(ConnectionKinds.ServiceAccountKey))
        {
            yield return new(
                "static-key",
                true,
                "A service account key works for whoever gets hold of it, until somebody deletes it.",
                "Run the server where Google gives it an identity (metadataServer), use a workload identity pool (externalAccount), or at least let the key's account do nothing but impersonate.");
        }

        if (options.IsKind(ConnectionKinds.AuthorizedUser))
        {
            yield return new("personal-login", true, "Stories act with the rights of a person, and fail when he leaves or logs in anew.", "Use a service account that is for this alone.");
        }

        if (options.IsKind(ConnectionKinds.ApplicationDefault) || options.IsKind(ConnectionKinds.AwsDefault))
        {
            yield return new("ambient", false, "Which identity it is depends on what is found on the machine first.", "Name the kind of identity that is meant, such as metadataServer.");
        }

        if (options.MaxDuration > LongSession)
        {
            yield return new("long-session", true, $"Credentials of this role work for {options.MaxDuration.Value.TotalHours:0.#} hours, also for whoever steals them.", $"Set {Key(nameof(options.MaxDuration))} to what the longest story needs; 1 hour does for most.");
        }

        if (options.Json is not null)
        {
            yield return new("key-in-configuration", true, "The credential itself is in the configuration, where more people and programs read it than a file of its own.", "Give the path of a file that only the server's account reads.");
        }

        string Key(string setting) => ConnectionAccess.Key(connection, setting);
    }
}
