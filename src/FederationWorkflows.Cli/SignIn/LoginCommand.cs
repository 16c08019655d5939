using System.CommandLine;
using System.Text;
using FederationWorkflows.Cli.Runs;

namespace FederationWorkflows.Cli.SignIn;

/// <summary><c>fedflow login</c>: makes an API key for this machine, or takes one that was made elsewhere.</summary>
internal static class LoginCommand
{
    /// <summary>What a key for everyday work does without unless it is asked for.</summary>
    private const string Managing = "users:manage";

    public static Command Create()
    {
        var name = new Option<string?>("--name") { Description = "The user's name; asked for otherwise." };
        var passwordStdin = new Option<bool>("--password-stdin") { Description = "Read the password from standard input." };
        var apiKeyStdin = new Option<bool>("--api-key-stdin") { Description = "Read an API key from standard input instead: for who signs in by a provider, and makes the key on the page 'account'." };
        var days = new Option<int>("--days") { Description = "How long the new key is valid, 1 to 366 days.", DefaultValueFactory = _ => 90 };
        var scopes = new Option<string[]>("--scope") { Description = $"What the new key may do, e.g. runs:read; may be given several times. Otherwise all that the user may, but {Managing}.", DefaultValueFactory = _ => [] };
        var server = ServerConnection.Option();
        var json = JsonOutput.Option();
        var command = new Command("login", $"Sign in at a server. What is kept is an API key, in {StoredKeys.Path}, for the other commands to use. {ServerConnection.KeyVariable} takes precedence over it.")
        {
            name, passwordStdin, apiKeyStdin, days, scopes, server, json,
        };
        command.SetAction(async (result, cancellationToken) =>
        {
            var key = result.GetValue(apiKeyStdin)
                ? await TakeKeyAsync(result.GetValue(server), cancellationToken)
                : await MakeKeyAsync(result.GetValue(server), result.GetValue(name), result.GetValue(passwordStdin), result.GetValue(days), result.GetValue(scopes) ?? [], cancellationToken);
            Report(key, result.GetValue(json));
            return ExitCodes.Ok;
        });
        return command;
    }

    private static async Task<MadeKey> TakeKeyAsync(string? server, CancellationToken cancellationToken)
    {
        var key = (await Console.In.ReadToEndAsync(cancellationToken)).Trim();
        using var connection = ServerConnection.Open(server, key);
        var me = await connection.GetAsync("api/me", cancellationToken);
        StoredKeys.Put(connection.Address, key);
        return new(connection.Address, me.GetProperty("name").GetString() ?? "", null);
    }

    private static async Task<MadeKey> MakeKeyAsync(string? server, string? name, bool passwordStdin, int days, string[] scopes, CancellationToken cancellationToken)
    {
        // Without a key: the session that is begun here is who asks for one.
        using var connection = ServerConnection.Open(server, key: "");
        name ??= Ask("Name: ");
        var password = passwordStdin ? (await Console.In.ReadToEndAsync(cancellationToken)).TrimEnd('\r', '\n') : AskSecretly("Password: ");
        var me = await connection.PostAsync("api/sign-in", new { name, password }, cancellationToken);
        try
        {
            var wanted = scopes.Length > 0 ? scopes : [.. me.GetProperty("permissions").EnumerateArray().Select(permission => permission.GetString()!).Where(permission => permission != Managing)];
            var made = await connection.PostAsync("api/keys", new { name = $"fedflow on {Environment.MachineName}", scopes = wanted, expiresInDays = days }, cancellationToken);
            if (StoredKeys.Find(connection.Address) is { } before && IdOf(before) is { } id)
            {
                // It may be another user's, or gone: then the server keeps what it has.
                _ = await connection.TryDeleteAsync($"api/keys/{id}", cancellationToken);
            }

            StoredKeys.Put(connection.Address, made.GetProperty("key").GetString()!);
            return new(connection.Address, me.GetProperty("name").GetString() ?? name, made.GetProperty("expiresAt").GetDateTimeOffset());
        }
        finally
        {
            await connection.PostAsync("api/sign-out", null, CancellationToken.None);
        }
    }

    /// <summary>The id in a key: <c>fedflow_</c>, id, <c>_</c>, secret.</summary>
    public static string? IdOf(string key) => key.Split('_', 3) is ["fedflow", var id, _] ? id : null;

    private static void Report(MadeKey key, bool json)
    {
        if (json)
        {
            JsonOutput.Write(new { server = key.Server, name = key.Name, expiresAt = key.ExpiresAt });
            return;
        }

        Console.Out.WriteLine($"Signed in at {key.Server} as {Terminal.Plain(key.Name)}{(key.ExpiresAt is { } end ? $" until {end:yyyy-MM-dd}" : "")}. The API key is in {StoredKeys.Path}.");
    }

    private static string Ask(string question)
    {
        if (Console.IsInputRedirected)
        {
            throw new CommandException("There is no terminal to ask in. Give the name with --name, and the password on standard input with --password-stdin.");
        }

        Console.Error.Write(question);
        return Console.ReadLine() ?? "";
    }

    private static string AskSecretly(string question)
    {
        if (Console.IsInputRedirected)
        {
            throw new CommandException("There is no terminal to ask for the password in. Give it on standard input, with --password-stdin.");
        }

        Console.Error.Write(question);
        var text = new StringBuilder();
        while (Console.ReadKey(intercept: true) is { Key: not ConsoleKey.Enter } pressed)
        {
            if (pressed.Key == ConsoleKey.Backspace)
            {
                text.Length = Math.Max(0, text.Length - 1);
            }
            else if (!char.IsControl(pressed.KeyChar))
            {
                text.Append(pressed.KeyChar);
            }
        }

        Console.Error.WriteLine();
        return text.ToString();
    }

    private sealed record MadeKey(Uri Server, string Name, DateTimeOffset? ExpiresAt);
}
