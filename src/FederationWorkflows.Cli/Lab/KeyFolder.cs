namespace FederationWorkflows.Cli.Lab;

/// <summary>A folder for key files that only this user can read, gone when the command ends.</summary>
internal sealed class KeyFolder : IDisposable
{
    private readonly DirectoryInfo folder;

    private KeyFolder(DirectoryInfo folder)
    {
        this.folder = folder;
    }

    public static KeyFolder Create() => new(Directory.CreateTempSubdirectory("fedflow-"));

    /// <summary>Writes a file and returns its path.</summary>
    public string Write(string name, string content)
    {
        var path = Path.Combine(folder.FullName, name);
        var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows())
        {
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        }

        using var writer = new StreamWriter(path, options);
        writer.Write(content);
        return path;
    }

    public void Dispose() => folder.Delete(recursive: true);
}
