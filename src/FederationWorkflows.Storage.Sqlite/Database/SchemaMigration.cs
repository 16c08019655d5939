using System.Globalization;
using FederationWorkflows.Runtime.Storage;

namespace FederationWorkflows.Storage.Sqlite.Database;

/// <summary>Brings the tables to the state this version of the product needs, one numbered script after the other, each in a transaction of its own.</summary>
internal static class SchemaMigration
{
    /// <summary>Applies the scripts that are missing.</summary>
    /// <exception cref="StorageUnavailableException">The file was written by a newer version, or is another program's.</exception>
    public static void Apply(Session session, string path, TimeProvider timeProvider)
    {
        var scripts = Scripts();
        session.Execute("BEGIN IMMEDIATE");
        try
        {
            var version = CurrentVersion(session, path);
            if (version > scripts.Count)
            {
                throw new StorageUnavailableException(
                    $"{path} was written by a newer version of FederationWorkflows (schema {version}; this one knows {scripts.Count}). Start that version, or restore a backup from before the upgrade.",
                    isTransient: false);
            }

            for (; version < scripts.Count; version++)
            {
                session.ExecuteScript(scripts[version]);
                session.Execute("INSERT INTO schema_version (version, applied_at) VALUES (?, ?)", version + 1, timeProvider.GetUtcNow().ToString("O", CultureInfo.InvariantCulture));
            }

            session.Execute("COMMIT");
        }
        catch
        {
            if (!session.IsAutoCommit)
            {
                session.Execute("ROLLBACK");
            }

            throw;
        }
    }

    private static int CurrentVersion(Session session, string path)
    {
        using (var tables = session.QueryOnce("SELECT count(*), coalesce(sum(name = 'schema_version'), 0) FROM sqlite_schema WHERE type = 'table'"))
        {
            tables.Step();
            if (tables.Integer(0) > 0 && tables.Integer(1) == 0)
            {
                throw new StorageUnavailableException($"{path} is a database of another program. Choose another path.", isTransient: false);
            }
        }

        session.Execute("CREATE TABLE IF NOT EXISTS schema_version (version INTEGER PRIMARY KEY, applied_at TEXT NOT NULL)");
        using var version = session.QueryOnce("SELECT coalesce(max(version), 0) FROM schema_version");
        version.Step();
        return (int)version.Integer(0);
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
}
