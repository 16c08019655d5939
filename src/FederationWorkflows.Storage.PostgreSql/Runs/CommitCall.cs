using FederationWorkflows.Engine.Execution;
using FederationWorkflows.Runtime.Storage;
using FederationWorkflows.Storage.PostgreSql.Database;

namespace FederationWorkflows.Storage.PostgreSql.Runs;

/// <summary>A commit as the call of the function that stores it. The function works on sets, so each id may come once: the last counts, and what is also removed was never there.</summary>
internal static class CommitCall
{
    private const int Parameters = 46;

    private static readonly string Values = string.Join(", ", Enumerable.Range(1, Parameters).Select(number => $"${number}"));

    private static readonly string Call = $"SELECT commit_run_1({Values})";

    /// <summary>Of a new run that another one started.</summary>
    private static readonly string ChildCall = $"SELECT commit_child_run_1(${Parameters + 1}, {Values})";

    public static Sql Of(PreparedCommit commit, DateTimeOffset now)
    {
        var transaction = commit.Transaction;
        var (run, lease) = (transaction.Summary, transaction.Lease);
        var identity = run.Identity;
        var parent = transaction.IsNew ? identity.ParentId : null;
        var sql = new Sql(parent is null ? Call : ChildCall)
            .Flag(transaction.IsNew)
            .Flag(transaction.ReleasesLease)
            .Text(identity.Id)
            .Text(identity.DefinitionId)
            .Text(identity.DefinitionVersionId)
            .Integer(identity.Version)
            .Text(identity.Revision)
            .Text(identity.CorrelationId)
            .Text(identity.StartedBy)
            .Time(identity.CreatedAt)
            .Text(run.Name)
            .Small((int)run.Status)
            .Small((int)run.SubStatus)
            .Integer(run.IncidentCount)
            .Time(run.UpdatedAt)
            .Time(run.FinishedAt)
            .Text(lease.Owner)
            .Number(lease.Token)
            .Time(lease.ExpiresAt);
        AddParts(sql, transaction.State);
        sql.Integer(transaction.Journal.Count).BytesOrNull(commit.History);

        var bookmarks = Last(transaction.NewBookmarks, bookmark => bookmark.Id, transaction.RemovedBookmarks);
        sql.TextsOrNull(All(bookmarks, bookmark => bookmark.Id))
            .TextsOrNull(All(bookmarks, bookmark => bookmark.Name))
            .TextsOrNull(All(bookmarks, bookmark => bookmark.Hash))
            .BytesListOrNull(All(bookmarks, StoredRecords.Write))
            .TextsOrNull(All(transaction.RemovedBookmarks, id => id));

        var timers = Last(transaction.NewTimers, timer => timer.Id, transaction.RemovedTimers);
        sql.TextsOrNull(All(timers, timer => timer.Id))
            .TimesOrNull(All(timers, timer => timer.DueAt))
            .BytesListOrNull(All(timers, StoredRecords.Write))
            .TextsOrNull(All(transaction.RemovedTimers, id => id));

        var work = Last(transaction.NewFollowUps, followUp => followUp.Id, transaction.RemovedFollowUps);
        sql.TextsOrNull(All(work, followUp => followUp.Id))
            .TextsOrNull(All(work, followUp => followUp.Kind))
            .BytesListOrNull(All(work, followUp => followUp.Payload.ToArray()))
            .TimesOrNull(All(work, followUp => followUp.CreatedAt))
            .TextsOrNull(All(transaction.RemovedFollowUps, id => id))
            .Text(transaction.Deduplication?.Scope)
            .Text(transaction.Deduplication?.KeyHash)
            .Time(transaction.Deduplication?.ExpiresAt)
            .Time(now)
            .Text(transaction.Schedule?.Id)
            .Time(transaction.Schedule?.ExpectedDueAt)
            .Time(transaction.Schedule?.NextDueAt)
            .TextsOrNull(All(transaction.Signals, PostgreSqlSignals.Write));
        return parent is null ? sql : sql.Text(parent);
    }

    /// <summary>The last of each part.</summary>
    public static IReadOnlyList<StatePart> LastParts(IReadOnlyList<StatePart> state) => Last(state, part => part.Key, []);

    private static void AddParts(Sql sql, IReadOnlyList<StatePart> state)
    {
        var parts = LastParts(state);
        StatePart[] stored = [.. parts.Where(part => part.Data is not null)];
        sql.TextsOrNull(All(stored, part => part.Key))
            .BytesListOrNull(All(stored, part => part.Data!))
            .TextsOrNull(All([.. parts.Where(part => part.Data is null)], part => part.Key));
    }

    /// <summary>The last of each id, without those that are removed.</summary>
    private static IReadOnlyList<T> Last<T>(IReadOnlyList<T> items, Func<T, string> id, IReadOnlyList<string> removed)
    {
        if (items.Count == 0 || (items.Count == 1 && removed.Count == 0))
        {
            return items;
        }

        var last = new Dictionary<string, T>(items.Count);
        foreach (var item in items)
        {
            last[id(item)] = item;
        }

        foreach (var gone in removed)
        {
            last.Remove(gone);
        }

        return [.. last.Values];
    }

    private static TResult[]? All<T, TResult>(IReadOnlyList<T> items, Func<T, TResult> select) => items.Count == 0 ? null : [.. items.Select(select)];
}
