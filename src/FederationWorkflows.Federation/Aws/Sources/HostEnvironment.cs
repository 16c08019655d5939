namespace FederationWorkflows.Federation.Aws.Sources;

/// <summary>What AWS sources read of the host's process: its variables, and the home directory that the shared files are in.</summary>
/// <param name="Variable">Reads an environment variable.</param>
/// <param name="Home">The home directory.</param>
internal sealed record HostEnvironment(Func<string, string?> Variable, string Home)
{
    public static HostEnvironment OfProcess { get; } =
        new(Environment.GetEnvironmentVariable, Environment.GetFolderPath(Environment.SpecialFolder.UserProfile));

    /// <summary>A variable with text in it; null when it is not set or blank.</summary>
    public string? Text(string name) => Variable(name) is { } value && !string.IsNullOrWhiteSpace(value) ? value.Trim() : null;
}
