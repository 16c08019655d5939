using System.CommandLine;
using System.Text;
using FederationWorkflows.Cli.Stories;
using FederationWorkflows.Cli.Validate;
using FederationWorkflows.Engine.Definitions;
using Microsoft.Extensions.DependencyInjection;

namespace FederationWorkflows.Cli.Diagram;

/// <summary><c>fedflow diagram</c>: stories as Mermaid flowcharts, alone or in a page.</summary>
internal static class DiagramCommand
{
    public static Command Create()
    {
        var file = new Argument<string>("file") { Description = "A story file; or a Markdown page, whose diagrams are drawn anew." };
        var check = new Option<bool>("--check") { Description = "Change nothing; exit code 1 when a diagram of the page is not that of its story." };
        var command = new Command("diagram", "Draw a story as a Mermaid flowchart, or the diagrams of a Markdown page: between '<!-- diagram story.json -->' and '<!-- end of diagram -->'.") { file, check };
        command.SetAction((result, cancellationToken) => RunAsync(result.GetRequiredValue(file), result.GetValue(check), cancellationToken));
        return command;
    }

    private static async Task<int> RunAsync(string file, bool check, CancellationToken cancellationToken)
    {
        await using var services = await StoryServices.BuildAsync(new Dictionary<string, string?>(), _ => { }, cancellationToken);
        var compiler = services.GetRequiredService<WorkflowCompiler>();
        if (!Path.GetExtension(file).Equals(".md", StringComparison.OrdinalIgnoreCase))
        {
            await Console.Out.WriteAsync(await DrawAsync(compiler, file, cancellationToken));
            return ExitCodes.Ok;
        }

        var page = await ReadAsync(file, cancellationToken);
        var folder = Path.GetDirectoryName(file) ?? "";
        var redrawn = await DiagramPage.RedrawnAsync(page, story => DrawAsync(compiler, Path.Combine(folder, story), cancellationToken));
        if (redrawn == page)
        {
            return ExitCodes.Ok;
        }

        if (check)
        {
            throw new CommandException($"{file}: its diagrams are not those of its stories. Draw them with: fedflow diagram {file}");
        }

        FileReplacement.Write(file, Encoding.UTF8.GetBytes(redrawn));
        return ExitCodes.Ok;
    }

    private static async Task<string> DrawAsync(WorkflowCompiler compiler, string file, CancellationToken cancellationToken)
    {
        var story = await CheckedStory.ReadAsync(compiler, file, cancellationToken);
        return story is { IsValid: true, Workflow: { } workflow }
            ? StoryDiagram.Of(workflow)
            : throw new CommandException(string.Join('\n', story.Lines));
    }

    private static async Task<string> ReadAsync(string file, CancellationToken cancellationToken)
    {
        try
        {
            return await File.ReadAllTextAsync(file, cancellationToken);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new CommandException($"{file} cannot be read: {e.Message}");
        }
    }
}
