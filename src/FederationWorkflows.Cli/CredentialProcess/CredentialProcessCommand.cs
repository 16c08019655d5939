using System.CommandLine;

namespace FederationWorkflows.Cli.CredentialProcess;

/// <summary><c>fedflow credential-process</c>: AWS credentials for the AWS CLI and SDKs, from a Google identity.</summary>
internal static class CredentialProcessCommand
{
    public static Command Create()
    {
        var options = new CredentialOptions();
        var command = new Command("credential-process", "Print temporary AWS credentials as the AWS CLI and SDKs take them from a credential_process: a Google identity's ID token, exchanged for a session of a role. Kept encrypted for this user until shortly before they expire.");
        options.AddTo(command);
        command.Add(Install());
        command.SetAction(async (result, cancellationToken) =>
        {
            WarmAnswer.Print(await FederatedCredentials.GetAsync(options.Read(result), cancellationToken));
            return ExitCodes.Ok;
        });
        return command;
    }

    private static Command Install()
    {
        var options = new CredentialOptions();
        var executable = new Option<string?>("--command") { Description = "The command that runs fedflow, with its path; this one by default." };
        var print = new Option<bool>("--print") { Description = "Print the profile and change nothing." };
        var command = new Command("install", "Write the AWS profile that gets its credentials here into ~/.aws/config (or AWS_CONFIG_FILE). What else is in the file stays as it is.") { executable, print };
        options.AddTo(command);
        command.SetAction(result =>
        {
            var profile = options.Profile(result) ?? throw new CommandException("Give --profile: the name of the AWS profile to write.");
            if (profile.Length is 0 or > 128 || !profile.All(static character => char.IsAsciiLetterOrDigit(character) || "._@+-".Contains(character, StringComparison.Ordinal)))
            {
                throw new CommandException($"'{Terminal.Plain(profile)}' cannot be the name of a profile here: use letters, digits and . _ @ + -.");
            }

            var source = options.FromOptions(result);
            if (source.Settings().FirstOrDefault(static setting => setting.Value.Contains(" #", StringComparison.Ordinal) || setting.Value.Contains(" ;", StringComparison.Ordinal)) is { Name: { } name })
            {
                throw new CommandException($"{name} has a comment sign after a space in it, where AWS ends the value.");
            }

            var settings = new List<(string Name, string Value)> { ("credential_process", $"{result.GetValue(executable) ?? ThisCommand()} credential-process --profile {profile}") };
            settings.AddRange(source.Settings());
            if (source.Region is { } region)
            {
                settings.Add(("region", region));
            }

            if (result.GetValue(print))
            {
                Console.Out.WriteLine(profile == "default" ? "[default]" : $"[profile {profile}]");
                settings.ForEach(static setting => Console.Out.WriteLine($"{setting.Name} = {setting.Value}"));
                return ExitCodes.Ok;
            }

            var file = AwsConfigFile.Read();
            Warn(file.Profile(profile), profile);
            if (file.Put(profile, settings, CredentialSource.SettingPrefix))
            {
                file.Write();
                Console.Out.WriteLine($"The profile {profile} is in {AwsConfigFile.DefaultPath}. Try: AWS_PROFILE={profile} aws sts get-caller-identity");
            }
            else
            {
                Console.Out.WriteLine($"The profile {profile} is in {AwsConfigFile.DefaultPath} already; nothing changed.");
            }

            return ExitCodes.Ok;
        });
        return command;
    }

    // What the SDKs look at before credential_process ("Credential provider chain").
    private static void Warn(IReadOnlyDictionary<string, string>? profile, string name)
    {
        foreach (var setting in new[] { "aws_access_key_id", "role_arn", "web_identity_token_file", "sso_session", "sso_account_id" })
        {
            if (profile?.ContainsKey(setting) == true)
            {
                Console.Error.WriteLine($"Warning: the profile {name} has {setting}, which the AWS SDKs use instead of credential_process. Remove it.");
            }
        }
    }

    private static string ThisCommand()
    {
        var process = Environment.ProcessPath!;
        var parts = Path.GetFileNameWithoutExtension(process) == "dotnet" ? new[] { process, typeof(CredentialProcessCommand).Assembly.Location } : [process];
        return Array.Exists(parts, static part => part.Contains('"', StringComparison.Ordinal))
            ? throw new CommandException("The path of fedflow has a quotation mark in it, which AWS cannot read: give --command.")
            : string.Join(' ', parts.Select(static part => part.Contains(' ', StringComparison.Ordinal) ? $"\"{part}\"" : part));
    }
}
