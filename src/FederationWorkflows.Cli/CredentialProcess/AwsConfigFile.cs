using System.Text;

namespace FederationWorkflows.Cli.CredentialProcess;

/// <summary>The AWS configuration file (AWS SDKs and Tools Reference Guide, "Shared config and credentials files"), read and changed line by line: what is not ours stays as it is.</summary>
internal sealed class AwsConfigFile
{
    private readonly string path;
    private readonly List<string> lines;

    private AwsConfigFile(string path, List<string> lines)
    {
        this.path = path;
        this.lines = lines;
    }

    /// <summary><c>~/.aws/config</c>, or as <c>AWS_CONFIG_FILE</c> says.</summary>
    public static string DefaultPath => Environment.GetEnvironmentVariable("AWS_CONFIG_FILE") is { Length: > 0 } path ? path
        : Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile, Environment.SpecialFolderOption.DoNotVerify), ".aws", "config");

    /// <summary>Reads the file; one that does not exist is empty.</summary>
    /// <exception cref="CommandException">It cannot be read.</exception>
    public static AwsConfigFile Read(string? path = null)
    {
        path ??= DefaultPath;
        try
        {
            return new AwsConfigFile(path, File.Exists(path) ? [.. File.ReadAllText(path).Split('\n').Select(static line => line.TrimEnd('\r'))] : []);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new CommandException($"The AWS configuration cannot be read: {e.Message}");
        }
    }

    /// <summary>The settings of a profile; null when there is none of that name.</summary>
    public IReadOnlyDictionary<string, string>? Profile(string name)
    {
        var (start, end) = Find(name);
        if (start < 0)
        {
            return null;
        }

        var settings = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var line in lines[(start + 1)..end])
        {
            if (Setting(line) is var (key, value))
            {
                settings[key] = value;
            }
        }

        return settings;
    }

    /// <summary>Puts settings into a profile, in the place of those of the same name and of those that begin with a prefix; the profile is made at the end when there is none.</summary>
    /// <returns>Whether anything changed.</returns>
    public bool Put(string name, IReadOnlyList<(string Name, string Value)> settings, string ownPrefix)
    {
        var before = string.Join('\n', lines);
        var (start, end) = Find(name);
        if (start < 0)
        {
            while (lines is [.., ""])
            {
                lines.RemoveAt(lines.Count - 1);
            }

            if (lines.Count > 0)
            {
                lines.Add("");
            }

            start = lines.Count;
            lines.Add(name == "default" ? "[default]" : $"[profile {Quote(name)}]");
            end = lines.Count;
            lines.Add("");
        }

        var left = settings.ToList();
        for (var i = end - 1; i > start; i--)
        {
            if (Setting(lines[i]) is not var (key, value))
            {
                continue;
            }

            var index = left.FindIndex(setting => setting.Name == key);
            if (index >= 0)
            {
                lines[i] = value == left[index].Value ? lines[i] : $"{key} = {left[index].Value}";
                left.RemoveAt(index);
            }
            else if (key.StartsWith(ownPrefix, StringComparison.Ordinal))
            {
                lines.RemoveAt(i);
                end--;
            }
        }

        var at = end;
        while (at > start + 1 && lines[at - 1].Trim().Length == 0)
        {
            at--;
        }

        lines.InsertRange(at, left.Select(static setting => $"{setting.Name} = {setting.Value}"));
        return string.Join('\n', lines) != before;
    }

    /// <summary>Writes the file.</summary>
    /// <exception cref="CommandException">It cannot be written.</exception>
    public void Write()
    {
        try
        {
            // The file may be a link to the one that is kept in version control.
            var target = File.Exists(path) ? File.ResolveLinkTarget(path, returnFinalTarget: true)?.FullName ?? path : path;
            var mode = !OperatingSystem.IsWindows() && File.Exists(target) ? File.GetUnixFileMode(target) : default(UnixFileMode?);
            PrivateFile.Replace(target, Encoding.UTF8.GetBytes(string.Join('\n', lines)));
            if (mode is { } kept && !OperatingSystem.IsWindows())
            {
                File.SetUnixFileMode(target, kept);
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new CommandException($"The AWS configuration cannot be written: {e.Message}");
        }
    }

    // From its header to the next one. The same profile twice: the SDKs join them, the first is changed.
    private (int Start, int End) Find(string name)
    {
        var start = lines.FindIndex(line => IsHeader(line, out var section) && section == name);
        var next = start < 0 ? -1 : lines.FindIndex(start + 1, static line => IsHeader(line, out _));
        return (start, next < 0 ? lines.Count : next);
    }

    private static bool IsHeader(string line, out string? profile)
    {
        profile = null;
        var text = line.AsSpan().Trim();
        if (text is not ['[', ..] || text.IndexOf(']') is not (var close and > 0))
        {
            return false;
        }

        var section = text[1..close].Trim();
        profile = section is "default" ? "default"
            : section.StartsWith("profile ", StringComparison.Ordinal) || section.StartsWith("profile\t", StringComparison.Ordinal) ? section["profile".Length..].Trim().Trim("\"'").ToString()
            : null;
        return true;
    }

    // An indented line belongs to the nested setting before it, and is not one itself.
    private static (string Key, string Value)? Setting(string line) =>
        line.Length > 0 && !char.IsWhiteSpace(line[0]) && line[0] is not ('#' or ';') && line.IndexOf('=', StringComparison.Ordinal) is var equals and > 0
            ? (line[..equals].Trim(), line[(equals + 1)..].Trim())
            : null;

    private static string Quote(string name) => name.Contains(' ', StringComparison.Ordinal) ? $"\"{name}\"" : name;
}
