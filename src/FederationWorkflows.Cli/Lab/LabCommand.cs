using System.CommandLine;
using FederationWorkflows.CloudLab;
using FederationWorkflows.CloudLab.Google;
using Spectre.Console;

namespace FederationWorkflows.Cli.Lab;

/// <summary><c>fedflow lab</c>: the CloudLab alone, for any client.</summary>
internal static class LabCommand
{
    public static Command Create()
    {
        var port = new Option<int>("--port") { Description = "The port on 127.0.0.1; 0 takes a free one.", DefaultValueFactory = _ => 0 };
        port.Validators.Add(result =>
        {
            if (result.GetValueOrDefault<int>() is < 0 or > 65535)
            {
                result.AddError("--port takes a number from 0 to 65535.");
            }
        });
        var world = new Option<FileInfo?>("--world") { Description = "A JSON file that declares projects, service accounts, roles and buckets; the built-in world by default." };
        var json = JsonOutput.Option();
        var command = new Command("lab", "Serve the CloudLab: Google Cloud and AWS on this machine, with the same trust rules, until Ctrl-C (exit code 0).") { port, world, json };
        command.SetAction((result, cancellationToken) => RunAsync(result.GetValue(port), result.GetValue(world), result.GetValue(json), cancellationToken));
        return command;
    }

    private static async Task<int> RunAsync(int port, FileInfo? file, bool json, CancellationToken cancellationToken)
    {
        CloudLabServer lab;
        try
        {
            var world = file is null ? LabWorld.Default : LabWorld.Parse(await File.ReadAllTextAsync(file.FullName, cancellationToken));
            lab = await CloudLabServer.StartAsync(new CloudLabOptions { Port = port, World = world }, cancellationToken);
        }
        catch (Exception e) when (e is WorldFormatException or IOException or UnauthorizedAccessException)
        {
            throw new CommandException($"The lab cannot start: {(e is WorldFormatException ? $"{file}: " : "")}{e.Message}");
        }

        await using (lab)
        {
            using var keys = KeyFolder.Create();
            var variables = new Dictionary<string, string>(lab.EnvironmentVariables);
            if (LabSession.WithoutProxy() is { } exceptions)
            {
                variables["NO_PROXY"] = exceptions;
            }

            if (lab.AccessKeys is [var user, ..])
            {
                // They open nothing but this lab, and are gone with it.
                variables["AWS_ACCESS_KEY_ID"] = user.Id;
                variables["AWS_SECRET_ACCESS_KEY"] = user.Secret.Reveal();
            }

            if (file is null)
            {
                variables["GOOGLE_APPLICATION_CREDENTIALS"] = keys.Write("source-identity.json", lab.Google.ServiceAccountKeyFile(DefaultGoogleWorld.Runner).Reveal());
            }

            Print(lab, variables, json);
            try
            {
                await Task.Delay(Timeout.Infinite, cancellationToken);
            }
            catch (OperationCanceledException)
            {
                // Ctrl-C is how it ends.
            }
        }

        return ExitCodes.Ok;
    }

    private static void Print(CloudLabServer lab, Dictionary<string, string> variables, bool json)
    {
        if (json)
        {
            JsonOutput.Write(new { address = lab.BaseAddress, events = new Uri(lab.BaseAddress, "lab/events"), environment = variables });
            return;
        }

        Terminal.Out.MarkupLineInterpolated($"The CloudLab listens on [bold]{lab.BaseAddress}[/] and keeps who did what at [bold]{new Uri(lab.BaseAddress, "lab/events")}[/].");
        Terminal.Out.WriteLine("Point AWS and Google clients of this shell at it:");
        Terminal.Out.WriteLine();
        foreach (var (name, value) in variables.OrderBy(variable => variable.Key, StringComparer.Ordinal))
        {
            // Not through the console library, which would wrap long lines.
            Console.Out.WriteLine($"export {name}='{value}'");
        }

        Terminal.Out.WriteLine();
        Terminal.Out.WriteLine("AWS clients older than AWS_ENDPOINT_URL take --endpoint-url. Ctrl-C ends the lab; everything in it is gone then.");
    }
}
