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
        var results = new List<(string File, IReadOnlyList<DefinitionProblem> Problems)>();
        foreach (var file in files)
        {
            results.Add((file, await CheckAsync(compiler, file, cancellationToken)));
        }

        var valid = !results.Exists(result => HasErrors(result.Problems));
        if (json)
        {
            JsonOutput.Write(new { valid, files = results.Select(result => new { file = result.File, valid = !HasErrors(result.Problems), problems = result.Problems }) });
        }
        else
        {
            foreach (var (file, problems) in results)
            {
                foreach (var problem in problems)
                {
                    await Console.Out.WriteLineAsync($"{file}{(problem.Line is null ? "" : $"({problem.Line},{problem.Column})")}: {problem.Severity.ToString().ToLowerInvariant()} {problem.Code}: {problem.Path}{(problem.ActivityId is null ? "" : $" [{problem.ActivityId}]")}: {problem.Message}");
                }

                await Console.Out.WriteLineAsync(HasErrors(problems) ? $"{file}: {problems.Count(p => p.Severity == ProblemSeverity.Error)} error(s)" : $"{file}: valid");
            }
        }

        return valid ? ExitCodes.Ok : ExitCodes.Failed;
    }

    private static bool HasErrors(IReadOnlyList<DefinitionProblem> problems) => problems.Any(problem => problem.Severity == ProblemSeverity.Error);

    private static async Task<IReadOnlyList<DefinitionProblem>> CheckAsync(WorkflowCompiler compiler, string file, CancellationToken cancellationToken)
    {
        try
        {
            var result = compiler.Compile(await StoryServices.ReadStoryAsync(file, cancellationToken));
            if (result.Workflow is { } workflow)
            {
                // What starts a story is looked at when it is published; a wrong trigger must show before.
                _ = Runtime.Definitions.TriggerIndex.TriggersOf(workflow);
            }

            return result.Problems;
        }
        catch (DefinitionException e)
        {
            return e.Problems;
        }
    }
}
