using System.Threading.Channels;
using FederationWorkflows.Storage.Sqlite.Database;

namespace FederationWorkflows.Benchmarks.Load;

/// <summary>Two inserts a request; what waits while a transaction is put on disk goes into the next one. The library and its settings are the server's.</summary>
internal sealed class BareSqlite : IBareStore
{
    private const int MaxGroup = 512;

    private readonly Channel<(BareRow Row, TaskCompletionSource Stored)> waiting = Channel.CreateUnbounded<(BareRow, TaskCompletionSource)>(new() { SingleReader = true });

    private readonly Session session;

    private readonly Thread writer;

    public BareSqlite(string file)
    {
        SqliteLibrary.Use();
        File.Create(file).Dispose();
        session = new Session(file, SqliteDatabase.Pragmas);
        session.ExecuteScript(
            """
            CREATE TABLE runs (key INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, definition_id TEXT NOT NULL, revision TEXT NOT NULL, status INTEGER NOT NULL,
              created_at INTEGER NOT NULL, updated_at INTEGER NOT NULL, finished_at INTEGER NOT NULL);
            CREATE TABLE run_history (run INTEGER PRIMARY KEY, data BLOB NOT NULL);
            """);
        writer = new Thread(Write) { IsBackground = true };
        writer.Start();
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
        await Task.Run(writer.Join);
        session.Dispose();
    }

    private void Write()
    {
        var group = new List<(BareRow Row, TaskCompletionSource Stored)>(MaxGroup);
        while (waiting.Reader.WaitToReadAsync().AsTask().GetAwaiter().GetResult())
        {
            while (group.Count < MaxGroup && waiting.Reader.TryRead(out var item))
            {
                group.Add(item);
            }

            session.Execute("BEGIN IMMEDIATE");
            foreach (var (row, _) in group)
            {
                session.Execute("INSERT INTO runs VALUES (NULL, ?, ?, ?, 1, ?, ?, ?)", row.Id, BareRow.DefinitionId, BareRow.Revision, row.At, row.At, row.At);
                session.Execute("INSERT INTO run_history VALUES (last_insert_rowid(), ?)", row.Data);
            }

            session.Execute("COMMIT");
            foreach (var (_, stored) in group)
            {
                stored.SetResult();
            }

            group.Clear();
        }
    }
}
