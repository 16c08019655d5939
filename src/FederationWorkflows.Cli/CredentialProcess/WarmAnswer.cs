namespace FederationWorkflows.Cli.CredentialProcess;

/// <summary>
/// Answers <c>fedflow credential-process</c> from the cache without loading what the other commands need: the AWS CLI and SDKs start it for each of their own commands.
/// Whatever is not as usual is left to the command itself.
/// </summary>
internal static class WarmAnswer
{
    private const string Command = "credential-process";

    /// <summary>Prints what the cache has for these arguments; false when it has nothing that need not be renewed.</summary>
    public static bool TryPrint(string[] arguments)
    {
        if (arguments.Length < 3 || arguments[0] != Command)
        {
            return false;
        }

        var now = DateTimeOffset.UtcNow;
        try
        {
            if (SourceOf(arguments) is not { } source || new CredentialCache(source.Identity()).Read(now) is not { } credentials || CredentialCache.IsDue(credentials, now))
            {
                return false;
            }

            Print(credentials);
            return true;
        }
        catch (CommandException)
        {
            // The command comes to the same, and says it.
            return false;
        }
    }

    public static void Print(CachedCredentials credentials)
    {
        using var output = Console.OpenStandardOutput();
        output.Write(credentials.ToProcessJson());
        output.Write("\n"u8);
    }

    // Pairs of option and value, as profiles have them; anything else is for the parser.
    private static CredentialSource? SourceOf(string[] arguments)
    {
        var settings = new Dictionary<string, string>(StringComparer.Ordinal);
        for (var i = 1; i < arguments.Length; i += 2)
        {
            if (i + 1 >= arguments.Length || !arguments[i].StartsWith("--", StringComparison.Ordinal) || arguments[i].Contains('=', StringComparison.Ordinal)
                || !settings.TryAdd(CredentialSource.SettingPrefix + arguments[i][2..].Replace('-', '_'), arguments[i + 1]))
            {
                return null;
            }
        }

        if (settings.Remove(CredentialSource.SettingPrefix + "profile", out var profile))
        {
            return settings.Count == 0 ? AwsConfigFile.Read().Profile(profile) is { } section ? CredentialSource.From(section) : null : null;
        }

        // An option that is not one of the settings means something that is not known here.
        return CredentialSource.From(settings) is { } source && source.Settings().Count() + (settings.ContainsKey(CredentialSource.SettingPrefix + "source") ? 0 : -1) == settings.Count ? source : null;
    }
}
