using System.CommandLine;
using System.Text.Json;

namespace FederationWorkflows.Cli.Runs;

/// <summary><c>fedflow runs</c>: the runs of a server.</summary>
internal static class RunsCommand
{
    public static Command Create() => new("runs", "See and steer the runs of a server. Exit code 1 also when no server answers.")
    {
        ListRuns.Create(),
        ShowRun.Create(),
        Each("cancel", "End runs that have not ended. Exit code 1 when one of them had ended before, or does not exist.", CancelAsync),
        Each("retry", "Let faulted runs go on from the activities that failed. Exit code 1 when one of them cannot.", RetryAsync),
        WatchRun.Create(),
    };

    public static Argument<string> Id() => new("run") { Description = "The id of the run." };

    public static string PathOf(string id) => $"elsa/api/workflow-instances/{Uri.EscapeDataString(id)}";

    /// <summary>A command that does something to several runs, and goes on with the next when the server refuses one.</summary>
    private static Command Each(string name, string description, Func<ServerConnection, string, CancellationToken, Task<string?>> act)
    {
        var ids = new Argument<string[]>("run") { Description = "The ids of the runs.", Arity = ArgumentArity.OneOrMore };
        var server = ServerConnection.Option();
        var json = JsonOutput.Option();
        var command = new Command(name, description) { ids, server, json };
        command.SetAction(async (result, cancellationToken) =>
        {
            using var connection = ServerConnection.Open(result.GetValue(server));
            var problems = new List<(string Id, string? Problem)>();
            foreach (var id in result.GetRequiredValue(ids))
            {
                problems.Add((id, await TryAsync(act, connection, id, cancellationToken)));
            }

            Report(name, problems, result.GetValue(json));
            return problems.TrueForAll(run => run.Problem is null) ? ExitCodes.Ok : ExitCodes.Failed;
        });
        return command;
    }

    private static async Task<string?> TryAsync(Func<ServerConnection, string, CancellationToken, Task<string?>> act, ServerConnection connection, string id, CancellationToken cancellationToken)
    {
        try
        {
            return await act(connection, id, cancellationToken);
        }
        catch (ServerRefusedException e)
        {
            return e.Message;
        }
    }

    private static void Report(string name, List<(string Id, string? Problem)> runs, bool json)
    {
        if (json)
        {
            JsonOutput.Write(new { runs = runs.Select(run => new { id = run.Id, done = run.Problem is null, problem = run.Problem }) });
            return;
        }

        foreach (var (id, problem) in runs)
        {
            if (problem is null)
            {
                Console.Out.WriteLine($"Run {id}: {(name == "cancel" ? "cancelled" : "goes on")}");
            }
            else
            {
                Console.Error.WriteLine(Terminal.Plain(problem));
            }
        }
    }

    private static async Task<string?> CancelAsync(ServerConnection connection, string id, CancellationToken cancellationToken)
    {
        var answer = await connection.PostAsync($"elsa/api/cancel/workflow-instances/{Uri.EscapeDataString(id)}", null, cancellationToken);
        return answer.TryGetProperty("cancelled", out var cancelled) && cancelled.ValueKind == JsonValueKind.Number && cancelled.GetInt32() == 1 ? null : $"Run {id} had ended before.";
    }

    private static async Task<string?> RetryAsync(ServerConnection connection, string id, CancellationToken cancellationToken)
    {
        await connection.PostAsync($"api/runs/{Uri.EscapeDataString(id)}/retry", null, cancellationToken);
        return null;
    }
}
