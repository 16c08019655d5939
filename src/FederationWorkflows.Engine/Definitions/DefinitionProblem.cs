namespace FederationWorkflows.Engine.Definitions;

/// <summary>Whether a problem keeps a definition from running.</summary>
public enum ProblemSeverity
{
    /// <summary>The definition runs, though perhaps not as meant.</summary>
    Warning,

    /// <summary>The definition does not run.</summary>
    Error,
}

/// <summary>One thing that is wrong with a definition.</summary>
/// <param name="Code">A stable name of the rule, e.g. <c>unknown-activity-type</c>.</param>
/// <param name="Message">What is wrong and how to mend it.</param>
/// <param name="Path">Where, as JSON path: <c>$.root.activities[2].text</c>.</param>
/// <param name="ActivityId">The activity it belongs to, or null.</param>
/// <param name="Severity">Whether it keeps the definition from running.</param>
public sealed record DefinitionProblem(string Code, string Message, string Path, string? ActivityId = null, ProblemSeverity Severity = ProblemSeverity.Error)
{
    /// <summary>Line in the file, from 1; null when there is no file.</summary>
    public int? Line { get; init; }

    /// <summary>Column in the file, from 1; null when there is no file.</summary>
    public int? Column { get; init; }

    /// <summary>Place, activity and message in one line.</summary>
    public override string ToString() =>
        $"{(Line is null ? "" : $"({Line},{Column}) ")}{Path}{(ActivityId is null ? "" : $" [{ActivityId}]")}: {Message}";
}

/// <summary>A definition that can not be used, with everything that is wrong with it.</summary>
public sealed class DefinitionException : Exception
{
    /// <summary>Reports one or more problems.</summary>
    public DefinitionException(params IReadOnlyList<DefinitionProblem> problems)
        : base(string.Join(Environment.NewLine, problems))
    {
        Problems = problems;
    }

    /// <summary>What is wrong, in the order of the file.</summary>
    public IReadOnlyList<DefinitionProblem> Problems { get; }
}
