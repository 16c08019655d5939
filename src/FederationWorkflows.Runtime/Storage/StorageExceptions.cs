namespace FederationWorkflows.Runtime.Storage;

/// <summary>Another node drives the run: what this one did since its last commit does not count.</summary>
public sealed class LeaseLostException(string runId) : Exception($"Another node drives run {runId} now; this one stops.");

/// <summary>A run of the id was started before.</summary>
public sealed class RunExistsException(string runId) : Exception($"There is a run '{runId}' already. Let the server choose the id, or choose another.")
{
    /// <summary>The id that is taken.</summary>
    public string RunId { get; } = runId;
}

/// <summary>A run was started before with the same deduplication key, whose window is not over.</summary>
public sealed class DuplicateRunException(string existingRunId) : Exception($"The same request has started run '{existingRunId}' already.")
{
    /// <summary>The run that holds the key. It may have been deleted since.</summary>
    public string ExistingRunId { get; } = existingRunId;
}

/// <summary>A schedule is not due at the time it was to be fired for: another node fired it, or its definition was published anew or retracted.</summary>
public sealed class ScheduleFiredException(string scheduleId) : Exception($"Schedule '{scheduleId}' was fired or replaced already; this start of it does not count.")
{
    /// <summary>The schedule.</summary>
    public string ScheduleId { get; } = scheduleId;
}

/// <summary>Definitions and runs cannot be read or stored. The message says why and what to do.</summary>
public sealed class StorageUnavailableException(string message, bool isTransient, Exception? innerException = null) : Exception(message, innerException)
{
    /// <summary>It may go away by itself: a database that restarts, a lock that is given back. Otherwise somebody must act.</summary>
    public bool IsTransient { get; } = isTransient;
}
