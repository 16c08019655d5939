using System.CommandLine;
using FederationWorkflows.Engine.Definitions;
using Microsoft.Extensions.DependencyInjection;

namespace FederationWorkflows.Cli.Validate;

/// <summary><c>fedflow validate</c>: every problem of story files, with its place.</summary>
internal static class ValidateCommand
{
    public static Command Create()
    {
        var files = new Argument<string[]>("file") { Description = "Story files.", Arity = ArgumentArity.OneOrMore };
        var json = JsonOutput.Option();
        var command = new Command("validate", "Check stories; exit code 1 when one has an error.") { files, json };
        command.SetAction((result, cancellationToken) => RunAsync(result.GetRequiredValue(files), result.GetValue(json), cancellationToken));
        return command;
    }

    private static async Task<int> RunAsync(string[] files, bool json, CancellationToken cancellationToken)
    {
        await using var services = await StoryServices.BuildAsync(new Dictionary<string, string?>(), _ => { }, cancellationToken);
        var compiler = services.GetRequiredService<WorkflowCompiler>();
        var results = new List<CheckedStory>();
        foreach (var file in files)
        {
            results.Add(await CheckedStory.ReadAsync(compiler, file, cancellationToken));
        }

        var valid = results.TrueForAll(result => result.IsValid);
        if (json)
        {
            JsonOutput.Write(new { valid, files = results.Select(result => new { file = result.File, valid = result.IsValid, problems = result.Problems }) });
        }
        else
        {
            foreach (var result in results)
            {
                foreach (var line in result.Lines)
                {
                    await Console.Out.WriteLineAsync(line);
                }

                await Console.Out.WriteLineAsync(result.IsValid ? $"{result.File}: valid" : $"{result.File}: {result.Problems.Count(p => p.Severity == ProblemSeverity.Error)} error(s)");
            }
        }

        return valid ? ExitCodes.Ok : ExitCodes.Failed;
    }
}
