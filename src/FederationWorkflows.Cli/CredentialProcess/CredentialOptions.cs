using System.CommandLine;
using FederationWorkflows.Federation.Aws;

namespace FederationWorkflows.Cli.CredentialProcess;

/// <summary>The options by which a command is told whose credentials it is to get: a profile, or role and audience with their details.</summary>
internal sealed class CredentialOptions
{
    private static readonly string[] Sources = ["default", "metadata", "key-file"];

    private readonly Option<string?> profile = new("--profile") { Description = "An AWS profile that `fedflow credential-process install` wrote: everything else comes from it." };
    private readonly Option<string?> roleArn = new("--role-arn") { Description = "The role: arn:aws:iam::ACCOUNT:role/NAME." };
    private readonly Option<string?> audience = new("--audience") { Description = "The audience of the ID token, which the role's trust policy pins as accounts.google.com:oaud." };
    private readonly Option<string?> source = new("--source") { Description = "Who asks: default (Application Default Credentials), metadata (the service account of this Compute Engine instance or GKE pod) or key-file. default when not given." };
    private readonly Option<string?> keyFile = new("--key-file") { Description = "With --source key-file: the service account's key file." };
    private readonly Option<string?> serviceAccount = new("--service-account") { Description = "The service account to impersonate for the ID token; without it the token is the source's own." };
    private readonly Option<string?> sessionName = new("--session-name") { Description = "The session's name in CloudTrail; the token's sub by default." };
    private readonly Option<int?> duration = new("--duration") { Description = "How long the credentials work, in seconds: 900 to 43200. 3600 by default." };
    private readonly Option<string?> region = new("--region") { Description = "The region whose STS is asked; us-east-1 by default." };

    public void AddTo(Command command)
    {
        foreach (var option in new Option[] { profile, roleArn, audience, source, keyFile, serviceAccount, sessionName, duration, region })
        {
            command.Add(option);
        }
    }

    /// <summary>The profile that was named.</summary>
    public string? Profile(ParseResult result) => result.GetValue(profile);

    /// <summary>What the options say, or the profile they name.</summary>
    /// <exception cref="CommandException">Something is missing or wrong.</exception>
    public CredentialSource Read(ParseResult result)
    {
        if (result.GetValue(profile) is not { } name)
        {
            return FromOptions(result);
        }

        if (result.GetValue(roleArn) is not null || result.GetValue(audience) is not null)
        {
            throw new CommandException("Give --profile alone, or --role-arn and --audience without it.");
        }

        var settings = AwsConfigFile.Read().Profile(name)
            ?? throw new CommandException($"There is no profile '{Terminal.Plain(name)}' in {AwsConfigFile.DefaultPath}: make it with fedflow credential-process install.");
        return Checked(CredentialSource.From(settings)
            ?? throw new CommandException($"The profile '{Terminal.Plain(name)}' in {AwsConfigFile.DefaultPath} has no fedflow_role_arn and fedflow_audience: make it with fedflow credential-process install."));
    }

    /// <summary>What the options other than the profile say.</summary>
    /// <exception cref="CommandException">Something is missing or wrong.</exception>
    public CredentialSource FromOptions(ParseResult result) => Checked(new CredentialSource
    {
        RoleArn = result.GetValue(roleArn) ?? throw new CommandException("Give --role-arn and --audience, or --profile."),
        Audience = result.GetValue(audience) ?? throw new CommandException("Give --audience: what the role's trust policy expects as accounts.google.com:oaud."),
        Source = result.GetValue(source) ?? (result.GetValue(keyFile) is null ? "default" : "key-file"),
        KeyFile = result.GetValue(keyFile) is { } path ? Path.GetFullPath(path) : null,
        ServiceAccount = result.GetValue(serviceAccount),
        SessionName = result.GetValue(sessionName),
        Duration = result.GetValue(duration),
        Region = result.GetValue(region),
    });

    private static CredentialSource Checked(CredentialSource source)
    {
        if (!Sources.Contains(source.Source))
        {
            throw new CommandException($"There is no source '{Terminal.Plain(source.Source)}'. Use one of: {string.Join(", ", Sources)}.");
        }

        if ((source.Source == "key-file") != (source.KeyFile is not null))
        {
            throw new CommandException("The source key-file needs --key-file, and the others have none.");
        }

        if (source.SessionName is { } name && !RoleSessionName.IsValid(name))
        {
            throw new CommandException($"'{Terminal.Plain(name)}' is not a session name: 2 to 64 letters, digits or + = , . @ _ -.");
        }

        return source.Settings().FirstOrDefault(static setting => setting.Value.Length == 0 || setting.Value.Any(char.IsControl)) is { Name: not null } wrong
            ? throw new CommandException($"{wrong.Name[CredentialSource.SettingPrefix.Length..].Replace('_', '-')} is empty, or has a line break in it.")
            : source;
    }
}
