namespace FederationWorkflows.Runtime.Definitions.Files;

/// <summary>A folder of story files that this node follows.</summary>
public sealed class StoryFolderOptions
{
    /// <summary>The folder; null or empty for none. Of several nodes over one database, give it to one: the database is the truth, and that node brings in what changes in the folder.</summary>
    public string? Path { get; set; }

    /// <summary>A story that is published by other means is written to the file it came from.</summary>
    public bool WriteBack { get; set; } = true;

    /// <summary>How long nothing must have changed in the folder before it is looked at: an editor or a checkout changes much at once.</summary>
    public TimeSpan Quiet { get; set; } = TimeSpan.FromMilliseconds(300);

    /// <summary>How often the folder is looked at when nothing told of a change: file systems of other machines tell of none.</summary>
    public TimeSpan Rescan { get; set; } = TimeSpan.FromMinutes(1);
}
