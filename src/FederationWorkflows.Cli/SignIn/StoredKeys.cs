using System.Text.Json;

namespace FederationWorkflows.Cli.SignIn;

/// <summary>The API keys that <c>fedflow login</c> made, one for each server: a file that only the user can read.</summary>
internal static class StoredKeys
{
    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true };

    /// <summary>Where the file is.</summary>
    public static string Path { get; } = System.IO.Path.Combine(
        Environment.GetFolderPath(Environment.SpecialFolder.ApplicationData, Environment.SpecialFolderOption.DoNotVerify), "federationworkflows", "api-keys.json");

    /// <summary>The key for a server; null when there is none.</summary>
    /// <exception cref="CommandException">The file cannot be read.</exception>
    public static string? Find(Uri server) => Read().GetValueOrDefault(server.ToString());

    /// <summary>Keeps a key, in the place of the one before.</summary>
    /// <exception cref="CommandException">The file cannot be written.</exception>
    public static void Put(Uri server, string key)
    {
        var keys = Read();
        keys[server.ToString()] = key;
        Write(keys);
    }

    /// <summary>Forgets a key.</summary>
    /// <exception cref="CommandException">The file cannot be written.</exception>
    public static void Remove(Uri server)
    {
        var keys = Read();
        if (keys.Remove(server.ToString()))
        {
            Write(keys);
        }
    }

    private static SortedDictionary<string, string> Read()
    {
        try
        {
            return File.Exists(Path) ? JsonSerializer.Deserialize<SortedDictionary<string, string>>(File.ReadAllText(Path)) ?? [] : [];
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or JsonException)
        {
            throw new CommandException($"The file of API keys {Path} cannot be read: {e.Message} Mend or delete it; fedflow login makes it anew.");
        }
    }

    /// <summary>Beside the file first, then in its place: nobody sees half of it, or all of it with another mode.</summary>
    private static void Write(SortedDictionary<string, string> keys)
    {
        var beside = $"{Path}.{Environment.ProcessId}";
        try
        {
            var file = new FileStreamOptions { Mode = FileMode.Create, Access = FileAccess.Write };
            var directory = System.IO.Path.GetDirectoryName(Path)!;
            if (OperatingSystem.IsWindows())
            {
                Directory.CreateDirectory(directory);
            }
            else
            {
                Directory.CreateDirectory(directory, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
                file.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
            }

            using (var stream = new FileStream(beside, file))
            {
                JsonSerializer.Serialize(stream, keys, Indented);
            }

            File.Move(beside, Path, overwrite: true);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new CommandException($"The file of API keys {Path} cannot be written: {e.Message}");
        }
    }
}
