using System.CommandLine;
using FederationWorkflows.Engine;
using FederationWorkflows.Federation.Trust;

namespace FederationWorkflows.Cli.Explain;

/// <summary>The token that a command is given, by a way that others on the machine do not see. It is never printed.</summary>
internal sealed class TokenInput
{
    // A signed request carries a session token, which may be long.
    private const int MaximumLength = 64 * 1024;

    private readonly Option<string?> file = new("--token-file") { Description = "The file with the ID token; - for standard input." };
    private readonly Option<string?> variable = new("--token-env") { Description = "The environment variable with the ID token." };
    private readonly Option<string?> text = new("--token") { Description = "The ID token itself. Others on this machine can see it in the list of processes, and the shell keeps it: better use the other two." };

    public void AddTo(Command command)
    {
        command.Add(file);
        command.Add(variable);
        command.Add(text);
    }

    /// <summary>Reads the ID token; null when none is given.</summary>
    /// <exception cref="CommandException">Several are given, or it cannot be read.</exception>
    public async Task<OidcToken?> ReadAsync(ParseResult result, CancellationToken cancellationToken)
    {
        if (await ReadTextAsync(result, cancellationToken) is not { } token)
        {
            return null;
        }

        return OidcToken.TryParse(token, out var parsed, out var failure)
            ? parsed
            : throw new CommandException($"The token cannot be read: {failure.Message} Give an ID token, not an access token.");
    }

    /// <summary>Reads the token as it is; null when none is given.</summary>
    /// <exception cref="CommandException">Several are given, or it cannot be read.</exception>
    public async Task<Sensitive<string>?> ReadTextAsync(ParseResult result, CancellationToken cancellationToken)
    {
        var (path, name, inClear) = (result.GetValue(file), result.GetValue(variable), result.GetValue(text));
        switch ((path is null ? 0 : 1) + (name is null ? 0 : 1) + (inClear is null ? 0 : 1))
        {
            case 0:
                return null;
            case > 1:
                throw new CommandException("Give the token once: --token-file, --token-env or --token.");
        }

        if (inClear is not null)
        {
            await Console.Error.WriteLineAsync("Warning: a token on the command line is seen by other users of this machine and kept by the shell. Use --token-file (- for standard input) or --token-env.");
        }

        var token = inClear ?? (name is not null
            ? Environment.GetEnvironmentVariable(name) ?? throw new CommandException($"There is no environment variable {name}.")
            : await ReadFileAsync(path!, cancellationToken));
        return Sensitive.Of(token.Trim());
    }

    private static async Task<string> ReadFileAsync(string path, CancellationToken cancellationToken)
    {
        // A little more than a token, so that one that is too long is told from one that is cut.
        var buffer = new char[MaximumLength + 1000];
        try
        {
            using var reader = path == "-" ? Console.In : new StreamReader(path);
            return new string(buffer, 0, await reader.ReadBlockAsync(buffer, cancellationToken));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new CommandException($"The token file cannot be read: {e.Message}");
        }
    }
}
