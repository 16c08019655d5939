namespace FederationWorkflows.Cli.Lab;

/// <summary>The stories that this program brings along, as they are in <c>workflows/</c>.</summary>
internal static class ShippedStories
{
    private const string Folder = "workflows/";

    private const string Extension = ".json";

    /// <summary>Their definition ids.</summary>
    public static IReadOnlyList<string> Ids { get; } =
    [
        .. typeof(ShippedStories).Assembly.GetManifestResourceNames()
            .Where(name => name.StartsWith(Folder, StringComparison.Ordinal))
            .Select(name => name[Folder.Length..^Extension.Length])
            .Order(StringComparer.Ordinal),
    ];

    /// <summary>The file of one.</summary>
    public static byte[] Read(string id)
    {
        using var story = typeof(ShippedStories).Assembly.GetManifestResourceStream(Folder + id + Extension)!;
        var content = new byte[story.Length];
        story.ReadExactly(content);
        return content;
    }
}
