namespace FederationWorkflows.Federation.Aws.Objects;

/// <summary>What stories may do with the content of S3 objects (section <c>Federation:Objects</c>).</summary>
public sealed class ObjectOptions
{
    private const long KiB = 1024;
    private const long TiB = KiB * KiB * KiB * KiB;

    /// <summary>The largest content that is a value of a story, in bytes: it becomes part of the run's state. 1 KiB to 64 MiB. Default 4 MiB.</summary>
    public long MaxContentBytes { get; set; } = 4 * KiB * KiB;

    /// <summary>
    /// The folder whose files stories may upload, and into which they may download: an absolute path of a folder that exists. Null, the default: none,
    /// no story touches files. Every story sees all of it. Nodes that drive the same runs need the same folder.
    /// </summary>
    public string? Folder { get; set; }

    /// <summary>The largest file, in bytes: 1 KiB to 5 TiB. Default 10 GiB.</summary>
    public long MaxFileBytes { get; set; } = 10 * KiB * KiB * KiB;

    internal IEnumerable<string> Problems()
    {
        if (MaxContentBytes is < KiB or > 64 * KiB * KiB)
        {
            yield return $"{nameof(MaxContentBytes)} is {MaxContentBytes}: give {KiB} to {64 * KiB * KiB}.";
        }

        if (MaxFileBytes is < KiB or > 5 * TiB)
        {
            yield return $"{nameof(MaxFileBytes)} is {MaxFileBytes}: give {KiB} to {5 * TiB}.";
        }

        if (!string.IsNullOrEmpty(Folder) && !(Path.IsPathFullyQualified(Folder) && Directory.Exists(Folder)))
        {
            yield return $"{nameof(Folder)} is '{Folder}', which is not the absolute path of a folder that exists: make it, or leave the setting out.";
        }
    }
}
