using FederationWorkflows.Federation.Aws;

namespace FederationWorkflows.Federation.Connections;

/// <summary>The name of a role's session, made of a connection's template. What matches CloudTrail with runs, a run's id, is never cut: the story's is.</summary>
internal static class SessionName
{
    /// <summary>What a connection that says nothing has: one session for all runs of a story.</summary>
    public const string Default = Story;

    private const string Story = "{story}";
    private const string Run = "{run}";
    private const string Connection = "{connection}";

    /// <summary>What is wrong with a template and how to mend it; null when nothing is.</summary>
    public static string? Problem(string template)
    {
        var fixedPart = template.Replace(Story, "", StringComparison.Ordinal).Replace(Run, "", StringComparison.Ordinal).Replace(Connection, "", StringComparison.Ordinal);
        return fixedPart.Any(character => !RoleSessionName.IsAllowed(character))
            ? "has characters that a session name cannot have: use A-Z a-z 0-9 + = , . @ _ -, and {story}, {run}, {connection}."
            : fixedPart.Length > 24 ? $"has {fixedPart.Length} characters beside {{story}}, {{run}} and {{connection}}: at most 24 leave room for them." : null;
    }

    /// <summary>The name, fit for STS.</summary>
    public static string From(string? template, string connection, string? story, string? run)
    {
        if (string.IsNullOrWhiteSpace(template))
        {
            if (story is { Length: >= RoleSessionName.MinLength and <= RoleSessionName.MaxLength } && IsAllowed(story))
            {
                return story;
            }

            template = Default;
        }

        var name = Fill(template, connection, story ?? "", run);
        if (name.Length > RoleSessionName.MaxLength && story is not null)
        {
            var room = Math.Max(0, story.Length - (name.Length - RoleSessionName.MaxLength));
            name = Fill(template, connection, story[..room], run);
        }

        return RoleSessionName.From(name.Length == 0 ? connection : name);
    }

    private static bool IsAllowed(string story)
    {
        foreach (var character in story)
        {
            if (!RoleSessionName.IsAllowed(character))
            {
                return false;
            }
        }

        return true;
    }

    private static string Fill(string template, string connection, string story, string? run) =>
        template.Replace(Connection, connection, StringComparison.Ordinal).Replace(Run, run, StringComparison.Ordinal).Replace(Story, story, StringComparison.Ordinal);
}
