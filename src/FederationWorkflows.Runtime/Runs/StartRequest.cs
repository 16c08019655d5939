using FederationWorkflows.Runtime.Storage;

namespace FederationWorkflows.Runtime.Runs;

/// <summary>What to start.</summary>
public sealed record StartRequest(string DefinitionId)
{
    /// <summary>The id the run is to have, from <see cref="WorkflowRuntime.NewRunId"/>; a new one when null.</summary>
    public string? RunId { get; init; }

    /// <summary>The version to start, by its id, published or not; the published one when null.</summary>
    public string? VersionId { get; init; }

    /// <summary>Values of the workflow's inputs, by name.</summary>
    public IReadOnlyDictionary<string, object?> Input { get; init; } = new Dictionary<string, object?>();

    /// <summary>What ties the run to something outside.</summary>
    public string? CorrelationId { get; init; }

    /// <summary>The trigger that starts it; null to start it by hand.</summary>
    public string? TriggerActivityId { get; init; }

    /// <summary>What the trigger received.</summary>
    public object? TriggerPayload { get; init; }

    /// <summary>
    /// What the trigger heard starts it, whoever sent that. Otherwise the caller starts it by hand, and must be allowed to use what the story uses
    /// (<see cref="Definitions.IStoryAccess"/>), by whatever trigger he says.
    /// </summary>
    public bool IsTriggered { get; init; }

    /// <summary>Keeps the same request from starting a second run of the same trigger: <see cref="DuplicateRunException"/> names the first. Null for none.</summary>
    public string? DeduplicationKey { get; init; }

    /// <summary>How long the key is remembered.</summary>
    public TimeSpan DeduplicationWindow { get; init; } = TimeSpan.FromDays(1);
}

/// <summary>A run that was started.</summary>
/// <param name="RunId">Its id.</param>
/// <param name="Rest">Completes when it first waits for something outside, or ends.</param>
public sealed record RunHandle(string RunId, Task<RunResult> Rest);

/// <summary>No version of a definition is published.</summary>
public sealed class UnknownDefinitionException(string definitionId) : Exception($"There is no published story '{definitionId}'. Publish it first, or check the id.")
{
    /// <summary>The definition that was asked for.</summary>
    public string DefinitionId { get; } = definitionId;
}
