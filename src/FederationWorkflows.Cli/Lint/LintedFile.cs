using FederationWorkflows.Federation.Lint;

namespace FederationWorkflows.Cli.Lint;

/// <summary>A file that was looked through, or could not be.</summary>
/// <param name="Name">The file, relative to the working directory where it lies below.</param>
/// <param name="Kind">What it is; null when it could not be looked through.</param>
/// <param name="Findings">What was found.</param>
/// <param name="Problem">Why it could not be looked through.</param>
internal sealed record LintedFile(string Name, LintedKind? Kind, IReadOnlyList<LintFinding> Findings, string? Problem)
{
    public const string StandardInput = "standard input";

    // Of dependencies and builds, whose files are nobody's trust.
    private static readonly HashSet<string> PassedOver = new(StringComparer.Ordinal) { "node_modules", "bin", "obj", ".git" };

    /// <summary>Looks through a file, all files of a folder, or standard input for <c>-</c>.</summary>
    public static async Task<IReadOnlyList<LintedFile>> ReadAsync(string path, CancellationToken cancellationToken)
    {
        if (path == "-")
        {
            return [Of(StandardInput, await Console.In.ReadToEndAsync(cancellationToken))];
        }

        if (!Directory.Exists(path))
        {
            return [await ReadFileAsync(path, cancellationToken)];
        }

        var files = new List<LintedFile>();
        foreach (var file in Files(path).Order(StringComparer.Ordinal))
        {
            var linted = await ReadFileAsync(file, cancellationToken);
            if (linted.Kind is not null)
            {
                files.Add(linted);
            }
        }

        return files;
    }

    private static IEnumerable<string> Files(string folder) =>
        Directory.EnumerateFiles(folder, "*.json")
            .Concat(Directory.EnumerateDirectories(folder).Where(static child => !PassedOver.Contains(Path.GetFileName(child))).SelectMany(Files));

    private static async Task<LintedFile> ReadFileAsync(string path, CancellationToken cancellationToken)
    {
        var relative = Path.GetRelativePath(Environment.CurrentDirectory, path);
        var name = relative.StartsWith("..", StringComparison.Ordinal) ? path : relative;
        try
        {
            return Of(name, await File.ReadAllTextAsync(path, cancellationToken));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return new LintedFile(name, null, [], $"The file cannot be read: {e.Message}");
        }
    }

    private static LintedFile Of(string name, string text)
    {
        try
        {
            var report = TrustLinter.Lint(text);
            return new LintedFile(name, report.Kind, report.Findings, null);
        }
        catch (LintFormatException e)
        {
            return new LintedFile(name, null, [], e.Message);
        }
    }
}
