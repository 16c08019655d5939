using System.CommandLine;
using System.Diagnostics;

namespace FederationWorkflows.Cli.Runs;

/// <summary><c>fedflow runs watch</c>.</summary>
internal static class WatchRun
{
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(500);

    /// <summary>A server that is being restarted comes back.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    public static Command Create()
    {
        var id = RunsCommand.Id();
        var server = ServerConnection.Option();
        var json = JsonOutput.Option();
        var command = new Command("watch", "Show the steps of a run as they complete, until it ends. Exit code 0 when it finished, 1 when it faulted or was cancelled, 130 when Ctrl-C ended the watching; the run goes on then.") { id, server, json };
        command.SetAction(async (result, cancellationToken) =>
        {
            using var connection = ServerConnection.Open(result.GetValue(server));
            return await RunAsync(connection, result.GetRequiredValue(id), result.GetValue(json), cancellationToken);
        });
        return command;
    }

    private static async Task<int> RunAsync(ServerConnection connection, string id, bool json, CancellationToken cancellationToken)
    {
        var shown = new HashSet<string>(StringComparer.Ordinal);
        var seen = false;
        long? unreachableSince = null;
        while (true)
        {
            try
            {
                // The run first: steps that are read after its end are all there are.
                var answer = await connection.GetAsync(RunsCommand.PathOf(id), cancellationToken);
                var run = ServerConnection.Read<RunFacts>(answer);
                if (!json)
                {
                    Show(await ShowRun.StepsAsync(connection, id, cancellationToken), shown);
                }

                seen = true;
                unreachableSince = null;
                if (run.HasEnded)
                {
                    End(run, answer, json);
                    return run.ExitCode;
                }
            }
            catch (ServerUnreachableException) when (seen && Stopwatch.GetElapsedTime(unreachableSince ??= Stopwatch.GetTimestamp()) < Patience)
            {
                // Tried again after the next interval.
            }

            await Task.Delay(Interval, cancellationToken);
        }
    }

    private static void Show(StepPage steps, HashSet<string> shown)
    {
        foreach (var step in steps.Items.Where(step => !step.IsContainer && step.CompletedAt is not null && shown.Add(step.Id)).OrderBy(step => step.CompletedAt))
        {
            Console.Out.WriteLine(step.Line);
        }

        foreach (var step in steps.Items.Where(step => step is { IsContainer: false, HasBookmarks: true, Status: "Running" } && shown.Add("waits " + step.Id)))
        {
            Console.Out.WriteLine(step.Line);
        }
    }

    private static void End(RunFacts run, System.Text.Json.JsonElement answer, bool json)
    {
        if (json)
        {
            JsonOutput.Write(answer);
        }
        else
        {
            ShowRun.PrintEnd(run);
        }
    }
}
