using FederationWorkflows.Runtime.Storage;
using FederationWorkflows.Runtime.Telemetry;
using Microsoft.Data.Sqlite;
using SQLitePCL;

namespace FederationWorkflows.Storage.Sqlite.Database;

/// <summary>Says in the product's words what SQLite says in its own (its page "Result and Error Codes").</summary>
internal static class Failures
{
    public static Exception Translate(Exception error, string path)
    {
        if (error is not SqliteException failure)
        {
            return error;
        }

        var (message, isTransient) = failure.SqliteErrorCode switch
        {
            raw.SQLITE_FULL => ($"The disk of {path} is full. Free some space, or lower the retention; the server goes on by itself then.", false),
            raw.SQLITE_BUSY or raw.SQLITE_LOCKED => ($"Another process holds {path} locked. End it, or wait until it is done.", true),
            raw.SQLITE_CORRUPT or raw.SQLITE_NOTADB => (
                $"{path} is not an intact SQLite database. Stop the server and restore the file from a backup; keep the broken one, with its -wal file, for sqlite3's .recover.",
                false),
            raw.SQLITE_CANTOPEN => ($"{path} cannot be opened. Check that its directory exists and belongs to the server's user.", false),
            raw.SQLITE_READONLY or raw.SQLITE_PERM => (
                $"{path} cannot be written. Check that file and directory belong to the server's user and that the disk is not mounted read-only.",
                false),
            raw.SQLITE_IOERR => ($"The disk of {path} reports an error (SQLite code {failure.SqliteExtendedErrorCode}). Check the system's log and the disk.", false),
            raw.SQLITE_NOMEM => ($"There is no memory left to work on {path}.", true),
            _ => (null, false),
        };
        if (message is null)
        {
            return error;
        }

        StorageMeter.Failed("sqlite", isTransient);
        return new StorageUnavailableException(message, isTransient, failure);
    }

    /// <summary>SQLite may have ended the whole transaction, or will not be able to end it: there is nothing to go on with.</summary>
    public static bool EndsTransaction(Exception error) =>
        error is SqliteException { SqliteErrorCode: raw.SQLITE_FULL or raw.SQLITE_IOERR or raw.SQLITE_NOMEM or raw.SQLITE_BUSY or raw.SQLITE_INTERRUPT or raw.SQLITE_CORRUPT or raw.SQLITE_READONLY };
}
