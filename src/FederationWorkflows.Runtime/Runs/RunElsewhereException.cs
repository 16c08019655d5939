namespace FederationWorkflows.Runtime.Runs;

/// <summary>Another node drives the run and did not let go of it in time, most likely because an activity of it is in flight. Nothing was changed or stored.</summary>
public sealed class RunElsewhereException(string runId) : Exception($"Run {runId} is busy on another node. Try again in a few seconds.")
{
    /// <summary>The run.</summary>
    public string RunId { get; } = runId;
}

/// <summary>The run was let go of at a commit, because another node has something to tell it. It goes on there.</summary>
public sealed class RunHandedOverException(string runId) : Exception($"Run {runId} was handed over to another node.");
