using System.CommandLine;
using FederationWorkflows.Cli.Runs;

namespace FederationWorkflows.Cli.Stories;

/// <summary><c>fedflow stories</c>: the stories of a server, and a folder in Git that they come from.</summary>
internal static class StoriesCommand
{
    public static Command Create() => new("stories", "See the stories of a server, and bring them from and to files, so that Git can hold them. Exit code 1 also when no server answers.")
    {
        ListStories.Create(),
        PullStories.Create(),
        PushStories.Create(),
        Publish(),
    };

    public static string ExportPathOf(string id) => $"elsa/api/workflow-definitions/{Uri.EscapeDataString(id)}/export?versionOptions=Latest";

    public static async Task PublishAsync(ServerConnection connection, string id, CancellationToken cancellationToken) =>
        await connection.PostAsync($"elsa/api/workflow-definitions/{Uri.EscapeDataString(id)}/publish", null, cancellationToken);

    /// <summary>Several stories; goes on with the next when the server refuses one.</summary>
    private static Command Publish()
    {
        var ids = new Argument<string[]>("story") { Description = "The definitionIds of the stories.", Arity = ArgumentArity.OneOrMore };
        var server = ServerConnection.Option();
        var json = JsonOutput.Option();
        var command = new Command("publish", "Publish the latest version of stories. Exit code 1 when one of them has errors, or does not exist.") { ids, server, json };
        command.SetAction(async (result, cancellationToken) =>
        {
            using var connection = ServerConnection.Open(result.GetValue(server));
            var outcomes = new List<StoryOutcome>();
            foreach (var id in result.GetRequiredValue(ids))
            {
                try
                {
                    await PublishAsync(connection, id, cancellationToken);
                    outcomes.Add(new StoryOutcome(null, id, "published"));
                }
                catch (ServerRefusedException e)
                {
                    outcomes.Add(new StoryOutcome(null, id, "refused", e.Message));
                }
            }

            return StoryOutcome.Report(outcomes, result.GetValue(json));
        });
        return command;
    }
}
