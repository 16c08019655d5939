using FederationWorkflows.Engine.Execution;

namespace FederationWorkflows.Runtime.Storage;

/// <summary>Keeps everything in memory: nothing survives the process. Finished runs beyond a bound are let go, oldest first.</summary>
internal sealed class MemoryWorkflowStore(TimeProvider timeProvider) : IRunStore, IDefinitionStore
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

    private readonly Dictionary<string, StoredDefinition> definitions = [];

    public string Mode => "memory";

    public ValueTask CommitAsync(RunTransaction transaction, CancellationToken cancellationToken)
    {
        lock (gate)
        {
            var id = transaction.Summary.Identity.Id;
            if (!runs.TryGetValue(id, out var run))
            {
                if (!transaction.IsNew)
                {
                    throw new LeaseLostException(id);
                }

                runs.Add(id, run = new StoredRun { Lease = transaction.Lease });
            }
            else if (transaction.IsNew || run.Lease is null || run.Lease.Token != transaction.Lease.Token || run.Lease.Owner != transaction.Lease.Owner)
            {
                throw new LeaseLostException(id);
            }

            Apply(run, transaction, id);
        }

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

    public ValueTask<Page<RunSummary>> ListAsync(RunQuery query, CancellationToken cancellationToken)
    {
        lock (gate)
        {
            var matches = runs.Values.Select(run => run.Summary!)
                .Where(summary => (query.DefinitionIds.Count == 0 || query.DefinitionIds.Contains(summary.Identity.DefinitionId))
                    && (query.SubStatuses.Count == 0 || query.SubStatuses.Contains(summary.SubStatus)))
                .OrderByDescending(summary => summary.Identity.CreatedAt)
                .ThenByDescending(summary => summary.Identity.Id, StringComparer.Ordinal)
                .ToList();
            return new(new Page<RunSummary>([.. matches.Skip(query.Skip).Take(query.Take)], matches.Count));
        }
    }

    public ValueTask<Page<JournalRecord>> GetJournalAsync(string runId, JournalQuery query, CancellationToken cancellationToken)
    {
        lock (gate)
        {
            var matches = (runs.TryGetValue(runId, out var run) ? run.Journal : [])
                .Where(record => query.ActivityIds?.Contains(record.ActivityId) is not false
                    && query.ActivityNodeIds?.Contains(record.NodeId) is not false
                    && query.EventNames?.Contains(record.EventName) is not false
                    && !query.ExcludedActivityTypes.Contains(record.ActivityType))
                .ToList();
            return new(new Page<JournalRecord>([.. matches.Skip(query.Skip).Take(query.Take)], matches.Count));
        }
    }

    public ValueTask<IReadOnlyList<ActivityExecutionRecord>> GetExecutionsAsync(string runId, string? activityNodeId, CancellationToken cancellationToken)
    {
        lock (gate)
        {
            return new(runs.TryGetValue(runId, out var run)
                ? [.. run.Executions.Values.Where(record => activityNodeId is null || record.ActivityNodeId == activityNodeId).OrderBy(record => record.Sequence)]
                : []);
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

    public ValueTask SaveAsync(StoredDefinition definition, CancellationToken cancellationToken)
    {
        lock (gate)
        {
            foreach (var other in definitions.Values.Where(other => other.DefinitionId == definition.DefinitionId && other.Id != definition.Id).ToArray())
            {
                definitions[other.Id] = other with { IsLatest = other.IsLatest && !definition.IsLatest, IsPublished = other.IsPublished && !definition.IsPublished };
            }

            definitions[definition.Id] = definition;
        }

        return ValueTask.CompletedTask;
    }

    public ValueTask<StoredDefinition?> FindLatestAsync(string definitionId, CancellationToken cancellationToken) =>
        Find(definition => definition.DefinitionId == definitionId && definition.IsLatest);

    public ValueTask<StoredDefinition?> FindPublishedAsync(string definitionId, CancellationToken cancellationToken) =>
        Find(definition => definition.DefinitionId == definitionId && definition.IsPublished);

    public ValueTask<StoredDefinition?> FindByRevisionAsync(string definitionId, string revision, CancellationToken cancellationToken) =>
        Find(definition => definition.DefinitionId == definitionId && definition.Revision == revision);

    public ValueTask<IReadOnlyList<StoredDefinition>> GetPublishedAsync(CancellationToken cancellationToken)
    {
        lock (gate)
        {
            return new([.. definitions.Values.Where(definition => definition.IsPublished)]);
        }
    }

    private ValueTask<StoredDefinition?> Find(Func<StoredDefinition, bool> predicate)
    {
        lock (gate)
        {
            return new(definitions.Values.FirstOrDefault(predicate));
        }
    }

    private void Apply(StoredRun run, RunTransaction transaction, string id)
    {
        var wasFinished = run.Summary?.Status == WorkflowStatus.Finished;
        run.Summary = transaction.Summary;
        run.LastToken = Math.Max(run.LastToken, transaction.Lease.Token);
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

        if (run.Summary.Status == WorkflowStatus.Finished && !wasFinished)
        {
            var bytes = run.Parts.Values.Sum(part => (long)part.Length);
            finished.Enqueue((id, bytes));
            finishedBytes += bytes;
            while (finished.Count > MaxFinishedRuns || (finishedBytes > MaxFinishedBytes && finished.Count > 1))
            {
                var oldest = finished.Dequeue();
                finishedBytes -= oldest.Bytes;
                runs.Remove(oldest.Id);
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
