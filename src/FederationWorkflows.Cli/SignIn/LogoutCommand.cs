using System.CommandLine;
using FederationWorkflows.Cli.Runs;

namespace FederationWorkflows.Cli.SignIn;

/// <summary><c>fedflow logout</c>: ends the key of this machine, here and at the server.</summary>
internal static class LogoutCommand
{
    public static Command Create()
    {
        var server = ServerConnection.Option();
        var command = new Command("logout", "Forget the API key of a server, and revoke it there. Exit code 1 when it could not be revoked; it is forgotten all the same.") { server };
        command.SetAction((result, cancellationToken) => RunAsync(result.GetValue(server), cancellationToken));
        return command;
    }

    private static async Task<int> RunAsync(string? server, CancellationToken cancellationToken)
    {
        var address = ServerConnection.AddressOf(server);
        if (StoredKeys.Find(address) is not { } key)
        {
            await Console.Out.WriteLineAsync($"There is no API key for {address}.");
            return ExitCodes.Ok;
        }

        StoredKeys.Remove(address);
        using var connection = ServerConnection.Open(server, key);
        try
        {
            if (LoginCommand.IdOf(key) is { } id && await connection.TryDeleteAsync($"api/keys/{id}", cancellationToken))
            {
                await Console.Out.WriteLineAsync($"Signed out at {address}: the API key is revoked.");
                return ExitCodes.Ok;
            }
        }
        catch (ServerUnreachableException e)
        {
            await Console.Error.WriteLineAsync(e.Message);
        }

        await Console.Error.WriteLineAsync("The API key is forgotten here, and the server did not revoke it. It may have ended before; otherwise revoke it on the page 'account'.");
        return ExitCodes.Failed;
    }
}
