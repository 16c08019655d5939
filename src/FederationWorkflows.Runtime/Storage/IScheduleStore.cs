namespace FederationWorkflows.Runtime.Storage;

/// <summary>
/// Keeps when published definitions are to be started. Firing moves a schedule on by compare-and-set, in the new run's own transaction
/// (<see cref="RunTransaction.Schedule"/>): however many nodes try, one run is started for each time it is due.
/// </summary>
public interface IScheduleStore
{
    /// <summary>
    /// Makes these the schedules of a definition, in one transaction: when it is published, retracted (none) and, on every node, at start.
    /// One that is stored with the same id and revision stays as it is, so that arming again neither fires twice nor forgets what was missed.
    /// </summary>
    ValueTask ReplaceSchedulesAsync(string definitionId, IReadOnlyList<ScheduleRecord> schedules, CancellationToken cancellationToken);

    /// <summary>The schedules of a definition, those that are done included, by id.</summary>
    ValueTask<IReadOnlyList<ScheduleRecord>> GetSchedulesAsync(string definitionId, CancellationToken cancellationToken);

    /// <summary>Schedules due at or before a time, earliest first.</summary>
    ValueTask<IReadOnlyList<ScheduleRecord>> GetDueSchedulesAsync(DateTimeOffset until, int limit, CancellationToken cancellationToken);

    /// <summary>When the earliest schedule that is due after a time is due; null when there is none.</summary>
    ValueTask<DateTimeOffset?> GetNextScheduleAsync(DateTimeOffset after, CancellationToken cancellationToken);

    /// <summary>Moves a schedule on without starting a run: it was missed and its policy is to skip.</summary>
    /// <returns>False when it is not due at the expected time any more, and nothing was changed.</returns>
    ValueTask<bool> AdvanceScheduleAsync(ScheduleFiring firing, CancellationToken cancellationToken);
}

/// <summary>A time at which a published definition is to be started.</summary>
/// <param name="Id">Unique among all definitions.</param>
/// <param name="DefinitionId">The definition.</param>
/// <param name="Revision">The content of the version it belongs to.</param>
/// <param name="ActivityId">The trigger activity.</param>
/// <param name="DueAt">When it is next due, UTC; null when it is done. Kept to the microsecond.</param>
/// <param name="Payload">What the trigger needs to compute the time after that.</param>
public sealed record ScheduleRecord(string Id, string DefinitionId, string Revision, string ActivityId, DateTimeOffset? DueAt, ReadOnlyMemory<byte> Payload);

/// <summary>Moves a schedule on.</summary>
/// <param name="Id">The schedule.</param>
/// <param name="ExpectedDueAt">The time it is fired for, as it was read.</param>
/// <param name="NextDueAt">When it is due after that, UTC; null when it is done.</param>
public sealed record ScheduleFiring(string Id, DateTimeOffset ExpectedDueAt, DateTimeOffset? NextDueAt);
