using FederationWorkflows.Engine.Execution;
using FederationWorkflows.Runtime.Storage;

namespace FederationWorkflows.Runtime.Tests.Support;

/// <summary>A store that a test can look into, hold up and make fail.</summary>
internal sealed class ProbedStore(MemoryWorkflowStore inner) : IRunStore
{
    private readonly Lock gate = new();

    private readonly List<RunTransaction> commits = [];

    private int dueQueries;

    public Func<RunTransaction, Task>? BeforeCommit { get; set; }

    /// <summary>What happens once it is stored and before its sender learns of that.</summary>
    public Func<RunTransaction, Task>? AfterCommit { get; set; }

    public Func<string, Task>? BeforeLoad { get; set; }

    public Func<Task>? BeforeClaim { get; set; }

    public Func<Task>? BeforeRelease { get; set; }

    public string Mode => inner.Mode;

    public int DueQueries => Volatile.Read(ref dueQueries);

    public IReadOnlyList<RunTransaction> Commits
    {
        get
        {
            lock (gate)
            {
                return [.. commits];
            }
        }
    }

    public async ValueTask CommitAsync(RunTransaction transaction, CancellationToken cancellationToken)
    {
        await (BeforeCommit?.Invoke(transaction) ?? Task.CompletedTask);
        await inner.CommitAsync(transaction, cancellationToken);
        lock (gate)
        {
            commits.Add(transaction);
        }

        await (AfterCommit?.Invoke(transaction) ?? Task.CompletedTask);
    }

    public async ValueTask<Lease?> ClaimAsync(string runId, string owner, TimeSpan duration, CancellationToken cancellationToken)
    {
        await (BeforeClaim?.Invoke() ?? Task.CompletedTask);
        return await inner.ClaimAsync(runId, owner, duration, cancellationToken);
    }

    public async ValueTask ReleaseAsync(string runId, Lease lease, CancellationToken cancellationToken)
    {
        await (BeforeRelease?.Invoke() ?? Task.CompletedTask);
        await inner.ReleaseAsync(runId, lease, cancellationToken);
    }

    public async ValueTask<IReadOnlyDictionary<string, byte[]>?> LoadAsync(string runId, CancellationToken cancellationToken)
    {
        await (BeforeLoad?.Invoke(runId) ?? Task.CompletedTask);
        return await inner.LoadAsync(runId, cancellationToken);
    }

    public ValueTask<RunSummary?> FindAsync(string runId, CancellationToken cancellationToken) => inner.FindAsync(runId, cancellationToken);

    public ValueTask<Page<RunSummary>> ListAsync(RunQuery query, CancellationToken cancellationToken) => inner.ListAsync(query, cancellationToken);

    public ValueTask<IReadOnlyList<string>> GetAbandonedAsync(DateTimeOffset now, int limit, CancellationToken cancellationToken) => inner.GetAbandonedAsync(now, limit, cancellationToken);

    public ValueTask<string?> FindDuplicateAsync(string scope, string keyHash, CancellationToken cancellationToken) => inner.FindDuplicateAsync(scope, keyHash, cancellationToken);

    public ValueTask<int> PruneDeduplicationAsync(int batchSize, CancellationToken cancellationToken) => inner.PruneDeduplicationAsync(batchSize, cancellationToken);

    public ValueTask<int> DeleteAsync(IReadOnlyList<string> runIds, CancellationToken cancellationToken) => inner.DeleteAsync(runIds, cancellationToken);

    public ValueTask<int> PruneAsync(RetentionPolicy policy, int batchSize, CancellationToken cancellationToken) => inner.PruneAsync(policy, batchSize, cancellationToken);

    public ValueTask<Page<JournalRecord>> GetJournalAsync(string runId, JournalQuery query, CancellationToken cancellationToken) => inner.GetJournalAsync(runId, query, cancellationToken);

    public ValueTask<IReadOnlyList<ActivityExecutionRecord>> GetExecutionsAsync(string runId, string? activityNodeId, CancellationToken cancellationToken) =>
        inner.GetExecutionsAsync(runId, activityNodeId, cancellationToken);

    public ValueTask<IReadOnlyList<StoredBookmark>> FindBookmarksAsync(string name, string? hash, CancellationToken cancellationToken) => inner.FindBookmarksAsync(name, hash, cancellationToken);

    public ValueTask<IReadOnlyList<StoredTimer>> GetDueTimersAsync(DateTimeOffset until, int limit, CancellationToken cancellationToken)
    {
        Interlocked.Increment(ref dueQueries);
        return inner.GetDueTimersAsync(until, limit, cancellationToken);
    }

    public ValueTask<DateTimeOffset?> GetNextTimerAsync(DateTimeOffset after, CancellationToken cancellationToken) => inner.GetNextTimerAsync(after, cancellationToken);
}
