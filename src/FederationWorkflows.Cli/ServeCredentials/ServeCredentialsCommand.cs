using System.CommandLine;
using System.Net;
using System.Security.Cryptography;
using System.Text;
using FederationWorkflows.Cli.CredentialProcess;
using FederationWorkflows.Federation;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace FederationWorkflows.Cli.ServeCredentials;

/// <summary>
/// <c>fedflow serve-credentials</c>: the container credential endpoint of the AWS SDKs on this machine (AWS SDKs and Tools Reference Guide, "Container credential provider"),
/// for programs that cannot start another one.
/// </summary>
internal static class ServeCredentialsCommand
{
    private const string Path = "/credentials";

    public static Command Create()
    {
        var options = new CredentialOptions();
        var port = new Option<int>("--port") { Description = "The port on 127.0.0.1; 0 takes a free one.", DefaultValueFactory = _ => 0 };
        var json = JsonOutput.Option();
        var command = new Command("serve-credentials", "Serve temporary AWS credentials to programs on this machine by the container credential endpoint, until Ctrl-C (exit code 0). Prints the two variables that the programs need.") { port, json };
        options.AddTo(command);
        command.SetAction(async (result, cancellationToken) =>
        {
            var source = options.Read(result);

            // What cannot be obtained now will not be later: better to say so here than to a program.
            _ = await FederatedCredentials.GetAsync(source, cancellationToken);
            await ServeAsync(source, result.GetValue(port), result.GetValue(json), cancellationToken);
            return ExitCodes.Ok;
        });
        return command;
    }

    private static async Task ServeAsync(CredentialSource source, int port, bool json, CancellationToken cancellationToken)
    {
        var token = RandomNumberGenerator.GetHexString(64, lowercase: true);
        var expected = SHA256.HashData(Encoding.ASCII.GetBytes(token));
        var builder = WebApplication.CreateSlimBuilder();
        builder.Configuration.Sources.Clear();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.Listen(IPAddress.Loopback, port);
            kestrel.AddServerHeader = false;
            kestrel.Limits.MaxRequestBodySize = 0;
        });
        await using var app = builder.Build();
        app.MapGet(Path, context => AnswerAsync(context, source, expected));
        try
        {
            await app.StartAsync(cancellationToken);
        }
        catch (IOException e)
        {
            throw new CommandException($"The port {port} cannot be had: {e.Message}");
        }

        var address = new Uri(new Uri(app.Urls.Single()), Path);
        if (json)
        {
            JsonOutput.Write(new { environment = new Dictionary<string, string> { ["AWS_CONTAINER_CREDENTIALS_FULL_URI"] = address.ToString(), ["AWS_CONTAINER_AUTHORIZATION_TOKEN"] = token } });
        }
        else
        {
            await Console.Out.WriteLineAsync($"export AWS_CONTAINER_CREDENTIALS_FULL_URI='{address}'");
            await Console.Out.WriteLineAsync($"export AWS_CONTAINER_AUTHORIZATION_TOKEN='{token}'");
            await Console.Error.WriteLineAsync("Programs that have these two variables, and no AWS credentials before them, get sessions of the role. Ctrl-C ends it.");
        }

        try
        {
            await Task.Delay(Timeout.Infinite, cancellationToken);
        }
        catch (OperationCanceledException)
        {
            // Ctrl-C is how it ends.
        }

        await app.StopAsync(CancellationToken.None);
    }

    private static async Task AnswerAsync(HttpContext context, CredentialSource source, byte[] expected)
    {
        context.Response.Headers.CacheControl = "no-store";

        // A page in a browser can be made to call this address by another name.
        if (context.Request.Host.Host is not ("127.0.0.1" or "localhost"))
        {
            await RefuseAsync(context, StatusCodes.Status403Forbidden, "Forbidden", "This address is for programs on this machine.");
            return;
        }

        // Hashes have one length: neither the token's nor how much of it is right can be timed.
        if (!CryptographicOperations.FixedTimeEquals(SHA256.HashData(Encoding.UTF8.GetBytes(context.Request.Headers.Authorization.ToString())), expected))
        {
            await RefuseAsync(context, StatusCodes.Status401Unauthorized, "Unauthorized", "The Authorization header is not the token that fedflow serve-credentials printed.");
            return;
        }

        try
        {
            var credentials = await FederatedCredentials.GetAsync(source, context.RequestAborted);
            context.Response.ContentType = "application/json";
            await context.Response.Body.WriteAsync(credentials.ToContainerJson(), context.RequestAborted);
        }
        catch (FederationException e)
        {
            await RefuseAsync(context, e.IsRetryable ? StatusCodes.Status503ServiceUnavailable : StatusCodes.Status403Forbidden, e.Code, e.Message);
        }
        catch (CommandException e)
        {
            await RefuseAsync(context, StatusCodes.Status500InternalServerError, "CredentialCache", e.Message);
        }
    }

    private static async Task RefuseAsync(HttpContext context, int status, string code, string message)
    {
        context.Response.StatusCode = status;
        await context.Response.WriteAsJsonAsync(new Dictionary<string, string> { ["code"] = code, ["message"] = message }, context.RequestAborted);
    }
}
