using System.Diagnostics;
using FederationWorkflows.EndToEnd.Processes;
using FederationWorkflows.Storage.Sqlite.Database;
using Npgsql;

namespace FederationWorkflows.Benchmarks.Load;

/// <summary>
/// Fills a database with history: copies of the last run that a server stored there, with everything that belongs to it, and versions of its story.
/// The copies are spread over the last ninety days and over the versions. No server may be running.
/// </summary>
internal static class StoredRuns
{
    public const int Versions = 1_000;

    private const string Columns =
        "definition_version_id, revision, correlation_id, started_by, name, status, sub_status, incident_count, commits, lease_owner, lease_token, lease_expires_at";

    public static async Task FillAsync(Deployment deployment, int count)
    {
        if (deployment.Settings.TryGetValue("Storage:ConnectionString", out var connection))
        {
            await FillPostgreSqlAsync(connection + ";Search Path=" + deployment.Settings["Storage:Schema"], count);
        }
        else
        {
            FillSqlite(deployment.DatabaseFile, count);
        }

        // What is measured next is not to wait for the writing of this.
        using var sync = Process.Start("sync");
        await sync.WaitForExitAsync();
    }

    private static void FillSqlite(string file, int count)
    {
        SqliteLibrary.Use();
        using var session = new Session(file, "journal_mode = OFF", "synchronous = OFF", "cache_size = -262144");
        session.ExecuteScript(
            $"""
            BEGIN;
            CREATE TEMP TABLE last AS SELECT * FROM runs ORDER BY key DESC LIMIT 1;
            CREATE TEMP TABLE n AS WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {count}) SELECT i FROM n;
            INSERT INTO runs (key, id, definition_id, version, created_at, updated_at, finished_at, {Columns})
              SELECT key + i, printf('00%030x', i), definition_id, 1 + i % {Versions}, at, at + 50000, at + 50000, {Columns}
              FROM (SELECT *, created_at - ({count} - i) * {TimeSpan.FromDays(90).Ticks / count} AS at FROM last, n);
            INSERT INTO run_parts (run, key, data) SELECT last.key + i, p.key, p.data FROM last, n CROSS JOIN run_parts p WHERE p.run = last.key ORDER BY i;
            INSERT INTO run_history (id, journal_count, data)
              SELECT h.id + (i << 28), h.journal_count, h.data FROM last, n CROSS JOIN run_history h
              WHERE h.id BETWEEN last.key << 28 AND (last.key << 28) + 1000 ORDER BY i, h.id;
            UPDATE definitions SET version = {Versions} WHERE definition_id = '{LoadStories.Five}';
            INSERT INTO definitions (id, definition_id, version, revision, name, json, is_latest, is_published, created_at, created_by)
              SELECT id || ':' || i, definition_id, i, revision || i, name, json, 0, 0, created_at, created_by FROM definitions, n WHERE definition_id = '{LoadStories.Five}' AND i < {Versions};
            COMMIT;
            """);
    }

    private static async Task FillPostgreSqlAsync(string connection, int count)
    {
        await using var source = NpgsqlDataSource.Create(new NpgsqlConnectionStringBuilder(connection) { CommandTimeout = 600 });
        string[] script =
        [
            $"""
            SET synchronous_commit = off;
            SELECT setval(pg_get_serial_sequence('runs', 'key'), (SELECT max(key) FROM runs) + {count});
            WITH last AS (SELECT * FROM runs ORDER BY key DESC LIMIT 1)
            INSERT INTO runs (key, id, definition_id, version, created_at, updated_at, finished_at, {Columns}) OVERRIDING SYSTEM VALUE
              SELECT key + i, lpad(to_hex(i), 32, '0'), definition_id, 1 + i % {Versions}, at, at + interval '5 ms', at + interval '5 ms', {Columns}
              FROM (SELECT *, created_at - ({count} - i) * (interval '90 days' / {count}) AS at FROM last, generate_series(1, {count}) i) copies;
            CREATE TEMP TABLE last AS SELECT key - {count} AS key FROM runs ORDER BY key DESC LIMIT 1;
            INSERT INTO run_parts (run, key, data) SELECT last.key + i, p.key, p.data FROM last, generate_series(1, {count}) i, run_parts p WHERE p.run = last.key;
            INSERT INTO run_history (run, number, journal_count, data)
              SELECT last.key + i, h.number, h.journal_count, h.data FROM last, generate_series(1, {count}) i, run_history h WHERE h.run = last.key;
            UPDATE definitions SET version = {Versions} WHERE definition_id = '{LoadStories.Five}';
            INSERT INTO definitions (id, definition_id, version, revision, name, json, is_latest, is_published, created_at, created_by)
              SELECT id || ':' || i, definition_id, i, revision || i, name, json, false, false, created_at, created_by
              FROM definitions, generate_series(1, {Versions} - 1) i WHERE definition_id = '{LoadStories.Five}'
            """,
            "VACUUM ANALYZE",
            "CHECKPOINT",
        ];
        foreach (var part in script)
        {
            await using var command = source.CreateCommand(part);
            await command.ExecuteNonQueryAsync();
        }
    }
}
