using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using Spectre.Console;

namespace FederationWorkflows.Cli.Runs;

/// <summary><c>fedflow runs show</c>.</summary>
internal static class ShowRun
{
    private const int JournalPage = 1000;

    public static Command Create()
    {
        var id = RunsCommand.Id();
        var journal = new Option<bool>("--journal") { Description = "Also each event of the journal." };
        var server = ServerConnection.Option();
        var json = JsonOutput.Option();
        var command = new Command("show", "Show a run and its steps.") { id, journal, server, json };
        command.SetAction(async (result, cancellationToken) =>
        {
            using var connection = ServerConnection.Open(result.GetValue(server));
            return await RunAsync(connection, result.GetRequiredValue(id), result.GetValue(journal), result.GetValue(json), cancellationToken);
        });
        return command;
    }

    public static async Task<StepPage> StepsAsync(ServerConnection connection, string id, CancellationToken cancellationToken) =>
        ServerConnection.Read<StepPage>(await connection.GetAsync(StepsPath(id), cancellationToken));

    /// <summary>What ended a run that did not finish, as lines.</summary>
    public static void PrintEnd(RunFacts run)
    {
        var took = run.FinishedAt is { } end ? string.Create(CultureInfo.InvariantCulture, $" after {(end - run.CreatedAt).TotalSeconds:0.0} s") : "";
        Terminal.Out.MarkupLine($"Run {Markup.Escape(Terminal.Plain(run.Id))}: [bold {run.Colour}]{Markup.Escape(Terminal.Plain(run.SubStatus))}[/]{took}");
    }

    private static string StepsPath(string id) => $"elsa/api/activity-executions/list?workflowInstanceId={Uri.EscapeDataString(id)}";

    private static async Task<int> RunAsync(ServerConnection connection, string id, bool withJournal, bool json, CancellationToken cancellationToken)
    {
        var run = await connection.GetAsync(RunsCommand.PathOf(id), cancellationToken);
        var steps = await connection.GetAsync(StepsPath(id), cancellationToken);
        var journal = withJournal ? await JournalAsync(connection, id, cancellationToken) : null;
        if (json)
        {
            JsonOutput.Write(new { run, steps = steps.GetProperty("items"), journal });
            return ExitCodes.Ok;
        }

        var facts = ServerConnection.Read<RunFacts>(run);
        await Console.Out.WriteLineAsync($"Story    {Terminal.Plain(facts.DefinitionId)} version {facts.Version}");
        await Console.Out.WriteLineAsync($"Begun    {facts.CreatedAt.UtcDateTime:yyyy-MM-dd HH:mm:ss} UTC");
        foreach (var (name, value) in new[] { ("Name", facts.Name), ("Correlation", facts.CorrelationId), ("Parent", facts.ParentWorkflowInstanceId) })
        {
            if (value is not null)
            {
                await Console.Out.WriteLineAsync($"{name,-8} {Terminal.Plain(value)}");
            }
        }

        foreach (var step in ServerConnection.Read<StepPage>(steps).Items.Where(step => !step.IsContainer))
        {
            await Console.Out.WriteLineAsync(step.Line);
        }

        foreach (var entry in journal ?? [])
        {
            await Console.Out.WriteLineAsync(Terminal.Plain($"{entry.GetProperty("timestamp").GetDateTimeOffset().UtcDateTime:HH:mm:ss.fff} {entry.GetProperty("eventName").GetString(),-10} {entry.GetProperty("activityId").GetString()} {entry.GetProperty("message").GetString()}"));
        }

        PrintEnd(facts);
        return ExitCodes.Ok;
    }

    private static async Task<List<JsonElement>> JournalAsync(ServerConnection connection, string id, CancellationToken cancellationToken)
    {
        var journal = new List<JsonElement>();
        while (true)
        {
            var page = await connection.PostAsync($"{RunsCommand.PathOf(id)}/journal?skip={journal.Count.ToString(CultureInfo.InvariantCulture)}&take={JournalPage}", new { }, cancellationToken);
            var items = page.GetProperty("items").EnumerateArray().ToArray();
            journal.AddRange(items);
            if (items.Length < JournalPage)
            {
                return journal;
            }
        }
    }
}
