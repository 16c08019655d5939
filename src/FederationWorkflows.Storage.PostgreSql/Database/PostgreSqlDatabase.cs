using FederationWorkflows.Runtime.Storage;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace FederationWorkflows.Storage.PostgreSql.Database;

/// <summary>The database: migrated and listened to when it is first used.</summary>
internal sealed partial class PostgreSqlDatabase(NpgsqlDataSource source, PostgreSqlStorageOptions options, PostgreSqlSignals signals, ILogger<PostgreSqlDatabase> logger) : IDisposable
{
    private readonly SemaphoreSlim opening = new(1, 1);

    private volatile bool isOpen;

    /// <summary>What people are told about where the database is.</summary>
    public string Place => options.Place;

    /// <summary>Migrates and begins to listen, once.</summary>
    /// <exception cref="StorageUnavailableException">The database does not answer or cannot be used.</exception>
    public async ValueTask OpenAsync(CancellationToken cancellationToken)
    {
        if (isOpen)
        {
            return;
        }

        await opening.WaitAsync(cancellationToken);
        try
        {
            if (isOpen)
            {
                return;
            }

            await SchemaMigration.ApplyAsync(source, options.Schema, Place, cancellationToken);
            await signals.StartAsync(cancellationToken);
            isOpen = true;
            LogOpened(Place, options.Schema);
        }
        catch (Exception e) when (Failures.Translate(e, Place) is StorageUnavailableException unavailable && !ReferenceEquals(e, unavailable))
        {
            throw unavailable;
        }
        finally
        {
            opening.Release();
        }
    }

    /// <summary>A connection, for who translates failures himself.</summary>
    public ValueTask<NpgsqlConnection> ConnectAsync(CancellationToken cancellationToken) => source.OpenConnectionAsync(cancellationToken);

    /// <summary>Uses a connection.</summary>
    /// <exception cref="StorageUnavailableException">The database does not answer or cannot be used.</exception>
    public async ValueTask<T> UseAsync<T>(Func<NpgsqlConnection, Task<T>> work, CancellationToken cancellationToken)
    {
        await OpenAsync(cancellationToken);
        try
        {
            for (var attempt = 1; ; attempt++)
            {
                await using var connection = await source.OpenConnectionAsync(cancellationToken);
                try
                {
                    return await work(connection);
                }
                catch (PostgresException e) when (Failures.IsConflict(e) && attempt < 5)
                {
                    LogConflict(attempt, e.MessageText);
                }
            }
        }
        catch (Exception e) when (Failures.Translate(e, Place) is StorageUnavailableException unavailable && !ReferenceEquals(e, unavailable))
        {
            throw unavailable;
        }
    }

    /// <summary>Executes a statement, in a transaction of its own.</summary>
    /// <returns>How many rows it changed.</returns>
    public ValueTask<int> ExecuteAsync(Sql sql, CancellationToken cancellationToken) => UseAsync(
        async connection =>
        {
            await using var command = sql.On(connection);
            return await command.ExecuteNonQueryAsync(cancellationToken);
        },
        cancellationToken);

    /// <summary>Executes statements in one transaction and one round trip.</summary>
    /// <returns>How many rows each changed or returned.</returns>
    public ValueTask<int[]> TransactAsync(IReadOnlyList<Sql> statements, CancellationToken cancellationToken) => UseAsync(
        async connection =>
        {
            // A batch is one transaction (PostgreSQL's chapter "Message Flow", "Pipelining").
            await using var batch = new NpgsqlBatch(connection);
            foreach (var statement in statements)
            {
                batch.BatchCommands.Add(statement.InBatch());
            }

            await batch.ExecuteNonQueryAsync(cancellationToken);
            return Enumerable.Range(0, statements.Count).Select(i => (int)batch.BatchCommands[i].Rows).ToArray();
        },
        cancellationToken);

    /// <summary>Reads the rows of a query.</summary>
    public ValueTask<List<T>> QueryAsync<T>(Sql sql, Func<NpgsqlDataReader, T> read, CancellationToken cancellationToken) => UseAsync(
        async connection =>
        {
            await using var command = sql.On(connection);
            await using var rows = await command.ExecuteReaderAsync(cancellationToken);
            var items = new List<T>();
            while (await rows.ReadAsync(cancellationToken))
            {
                items.Add(read(rows));
            }

            return items;
        },
        cancellationToken);

    public void Dispose() => opening.Dispose();

    [LoggerMessage(LogLevel.Information, "Definitions and runs are kept in the database {Place}, schema {Schema}")]
    private partial void LogOpened(string place, string schema);

    [LoggerMessage(LogLevel.Information, "A transaction is repeated after attempt {Attempt}, since another was in its way: {Reason}")]
    private partial void LogConflict(int attempt, string reason);
}
