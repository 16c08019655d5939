using System.Text.Json;

namespace FederationWorkflows.Cli.Stories;

/// <summary>
/// What a folder and a server held when a story was last pulled or pushed, in a small file of the folder: who changed a story since, here, there
/// or both, is told by it.
/// </summary>
internal sealed class KnownStories
{
    private static readonly JsonSerializerOptions Format = new(JsonSerializerDefaults.Web) { WriteIndented = true };

    private readonly string path;

    private readonly string server;

    private readonly SortedDictionary<string, SortedDictionary<string, Known>> all;

    private KnownStories(string path, string server, SortedDictionary<string, SortedDictionary<string, Known>> all)
    {
        this.path = path;
        this.server = server;
        this.all = all;
    }

    /// <exception cref="CommandException">The file cannot be read.</exception>
    public static KnownStories Of(string folder, Uri server)
    {
        var path = Path.Combine(folder, ".fedflow", "stories.json");
        try
        {
            var all = File.Exists(path) ? JsonSerializer.Deserialize<SortedDictionary<string, SortedDictionary<string, Known>>>(File.ReadAllText(path), Format) : null;
            return new KnownStories(path, server.ToString(), all ?? []);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or JsonException)
        {
            throw new CommandException($"{path} cannot be read: {e.Message} Mend or delete it; without it, what differs needs --force once.");
        }
    }

    public Known? Find(string definitionId) => all.GetValueOrDefault(server)?.GetValueOrDefault(definitionId);

    /// <exception cref="CommandException">The file cannot be written.</exception>
    public void Put(string definitionId, Known known)
    {
        if (Find(definitionId) == known)
        {
            return;
        }

        if (!all.TryGetValue(server, out var own))
        {
            all[server] = own = [];
        }

        own[definitionId] = known;
        try
        {
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            FileReplacement.Write(path, JsonSerializer.SerializeToUtf8Bytes(all, Format));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new CommandException($"{path} cannot be written: {e.Message}");
        }
    }
}

/// <summary>A story as it was on both sides.</summary>
/// <param name="File">The revision of what the file held.</param>
/// <param name="Server">The revision of the server's latest version.</param>
internal sealed record Known(string File, string Server);
