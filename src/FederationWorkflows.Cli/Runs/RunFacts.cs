using System.Globalization;

namespace FederationWorkflows.Cli.Runs;

/// <summary>A run as the server lists it.</summary>
internal sealed record RunFacts(
    string Id, string DefinitionId, int Version, string Status, string SubStatus, string? CorrelationId, string? Name, int IncidentCount, DateTimeOffset CreatedAt, DateTimeOffset UpdatedAt, DateTimeOffset? FinishedAt,
    string? ParentWorkflowInstanceId = null)
{
    public bool HasEnded => Status == "Finished";

    /// <summary>The exit code of a command about this run.</summary>
    public int ExitCode => SubStatus == "Finished" ? ExitCodes.Ok : ExitCodes.Failed;

    public string Colour => SubStatus switch
    {
        "Finished" => "green",
        "Faulted" => "red",
        "Suspended" => "yellow",
        "Cancelled" => "grey",
        _ => "blue",
    };
}

/// <summary>A page of runs.</summary>
internal sealed record RunPage(IReadOnlyList<RunFacts> Items, string? Next);

/// <summary>A step of a run as the server shows it.</summary>
internal sealed record StepFacts(string Id, string ActivityId, string ActivityType, string Status, DateTimeOffset? StartedAt, DateTimeOffset? CompletedAt, bool HasBookmarks, StepError? Exception)
{
    private static readonly HashSet<string> Containers = new(StringComparer.Ordinal) { "Elsa.Workflow", "Elsa.Flowchart", "Elsa.Sequence" };

    public bool IsContainer => Containers.Contains(ActivityType);

    /// <summary>One line for people.</summary>
    public string Line
    {
        get
        {
            var mark = Status switch
            {
                "Completed" => "✓",
                "Faulted" => "✗",
                "Canceled" => "–",
                _ => "…",
            };
            var time = CompletedAt is { } end && StartedAt is { } start ? string.Create(CultureInfo.InvariantCulture, $"{(end - start).TotalMilliseconds:0.0} ms") : HasBookmarks ? "waits" : "";
            var error = Exception is null ? "" : "  " + Terminal.Plain(Exception.Message);
            return $"{mark} {Terminal.Plain(ActivityId),-18} {Terminal.Plain(ActivityType),-35} {time}{error}".TrimEnd();
        }
    }
}

/// <summary>Why a step failed.</summary>
internal sealed record StepError(string Type, string Message);

/// <summary>The steps of a run.</summary>
internal sealed record StepPage(IReadOnlyList<StepFacts> Items);
