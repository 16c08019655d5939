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
    /// <exception cref="RunExistsException">The run is new and its id is taken; nothing was stored.</exception>
    /// <exception cref="DuplicateRunException">The run is new and its deduplication key is held by another; nothing was stored.</exception>
    /// <exception cref="ScheduleFiredException">The run is new and the schedule that starts it has moved on; nothing was stored.</exception>
    /// <exception cref="StorageUnavailableException">The storage does not work. Whether it was stored is unknown: load the run to find out.</exception>
    ValueTask CommitAsync(RunTransaction transaction, CancellationToken cancellationToken);

    /// <summary>
    /// Takes or renews the right to drive a run. Each time it changes hands, and when it was given back, its token grows; a commit with an
    /// older token is refused. Its owner keeps the token also when it renews late, as long as nobody else had the run meanwhile.
    /// </summary>
    /// <returns>The lease, or null when another owner's has not expired or there is no such run.</returns>
    ValueTask<Lease?> ClaimAsync(string runId, string owner, TimeSpan duration, CancellationToken cancellationToken);

    /// <summary>Gives the right back. A lease that is not current any more is ignored.</summary>
    ValueTask ReleaseAsync(string runId, Lease lease, CancellationToken cancellationToken);

    /// <summary>
    /// Runs that should execute (<see cref="WorkflowSubStatus.Pending"/> or <see cref="WorkflowSubStatus.Executing"/>) and that nobody may be
    /// driving: their lease was given back, or expired at or before <paramref name="now"/>. Those given back first, then by expiry.
    /// </summary>
    /// <param name="now">The time to compare with, UTC.</param>
    /// <param name="limit">How many at most, from 1.</param>
    /// <param name="cancellationToken">Ends the query.</param>
    /// <returns>Their ids.</returns>
    ValueTask<IReadOnlyList<string>> GetAbandonedAsync(DateTimeOffset now, int limit, CancellationToken cancellationToken);

    /// <summary>All state parts of a run, by key; null when there is no such run.</summary>
    ValueTask<IReadOnlyDictionary<string, byte[]>?> LoadAsync(string runId, CancellationToken cancellationToken);

    /// <summary>A run as a list shows it; null when there is no such run.</summary>
    ValueTask<RunSummary?> FindAsync(string runId, CancellationToken cancellationToken);

    /// <summary>Runs, newest first unless the query says otherwise.</summary>
    ValueTask<Page<RunSummary>> ListAsync(RunQuery query, CancellationToken cancellationToken);

    /// <summary>The run that holds a deduplication key, which may have been deleted since; null when none holds it or its window is over.</summary>
    /// <param name="scope">See <see cref="Deduplication.Scope"/>.</param>
    /// <param name="keyHash">See <see cref="Deduplication.KeyHash"/>.</param>
    /// <param name="cancellationToken">Ends the query.</param>
    ValueTask<string?> FindDuplicateAsync(string scope, string keyHash, CancellationToken cancellationToken);

    /// <summary>Forgets deduplication keys whose window is over, oldest first.</summary>
    /// <param name="batchSize">How many at most, from 1. Call again while as many were forgotten.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    /// <returns>How many were forgotten.</returns>
    ValueTask<int> PruneDeduplicationAsync(int batchSize, CancellationToken cancellationToken);

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

    /// <summary>
    /// Deletes runs with everything that is theirs, whether they have ended or not; a node that drives one loses its lease. Deduplication keys
    /// they hold stay until their window is over. Ids that do not exist are ignored.
    /// </summary>
    /// <returns>How many were deleted.</returns>
    ValueTask<int> DeleteAsync(IReadOnlyList<string> runIds, CancellationToken cancellationToken);

    /// <summary>Deletes runs that have ended and that a policy does not keep, oldest first. Runs that go on are never touched.</summary>
    /// <param name="policy">What to keep.</param>
    /// <param name="batchSize">How many runs at most, from 1. Call again while any were deleted.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    /// <returns>How many were deleted.</returns>
    ValueTask<int> PruneAsync(RetentionPolicy policy, int batchSize, CancellationToken cancellationToken);
}

/// <summary>The right to drive a run.</summary>
/// <param name="Owner">The node that has it.</param>
/// <param name="Token">Grows each time the run changes hands.</param>
/// <param name="ExpiresAt">When others may take it, UTC.</param>
public sealed record Lease(string Owner, long Token, DateTimeOffset ExpiresAt);

/// <summary>Which runs that have ended are kept. A run goes when either limit says so.</summary>
public sealed record RetentionPolicy
{
    /// <summary>How long after their end they are kept; null for ever.</summary>
    public TimeSpan? MaxAge { get; init; }

    /// <summary>How many of each definition are kept, those that ended last; null for all.</summary>
    public int? MaxPerDefinition { get; init; }

    /// <summary>The policy is about runs that ended so, and counts only them; empty for all.</summary>
    public IReadOnlyList<WorkflowSubStatus> SubStatuses { get; init; } = [];
}
