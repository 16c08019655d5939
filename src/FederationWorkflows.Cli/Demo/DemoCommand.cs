using System.CommandLine;
using System.Net.Http.Json;
using System.Text.Json;
using FederationWorkflows.Cli.Lab;
using FederationWorkflows.CloudLab;
using FederationWorkflows.Engine.Execution;
using FederationWorkflows.Runtime.Definitions;
using FederationWorkflows.Runtime.Runs;
using FederationWorkflows.Server.Hosting;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Spectre.Console;

namespace FederationWorkflows.Cli.Demo;

/// <summary><c>fedflow demo</c>: server, CloudLab and the GCP to AWS story, end to end on this machine.</summary>
internal static class DemoCommand
{
    private static readonly object Incident = new { id = "INC-2041", severity = "high", title = "Unusual reads of an S3 bucket", accountId = "111122223333" };

    public static Command Create()
    {
        var once = new Option<bool>("--once") { Description = "Exit after the table instead of serving until Ctrl-C." };
        var json = JsonOutput.Option();
        var command = new Command("demo", "Start the server and the CloudLab, send an incident to the story's webhook, show what happens, and serve until Ctrl-C. Exit code 0 when the story finished, also after Ctrl-C; 1 when it failed; 130 when Ctrl-C came before.") { once, json };
        command.SetAction((result, cancellationToken) => RunAsync(result.GetValue(once), result.GetValue(json), cancellationToken));
        return command;
    }

    private static async Task<int> RunAsync(bool once, bool json, CancellationToken cancellationToken)
    {
        try
        {
            LabSession.BypassProxy();
            await using var lab = await CloudLabServer.StartAsync(new CloudLabOptions(), cancellationToken);
            var steps = new StepRecorder();
            await using var server = await StartServerAsync(lab, steps, cancellationToken);
            var address = new Uri(server.Urls.First());
            if (!json)
            {
                Terminal.Out.MarkupLineInterpolated($"Server    [bold]{address}[/]");
                Terminal.Out.MarkupLineInterpolated($"CloudLab  [bold]{lab.BaseAddress}[/]  (who did what: {new Uri(lab.BaseAddress, "lab/events")})");
            }

            try
            {
                var code = await TellAsync(address, steps, json, cancellationToken);
                if (!once)
                {
                    var secrets = new LabSecrets(lab);
                    await StoreAsync(secrets, address, cancellationToken);
                    await ServeAsync(server, address, lab.BaseAddress, secrets, json, cancellationToken);
                }

                return code;
            }
            finally
            {
                await server.StopAsync(CancellationToken.None);
            }
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            return ExitCodes.Cancelled;
        }
    }

    private static async Task<WebApplication> StartServerAsync(CloudLabServer lab, StepRecorder steps, CancellationToken cancellationToken)
    {
        var server = await ServerHost.CreateAsync(
            [],
            builder =>
            {
                builder.WebHost.UseUrls("http://127.0.0.1:0");
                builder.Configuration.AddInMemoryCollection(LabSession.Settings(lab));
                builder.Configuration.AddInMemoryCollection(new Dictionary<string, string?> { ["Server:Stories"] = null, ["Storage:Mode"] = "Memory", ["SignIn:TrustLocalCallers"] = "true" });
                builder.Logging.AddWarningsToStandardError();
                builder.Services.AddSingleton<IRunObserver>(steps);
            },
            cancellationToken);
        var catalog = server.Services.GetRequiredService<DefinitionCatalog>();
        foreach (var story in ShippedStories.Ids)
        {
            await catalog.PublishAsync(ShippedStories.Read(story), ServerHost.System, cancellationToken);
        }

        await server.StartAsync(cancellationToken);
        return server;
    }

    /// <summary>Sends the incident and tells what became of it.</summary>
    private static async Task<int> TellAsync(Uri server, StepRecorder steps, bool json, CancellationToken cancellationToken)
    {
        var webhook = new Uri(server, "workflows/incidents");
        if (!json)
        {
            Terminal.Out.MarkupLineInterpolated($"POST      [bold]{webhook}[/]");
        }

        var show = json ? Task.CompletedTask : steps.ShowAsync(Terminal.Out, cancellationToken);

        using var client = NewClient();
        using var answer = await client.PostAsJsonAsync(webhook, Incident, cancellationToken);
        if (!answer.IsSuccessStatusCode)
        {
            // A run that failed is shown by its steps; an answer without a run has to be shown itself.
            if (!answer.Headers.Contains("x-elsa-workflow-instance-id"))
            {
                steps.Complete();
                throw new CommandException($"The webhook answered {(int)answer.StatusCode}: {await answer.Content.ReadAsStringAsync(cancellationToken)}");
            }
        }

        var summary = await steps.Finished.WaitAsync(cancellationToken);
        await show;
        Print(summary, steps, json);
        return summary.SubStatus == WorkflowSubStatus.Finished ? ExitCodes.Ok : ExitCodes.Failed;
    }

    private static void Print(RunSummary summary, StepRecorder steps, bool json)
    {
        var buckets = steps.OutputsOf("Aws.ListBuckets")?["Result"] is { ValueKind: JsonValueKind.Array } list ? list.EnumerateArray().ToArray() : [];
        var role = steps.OutputsOf("Aws.AssumeRoleWithWebIdentity")?["AssumedRoleArn"] is { ValueKind: JsonValueKind.String } arn ? arn.GetString() : null;
        if (json)
        {
            JsonOutput.Write(new
            {
                status = summary.SubStatus,
                steps = steps.Steps.Select(step => new { step.Activity, step.Type, step.Status, step.DurationMs }),
                assumedRoleArn = role,
                buckets,
            });
            return;
        }

        foreach (var step in steps.Steps.Where(step => step.Error is not null))
        {
            Terminal.Out.MarkupLineInterpolated($"[red]{step.Activity}[/]: {step.Error}");
        }

        if (summary.SubStatus != WorkflowSubStatus.Finished)
        {
            Terminal.Out.MarkupLineInterpolated($"The story ended: [bold]{summary.SubStatus}[/]");
            return;
        }

        if (role is not null)
        {
            Terminal.Out.MarkupLineInterpolated($"Without any AWS key, as [bold]{role}[/]:");
        }

        var table = new Table().RoundedBorder().AddColumn("Bucket").AddColumn("Region").AddColumn("Created");
        foreach (var bucket in buckets)
        {
            table.AddRow(Cell(bucket, "name"), Cell(bucket, "region"), Cell(bucket, "createdAt"));
        }

        Terminal.Out.Write(table);
    }

    private static string Cell(JsonElement bucket, string property) => Markup.Escape(bucket.TryGetProperty(property, out var value) ? value.ToString() : "");

    /// <summary>As a person would on the page of secrets.</summary>
    private static async Task StoreAsync(LabSecrets secrets, Uri server, CancellationToken cancellationToken)
    {
        using var client = NewClient();
        foreach (var (name, value) in secrets.Values)
        {
            using var answer = await client.PostAsJsonAsync(new Uri(server, "elsa/api/secrets"), new { name, value }, cancellationToken);
            answer.EnsureSuccessStatusCode();
        }
    }

    /// <summary>The server is on this machine: a proxy of the environment could not reach it.</summary>
    private static HttpClient NewClient()
    {
#pragma warning disable CA2000 // The client disposes of it.
        return new HttpClient(new SocketsHttpHandler { UseProxy = false });
#pragma warning restore CA2000
    }

    private static async Task ServeAsync(WebApplication server, Uri address, Uri lab, LabSecrets secrets, bool json, CancellationToken cancellationToken)
    {
        if (!json)
        {
            Terminal.Out.MarkupLineInterpolated($"Try it yourself: [bold]curl -X POST {address}workflows/incidents -H 'content-type: application/json' -d '{{}}'[/]");
            Terminal.Out.MarkupLineInterpolated($"The other way round, from AWS to Google Cloud: [bold]curl -X POST {address}workflows/google-buckets[/]");
            Terminal.Out.MarkupLineInterpolated($"Everything shipped is at [bold]{address}[/]. An alert for incident-response, which then asks you under Approvals and tells {lab}lab/sink/incident-chat:");

            // Not through the console library, which would wrap the lines.
            await Console.Out.WriteLineAsync($$"""
                body='{"id":"INC-2041","accessKeyId":"AKIALABBUILDAGENT001"}'; time=$(date +%s)
                signature=$(printf '%s.%s' "$time" "$body" | openssl dgst -sha256 -hmac {{secrets.Values[LabSecrets.SigningKey]}} -r | cut -d' ' -f1)
                curl -d "$body" -H 'content-type: application/json' -H "x-time: $time" -H "x-signature: $signature" {{address}}workflows/alerts
                """);
            Terminal.Out.WriteLine("Ctrl-C ends the demo.");
        }

        using var stop = cancellationToken.Register(server.Lifetime.StopApplication);
        await ((IHost)server).WaitForShutdownAsync(CancellationToken.None);
    }
}
