using FederationWorkflows.Engine.Execution;
using FederationWorkflows.Runtime.Storage;

namespace FederationWorkflows.Runtime.Runs;

/// <summary>Learns of what runs have committed. It is called on the run's own turn, so it must be quick and must not fail.</summary>
public interface IRunObserver
{
    /// <summary>A run has committed.</summary>
    void OnCommitted(RunTransaction transaction);

    /// <summary>The kind of signal by which the other nodes are told that a run waits at a bookmark of this name; null for none. Its key is the bookmark's hash, and empty where they are many.</summary>
    string? SignalOf(string bookmarkName) => null;
}

/// <summary>Carries out effects of activities once they are committed.</summary>
public interface IEffectHandler
{
    /// <summary>Carries out an effect it knows, and ignores others.</summary>
    ValueTask HandleAsync(string runId, object effect, CancellationToken cancellationToken);
}

/// <summary>How a run stands when its driver lets go of it.</summary>
/// <param name="Summary">The run as a list shows it.</param>
/// <param name="Output">The values of the workflow's outputs.</param>
/// <param name="Outcomes">The outcomes it completed with.</param>
/// <param name="Incidents">What failed.</param>
public sealed record RunResult(RunSummary Summary, IReadOnlyDictionary<string, object?> Output, Engine.Outcomes Outcomes, IReadOnlyList<Incident> Incidents);
