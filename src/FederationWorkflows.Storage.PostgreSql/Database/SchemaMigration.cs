using System.Globalization;
using FederationWorkflows.Runtime.Storage;
using Npgsql;

namespace FederationWorkflows.Storage.PostgreSql.Database;

/// <summary>
/// Brings the schema to the state this version of the product needs, one numbered script after the other, under an advisory lock: of nodes
/// that start together one migrates. Scripts add and do not change, so that nodes of the version before go on beside; one that must break
/// that says from which version on a node works with it, in its first line: <c>-- compatible-from: 3</c>.
/// </summary>
internal static class SchemaMigration
{
    /// <summary>Any number that other programs' locks in the database are unlikely to have.</summary>
    private const int LockClass = 0x46_65_64_46;

    /// <summary>Applies the scripts that are missing.</summary>
    /// <exception cref="StorageUnavailableException">The schema was changed by a newer version that this one does not work beside.</exception>
    public static async Task ApplyAsync(NpgsqlDataSource source, string schema, string place, CancellationToken cancellationToken)
    {
        await using var connection = await source.OpenConnectionAsync(cancellationToken);
        await ExecuteAsync(connection, "SELECT pg_advisory_lock($1, hashtext($2))", cancellationToken, LockClass, schema);
        try
        {
            await ApplyMissingAsync(connection, schema, place, cancellationToken);
        }
        finally
        {
            await ExecuteAsync(connection, "SELECT pg_advisory_unlock($1, hashtext($2))", CancellationToken.None, LockClass, schema);
        }
    }

    private static async Task ApplyMissingAsync(NpgsqlConnection connection, string schema, string place, CancellationToken cancellationToken)
    {
        var scripts = Scripts();
        await ExecuteAsync(connection, $"CREATE SCHEMA IF NOT EXISTS {schema}", cancellationToken);
        await ExecuteAsync(
            connection,
            "CREATE TABLE IF NOT EXISTS schema_version (version integer PRIMARY KEY, compatible_from integer NOT NULL, applied_at timestamptz NOT NULL DEFAULT now())",
            cancellationToken);
        int version, compatibleFrom;
        await using (var command = new NpgsqlCommand("SELECT coalesce(max(version), 0), coalesce(max(compatible_from), 0) FROM schema_version", connection))
        await using (var row = await command.ExecuteReaderAsync(cancellationToken))
        {
            await row.ReadAsync(cancellationToken);
            (version, compatibleFrom) = (row.GetInt32(0), row.GetInt32(1));
        }

        if (compatibleFrom > scripts.Count)
        {
            throw new StorageUnavailableException(
                $"The database {place} was upgraded by a newer version of FederationWorkflows (schema {version}, which needs at least {compatibleFrom}; this one knows {scripts.Count}). Start that version, or restore a backup from before the upgrade.",
                isTransient: false);
        }

        for (; version < scripts.Count; version++)
        {
            await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
            await ExecuteAsync(connection, scripts[version], cancellationToken);
            await ExecuteAsync(
                connection,
                "INSERT INTO schema_version (version, compatible_from) VALUES ($1, $2)",
                cancellationToken,
                version + 1,
                CompatibleFrom(scripts[version]));
            await transaction.CommitAsync(cancellationToken);
        }
    }

    private static int CompatibleFrom(string script)
    {
        const string Mark = "-- compatible-from:";
        return script.StartsWith(Mark, StringComparison.Ordinal) ? int.Parse(script.AsSpan(Mark.Length, script.IndexOf('\n') - Mark.Length), CultureInfo.InvariantCulture) : 1;
    }

    private static List<string> Scripts()
    {
        var assembly = typeof(SchemaMigration).Assembly;
        return [.. assembly.GetManifestResourceNames().Where(name => name.EndsWith(".sql", StringComparison.Ordinal)).Order(StringComparer.Ordinal).Select(name =>
        {
            using var reader = new StreamReader(assembly.GetManifestResourceStream(name)!);
            return reader.ReadToEnd();
        })];
    }

    private static async Task ExecuteAsync(NpgsqlConnection connection, string sql, CancellationToken cancellationToken, params object[] values)
    {
#pragma warning disable CA2100 // Scripts of this assembly; the schema's name is checked when it is configured.
        await using var command = new NpgsqlCommand(sql, connection);
#pragma warning restore CA2100
        foreach (var value in values)
        {
            command.Parameters.Add(new NpgsqlParameter { Value = value });
        }

        await command.ExecuteNonQueryAsync(cancellationToken);
    }
}
