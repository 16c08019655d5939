using FederationWorkflows.Engine.Execution;

namespace FederationWorkflows.Runtime.Storage;

/// <summary>
/// Keeps runs. Every implementation passes the same conformance suite. No method's cost may grow with the number of other runs
/// or with the length of a run's history, except the queries that page through them.
/// </summary>
public interface IRunStore
{
    /// <summary>What people are told about where runs are kept, e.g. <c>memory</c>.</summary>
    string Mode { get; }

    /// <summary>Stores everything that changed in one transaction.</summary>
    /// <exception cref="LeaseLostException">The lease is not the run's current one: another node drives the run, and nothing was stored.</exception>
    ValueTask CommitAsync(RunTransaction transaction, CancellationToken cancellationToken);

    /// <summary>
    /// Takes or renews the right to drive a run. Each time it changes hands, and when it was given back, its token grows; a commit with an
    /// older token is refused. Its owner keeps the token also when it renews late, as long as nobody else had the run meanwhile.
    /// </summary>
    /// <returns>The lease, or null when another owner's has not expired or there is no such run.</returns>
    ValueTask<Lease?> ClaimAsync(string runId, string owner, TimeSpan duration, CancellationToken cancellationToken);

    /// <summary>Gives the right back. A lease that is not current any more is ignored.</summary>
    ValueTask ReleaseAsync(string runId, Lease lease, CancellationToken cancellationToken);

    /// <summary>All state parts of a run, by key; null when there is no such run.</summary>
    ValueTask<IReadOnlyDictionary<string, byte[]>?> LoadAsync(string runId, CancellationToken cancellationToken);

    /// <summary>A run as a list shows it; null when there is no such run.</summary>
    ValueTask<RunSummary?> FindAsync(string runId, CancellationToken cancellationToken);

    /// <summary>Runs, newest first.</summary>
    ValueTask<Page<RunSummary>> ListAsync(RunQuery query, CancellationToken cancellationToken);

    /// <summary>A run's journal, in order.</summary>
    ValueTask<Page<JournalRecord>> GetJournalAsync(string runId, JournalQuery query, CancellationToken cancellationToken);

    /// <summary>A run's activity executions, oldest first.</summary>
    /// <param name="runId">The run.</param>
    /// <param name="activityNodeId">Of this activity only; null for all.</param>
    /// <param name="cancellationToken">Ends the query.</param>
    ValueTask<IReadOnlyList<ActivityExecutionRecord>> GetExecutionsAsync(string runId, string? activityNodeId, CancellationToken cancellationToken);

    /// <summary>Bookmarks that a stimulus resumes.</summary>
    /// <param name="name">The kind of bookmark.</param>
    /// <param name="hash">The stimulus's hash, see <see cref="Bookmark.HashOf"/>; null for all of the kind.</param>
    /// <param name="cancellationToken">Ends the query.</param>
    ValueTask<IReadOnlyList<StoredBookmark>> FindBookmarksAsync(string name, string? hash, CancellationToken cancellationToken);

    /// <summary>Timers due at or before a time, earliest first.</summary>
    ValueTask<IReadOnlyList<StoredTimer>> GetDueTimersAsync(DateTimeOffset until, int limit, CancellationToken cancellationToken);

    /// <summary>When the earliest timer is due; null when there is none.</summary>
    ValueTask<DateTimeOffset?> GetNextTimerAsync(CancellationToken cancellationToken) => GetNextTimerAsync(DateTimeOffset.MinValue, cancellationToken);

    /// <summary>When the earliest timer that is due after a time is due; null when there is none.</summary>
    ValueTask<DateTimeOffset?> GetNextTimerAsync(DateTimeOffset after, CancellationToken cancellationToken);
}

/// <summary>The right to drive a run.</summary>
/// <param name="Owner">The node that has it.</param>
/// <param name="Token">Grows each time the run changes hands.</param>
/// <param name="ExpiresAt">When others may take it, UTC.</param>
public sealed record Lease(string Owner, long Token, DateTimeOffset ExpiresAt);

/// <summary>Another node drives the run: what this one did since its last commit does not count.</summary>
public sealed class LeaseLostException(string runId) : Exception($"Another node drives run {runId} now; this one stops.");

/// <summary>What one commit stores, all or nothing.</summary>
public sealed record RunTransaction
{
    /// <summary>The run as a list shows it.</summary>
    public required RunSummary Summary { get; init; }

    /// <summary>The right to drive it. With the first commit of a run the store grants it.</summary>
    public required Lease Lease { get; init; }

    /// <summary>The run is new.</summary>
    public bool IsNew { get; init; }

    /// <summary>State parts that changed; null data removes one.</summary>
    public required IReadOnlyList<StatePart> State { get; init; }

    /// <summary>New journal records.</summary>
    public required IReadOnlyList<JournalRecord> Journal { get; init; }

    /// <summary>Activity executions that began or changed; a record replaces the one of the same id, but keeps its place, and its start when it has none.</summary>
    public required IReadOnlyList<ActivityExecutionRecord> Executions { get; init; }

    /// <summary>New bookmarks; those that are also removed came and went. One of an id that is stored takes its place.</summary>
    public required IReadOnlyList<Bookmark> NewBookmarks { get; init; }

    /// <summary>Ids of removed bookmarks.</summary>
    public required IReadOnlyList<string> RemovedBookmarks { get; init; }

    /// <summary>New timers; those that are also removed came and went. One of an id that is stored takes its place.</summary>
    public required IReadOnlyList<RunTimer> NewTimers { get; init; }

    /// <summary>Ids of removed timers, unique within the run.</summary>
    public required IReadOnlyList<string> RemovedTimers { get; init; }
}

/// <summary>A bookmark and the run that waits at it.</summary>
public sealed record StoredBookmark(string RunId, Bookmark Bookmark);

/// <summary>A timer and its run.</summary>
public sealed record StoredTimer(string RunId, RunTimer Timer);

/// <summary>Some rows of many.</summary>
/// <param name="Items">The rows asked for.</param>
/// <param name="TotalCount">How many there are.</param>
public sealed record Page<T>(IReadOnlyList<T> Items, long TotalCount);

/// <summary>Which runs to list.</summary>
public sealed record RunQuery
{
    /// <summary>Of these definitions only; empty for all.</summary>
    public IReadOnlyList<string> DefinitionIds { get; init; } = [];

    /// <summary>With these statuses only; empty for all.</summary>
    public IReadOnlyList<WorkflowSubStatus> SubStatuses { get; init; } = [];

    /// <summary>How many to leave out.</summary>
    public int Skip { get; init; }

    /// <summary>How many to return, 1 to 1000.</summary>
    public int Take { get; init; } = 100;
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
}
