using System.Text.RegularExpressions;
using FederationWorkflows.Engine;

namespace FederationWorkflows.Federation.Aws.Sources;

/// <summary>Profiles of <c>~/.aws/credentials</c> and <c>~/.aws/config</c>. The SDK's own reader finds one of the two files by the environment only.</summary>
internal sealed partial class ProfileFiles(HostEnvironment host)
{
    private const int MaxBytes = 256 * 1024;
    private const string Default = "default";

    /// <summary>What makes a profile get credentials in another way, with what to do instead.</summary>
    private static readonly (string Setting, string Does, string Instead)[] Refused =
    [
        ("credential_process", "starts a process", "Put the keys it prints elsewhere, or use a connection of a kind that gets credentials itself."),
        ("sso_session", "signs in by a browser", "Use a connection that needs no person, such as awsInstance, awsContainer or awsRole."),
        ("sso_start_url", "signs in by a browser", "Use a connection that needs no person, such as awsInstance, awsContainer or awsRole."),
        ("web_identity_token_file", "assumes a role with a token", "Define a connection of the kind awsRole with that role and the token's connection as its source."),
        ("role_arn", "assumes a role", "Define a connection of the kind awsRole with that role, and this profile's source as its source."),
    ];

    /// <summary>Whether one of the files has the profile. A file that cannot be read counts: reading it then says why.</summary>
    public bool Exists(AwsProfileSource source) => Files(source).Any(file => File.Exists(file.Path) && MayHave(file.Path, file.Section));

    public async Task<AwsCredentials> ReadAsync(AwsProfileSource source, CancellationToken cancellationToken)
    {
        var name = Name(source);
        var found = false;
        foreach (var (path, section) in Files(source))
        {
            if (await ReadAsync(source.Connection, path, section, cancellationToken) is not { } settings)
            {
                continue;
            }

            found = true;
            if (settings.TryGetValue("aws_access_key_id", out var id) && settings.TryGetValue("aws_secret_access_key", out var secret))
            {
                return new AwsCredentials
                {
                    AccessKeyId = id,
                    SecretAccessKey = Sensitive.Of(secret),
                    SessionToken = settings.GetValueOrDefault("aws_session_token") is { Length: > 0 } session ? Sensitive.Of(session) : null,
                };
            }

            if (Refused.FirstOrDefault(way => settings.ContainsKey(way.Setting)) is { Setting: not null } way)
            {
                throw AwsSources.Unusable(source.Connection, $"its profile '{name}' in '{path}' {way.Does} ({way.Setting}), which is not done here", way.Instead);
            }

            if (id is not null || settings.ContainsKey("aws_secret_access_key"))
            {
                throw AwsSources.Unusable(source.Connection, $"its profile '{name}' in '{path}' has only half of an access key", "Give it aws_access_key_id and aws_secret_access_key.");
            }
        }

        var paths = string.Join(" nor ", Files(source).Select(file => $"'{file.Path}'"));
        throw found
            ? AwsSources.Unusable(source.Connection, $"its profile '{name}' has no access key", "Give it aws_access_key_id and aws_secret_access_key, or name another profile.")
            : AwsSources.Unusable(source.Connection, $"neither {paths} has a profile '{name}'", "Make it with: aws configure --profile NAME, for the account this host runs as; or name another profile.");
    }

    private (string Path, string Section)[] Files(AwsProfileSource source)
    {
        var name = Name(source);
        return
        [
            (source.CredentialsFile ?? host.Text("AWS_SHARED_CREDENTIALS_FILE") ?? Path.Combine(host.Home, ".aws", "credentials"), name),
            (source.ConfigFile ?? host.Text("AWS_CONFIG_FILE") ?? Path.Combine(host.Home, ".aws", "config"), name == Default ? Default : $"profile {name}"),
        ];
    }

    private string Name(AwsProfileSource source) => source.Profile ?? host.Text("AWS_PROFILE") ?? Default;

    private static bool MayHave(string path, string section)
    {
        try
        {
            return new FileInfo(path).Length > MaxBytes || Parse(File.ReadAllText(path)).ContainsKey(section);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return true;
        }
    }

    private static async Task<IReadOnlyDictionary<string, string>?> ReadAsync(string connection, string path, string section, CancellationToken cancellationToken)
    {
        if (!File.Exists(path))
        {
            return null;
        }

        var text = await BoundedFile.ReadAsync(path, MaxBytes, (detail, advice) => AwsSources.Unusable(connection, detail, advice), cancellationToken);
        return Parse(text).GetValueOrDefault(section);
    }

    // Sections in brackets, name = value, comments from # or ; at the start of a line or after white space. Indented lines belong to a nested setting, which no key is.
    private static Dictionary<string, Dictionary<string, string>> Parse(string text)
    {
        var sections = new Dictionary<string, Dictionary<string, string>>(StringComparer.Ordinal);
        Dictionary<string, string>? current = null;
        foreach (var line in text.Split('\n').Select(line => line.TrimEnd()).Where(line => line.Length > 0 && line[0] is not ('#' or ';' or ' ' or '\t')))
        {
            if (line[0] == '[' && line.IndexOf(']', StringComparison.Ordinal) is > 0 and var end)
            {
                var name = Spaces().Replace(line[1..end].Trim(), " ");
                current = sections.TryGetValue(name, out var known) ? known : sections[name] = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);
            }
            else if (current is not null && line.IndexOf('=', StringComparison.Ordinal) is > 0 and var equals)
            {
                current[line[..equals].Trim()] = Comment().Replace(line[(equals + 1)..], "").Trim();
            }
        }

        return sections;
    }

    [GeneratedRegex(@"\s+", RegexOptions.CultureInvariant | RegexOptions.NonBacktracking)]
    private static partial Regex Spaces();

    [GeneratedRegex(@"\s[#;].*\z", RegexOptions.CultureInvariant | RegexOptions.NonBacktracking)]
    private static partial Regex Comment();
}
