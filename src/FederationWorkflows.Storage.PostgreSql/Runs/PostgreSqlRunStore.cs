using FederationWorkflows.Engine.Execution;
using FederationWorkflows.Runtime.Storage;
using FederationWorkflows.Storage.PostgreSql.Database;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace FederationWorkflows.Storage.PostgreSql.Runs;

/// <summary>Keeps runs in the database.</summary>
internal sealed partial class PostgreSqlRunStore(PostgreSqlDatabase database, TimeProvider timeProvider, ILogger<PostgreSqlRunStore> logger) : IRunStore, IAsyncDisposable
{
    private const string Refused = "duplicate ";

    private readonly StatementGroups<PreparedCommit> commits = new(database, senders: 2, group => PreparedCommit.Compose(group, timeProvider.GetUtcNow()), logger);

    /// <summary>Not with the commits: nobody waits for the disk for the sake of a lease.</summary>
    private readonly StatementGroups<Sql> leases = new(database, senders: 1, GroupedStatement.Each, logger);

    public string Mode => "postgresql";

    public async ValueTask CommitAsync(RunTransaction transaction, CancellationToken cancellationToken)
    {
        var answer = (string?)await commits.ExecuteAsync(PreparedCommit.Of(transaction), cancellationToken);
        switch (answer)
        {
            case "stored":
                return;
            case "lost":
                throw new LeaseLostException(transaction.Summary.Identity.Id);
            case "exists":
                throw new RunExistsException(transaction.Summary.Identity.Id);
            case "fired":
                throw new ScheduleFiredException(transaction.Schedule!.Id);
            default:
                throw new DuplicateRunException(answer![Refused.Length..]);
        }
    }

    public async ValueTask<Lease?> ClaimAsync(string runId, string owner, TimeSpan duration, CancellationToken cancellationToken)
    {
        var now = timeProvider.GetUtcNow();
        var token = await leases.ExecuteAsync(new Sql("SELECT claim_run_1($1, $2, $3, $4)").Text(runId).Text(owner).Time(now + duration).Time(now), cancellationToken);
        return token is null ? null : new Lease(owner, (long)token, now + duration);
    }

    public async ValueTask ReleaseAsync(string runId, Lease lease, CancellationToken cancellationToken) =>
        await leases.ExecuteAsync(new Sql("SELECT release_run_1($1, $2, $3)").Text(runId).Text(lease.Owner).Number(lease.Token), cancellationToken);

    public async ValueTask<IReadOnlyList<string>> GetAbandonedAsync(DateTimeOffset now, int limit, CancellationToken cancellationToken) => await database.QueryAsync(
        new Sql("SELECT id FROM runs WHERE sub_status IN (0, 1) AND lease_expires_at <= $1 ORDER BY lease_expires_at, id LIMIT $2").Time(now).Integer(limit),
        row => row.GetString(0),
        cancellationToken);

    public async ValueTask<IReadOnlyDictionary<string, byte[]>?> LoadAsync(string runId, CancellationToken cancellationToken)
    {
        var parts = await database.QueryAsync(
            new Sql("SELECT p.key, p.data FROM runs r LEFT JOIN run_parts p ON p.run = r.key WHERE r.id = $1").Text(runId),
            row => row.IsDBNull(0) ? default : new StatePart(row.GetString(0), row.GetFieldValue<byte[]>(1)),
            cancellationToken);

        // A run without parts has one row without a part.
        return parts.Count == 0 ? null : parts.Where(part => part.Key is not null).ToDictionary(part => part.Key, part => part.Data!);
    }

    public ValueTask<string?> FindDuplicateAsync(string scope, string keyHash, CancellationToken cancellationToken) => FirstAsync(
        new Sql("SELECT run_id FROM deduplication WHERE scope = $1 AND key_hash = $2 AND expires_at > $3").Text(scope).Text(keyHash).Time(timeProvider.GetUtcNow()),
        row => row.GetString(0),
        cancellationToken);

    public async ValueTask<IReadOnlyList<StoredBookmark>> FindBookmarksAsync(string name, string? hash, CancellationToken cancellationToken)
    {
        const string Select = "SELECT r.id, b.data FROM bookmarks b JOIN runs r ON r.key = b.run WHERE b.name = $1";
        return await database.QueryAsync(
            hash is null ? new Sql(Select).Text(name) : new Sql(Select + " AND b.hash = $2").Text(name).Text(hash),
            row => new StoredBookmark(row.GetString(0), StoredRecords.ReadBookmark(row.GetFieldValue<byte[]>(1))),
            cancellationToken);
    }

    public async ValueTask<IReadOnlyList<StoredTimer>> GetDueTimersAsync(DateTimeOffset until, int limit, CancellationToken cancellationToken) => await database.QueryAsync(
        new Sql("SELECT r.id, t.data FROM timers t JOIN runs r ON r.key = t.run WHERE t.due_at <= $1 ORDER BY t.due_at, t.run, t.id LIMIT $2").Time(until).Integer(limit),
        row => new StoredTimer(row.GetString(0), StoredRecords.ReadTimer(row.GetFieldValue<byte[]>(1))),
        cancellationToken);

    public ValueTask<DateTimeOffset?> GetNextTimerAsync(DateTimeOffset after, CancellationToken cancellationToken) =>
        FirstAsync(new Sql("SELECT min(due_at) FROM timers WHERE due_at > $1").Time(after), row => row.TimeOrNull(0), cancellationToken);

    public async ValueTask DisposeAsync()
    {
        await commits.DisposeAsync();
        await leases.DisposeAsync();
    }

    private async ValueTask<T?> FirstAsync<T>(Sql sql, Func<NpgsqlDataReader, T> read, CancellationToken cancellationToken)
    {
        var rows = await database.QueryAsync(sql, read, cancellationToken);
        return rows.Count == 0 ? default : rows[0];
    }
}
