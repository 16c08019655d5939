using Microsoft.Data.Sqlite;
using SQLitePCL;

namespace FederationWorkflows.Storage.Sqlite.Database;

/// <summary>
/// A prepared statement and, once stepped, its current row. The provider's own commands look parameters up by name and make a reader each
/// time; a commit of a run executes a dozen statements, so these are bound by number and kept.
/// </summary>
internal sealed class Statement(sqlite3 database, sqlite3_stmt statement, bool isKept) : IDisposable
{
    /// <summary>Binds the parameters in order.</summary>
    public void Bind(ReadOnlySpan<SqlValue> values)
    {
        for (var i = 0; i < values.Length; i++)
        {
            Check(values[i].Bind(statement, i + 1));
        }
    }

    /// <summary>Goes to the next row.</summary>
    /// <returns>False when there is none.</returns>
    public bool Step()
    {
        var result = raw.sqlite3_step(statement);
        if (result is raw.SQLITE_ROW or raw.SQLITE_DONE)
        {
            return result == raw.SQLITE_ROW;
        }

        Check(result);
        return false;
    }

    public long Integer(int column) => raw.sqlite3_column_int64(statement, column);

    public bool IsNull(int column) => raw.sqlite3_column_type(statement, column) == raw.SQLITE_NULL;

    public string Text(int column) => raw.sqlite3_column_text(statement, column).utf8_to_string();

    public string? TextOrNull(int column) => IsNull(column) ? null : Text(column);

    public byte[] Bytes(int column) => raw.sqlite3_column_blob(statement, column).ToArray();

    public DateTimeOffset Time(int column) => new(Integer(column), TimeSpan.Zero);

    public DateTimeOffset? TimeOrNull(int column) => IsNull(column) ? null : Time(column);

    /// <summary>Ends the statement: one that is kept can be bound anew, any other is gone.</summary>
    public void Dispose()
    {
        if (isKept)
        {
            // Their result is that of the last step, which was checked then.
            _ = raw.sqlite3_reset(statement);
            _ = raw.sqlite3_clear_bindings(statement);
        }
        else
        {
            statement.Dispose();
        }
    }

    internal void Destroy() => statement.Dispose();

    private void Check(int result) => SqliteException.ThrowExceptionForRC(result, database);
}
