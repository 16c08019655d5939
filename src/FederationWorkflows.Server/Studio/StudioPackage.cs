using System.Collections.Frozen;
using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;
using Microsoft.AspNetCore.StaticFiles;
using Microsoft.Extensions.Options;

namespace FederationWorkflows.Server.Studio;

/// <summary>
/// The files of the designer, as its makers publish them. All are known from the start, so what is asked for is looked up, and never a path of
/// the file system.
/// </summary>
internal sealed partial class StudioPackage
{
    /// <summary>Written beside the server by the build: where the package was fetched to.</summary>
    private const string PathFile = "studio.path";

    private static readonly FileExtensionContentTypeProvider Types = Mappings();

    private readonly FrozenDictionary<string, StudioFile> files;

    public StudioPackage(IOptions<StudioOptions> options)
    {
        Folder = Candidates(options.Value.Path).FirstOrDefault(folder => File.Exists(Path.Combine(folder, "_framework", "blazor.webassembly.js")));
        files = Folder is null ? FrozenDictionary<string, StudioFile>.Empty : Read(Folder);
    }

    /// <summary>Where it lies; null when it is not there.</summary>
    public string? Folder { get; }

    /// <summary>The file of a path below the designer's; null when there is none.</summary>
    public StudioFile? Find(string path) => files.GetValueOrDefault(path);

    private static IEnumerable<string> Candidates(string? configured)
    {
        if (!string.IsNullOrWhiteSpace(configured))
        {
            yield return Path.GetFullPath(configured);
            yield break;
        }

        yield return Path.Combine(AppContext.BaseDirectory, "studio");
        var pathFile = Path.Combine(AppContext.BaseDirectory, PathFile);
        if (File.Exists(pathFile))
        {
            yield return File.ReadAllText(pathFile).Trim();
        }
    }

    private static FrozenDictionary<string, StudioFile> Read(string folder)
    {
        var version = VersionOf(folder);
        var all = new DirectoryInfo(folder).EnumerateFiles("*", SearchOption.AllDirectories)
            .ToDictionary(file => Path.GetRelativePath(folder, file.FullName).Replace('\\', '/'), StringComparer.Ordinal);
        return all.Where(file => !IsCompressed(file.Key) && file.Key is not ("index.html" or "package.json")).ToFrozenDictionary(
            file => file.Key,
            file => new StudioFile(
                file.Value.FullName,
                file.Value.Length,
                Types.TryGetContentType(file.Key, out var type) ? type : "application/octet-stream",
                string.Create(CultureInfo.InvariantCulture, $"{version}-{file.Value.Length:x}"),
                HashedName().IsMatch(file.Key),
                all.GetValueOrDefault(file.Key + ".br"),
                all.GetValueOrDefault(file.Key + ".gz")),
            StringComparer.Ordinal);

        bool IsCompressed(string name) => name.EndsWith(".br", StringComparison.Ordinal) || name.EndsWith(".gz", StringComparison.Ordinal);
    }

    /// <summary>npm gives every file the same time, so the version tells one package's files from the next one's.</summary>
    private static string VersionOf(string folder)
    {
        var manifest = Path.Combine(folder, "package.json");
        if (!File.Exists(manifest))
        {
            return "unknown";
        }

        using var json = JsonDocument.Parse(File.ReadAllBytes(manifest));
        return json.RootElement.TryGetProperty("version", out var version) && version.GetString() is { } text && text.All(letter => char.IsAsciiLetterOrDigit(letter) || letter is '.' or '-') ? text : "unknown";
    }

    private static FileExtensionContentTypeProvider Mappings()
    {
        var types = new FileExtensionContentTypeProvider();
        types.Mappings[".dat"] = "application/octet-stream";
        types.Mappings[".cur"] = "image/x-icon";
        types.Mappings[".js"] = "text/javascript";
        types.Mappings[".mjs"] = "text/javascript";
        types.Mappings[".map"] = "application/json";
        return types;
    }

    /// <summary>Names that carry a hash of the content, such as <c>_framework/MudBlazor.b5s38r9i21.wasm</c>.</summary>
    [GeneratedRegex(@"^_framework/(.+/)?[^/]+\.[a-z0-9]{10}\.(wasm|js|dat|pdb|json)$", RegexOptions.CultureInvariant)]
    private static partial Regex HashedName();
}

/// <summary>A file of the designer.</summary>
/// <param name="Path">Where it lies.</param>
/// <param name="Length">Its length in bytes.</param>
/// <param name="ContentType">Its type.</param>
/// <param name="Tag">Tells it from other versions of it.</param>
/// <param name="IsImmutable">Its name changes with its content.</param>
/// <param name="Brotli">The same, compressed; null when there is none.</param>
/// <param name="Gzip">The same, compressed; null when there is none.</param>
internal sealed record StudioFile(string Path, long Length, string ContentType, string Tag, bool IsImmutable, FileInfo? Brotli, FileInfo? Gzip);
