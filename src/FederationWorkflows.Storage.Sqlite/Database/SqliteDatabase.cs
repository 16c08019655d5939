using System.Collections.Concurrent;
using FederationWorkflows.Runtime.Storage;
using Microsoft.Extensions.Logging;

namespace FederationWorkflows.Storage.Sqlite.Database;

/// <summary>
/// The database file: created, checked and migrated when it is first used, written by one thread and read by several connections.
/// </summary>
internal sealed partial class SqliteDatabase(SqliteStorageOptions options, TimeProvider timeProvider, ILogger<SqliteDatabase> logger) : IAsyncDisposable
{
    /// <summary>
    /// WAL lets readers and the writer work side by side. FULL syncs the log with every commit, so that what was acknowledged survives a
    /// power cut; NORMAL would only survive the process. On macOS a sync reaches the disk only with fullfsync. Others: SQLite's page
    /// "PRAGMA Statements".
    /// </summary>
    internal static readonly string[] Pragmas =
    [
        "journal_mode = WAL",
        "synchronous = FULL",
        "fullfsync = ON",
        "checkpoint_fullfsync = ON",
        "busy_timeout = 5000",
        "temp_store = MEMORY",
        "cache_size = -32768",
        "wal_autocheckpoint = 4000",
        "journal_size_limit = 67108864",
    ];

    private readonly Lock opening = new();

    private readonly SemaphoreSlim readers = new(Math.Max(4, Environment.ProcessorCount));

    private readonly ConcurrentBag<Session> idle = [];

    private readonly string path = Path.GetFullPath(options.Path);

    private GroupWriter? writer;

    private Session? writing;

    private bool isDisposed;

    /// <summary>Does work in a transaction, and completes once it is on disk.</summary>
    /// <exception cref="StorageUnavailableException">The file cannot be opened or written.</exception>
    public ValueTask<T> WriteAsync<T>(Func<Session, T> work, CancellationToken cancellationToken) => Open().WriteAsync(work, cancellationToken);

    /// <inheritdoc cref="WriteAsync{T}"/>
    public async ValueTask WriteAsync(Action<Session> work, CancellationToken cancellationToken) => await WriteAsync(
        session =>
        {
            work(session);
            return true;
        },
        cancellationToken);

    /// <summary>Reads what is committed.</summary>
    /// <exception cref="StorageUnavailableException">The file cannot be opened or read.</exception>
    public async ValueTask<T> ReadAsync<T>(Func<Session, T> query, CancellationToken cancellationToken)
    {
        Open();
        await readers.WaitAsync(cancellationToken);
        try
        {
            var session = idle.TryTake(out var free) ? free : new Session(path, "query_only = ON", "busy_timeout = 5000", "temp_store = MEMORY", "cache_size = -8192");
            try
            {
                return query(session);
            }
            finally
            {
                idle.Add(session);
            }
        }
        catch (Exception e) when (Failures.Translate(e, path) is StorageUnavailableException unavailable && !ReferenceEquals(e, unavailable))
        {
            throw unavailable;
        }
        finally
        {
            readers.Release();
        }
    }

    /// <summary>Opens the file now, so that what is wrong with it is known at the start.</summary>
    public GroupWriter Open()
    {
        if (Volatile.Read(ref writer) is { } open)
        {
            return open;
        }

        lock (opening)
        {
            ObjectDisposedException.ThrowIf(isDisposed, this);
            if (writer is null)
            {
                try
                {
                    writing = Prepare();
                    Volatile.Write(ref writer, new GroupWriter(writing, path));
                }
                catch (Exception e) when (Failures.Translate(e, path) is StorageUnavailableException unavailable && !ReferenceEquals(e, unavailable))
                {
                    throw unavailable;
                }
            }

            return writer;
        }
    }

    public async ValueTask DisposeAsync()
    {
        lock (opening)
        {
            isDisposed = true;
        }

        if (writer is not null)
        {
            await writer.StopAsync();
        }

        while (idle.TryTake(out var session))
        {
            session.Dispose();
        }

        writing?.Dispose();
        readers.Dispose();
    }

    private Session Prepare()
    {
        var library = SqliteLibrary.Use();
        try
        {
            CreatePrivately();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new StorageUnavailableException($"{path} cannot be created: {e.Message} Check that the server's user may write there.", isTransient: false, e);
        }

        var session = new Session(path, Pragmas);
        try
        {
            SchemaMigration.Apply(session, path, timeProvider);
        }
        catch
        {
            session.Dispose();
            throw;
        }

        LogOpened(path, library);
        return session;
    }

    /// <summary>SQLite gives its log the mode of the database: nobody else reads either.</summary>
    private void CreatePrivately()
    {
        if (File.Exists(path))
        {
            return;
        }

        var directory = Path.GetDirectoryName(path)!;
        if (OperatingSystem.IsWindows())
        {
            Directory.CreateDirectory(directory);
            new FileStream(path, FileMode.OpenOrCreate).Dispose();
            return;
        }

        Directory.CreateDirectory(directory, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        new FileStream(path, new FileStreamOptions { Mode = FileMode.OpenOrCreate, Access = FileAccess.Write, UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite }).Dispose();
    }

    [LoggerMessage(LogLevel.Information, "Definitions and runs are kept in {Path}, by {Library}")]
    private partial void LogOpened(string path, string library);
}
