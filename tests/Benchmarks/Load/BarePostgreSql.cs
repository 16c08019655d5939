using System.Threading.Channels;
using Npgsql;

namespace FederationWorkflows.Benchmarks.Load;

/// <summary>Two inserts a request; two connections, each sends what has come together as one transaction in one round trip, as the server does.</summary>
internal sealed class BarePostgreSql : IBareStore
{
    private const int MaxGroup = 64;

    private readonly Channel<(BareRow Row, TaskCompletionSource Stored)> waiting = Channel.CreateUnbounded<(BareRow, TaskCompletionSource)>();

    private readonly NpgsqlDataSource source;

    private readonly Task senders;

    private BarePostgreSql(NpgsqlDataSource source)
    {
        this.source = source;
        senders = Task.WhenAll(Task.Run(SendAsync), Task.Run(SendAsync));
    }

    public static async Task<BarePostgreSql> OpenAsync(string connection)
    {
        var source = NpgsqlDataSource.Create(new NpgsqlConnectionStringBuilder(connection) { MaxAutoPrepare = 100, AutoPrepareMinUsages = 2, NoResetOnClose = true });
        await using var create = source.CreateCommand(
            """
            DROP TABLE IF EXISTS runs, run_history;
            CREATE TABLE runs (key bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, id text COLLATE "C" NOT NULL UNIQUE, definition_id text NOT NULL, revision text NOT NULL,
              status smallint NOT NULL, created_at timestamptz NOT NULL, updated_at timestamptz NOT NULL, finished_at timestamptz NOT NULL);
            CREATE TABLE run_history (run bigint PRIMARY KEY, data bytea COMPRESSION lz4 NOT NULL);
            """);
        await create.ExecuteNonQueryAsync();
        return new BarePostgreSql(source);
    }

    public Task StoreAsync(BareRow row)
    {
        var stored = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        waiting.Writer.TryWrite((row, stored));
        return stored.Task;
    }

    public async ValueTask DisposeAsync()
    {
        waiting.Writer.Complete();
        await senders;
        await source.DisposeAsync();
    }

    private async Task SendAsync()
    {
        var group = new List<(BareRow Row, TaskCompletionSource Stored)>(MaxGroup);
        while (await waiting.Reader.WaitToReadAsync())
        {
            while (group.Count < MaxGroup && waiting.Reader.TryRead(out var item))
            {
                group.Add(item);
            }

            if (group.Count == 0)
            {
                continue;
            }

            await using var connection = await source.OpenConnectionAsync();
            await using var batch = new NpgsqlBatch(connection);
            foreach (var (row, _) in group)
            {
                batch.BatchCommands.Add(Command(
                    "INSERT INTO runs (id, definition_id, revision, status, created_at, updated_at, finished_at) VALUES ($1, $2, $3, 1, $4, $4, $4)", row.Id, BareRow.DefinitionId, BareRow.Revision, row.At));
                batch.BatchCommands.Add(Command("INSERT INTO run_history VALUES (currval('runs_key_seq'), $1)", row.Data));
            }

            await batch.ExecuteNonQueryAsync();
            foreach (var (_, stored) in group)
            {
                stored.SetResult();
            }

            group.Clear();
        }
    }

    private static NpgsqlBatchCommand Command(string sql, params ReadOnlySpan<object> values)
    {
        var command = new NpgsqlBatchCommand(sql);
        foreach (var value in values)
        {
            command.Parameters.Add(new NpgsqlParameter { Value = value });
        }

        return command;
    }
}
