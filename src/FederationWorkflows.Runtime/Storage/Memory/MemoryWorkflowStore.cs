using FederationWorkflows.Engine.Execution;
using Microsoft.Extensions.Logging.Abstractions;

namespace FederationWorkflows.Runtime.Storage;

/// <summary>Keeps everything in memory: nothing survives the process. Finished runs beyond a bound are let go, oldest first.</summary>
internal sealed partial class MemoryWorkflowStore(TimeProvider timeProvider, InProcessSignals signals) : IRunStore, IDefinitionStore, IFollowUpStore, IScheduleStore, INodeStore
{
    private const int MaxFinishedRuns = 2_000;

    /// <summary>What finished runs may take together, by the size of their saved parts.</summary>
    private const long MaxFinishedBytes = 128 * 1024 * 1024;

    private readonly Lock gate = new();

    private readonly Dictionary<string, StoredRun> runs = [];

    private readonly Queue<(string Id, long Bytes)> finished = new();

    private long finishedBytes;

    private readonly Dictionary<(string Name, string Hash), HashSet<StoredBookmark>> bookmarks = [];

    private readonly Dictionary<string, StoredBookmark> bookmarksById = [];

    private readonly SortedDictionary<(DateTimeOffset DueAt, string RunId, string Id), StoredTimer> timers = [];

    private readonly Dictionary<(string Scope, string KeyHash), (string RunId, DateTimeOffset ExpiresAt)> deduplication = [];

    public MemoryWorkflowStore(TimeProvider timeProvider)
        : this(timeProvider, new InProcessSignals(NullLogger<InProcessSignals>.Instance))
    {
    }

    public string Mode => "memory";

    public InProcessSignals Signals => signals;

    public ValueTask CommitAsync(RunTransaction transaction, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        lock (gate)
        {
            var id = transaction.Summary.Identity.Id;
            if (transaction.IsNew)
            {
                CheckNew(transaction, id);
                runs.Add(id, new StoredRun { Lease = transaction.Lease });
            }
            else if (!runs.TryGetValue(id, out var stored) || stored.Lease is null || stored.Lease.Token != transaction.Lease.Token || stored.Lease.Owner != transaction.Lease.Owner)
            {
                throw new LeaseLostException(id);
            }

            Apply(runs[id], transaction, id);
        }

        Tell(transaction);
        return ValueTask.CompletedTask;
    }

    public ValueTask<Lease?> ClaimAsync(string runId, string owner, TimeSpan duration, CancellationToken cancellationToken)
    {
        lock (gate)
        {
            if (!runs.TryGetValue(runId, out var run))
            {
                return new((Lease?)null);
            }

            var now = timeProvider.GetUtcNow();
            if (run.Lease is { } current && current.Owner != owner && current.ExpiresAt > now)
            {
                return new((Lease?)null);
            }

            var token = run.Lease is { } held && held.Owner == owner ? held.Token : ++run.LastToken;
            return new(run.Lease = new Lease(owner, token, now + duration));
        }
    }

    public ValueTask ReleaseAsync(string runId, Lease lease, CancellationToken cancellationToken)
    {
        lock (gate)
        {
            if (runs.TryGetValue(runId, out var run) && run.Lease?.Token == lease.Token && run.Lease.Owner == lease.Owner)
            {
                run.Lease = null;
            }
        }

        return ValueTask.CompletedTask;
    }

    public ValueTask<IReadOnlyDictionary<string, byte[]>?> LoadAsync(string runId, CancellationToken cancellationToken)
    {
        lock (gate)
        {
            return new(runs.TryGetValue(runId, out var run) ? new Dictionary<string, byte[]>(run.Parts) : null);
        }
    }

    public ValueTask<RunSummary?> FindAsync(string runId, CancellationToken cancellationToken)
    {
        lock (gate)
        {
            return new(runs.TryGetValue(runId, out var run) ? run.Summary : null);
        }
    }

    public ValueTask<IReadOnlyList<StoredBookmark>> FindBookmarksAsync(string name, string? hash, CancellationToken cancellationToken)
    {
        lock (gate)
        {
            return new(hash is null
                ? [.. bookmarksById.Values.Where(stored => stored.Bookmark.Name == name)]
                : bookmarks.TryGetValue((name, hash), out var found) ? [.. found] : []);
        }
    }

    public ValueTask<IReadOnlyList<StoredTimer>> GetDueTimersAsync(DateTimeOffset until, int limit, CancellationToken cancellationToken)
    {
        lock (gate)
        {
            return new([.. timers.Values.TakeWhile(stored => stored.Timer.DueAt <= until).Take(limit)]);
        }
    }

    public ValueTask<DateTimeOffset?> GetNextTimerAsync(DateTimeOffset after, CancellationToken cancellationToken)
    {
        lock (gate)
        {
            return new(timers.Keys.Where(key => key.DueAt > after).Select(key => (DateTimeOffset?)key.DueAt).FirstOrDefault());
        }
    }

    public ValueTask<IReadOnlyList<string>> GetAbandonedAsync(DateTimeOffset now, int limit, CancellationToken cancellationToken)
    {
        lock (gate)
        {
            return new([.. runs.Where(run => run.Value.Summary!.SubStatus is WorkflowSubStatus.Pending or WorkflowSubStatus.Executing)
                .Select(run => (run.Key, FreeSince: run.Value.Lease?.ExpiresAt ?? DateTimeOffset.MinValue))
                .Where(run => run.FreeSince <= now)
                .OrderBy(run => run.FreeSince)
                .ThenBy(run => run.Key, StringComparer.Ordinal)
                .Take(limit)
                .Select(run => run.Key)]);
        }
    }

    public ValueTask<string?> FindDuplicateAsync(string scope, string keyHash, CancellationToken cancellationToken)
    {
        lock (gate)
        {
            return new(Holder(scope, keyHash));
        }
    }

    private void CheckNew(RunTransaction transaction, string id)
    {
        if (runs.ContainsKey(id))
        {
            throw new RunExistsException(id);
        }

        if (transaction.Deduplication is { } key && Holder(key.Scope, key.KeyHash) is { } existing)
        {
            throw new DuplicateRunException(existing);
        }

        if (transaction.Schedule is { } firing && !Advance(firing))
        {
            throw new ScheduleFiredException(firing.Id);
        }

        if (transaction.Deduplication is { } held)
        {
            deduplication[(held.Scope, held.KeyHash)] = (id, held.ExpiresAt);
        }
    }

    private string? Holder(string scope, string keyHash) =>
        deduplication.TryGetValue((scope, keyHash), out var held) && held.ExpiresAt > timeProvider.GetUtcNow() ? held.RunId : null;

    private void Tell(RunTransaction transaction)
    {
        foreach (var signal in transaction.Signals)
        {
            signals.Tell(signal);
        }
    }

    private void Apply(StoredRun run, RunTransaction transaction, string id)
    {
        var wasFinished = run.Summary?.Status == WorkflowStatus.Finished;
        run.Summary = transaction.Summary;
        run.LastToken = Math.Max(run.LastToken, transaction.Lease.Token);
        run.Lease = transaction.ReleasesLease ? null : run.Lease;
        foreach (var part in transaction.State)
        {
            if (part.Data is null)
            {
                run.Parts.Remove(part.Key);
            }
            else
            {
                run.Parts[part.Key] = part.Data;
            }
        }

        run.Journal.AddRange(transaction.Journal);
        foreach (var execution in transaction.Executions)
        {
            run.Executions[execution.Id] = run.Executions.TryGetValue(execution.Id, out var before)
                ? execution with { StartedAt = execution.StartedAt ?? before.StartedAt, Sequence = before.Sequence }
                : execution;
        }

        foreach (var bookmark in transaction.NewBookmarks)
        {
            RemoveBookmark(bookmark.Id);
            var stored = bookmarksById[bookmark.Id] = new StoredBookmark(id, bookmark);
            if (!bookmarks.TryGetValue((bookmark.Name, bookmark.Hash), out var same))
            {
                bookmarks.Add((bookmark.Name, bookmark.Hash), same = []);
            }

            same.Add(stored);
        }

        foreach (var removed in transaction.RemovedBookmarks)
        {
            RemoveBookmark(removed);
        }

        foreach (var timer in transaction.NewTimers)
        {
            RemoveTimer(run, id, timer.Id);
            run.Timers.Add(timer.Id, timer);
            timers.Add((timer.DueAt, id, timer.Id), new StoredTimer(id, timer));
        }

        foreach (var removed in transaction.RemovedTimers)
        {
            RemoveTimer(run, id, removed);
        }

        foreach (var followUp in transaction.NewFollowUps)
        {
            followUps[followUp.Id] = followUp;
        }

        foreach (var removed in transaction.RemovedFollowUps)
        {
            followUps.Remove(removed);
        }

        if (run.Summary.Status == WorkflowStatus.Finished && !wasFinished)
        {
            var bytes = run.Parts.Values.Sum(part => (long)part.Length);
            finished.Enqueue((id, bytes));
            finishedBytes += bytes;
            while (finished.Count > MaxFinishedRuns || (finishedBytes > MaxFinishedBytes && finished.Count > 1))
            {
                var oldest = finished.Dequeue();
                finishedBytes -= oldest.Bytes;
                Delete(oldest.Id);
            }
        }
    }

    private void RemoveBookmark(string bookmarkId)
    {
        if (bookmarksById.Remove(bookmarkId, out var stored) && bookmarks.TryGetValue((stored.Bookmark.Name, stored.Bookmark.Hash), out var same) && same.Remove(stored) && same.Count == 0)
        {
            bookmarks.Remove((stored.Bookmark.Name, stored.Bookmark.Hash));
        }
    }

    private void RemoveTimer(StoredRun run, string runId, string timerId)
    {
        if (run.Timers.Remove(timerId, out var timer))
        {
            timers.Remove((timer.DueAt, runId, timerId));
        }
    }

    private sealed class StoredRun
    {
        public RunSummary? Summary { get; set; }

        public Lease? Lease { get; set; }

        public long LastToken { get; set; }

        public Dictionary<string, byte[]> Parts { get; } = [];

        public List<JournalRecord> Journal { get; } = [];

        public Dictionary<string, ActivityExecutionRecord> Executions { get; } = [];

        public Dictionary<string, RunTimer> Timers { get; } = [];
    }
}
