namespace FederationWorkflows.Runtime.Storage;

/// <content>What goes.</content>
internal sealed partial class MemoryWorkflowStore
{
    public ValueTask<int> PruneDeduplicationAsync(int batchSize, CancellationToken cancellationToken)
    {
        lock (gate)
        {
            var now = timeProvider.GetUtcNow();
            var over = deduplication.Where(held => held.Value.ExpiresAt <= now).OrderBy(held => held.Value.ExpiresAt).Take(batchSize).Select(held => held.Key).ToArray();
            foreach (var key in over)
            {
                deduplication.Remove(key);
            }

            return new(over.Length);
        }
    }

    public ValueTask<int> DeleteAsync(IReadOnlyList<string> runIds, CancellationToken cancellationToken)
    {
        lock (gate)
        {
            return new(runIds.Count(Delete));
        }
    }

    public ValueTask<int> PruneAsync(RetentionPolicy policy, int batchSize, CancellationToken cancellationToken)
    {
        lock (gate)
        {
            var ended = runs.Values.Select(run => run.Summary!)
                .Where(summary => summary.FinishedAt is not null && (policy.SubStatuses.Count == 0 || policy.SubStatuses.Contains(summary.SubStatus)))
                .OrderByDescending(summary => summary.FinishedAt)
                .ToArray();
            var tooOld = policy.MaxAge is { } age ? ended.Where(summary => summary.FinishedAt <= timeProvider.GetUtcNow() - age) : [];
            var tooMany = policy.MaxPerDefinition is { } kept ? ended.GroupBy(summary => summary.Identity.DefinitionId).SelectMany(group => group.Skip(kept)) : [];
            return new(tooOld.Concat(tooMany).OrderBy(summary => summary.FinishedAt).Select(summary => summary.Identity.Id).Distinct().Take(batchSize).ToArray().Count(Delete));
        }
    }

    private bool Delete(string id)
    {
        if (!runs.Remove(id, out var run))
        {
            return false;
        }

        foreach (var timer in run.Timers.Values)
        {
            timers.Remove((timer.DueAt, id, timer.Id));
        }

        foreach (var bookmark in bookmarksById.Values.Where(stored => stored.RunId == id).ToArray())
        {
            RemoveBookmark(bookmark.Bookmark.Id);
        }

        return true;
    }
}
