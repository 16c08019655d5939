using FederationWorkflows.Runtime.Storage;
using FederationWorkflows.Storage.Sqlite.Database;

namespace FederationWorkflows.Storage.Sqlite.Runs;

/// <summary>Keeps runs in the database file.</summary>
internal sealed partial class SqliteRunStore(SqliteDatabase database, TimeProvider timeProvider, InProcessSignals signals) : IRunStore
{
    public string Mode => "sqlite";

    public async ValueTask CommitAsync(RunTransaction transaction, CancellationToken cancellationToken)
    {
        // On the caller's thread, since the writer is everybody's.
        var history = StoredRecords.WriteHistory(transaction);
        await database.WriteAsync(session => Commit(session, transaction, history), cancellationToken);
        foreach (var signal in transaction.Signals)
        {
            signals.Tell(signal);
        }
    }

    public ValueTask<Lease?> ClaimAsync(string runId, string owner, TimeSpan duration, CancellationToken cancellationToken) => database.WriteAsync(
        session =>
        {
            var now = timeProvider.GetUtcNow();
            using var claimed = session.Query(RunStatements.Claim, owner, now + duration, runId, now);
            return claimed.Step() ? new Lease(owner, claimed.Integer(0), now + duration) : null;
        },
        cancellationToken);

    public ValueTask ReleaseAsync(string runId, Lease lease, CancellationToken cancellationToken) =>
        database.WriteAsync(session => session.Execute(RunStatements.Release, runId, lease.Owner, lease.Token), cancellationToken);

    public ValueTask<IReadOnlyList<string>> GetAbandonedAsync(DateTimeOffset now, int limit, CancellationToken cancellationToken) => database.ReadAsync<IReadOnlyList<string>>(
        session =>
        {
            var ids = new List<string>();
            using var rows = session.Query(RunStatements.Abandoned, now, limit);
            while (rows.Step())
            {
                ids.Add(rows.Text(0));
            }

            return ids;
        },
        cancellationToken);

    public ValueTask<IReadOnlyDictionary<string, byte[]>?> LoadAsync(string runId, CancellationToken cancellationToken) => database.ReadAsync<IReadOnlyDictionary<string, byte[]>?>(
        session =>
        {
            using var rows = session.Query(RunStatements.Parts, runId);
            if (!rows.Step())
            {
                return null;
            }

            var parts = new Dictionary<string, byte[]>();
            do
            {
                // A run without parts has one row without a part.
                if (!rows.IsNull(0))
                {
                    parts.Add(rows.Text(0), rows.Bytes(1));
                }
            }
            while (rows.Step());
            return parts;
        },
        cancellationToken);

    public ValueTask<string?> FindDuplicateAsync(string scope, string keyHash, CancellationToken cancellationToken) =>
        database.ReadAsync(session => Holder(session, scope, keyHash), cancellationToken);

    public ValueTask<IReadOnlyList<StoredBookmark>> FindBookmarksAsync(string name, string? hash, CancellationToken cancellationToken) => database.ReadAsync<IReadOnlyList<StoredBookmark>>(
        session =>
        {
            var bookmarks = new List<StoredBookmark>();
            using var rows = hash is null ? session.Query(RunStatements.BookmarksOfKind, name) : session.Query(RunStatements.BookmarksOfStimulus, name, hash);
            while (rows.Step())
            {
                bookmarks.Add(new StoredBookmark(rows.Text(0), StoredRecords.ReadBookmark(rows.Bytes(1))));
            }

            return bookmarks;
        },
        cancellationToken);

    public ValueTask<IReadOnlyList<StoredTimer>> GetDueTimersAsync(DateTimeOffset until, int limit, CancellationToken cancellationToken) => database.ReadAsync<IReadOnlyList<StoredTimer>>(
        session =>
        {
            var timers = new List<StoredTimer>();
            using var rows = session.Query(RunStatements.DueTimers, until, limit);
            while (rows.Step())
            {
                timers.Add(new StoredTimer(rows.Text(0), StoredRecords.ReadTimer(rows.Bytes(1))));
            }

            return timers;
        },
        cancellationToken);

    public ValueTask<DateTimeOffset?> GetNextTimerAsync(DateTimeOffset after, CancellationToken cancellationToken) => database.ReadAsync(
        session =>
        {
            using var row = session.Query(RunStatements.NextTimer, after);
            row.Step();
            return row.TimeOrNull(0);
        },
        cancellationToken);

    private bool Commit(Session session, RunTransaction transaction, byte[]? history)
    {
        var (key, number) = transaction.IsNew ? Insert(session, transaction) : Update(session, transaction);
        foreach (var part in transaction.State)
        {
            if (part.Data is null)
            {
                session.Execute(RunStatements.RemovePart, key, part.Key);
            }
            else
            {
                session.Execute(RunStatements.PutPart, key, part.Key, part.Data);
            }
        }

        if (history is not null)
        {
            session.Execute(RunStatements.AddHistory, FirstHistory(key) + number, transaction.Journal.Count, history);
        }

        StoreWaits(session, transaction, key);
        return true;
    }

    private (long Key, long Number) Insert(Session session, RunTransaction transaction)
    {
        var (run, lease) = (transaction.Summary, transaction.Lease);
        var identity = run.Identity;
        long key;
        using (var inserted = session.Query(
            RunStatements.Insert,
            identity.Id,
            identity.DefinitionId,
            identity.DefinitionVersionId,
            identity.Version,
            identity.Revision,
            identity.CorrelationId,
            identity.StartedBy,
            identity.CreatedAt,
            run.Name,
            (long)run.Status,
            (long)run.SubStatus,
            run.IncidentCount,
            run.UpdatedAt,
            run.FinishedAt,
            transaction.ReleasesLease ? null : lease.Owner,
            lease.Token,
            transaction.ReleasesLease ? 0 : lease.ExpiresAt,
            identity.ParentId))
        {
            if (!inserted.Step())
            {
                throw new RunExistsException(identity.Id);
            }

            key = inserted.Integer(0);
        }

        if (transaction.Deduplication is { } deduplication)
        {
            using var held = session.Query(RunStatements.HoldKey, deduplication.Scope, deduplication.KeyHash, identity.Id, deduplication.ExpiresAt, timeProvider.GetUtcNow());
            if (!held.Step())
            {
                throw new DuplicateRunException(Holder(session, deduplication.Scope, deduplication.KeyHash)!);
            }
        }

        if (transaction.Schedule is { } firing && session.Change(RunStatements.Advance, firing.NextDueAt, firing.Id, firing.ExpectedDueAt) == 0)
        {
            throw new ScheduleFiredException(firing.Id);
        }

        return (key, 1);
    }

    private static (long Key, long Number) Update(Session session, RunTransaction transaction)
    {
        var (run, lease) = (transaction.Summary, transaction.Lease);
        using var updated = session.Query(
            transaction.ReleasesLease ? RunStatements.UpdateAndRelease : RunStatements.Update,
            run.Name,
            (long)run.Status,
            (long)run.SubStatus,
            run.IncidentCount,
            run.UpdatedAt,
            run.FinishedAt,
            run.Identity.CorrelationId,
            run.Identity.Id,
            lease.Owner,
            lease.Token);
        return updated.Step() ? (updated.Integer(0), updated.Integer(1)) : throw new LeaseLostException(run.Identity.Id);
    }

    private static void StoreWaits(Session session, RunTransaction transaction, long key)
    {
        foreach (var bookmark in transaction.NewBookmarks)
        {
            session.Execute(RunStatements.PutBookmark, bookmark.Id, key, bookmark.Name, bookmark.Hash, StoredRecords.Write(bookmark));
        }

        foreach (var removed in transaction.RemovedBookmarks)
        {
            session.Execute(RunStatements.RemoveBookmark, removed);
        }

        foreach (var timer in transaction.NewTimers)
        {
            session.Execute(RunStatements.PutTimer, key, timer.Id, timer.DueAt, StoredRecords.Write(timer));
        }

        foreach (var removed in transaction.RemovedTimers)
        {
            session.Execute(RunStatements.RemoveTimer, key, removed);
        }

        foreach (var followUp in transaction.NewFollowUps)
        {
            session.Execute(RunStatements.PutFollowUp, followUp.Id, followUp.Kind, followUp.Payload, followUp.CreatedAt);
        }

        foreach (var removed in transaction.RemovedFollowUps)
        {
            session.Execute(RunStatements.RemoveFollowUp, removed);
        }
    }

    private string? Holder(Session session, string scope, string keyHash)
    {
        using var holder = session.Query(RunStatements.KeyHolder, scope, keyHash, timeProvider.GetUtcNow());
        return holder.Step() ? holder.Text(0) : null;
    }
}
