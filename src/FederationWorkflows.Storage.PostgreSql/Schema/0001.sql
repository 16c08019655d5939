-- Ids are compared byte by byte, as .NET's ordinal comparison does. Statuses are the numbers of the engine's enumerations.
-- The next scripts add and do not change: nodes of the version before run beside those of the new one. A function that needs another
-- parameter gets another number in its name.

CREATE TABLE runs (
  key bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  id text COLLATE "C" NOT NULL UNIQUE,
  definition_id text COLLATE "C" NOT NULL,
  definition_version_id text NOT NULL,
  version integer NOT NULL,
  revision text NOT NULL,
  correlation_id text,
  started_by text,
  created_at timestamptz NOT NULL,
  name text,
  status smallint NOT NULL,
  sub_status smallint NOT NULL,
  incident_count integer NOT NULL,
  updated_at timestamptz NOT NULL,
  finished_at timestamptz,
  commits bigint NOT NULL,
  -- The lease: owner null and end -infinity when it was given back; the token stays, so that it grows for ever.
  lease_owner text,
  lease_token bigint NOT NULL,
  lease_expires_at timestamptz NOT NULL
) WITH (fillfactor = 90, autovacuum_vacuum_scale_factor = 0.02);
CREATE INDEX runs_created ON runs (created_at, id);
CREATE INDEX runs_updated ON runs (updated_at, id);
CREATE INDEX runs_of_definition ON runs (definition_id, created_at, id);
CREATE INDEX runs_correlated ON runs (correlation_id) WHERE correlation_id IS NOT NULL;
CREATE INDEX runs_abandoned ON runs (lease_expires_at, id) WHERE sub_status IN (0, 1);
CREATE INDEX runs_leased ON runs (lease_owner) WHERE lease_owner IS NOT NULL;
CREATE INDEX runs_ended ON runs (sub_status, finished_at) WHERE finished_at IS NOT NULL;
CREATE INDEX runs_ended_of_definition ON runs (definition_id, finished_at) WHERE finished_at IS NOT NULL;

CREATE TABLE run_parts (
  run bigint NOT NULL,
  key text COLLATE "C" NOT NULL,
  data bytea NOT NULL,
  PRIMARY KEY (run, key)
) WITH (fillfactor = 85, autovacuum_vacuum_scale_factor = 0.02);

-- One row for each commit.
CREATE TABLE run_history (
  run bigint NOT NULL,
  number bigint NOT NULL,
  journal_count integer NOT NULL,
  data bytea NOT NULL,
  PRIMARY KEY (run, number)
);

CREATE TABLE bookmarks (
  id text COLLATE "C" PRIMARY KEY,
  run bigint NOT NULL,
  name text COLLATE "C" NOT NULL,
  hash text COLLATE "C" NOT NULL,
  data bytea NOT NULL
);
CREATE INDEX bookmarks_of_stimulus ON bookmarks (name, hash);
CREATE INDEX bookmarks_of_run ON bookmarks (run);

CREATE TABLE timers (
  run bigint NOT NULL,
  id text COLLATE "C" NOT NULL,
  due_at timestamptz NOT NULL,
  data bytea NOT NULL,
  PRIMARY KEY (run, id)
);
CREATE INDEX timers_due ON timers (due_at, run, id);

CREATE TABLE follow_ups (
  id text COLLATE "C" PRIMARY KEY,
  kind text NOT NULL,
  payload bytea NOT NULL,
  created_at timestamptz NOT NULL
);
CREATE INDEX follow_ups_created ON follow_ups (created_at, id);

CREATE TABLE deduplication (
  scope text COLLATE "C" NOT NULL,
  key_hash text COLLATE "C" NOT NULL,
  run_id text NOT NULL,
  expires_at timestamptz NOT NULL,
  PRIMARY KEY (scope, key_hash)
);
CREATE INDEX deduplication_expires ON deduplication (expires_at);

CREATE TABLE schedules (
  id text COLLATE "C" PRIMARY KEY,
  definition_id text COLLATE "C" NOT NULL,
  revision text NOT NULL,
  activity_id text NOT NULL,
  due_at timestamptz,
  payload bytea NOT NULL
);
CREATE INDEX schedules_due ON schedules (due_at, id) WHERE due_at IS NOT NULL;
CREATE INDEX schedules_of_definition ON schedules (definition_id, id);

CREATE TABLE nodes (
  id text COLLATE "C" PRIMARY KEY,
  version text NOT NULL,
  started_at timestamptz NOT NULL,
  last_seen timestamptz NOT NULL,
  is_draining boolean NOT NULL
);

CREATE TABLE definitions (
  key bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  id text COLLATE "C" NOT NULL UNIQUE,
  definition_id text COLLATE "C" NOT NULL,
  version integer NOT NULL,
  revision text NOT NULL,
  name text NOT NULL,
  json bytea NOT NULL,
  is_latest boolean NOT NULL,
  is_published boolean NOT NULL,
  created_at timestamptz NOT NULL,
  created_by text NOT NULL
);
CREATE INDEX definitions_versions ON definitions (definition_id, version);
CREATE INDEX definitions_revisions ON definitions (definition_id, revision);
CREATE INDEX definitions_latest ON definitions (definition_id) WHERE is_latest;
CREATE INDEX definitions_published ON definitions (definition_id) WHERE is_published;

-- The key ring: values are encrypted with a key that is kept elsewhere.
CREATE TABLE keys (
  name text COLLATE "C" PRIMARY KEY,
  xml text NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now()
);

-- The history is repetitive text. The default compression is slow enough to be seen in the commit rate; lz4 is not built into every server.
DO $$
BEGIN
  ALTER TABLE run_history ALTER COLUMN data SET COMPRESSION lz4;
  ALTER TABLE run_parts ALTER COLUMN data SET COMPRESSION lz4;
EXCEPTION WHEN feature_not_supported THEN
  NULL;
END
$$;

-- One commit of a run. Whoever has lost the lease, or whose new run is refused, is told so and has changed nothing: what was done before
-- the refusal is known is undone here, so that the other commits of the same transaction stand.
CREATE FUNCTION commit_run_1(
  in_is_new boolean, in_releases boolean,
  in_id text, in_definition_id text, in_definition_version_id text, in_version integer, in_revision text,
  in_correlation_id text, in_started_by text, in_created_at timestamptz,
  in_name text, in_status smallint, in_sub_status smallint, in_incident_count integer, in_updated_at timestamptz, in_finished_at timestamptz,
  in_owner text, in_token bigint, in_expires_at timestamptz,
  in_part_keys text[], in_part_data bytea[], in_removed_parts text[],
  in_journal_count integer, in_history bytea,
  in_bookmark_ids text[], in_bookmark_names text[], in_bookmark_hashes text[], in_bookmark_data bytea[], in_removed_bookmarks text[],
  in_timer_ids text[], in_timer_due_at timestamptz[], in_timer_data bytea[], in_removed_timers text[],
  in_work_ids text[], in_work_kinds text[], in_work_payloads bytea[], in_work_created_at timestamptz[], in_removed_work text[],
  in_scope text, in_key_hash text, in_key_expires_at timestamptz, in_now timestamptz,
  in_schedule_id text, in_expected_due_at timestamptz, in_next_due_at timestamptz,
  in_signals text[]
) RETURNS text
LANGUAGE plpgsql AS $$
DECLARE
  run_key bigint;
  commit_number bigint;
  holder text;
BEGIN
  IF in_is_new THEN
    INSERT INTO runs (id, definition_id, definition_version_id, version, revision, correlation_id, started_by, created_at, name, status, sub_status,
      incident_count, updated_at, finished_at, commits, lease_owner, lease_token, lease_expires_at)
    VALUES (in_id, in_definition_id, in_definition_version_id, in_version, in_revision, in_correlation_id, in_started_by, in_created_at, in_name, in_status,
      in_sub_status, in_incident_count, in_updated_at, in_finished_at, 1, CASE WHEN in_releases THEN NULL ELSE in_owner END, in_token,
      CASE WHEN in_releases THEN '-infinity'::timestamptz ELSE in_expires_at END)
    ON CONFLICT (id) DO NOTHING
    RETURNING key, commits INTO run_key, commit_number;
    IF NOT FOUND THEN
      RETURN 'exists';
    END IF;

    IF in_schedule_id IS NOT NULL THEN
      UPDATE schedules SET due_at = in_next_due_at WHERE id = in_schedule_id AND due_at = in_expected_due_at;
      IF NOT FOUND THEN
        DELETE FROM runs WHERE key = run_key;
        RETURN 'fired';
      END IF;
    END IF;

    IF in_scope IS NOT NULL THEN
      INSERT INTO deduplication AS held (scope, key_hash, run_id, expires_at) VALUES (in_scope, in_key_hash, in_id, in_key_expires_at)
      ON CONFLICT (scope, key_hash) DO UPDATE SET run_id = excluded.run_id, expires_at = excluded.expires_at WHERE held.expires_at <= in_now;
      IF NOT FOUND THEN
        SELECT run_id INTO holder FROM deduplication WHERE scope = in_scope AND key_hash = in_key_hash;
        DELETE FROM runs WHERE key = run_key;
        UPDATE schedules SET due_at = in_expected_due_at WHERE id = in_schedule_id;
        RETURN 'duplicate ' || holder;
      END IF;
    END IF;
  ELSE
    UPDATE runs SET name = in_name, status = in_status, sub_status = in_sub_status, incident_count = in_incident_count, updated_at = in_updated_at,
      finished_at = in_finished_at, correlation_id = in_correlation_id, commits = commits + 1,
      lease_owner = CASE WHEN in_releases THEN NULL ELSE lease_owner END,
      lease_expires_at = CASE WHEN in_releases THEN '-infinity'::timestamptz ELSE lease_expires_at END
    WHERE id = in_id AND lease_owner = in_owner AND lease_token = in_token
    RETURNING key, commits INTO run_key, commit_number;
    IF NOT FOUND THEN
      RETURN 'lost';
    END IF;
  END IF;

  IF in_part_keys IS NOT NULL THEN
    INSERT INTO run_parts (run, key, data) SELECT run_key, p.key, p.data FROM unnest(in_part_keys, in_part_data) AS p (key, data)
    ON CONFLICT (run, key) DO UPDATE SET data = excluded.data;
  END IF;
  IF in_removed_parts IS NOT NULL THEN
    DELETE FROM run_parts WHERE run = run_key AND key = ANY (in_removed_parts);
  END IF;

  IF in_history IS NOT NULL THEN
    INSERT INTO run_history (run, number, journal_count, data) VALUES (run_key, commit_number, in_journal_count, in_history);
  END IF;

  IF in_bookmark_ids IS NOT NULL THEN
    INSERT INTO bookmarks (id, run, name, hash, data)
    SELECT b.id, run_key, b.name, b.hash, b.data FROM unnest(in_bookmark_ids, in_bookmark_names, in_bookmark_hashes, in_bookmark_data) AS b (id, name, hash, data)
    ON CONFLICT (id) DO UPDATE SET run = excluded.run, name = excluded.name, hash = excluded.hash, data = excluded.data;
  END IF;
  IF in_removed_bookmarks IS NOT NULL THEN
    DELETE FROM bookmarks WHERE id = ANY (in_removed_bookmarks);
  END IF;

  IF in_timer_ids IS NOT NULL THEN
    INSERT INTO timers (run, id, due_at, data)
    SELECT run_key, t.id, t.due_at, t.data FROM unnest(in_timer_ids, in_timer_due_at, in_timer_data) AS t (id, due_at, data)
    ON CONFLICT (run, id) DO UPDATE SET due_at = excluded.due_at, data = excluded.data;
  END IF;
  IF in_removed_timers IS NOT NULL THEN
    DELETE FROM timers WHERE run = run_key AND id = ANY (in_removed_timers);
  END IF;

  IF in_work_ids IS NOT NULL THEN
    INSERT INTO follow_ups (id, kind, payload, created_at)
    SELECT w.id, w.kind, w.payload, w.created_at FROM unnest(in_work_ids, in_work_kinds, in_work_payloads, in_work_created_at) AS w (id, kind, payload, created_at)
    ON CONFLICT (id) DO UPDATE SET kind = excluded.kind, payload = excluded.payload, created_at = excluded.created_at;
  END IF;
  IF in_removed_work IS NOT NULL THEN
    DELETE FROM follow_ups WHERE id = ANY (in_removed_work);
  END IF;

  IF in_signals IS NOT NULL THEN
    PERFORM pg_notify('fedflow_' || current_schema(), s) FROM unnest(in_signals) AS s;
  END IF;
  RETURN 'stored';
END
$$;

-- Leases need not survive the server: an owner that was forgotten is refused by its name. So nobody waits for the disk; a commit with the
-- lease is later in the log, and takes it along.
CREATE FUNCTION claim_run_1(in_id text, in_owner text, in_expires_at timestamptz, in_now timestamptz) RETURNS bigint
LANGUAGE plpgsql AS $$
DECLARE
  token bigint;
BEGIN
  PERFORM set_config('synchronous_commit', 'off', true);
  UPDATE runs SET lease_token = lease_token + CASE WHEN lease_owner IS DISTINCT FROM in_owner THEN 1 ELSE 0 END, lease_owner = in_owner, lease_expires_at = in_expires_at
  WHERE id = in_id AND (lease_owner IS NULL OR lease_owner = in_owner OR lease_expires_at <= in_now)
  RETURNING lease_token INTO token;
  RETURN token;
END
$$;

CREATE FUNCTION release_run_1(in_id text, in_owner text, in_token bigint) RETURNS boolean
LANGUAGE plpgsql AS $$
BEGIN
  PERFORM set_config('synchronous_commit', 'off', true);
  UPDATE runs SET lease_owner = NULL, lease_expires_at = '-infinity' WHERE id = in_id AND lease_owner = in_owner AND lease_token = in_token;
  RETURN FOUND;
END
$$;

CREATE FUNCTION heartbeat_1(in_id text, in_version text, in_started_at timestamptz, in_last_seen timestamptz, in_is_draining boolean) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
  PERFORM set_config('synchronous_commit', 'off', true);
  INSERT INTO nodes (id, version, started_at, last_seen, is_draining) VALUES (in_id, in_version, in_started_at, in_last_seen, in_is_draining)
  ON CONFLICT (id) DO UPDATE SET version = excluded.version, started_at = excluded.started_at, last_seen = excluded.last_seen, is_draining = excluded.is_draining;
END
$$;
