namespace FederationWorkflows.Storage.Sqlite.Runs;

/// <summary>The statements of a run's hot path. A test has SQLite explain each: none may look at more than the rows it is about.</summary>
internal static class RunStatements
{
    public const string Insert =
        """
        INSERT INTO runs (id, definition_id, definition_version_id, version, revision, correlation_id, started_by, created_at, name, status,
          sub_status, incident_count, updated_at, finished_at, commits, lease_owner, lease_token, lease_expires_at, parent_id)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 1, ?, ?, ?, ?)
        ON CONFLICT (id) DO NOTHING
        RETURNING key, commits
        """;

    /// <summary>The fence: who is not the owner with the current token changes nothing, and finds no row returned.</summary>
    public const string Update =
        """
        UPDATE runs SET name = ?, status = ?, sub_status = ?, incident_count = ?, updated_at = ?, finished_at = ?, correlation_id = ?, commits = commits + 1
        WHERE id = ? AND lease_owner = ? AND lease_token = ?
        RETURNING key, commits
        """;

    public const string UpdateAndRelease =
        """
        UPDATE runs SET name = ?, status = ?, sub_status = ?, incident_count = ?, updated_at = ?, finished_at = ?, correlation_id = ?, commits = commits + 1,
          lease_owner = NULL, lease_expires_at = 0
        WHERE id = ? AND lease_owner = ? AND lease_token = ?
        RETURNING key, commits
        """;

    public const string Claim =
        """
        UPDATE runs SET lease_token = lease_token + (lease_owner IS NOT ?1), lease_owner = ?1, lease_expires_at = ?2
        WHERE id = ?3 AND (lease_owner IS NULL OR lease_owner = ?1 OR lease_expires_at <= ?4)
        RETURNING lease_token
        """;

    public const string Release = "UPDATE runs SET lease_owner = NULL, lease_expires_at = 0 WHERE id = ? AND lease_owner = ? AND lease_token = ?";

    public const string Abandoned = "SELECT id FROM runs WHERE sub_status IN (0, 1) AND lease_expires_at <= ? ORDER BY lease_expires_at, id LIMIT ?";

    public const string PutPart = "INSERT INTO run_parts (run, key, data) VALUES (?, ?, ?) ON CONFLICT (run, key) DO UPDATE SET data = excluded.data";

    public const string RemovePart = "DELETE FROM run_parts WHERE run = ? AND key = ?";

    public const string Parts = "SELECT p.key, p.data FROM runs r LEFT JOIN run_parts p ON p.run = r.key WHERE r.id = ?";

    public const string AddHistory = "INSERT INTO run_history (id, journal_count, data) VALUES (?, ?, ?)";

    public const string History = "SELECT journal_count, data FROM run_history WHERE id BETWEEN ? AND ? ORDER BY id";

    public const string JournalLength = "SELECT coalesce(sum(journal_count), 0) FROM run_history WHERE id BETWEEN ? AND ?";

    public const string Key = "SELECT key FROM runs WHERE id = ?";

    public const string PutBookmark =
        """
        INSERT INTO bookmarks (id, run, name, hash, data) VALUES (?, ?, ?, ?, ?)
        ON CONFLICT (id) DO UPDATE SET run = excluded.run, name = excluded.name, hash = excluded.hash, data = excluded.data
        """;

    public const string RemoveBookmark = "DELETE FROM bookmarks WHERE id = ?";

    public const string BookmarksOfStimulus = "SELECT r.id, b.data FROM bookmarks b JOIN runs r ON r.key = b.run WHERE b.name = ? AND b.hash = ?";

    public const string BookmarksOfKind = "SELECT r.id, b.data FROM bookmarks b JOIN runs r ON r.key = b.run WHERE b.name = ?";

    public const string PutTimer =
        "INSERT INTO timers (run, id, due_at, data) VALUES (?, ?, ?, ?) ON CONFLICT (run, id) DO UPDATE SET due_at = excluded.due_at, data = excluded.data";

    public const string RemoveTimer = "DELETE FROM timers WHERE run = ? AND id = ?";

    public const string DueTimers = "SELECT r.id, t.data FROM timers t JOIN runs r ON r.key = t.run WHERE t.due_at <= ? ORDER BY t.due_at, t.run, t.id LIMIT ?";

    public const string NextTimer = "SELECT min(due_at) FROM timers WHERE due_at > ?";

    public const string PutFollowUp =
        """
        INSERT INTO follow_ups (id, kind, payload, created_at) VALUES (?, ?, ?, ?)
        ON CONFLICT (id) DO UPDATE SET kind = excluded.kind, payload = excluded.payload, created_at = excluded.created_at
        """;

    public const string RemoveFollowUp = "DELETE FROM follow_ups WHERE id = ?";

    /// <summary>A key whose window is over is taken over; one that is held returns no row.</summary>
    public const string HoldKey =
        """
        INSERT INTO deduplication (scope, key_hash, run_id, expires_at) VALUES (?1, ?2, ?3, ?4)
        ON CONFLICT (scope, key_hash) DO UPDATE SET run_id = excluded.run_id, expires_at = excluded.expires_at WHERE deduplication.expires_at <= ?5
        RETURNING 1
        """;

    public const string KeyHolder = "SELECT run_id FROM deduplication WHERE scope = ? AND key_hash = ? AND expires_at > ?";

    public const string ForgetKeys =
        "DELETE FROM deduplication WHERE (scope, key_hash) IN (SELECT scope, key_hash FROM deduplication WHERE expires_at <= ? ORDER BY expires_at LIMIT ?)";

    public const string Advance = "UPDATE schedules SET due_at = ? WHERE id = ? AND due_at = ?";

    public const string Find =
        """
        SELECT id, definition_id, definition_version_id, version, revision, correlation_id, started_by, created_at, name, status, sub_status,
          incident_count, updated_at, finished_at, parent_id
        FROM runs WHERE id = ?
        """;
}
