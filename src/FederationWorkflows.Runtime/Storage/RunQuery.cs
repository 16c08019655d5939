using FederationWorkflows.Engine.Execution;

namespace FederationWorkflows.Runtime.Storage;

/// <summary>Some rows of many.</summary>
/// <param name="Items">The rows asked for.</param>
/// <param name="TotalCount">How many there are; null when the query did not ask for it.</param>
public sealed record Page<T>(IReadOnlyList<T> Items, long? TotalCount);

/// <summary>Which runs to list. A run must satisfy every filter that is given.</summary>
public sealed record RunQuery
{
    /// <summary>Of these definitions only; empty for all.</summary>
    public IReadOnlyList<string> DefinitionIds { get; init; } = [];

    /// <summary>Of these version numbers only; empty for all.</summary>
    public IReadOnlyList<int> Versions { get; init; } = [];

    /// <summary>Of this status only; null for both.</summary>
    public WorkflowStatus? Status { get; init; }

    /// <summary>With these statuses only; empty for all.</summary>
    public IReadOnlyList<WorkflowSubStatus> SubStatuses { get; init; } = [];

    /// <summary>With this correlation id only; null for all.</summary>
    public string? CorrelationId { get; init; }

    /// <summary>
    /// With this text in their name or id, or in the id of their definition, their version of it or what they are correlated with, whatever the case
    /// of its ASCII letters; null for all. The only filter without an index.
    /// </summary>
    public string? SearchText { get; init; }

    /// <summary>With (true) or without (false) incidents; null for both.</summary>
    public bool? HasIncidents { get; init; }

    /// <summary>At these times only.</summary>
    public IReadOnlyList<RunTimeFilter> Times { get; init; } = [];

    /// <summary>What they are ordered by; runs of one moment by id.</summary>
    public RunOrder OrderBy { get; init; } = RunOrder.Created;

    /// <summary>Oldest first; otherwise newest first.</summary>
    public bool Ascending { get; init; }

    /// <summary>Only what comes after this place in the order; null to begin. Its cost does not grow with the place, as that of <see cref="Skip"/> does.</summary>
    public RunCursor? After { get; init; }

    /// <summary>How many to leave out.</summary>
    public int Skip { get; init; }

    /// <summary>How many to return, 1 to 1000.</summary>
    public int Take { get; init; } = 100;

    /// <summary>Count all that satisfy the filters, which costs as much as looking at them all.</summary>
    public bool CountTotal { get; init; } = true;
}

/// <summary>A moment in the life of a run.</summary>
public enum RunTime
{
    /// <summary>It was created.</summary>
    Created,

    /// <summary>It last changed.</summary>
    Updated,

    /// <summary>It ended.</summary>
    Finished,
}

/// <summary>What a list of runs is ordered by.</summary>
public enum RunOrder
{
    /// <summary>When they were created.</summary>
    Created,

    /// <summary>When they last changed.</summary>
    Updated,
}

/// <summary>A span of time.</summary>
/// <param name="Time">Which moment lies in it. A run that has not come to that moment does not.</param>
/// <param name="From">From this time on, UTC; null for any before <paramref name="To"/>.</param>
/// <param name="To">Before this time, UTC; null for any from <paramref name="From"/> on.</param>
public sealed record RunTimeFilter(RunTime Time, DateTimeOffset? From, DateTimeOffset? To);

/// <summary>A place in a list of runs.</summary>
/// <param name="At">The time the list is ordered by, of the run at that place.</param>
/// <param name="Id">That run.</param>
public sealed record RunCursor(DateTimeOffset At, string Id)
{
    /// <summary>The place of a run, for <see cref="RunQuery.After"/>.</summary>
    public static RunCursor Of(RunSummary run, RunOrder orderBy = RunOrder.Created) => new(orderBy == RunOrder.Created ? run.Identity.CreatedAt : run.UpdatedAt, run.Identity.Id);
}

/// <summary>Which part of a journal to return (Elsa contract: journal filter).</summary>
public sealed record JournalQuery
{
    /// <summary>Of these activities only, by id; null for all.</summary>
    public IReadOnlyList<string>? ActivityIds { get; init; }

    /// <summary>Of these activities only, by node id; null for all.</summary>
    public IReadOnlyList<string>? ActivityNodeIds { get; init; }

    /// <summary>Not of these activity types.</summary>
    public IReadOnlyList<string> ExcludedActivityTypes { get; init; } = [];

    /// <summary>These events only; null for all.</summary>
    public IReadOnlyList<string>? EventNames { get; init; }

    /// <summary>How many to leave out.</summary>
    public int Skip { get; init; }

    /// <summary>How many to return.</summary>
    public int Take { get; init; } = 1000;

    /// <summary>Not every record is wanted.</summary>
    public bool HasFilters => ActivityIds is not null || ActivityNodeIds is not null || EventNames is not null || ExcludedActivityTypes.Count > 0;

    /// <summary>The page of a run's whole journal that this asks for.</summary>
    public Page<JournalRecord> PageOf(IEnumerable<JournalRecord> journal)
    {
        var items = new List<JournalRecord>();
        var count = 0L;
        foreach (var record in journal.Where(IsWanted))
        {
            if (count++ >= Skip && items.Count < Take)
            {
                items.Add(record);
            }
        }

        return new Page<JournalRecord>(items, count);
    }

    private bool IsWanted(JournalRecord record) =>
        ActivityIds?.Contains(record.ActivityId) is not false
        && ActivityNodeIds?.Contains(record.NodeId) is not false
        && EventNames?.Contains(record.EventName) is not false
        && !ExcludedActivityTypes.Contains(record.ActivityType);
}
