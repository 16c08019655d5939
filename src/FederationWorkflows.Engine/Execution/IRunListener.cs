namespace FederationWorkflows.Engine.Execution;

/// <summary>
/// Follows the executions of one run while they happen, committed or not: for tracing and measuring. It is called on the run's own turn, so it
/// must be quick and must not fail.
/// </summary>
public interface IRunListener
{
    /// <summary>An activity's own code is called next, on this thread: what is ambient now is ambient for it.</summary>
    /// <param name="instanceNumber">Its execution, as in <see cref="JournalEntry.InstanceNumber"/>.</param>
    void OnEntering(long instanceNumber);

    /// <summary>Something happened to an execution.</summary>
    /// <param name="entry">The line of the journal. Its values are the run's own objects, and may be secrets.</param>
    /// <param name="startedAt">When the execution began, UTC; its last attempt, where there were several.</param>
    void OnJournaled(in JournalEntry entry, DateTimeOffset startedAt);
}
