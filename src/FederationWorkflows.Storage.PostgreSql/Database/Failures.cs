using System.Net.Sockets;
using FederationWorkflows.Runtime.Storage;
using FederationWorkflows.Runtime.Telemetry;
using Npgsql;

namespace FederationWorkflows.Storage.PostgreSql.Database;

/// <summary>Says in the product's words what PostgreSQL and the way to it say in theirs (PostgreSQL's appendix "PostgreSQL Error Codes").</summary>
internal static class Failures
{
    public static Exception Translate(Exception error, string place)
    {
        var (message, isTransient) = error switch
        {
            PostgresException failure => Describe(failure, place),
            NpgsqlException or SocketException or TimeoutException or IOException =>
                ($"The database {place} does not answer: {Cause(error)}. It is tried again; if this lasts, check that it runs and can be reached.", true),
            _ => (null, false),
        };
        if (message is null)
        {
            return error;
        }

        StorageMeter.Failed("postgresql", isTransient);
        return new StorageUnavailableException(message, isTransient, error);
    }

    /// <summary>The server has undone the transaction because of others; the same again may succeed.</summary>
    public static bool IsConflict(Exception error) => error is PostgresException { SqlState: PostgresErrorCodes.DeadlockDetected or PostgresErrorCodes.SerializationFailure };

    private static (string? Message, bool IsTransient) Describe(PostgresException failure, string place) => failure.SqlState switch
    {
        PostgresErrorCodes.DiskFull => ($"The disk of the database {place} is full. Free some space there, or lower the retention; the server goes on by itself then.", false),
        PostgresErrorCodes.TooManyConnections => ($"The database {place} takes no more connections. It is tried again; if this lasts, raise max_connections or start fewer nodes.", true),
        PostgresErrorCodes.ReadOnlySqlTransaction => ($"The database {place} is read-only: it is a standby. Connect to the primary.", true),
        PostgresErrorCodes.InvalidPassword or PostgresErrorCodes.InvalidAuthorizationSpecification => (
            $"The database {place} refused the user name or password. Correct the connection string.", false),
        PostgresErrorCodes.InvalidCatalogName => ($"There is no database {place}. Create it with: createdb, or correct the connection string.", false),
        PostgresErrorCodes.InsufficientPrivilege => (
            $"The user of the connection string may not do this in {place}: {failure.MessageText}. Grant it CREATE on the database, or create the schema for it.", false),
        _ when failure.SqlState.StartsWith("08", StringComparison.Ordinal) || failure.SqlState.StartsWith("57P", StringComparison.Ordinal) =>
            ($"The database {place} does not answer: {failure.MessageText}. It is tried again; if this lasts, check that it runs and can be reached.", true),
        _ => (null, false),
    };

    private static string Cause(Exception error) => (error.InnerException ?? error).Message.TrimEnd('.');
}
