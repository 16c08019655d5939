using System.CommandLine;
using System.Globalization;
using System.Security.Claims;
using System.Text.Json;
using FederationWorkflows.Cli.Lab;
using FederationWorkflows.CloudLab;
using FederationWorkflows.Engine;
using FederationWorkflows.Engine.Activities;
using FederationWorkflows.Engine.Definitions;
using FederationWorkflows.Engine.Execution;
using FederationWorkflows.Engine.Expressions;
using FederationWorkflows.Federation.Aws.Objects;
using FederationWorkflows.Http.Endpoints;
using FederationWorkflows.Runtime.Definitions;
using FederationWorkflows.Runtime.Runs;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Spectre.Console;

namespace FederationWorkflows.Cli.Run;

/// <summary><c>fedflow run</c>: one run of one story file, here and now.</summary>
internal static class RunCommand
{
    public static Command Create()
    {
        var file = new Argument<string>("file") { Description = "The story file." };
        var input = new Option<string[]>("--input") { Description = "A workflow input as name=value; may be given several times. For a story that a webhook starts: a field of the request's JSON body.", DefaultValueFactory = _ => [] };
        var lab = new Option<bool>("--lab") { Description = "Run against a CloudLab of its own instead of the clouds." };
        var json = JsonOutput.Option();
        var command = new Command("run", "Run a story file once. Exit code 0 when it finished, 1 when it failed or waits for something, 130 when Ctrl-C cancelled it.") { file, input, lab, json };
        command.SetAction((result, cancellationToken) =>
            RunAsync(result.GetRequiredValue(file), result.GetValue(input) ?? [], result.GetValue(lab), result.GetValue(json), cancellationToken));
        return command;
    }

    private static async Task<int> RunAsync(string file, string[] input, bool withLab, bool json, CancellationToken cancellationToken)
    {
        if (Array.Find(input, pair => pair.IndexOf('=', StringComparison.Ordinal) < 1) is { } wrong)
        {
            throw new CommandException($"--input takes name=value, not '{wrong}'.");
        }

        var values = input.Select(pair => pair.Split('=', 2)).GroupBy(pair => pair[0]).ToDictionary(group => group.Key, group => (object?)group.Last()[1]);
        try
        {
            if (withLab)
            {
                LabSession.BypassProxy();
            }

            await using var lab = withLab ? await CloudLabServer.StartAsync(new CloudLabOptions(), cancellationToken) : null;
            var settings = lab is null ? new Dictionary<string, string?>() : LabSession.Settings(lab);
            var steps = new StepRecorder();
            await using var services = await StoryServices.BuildAsync(
                settings,
                configure =>
                {
                    configure.AddSingleton<IStandardOutput>(new TerminalOutput(json)).AddSingleton<IRunObserver>(steps).AddSingleton<ITransferObserver>(steps);
                    if (lab is not null)
                    {
                        configure.AddSingleton<ISecretSource>(new LabSecrets(lab));
                    }
                },
                cancellationToken);
            return await RunAsync(services, file, values, steps, json, cancellationToken);
        }
        catch (DefinitionException e)
        {
            return Failure.Report(e, json, file);
        }
    }

    private static async Task<int> RunAsync(ServiceProvider services, string file, Dictionary<string, object?> values, StepRecorder steps, bool json, CancellationToken cancellationToken)
    {
        var caller = new ClaimsPrincipal(new ClaimsIdentity([new Claim(ClaimTypes.Name, Environment.UserName)], "terminal"));
        var stored = await services.GetRequiredService<DefinitionCatalog>().PublishAsync(await StoryServices.ReadStoryAsync(file, cancellationToken), caller, cancellationToken);
        var runtime = services.GetRequiredService<WorkflowRuntime>();
        var request = await RequestAsync(services, stored.DefinitionId, values, cancellationToken);

        // Time limits of activities are timers, which a service of the runtime watches.
        var background = services.GetServices<IHostedService>().ToArray();
        foreach (var service in background)
        {
            await service.StartAsync(cancellationToken);
        }

        try
        {
            var handle = await runtime.StartAsync(request, caller, cancellationToken);
            var show = json ? Task.CompletedTask : steps.ShowAsync(Terminal.Out, cancellationToken);
            var result = await RestAsync(runtime, handle, caller, cancellationToken);
            steps.Complete();
            await show;
            Print(result, steps, json);
            return result.Summary.SubStatus == WorkflowSubStatus.Finished ? ExitCodes.Ok : ExitCodes.Failed;
        }
        finally
        {
            foreach (var service in background.Reverse())
            {
                await service.StopAsync(CancellationToken.None);
            }
        }
    }

    /// <summary>Waits until the run ends or waits for something outside. Ctrl-C cancels it.</summary>
    private static async Task<RunResult> RestAsync(WorkflowRuntime runtime, RunHandle handle, ClaimsPrincipal caller, CancellationToken cancellationToken)
    {
        try
        {
            return await handle.Rest.WaitAsync(cancellationToken);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            await runtime.CancelAsync(handle.RunId, caller, CancellationToken.None);
            throw;
        }
    }

    /// <summary>A story that a webhook starts gets the inputs as the body of a request; one that a schedule starts is due now.</summary>
    private static async Task<StartRequest> RequestAsync(ServiceProvider services, string definitionId, Dictionary<string, object?> values, CancellationToken cancellationToken)
    {
        var workflow = await services.GetRequiredService<DefinitionCatalog>().FindPublishedAsync(definitionId, cancellationToken);
        var request = new StartRequest(definitionId) { Input = values };
        foreach (var trigger in workflow!.Triggers)
        {
            switch (trigger.Descriptor.TypeName)
            {
                case "Elsa.HttpEndpoint":
                    return new StartRequest(definitionId)
                    {
                        TriggerActivityId = trigger.Id,
                        TriggerPayload = new HttpRequestData { Method = "POST", Path = "/", ContentType = "application/json", ParsedContent = JsonSerializer.SerializeToElement(values) },
                    };
                case "Elsa.Cron" or "Elsa.Timer" or "Elsa.StartAt":
                    return request with { TriggerActivityId = trigger.Id, TriggerPayload = new Dictionary<string, object?> { ["dueAt"] = services.GetRequiredService<TimeProvider>().GetUtcNow().ToString("O", CultureInfo.InvariantCulture) } };
            }
        }

        return request;
    }

    private static void Print(RunResult result, StepRecorder steps, bool json)
    {
        if (json)
        {
            JsonOutput.Write(new
            {
                runId = result.Summary.Identity.Id,
                status = result.Summary.SubStatus,
                steps = steps.Steps,
                output = result.Output.ToDictionary(pair => pair.Key, pair => JsonSerializer.Deserialize<JsonElement>(JsonValues.ToJson(pair.Value))),
                waitsFor = result.Summary.SubStatus == WorkflowSubStatus.Suspended ? steps.Waits : [],
                incidents = result.Incidents.Select(incident => new { activity = incident.ActivityId, type = incident.ActivityType, message = incident.Message }),
            });
            return;
        }

        foreach (var (name, value) in result.Output)
        {
            Terminal.Out.MarkupLineInterpolated($"[bold]{name}[/] = {JsonValues.ToJson(value)}");
        }

        foreach (var incident in result.Incidents)
        {
            Terminal.Out.MarkupLineInterpolated($"[red]{incident.ActivityId}[/] ({incident.ActivityType}): {incident.Message}");
        }

        Terminal.Out.MarkupLineInterpolated($"Run {result.Summary.Identity.Id}: [bold]{result.Summary.SubStatus}[/]");
        if (result.Summary.SubStatus == WorkflowSubStatus.Suspended)
        {
            foreach (var wait in steps.Waits)
            {
                Terminal.Out.MarkupLineInterpolated($"It waits at [bold]{wait.Activity}[/] ({wait.Type}) for {wait.For}.");
            }

            Terminal.Out.WriteLine("Nothing from outside reaches a run of this command, which ends here. Publish the story on a server to have it go on.");
        }
    }

    /// <summary>What the story writes is part of the terminal's output; with JSON on standard output, it goes beside it.</summary>
    private sealed class TerminalOutput(bool json) : IStandardOutput
    {
        public void WriteLine(string text) => (json ? Console.Error : Console.Out).WriteLine(Plain(text));

        /// <summary>A story's text may come from anywhere; it must not steer the terminal.</summary>
        private static string Plain(string text) => text.Any(IsControl) ? string.Concat(text.Where(c => !IsControl(c))) : text;

        private static bool IsControl(char c) => char.IsControl(c) && c is not ('\n' or '\t');
    }
}
