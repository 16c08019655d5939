namespace FederationWorkflows.Cli.Stories;

/// <summary>What became of a story.</summary>
/// <param name="File">Its file; null when it is not about files.</param>
/// <param name="Id">Its definitionId; null when the file does not say.</param>
/// <param name="Result">In a word.</param>
/// <param name="Problem">Why nothing became of it; null when something did.</param>
internal sealed record StoryOutcome(string? File, string? Id, string Result, string? Problem = null)
{
    /// <summary>A line for each, problems on standard error; with <c>--json</c> one object.</summary>
    /// <returns>The exit code.</returns>
    public static int Report(IReadOnlyList<StoryOutcome> outcomes, bool json)
    {
        if (json)
        {
            JsonOutput.Write(new { stories = outcomes });
        }
        else
        {
            foreach (var outcome in outcomes)
            {
                var subject = outcome.File is null ? $"Story {outcome.Id}" : outcome.Id is null ? outcome.File : $"{outcome.File} ({outcome.Id})";
                (outcome.Problem is null ? Console.Out : Console.Error).WriteLine(Terminal.Plain($"{subject}: {outcome.Problem ?? outcome.Result}"));
            }
        }

        return outcomes.All(outcome => outcome.Problem is null) ? ExitCodes.Ok : ExitCodes.Failed;
    }
}
