using System.Text;

namespace FederationWorkflows.Cli.CredentialProcess;

/// <summary>Which role to get credentials of, and by which identity. It holds no secret: a key is named by its file.</summary>
internal sealed record CredentialSource
{
    /// <summary>The settings in an AWS profile begin so; the AWS SDKs leave them alone.</summary>
    public const string SettingPrefix = "fedflow_";

    // Whatever else decides what comes out: where clouds are, and which identity is the ambient one.
    private static readonly string[] Variables =
    [
        "AWS_ENDPOINT_URL_STS", "AWS_ENDPOINT_URL", "GCE_METADATA_HOST", "GOOGLE_APPLICATION_CREDENTIALS", "CLOUDSDK_CONFIG", "CLOUDSDK_AUTH_TOKEN_HOST",
        "CLOUDSDK_API_ENDPOINT_OVERRIDES_IAMCREDENTIALS", "HOME",
    ];

    public required string RoleArn { get; init; }

    public required string Audience { get; init; }

    /// <summary><c>default</c>, <c>metadata</c> or <c>key-file</c>.</summary>
    public string Source { get; init; } = "default";

    public string? KeyFile { get; init; }

    public string? ServiceAccount { get; init; }

    public string? SessionName { get; init; }

    public int? Duration { get; init; }

    public string? Region { get; init; }

    /// <summary>The settings as they stand in a profile; those without a value are left out.</summary>
    public IEnumerable<(string Name, string Value)> Settings()
    {
        yield return (SettingPrefix + "role_arn", RoleArn);
        yield return (SettingPrefix + "audience", Audience);
        yield return (SettingPrefix + "source", Source);
        foreach (var (name, value) in new[] { ("key_file", KeyFile), ("service_account", ServiceAccount), ("session_name", SessionName), ("duration", Duration?.ToString(System.Globalization.CultureInfo.InvariantCulture)), ("region", Region) })
        {
            if (value is not null)
            {
                yield return (SettingPrefix + name, value);
            }
        }
    }

    /// <summary>What a cache tells these credentials from others by.</summary>
    public string Identity()
    {
        var identity = new StringBuilder();
        foreach (var (name, value) in Settings())
        {
            identity.Append(name).Append('=').Append(value).Append('\n');
        }

        foreach (var variable in Variables)
        {
            identity.Append(variable).Append('=').Append(Environment.GetEnvironmentVariable(variable)).Append('\n');
        }

        return identity.ToString();
    }

    /// <summary>Reads what <see cref="Settings"/> wrote; null when role or audience are not there.</summary>
    public static CredentialSource? From(IReadOnlyDictionary<string, string> settings) =>
        settings.TryGetValue(SettingPrefix + "role_arn", out var role) && settings.TryGetValue(SettingPrefix + "audience", out var audience)
            ? new CredentialSource
            {
                RoleArn = role,
                Audience = audience,
                Source = settings.GetValueOrDefault(SettingPrefix + "source") ?? (settings.ContainsKey(SettingPrefix + "key_file") ? "key-file" : "default"),
                KeyFile = settings.GetValueOrDefault(SettingPrefix + "key_file") is { Length: > 0 } path ? Path.GetFullPath(path) : null,
                ServiceAccount = settings.GetValueOrDefault(SettingPrefix + "service_account"),
                SessionName = settings.GetValueOrDefault(SettingPrefix + "session_name"),
                Duration = int.TryParse(settings.GetValueOrDefault(SettingPrefix + "duration"), System.Globalization.CultureInfo.InvariantCulture, out var duration) ? duration : null,
                Region = settings.GetValueOrDefault(SettingPrefix + "region"),
            }
            : null;
}
