using Microsoft.Data.Sqlite;
using SQLitePCL;

namespace FederationWorkflows.Storage.Sqlite.Database;

/// <summary>One connection with the statements it has prepared. Used by one thread at a time.</summary>
internal sealed class Session : IDisposable
{
    private readonly SqliteConnection connection;

    private readonly sqlite3 database;

    private readonly Dictionary<string, Statement> kept = new(StringComparer.Ordinal);

    /// <summary>Opens the file.</summary>
    /// <param name="path">The file; it must exist.</param>
    /// <param name="pragmas">Settings of the connection.</param>
    /// <exception cref="SqliteException">It cannot be opened.</exception>
    public Session(string path, params ReadOnlySpan<string> pragmas)
    {
        connection = new SqliteConnection(new SqliteConnectionStringBuilder { DataSource = path, Mode = SqliteOpenMode.ReadWrite, Pooling = false }.ToString());
        try
        {
            connection.Open();
            database = connection.Handle!;
            foreach (var pragma in pragmas)
            {
                Execute("PRAGMA " + pragma);
            }
        }
        catch
        {
            connection.Dispose();
            throw;
        }
    }

    /// <summary>No transaction is open, also when an error has ended it.</summary>
    public bool IsAutoCommit => raw.sqlite3_get_autocommit(database) != 0;

    /// <summary>Prepares a statement once and binds it. Dispose of it before it is used again.</summary>
    public Statement Query(string sql, params ReadOnlySpan<SqlValue> values)
    {
        if (!kept.TryGetValue(sql, out var statement))
        {
            kept.Add(sql, statement = Prepare(sql, isKept: true));
        }

        statement.Bind(values);
        return statement;
    }

    /// <summary>Prepares a statement of which there are too many to keep.</summary>
    public Statement QueryOnce(string sql, params ReadOnlySpan<SqlValue> values)
    {
        var statement = Prepare(sql, isKept: false);
        statement.Bind(values);
        return statement;
    }

    /// <summary>Executes a statement to its end.</summary>
    public void Execute(string sql, params ReadOnlySpan<SqlValue> values)
    {
        using var statement = Query(sql, values);
        while (statement.Step())
        {
        }
    }

    /// <summary>Executes a statement that changes rows.</summary>
    /// <returns>How many it changed.</returns>
    public int Change(string sql, params ReadOnlySpan<SqlValue> values)
    {
        Execute(sql, values);
        return raw.sqlite3_changes(database);
    }

    /// <summary>Executes a script.</summary>
    public void ExecuteScript(string sql) => SqliteException.ThrowExceptionForRC(raw.sqlite3_exec(database, sql), database);

    public void Dispose()
    {
        foreach (var statement in kept.Values)
        {
            statement.Destroy();
        }

        connection.Dispose();
    }

    private Statement Prepare(string sql, bool isKept)
    {
#pragma warning disable CA2000 // Without an error it is the statement's; with one there is nothing to dispose of.
        SqliteException.ThrowExceptionForRC(raw.sqlite3_prepare_v2(database, sql, out var statement), database);
#pragma warning restore CA2000
        return new Statement(database, statement, isKept);
    }
}
