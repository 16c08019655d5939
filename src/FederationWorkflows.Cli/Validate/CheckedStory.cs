using FederationWorkflows.Engine.Definitions;

namespace FederationWorkflows.Cli.Validate;

/// <summary>A story file and what is wrong with it.</summary>
/// <param name="File">The file, as the user named it.</param>
/// <param name="Content">What it holds; nothing when it cannot be read.</param>
/// <param name="Workflow">The story, compiled; null when it has errors.</param>
/// <param name="Problems">Every problem.</param>
internal sealed record CheckedStory(string File, ReadOnlyMemory<byte> Content, ExecutableWorkflow? Workflow, IReadOnlyList<DefinitionProblem> Problems)
{
    public WorkflowDefinition? Definition => Workflow?.Definition;

    public bool IsValid => !Problems.Any(problem => problem.Severity == ProblemSeverity.Error);

    /// <summary>The problems for people, with their places.</summary>
    public IEnumerable<string> Lines => Problems.Select(problem =>
        $"{File}{(problem.Line is null ? "" : $"({problem.Line},{problem.Column})")}: {problem.Severity.ToString().ToLowerInvariant()} {problem.Code}: {problem.Path}{(problem.ActivityId is null ? "" : $" [{problem.ActivityId}]")}: {problem.Message}");

    public static async Task<CheckedStory> ReadAsync(WorkflowCompiler compiler, string file, CancellationToken cancellationToken)
    {
        byte[] content = [];
        try
        {
            content = await StoryServices.ReadStoryAsync(file, cancellationToken);
            var result = compiler.Compile(content);
            if (result.Workflow is { } workflow)
            {
                // What starts a story is looked at when it is published; a wrong trigger must show before.
                _ = Runtime.Definitions.TriggerIndex.TriggersOf(workflow);
            }

            return new CheckedStory(file, content, result.Workflow, result.Problems);
        }
        catch (DefinitionException e)
        {
            return new CheckedStory(file, content, null, e.Problems);
        }
    }
}
