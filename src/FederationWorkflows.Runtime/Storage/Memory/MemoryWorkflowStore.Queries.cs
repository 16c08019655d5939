using FederationWorkflows.Engine.Execution;

namespace FederationWorkflows.Runtime.Storage;

/// <content>Lists and histories.</content>
internal sealed partial class MemoryWorkflowStore
{
    public ValueTask<Page<RunSummary>> ListAsync(RunQuery query, CancellationToken cancellationToken)
    {
        lock (gate)
        {
            var matches = runs.Values.Select(run => run.Summary!).Where(summary => IsWanted(summary, query)).ToList();
            var order = Comparer<RunSummary>.Create((one, other) =>
            {
                var (a, b) = (RunCursor.Of(one, query.OrderBy), RunCursor.Of(other, query.OrderBy));
                var byTime = a.At.CompareTo(b.At);
                return byTime != 0 ? byTime : string.CompareOrdinal(a.Id, b.Id);
            });
            matches.Sort(query.Ascending ? order : Comparer<RunSummary>.Create((one, other) => order.Compare(other, one)));
            var rest = query.After is { } after ? matches.Where(summary => IsAfter(RunCursor.Of(summary, query.OrderBy), after, query.Ascending)) : matches;
            return new(new Page<RunSummary>([.. rest.Skip(query.Skip).Take(query.Take)], query.CountTotal ? matches.Count : null));
        }
    }

    public ValueTask<Page<JournalRecord>> GetJournalAsync(string runId, JournalQuery query, CancellationToken cancellationToken)
    {
        lock (gate)
        {
            return new(query.PageOf(runs.TryGetValue(runId, out var run) ? run.Journal : []));
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

    private static bool IsWanted(RunSummary run, RunQuery query) =>
        (query.DefinitionIds.Count == 0 || query.DefinitionIds.Contains(run.Identity.DefinitionId))
        && (query.Versions.Count == 0 || query.Versions.Contains(run.Identity.Version))
        && (query.Status is null || query.Status == run.Status)
        && (query.SubStatuses.Count == 0 || query.SubStatuses.Contains(run.SubStatus))
        && (query.CorrelationId is null || query.CorrelationId == run.Identity.CorrelationId)
        && (query.HasIncidents is null || query.HasIncidents == run.IncidentCount > 0)
        && (query.SearchText is not { } text || NamesOf(run).Any(name => name?.Contains(text, StringComparison.OrdinalIgnoreCase) is true))
        && query.Times.All(filter => TimeOf(run, filter.Time) is { } time && (filter.From is null || time >= filter.From) && (filter.To is null || time < filter.To));

    private static string?[] NamesOf(RunSummary run) => [run.Identity.Id, run.Name, run.Identity.DefinitionId, run.Identity.DefinitionVersionId, run.Identity.CorrelationId];

    private static DateTimeOffset? TimeOf(RunSummary run, RunTime time) => time switch
    {
        RunTime.Created => run.Identity.CreatedAt,
        RunTime.Updated => run.UpdatedAt,
        _ => run.FinishedAt,
    };

    private static bool IsAfter(RunCursor place, RunCursor after, bool ascending)
    {
        var byTime = place.At.CompareTo(after.At);
        var order = byTime != 0 ? byTime : string.CompareOrdinal(place.Id, after.Id);
        return ascending ? order > 0 : order < 0;
    }
}
