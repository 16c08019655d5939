using FederationWorkflows.Federation.Setup;

namespace FederationWorkflows.Cli.Setup;

/// <summary>The files of a set-up on disk.</summary>
/// <param name="Folder">Where they are.</param>
/// <param name="Files">Their names, and whether each is new or says something else than before.</param>
internal sealed record WrittenFiles(string Folder, IReadOnlyList<(string Name, bool Changed)> Files)
{
    /// <summary>Writes them. One that is there and says the same is left alone.</summary>
    /// <exception cref="CommandException">One says something else, and that was not to be replaced; or the folder cannot be written. Nothing is written then.</exception>
    public static WrittenFiles Write(string folder, IReadOnlyList<SetupFile> files, bool replace)
    {
        try
        {
            var before = files.ToDictionary(static file => file.Name, file => Path.Combine(folder, file.Name) is var path && File.Exists(path) ? File.ReadAllText(path) : null);
            if (!replace && files.Where(file => before[file.Name] is { } text && text != file.Content).Select(static file => file.Name).ToArray() is { Length: > 0 } different)
            {
                throw new CommandException($"{folder} has {string.Join(", ", different)} with another content: look at the difference, then give --force to replace, or another --output.");
            }

            Directory.CreateDirectory(folder);
            foreach (var file in files.Where(file => before[file.Name] != file.Content))
            {
                var path = Path.Combine(folder, file.Name);
                File.WriteAllText(path, file.Content);
                if (file.IsScript && !OperatingSystem.IsWindows())
                {
                    File.SetUnixFileMode(path, File.GetUnixFileMode(path) | UnixFileMode.UserExecute);
                }
            }

            return new WrittenFiles(folder, [.. files.Select(file => (file.Name, before[file.Name] != file.Content))]);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new CommandException($"The files cannot be written: {e.Message}");
        }
    }
}
