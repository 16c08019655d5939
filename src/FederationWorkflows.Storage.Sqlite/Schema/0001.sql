-- Times are UTC ticks (100 ns since 0001-01-01). Statuses are the numbers of the engine's enumerations.

CREATE TABLE runs (
  key INTEGER PRIMARY KEY,
  id TEXT NOT NULL UNIQUE,
  definition_id TEXT NOT NULL,
  definition_version_id TEXT NOT NULL,
  version INTEGER NOT NULL,
  revision TEXT NOT NULL,
  correlation_id TEXT,
  started_by TEXT,
  created_at INTEGER NOT NULL,
  name TEXT,
  status INTEGER NOT NULL,
  sub_status INTEGER NOT NULL,
  incident_count INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  finished_at INTEGER,
  commits INTEGER NOT NULL,
  -- The lease: owner null and end 0 when it was given back; the token stays, so that it grows for ever.
  lease_owner TEXT,
  lease_token INTEGER NOT NULL,
  lease_expires_at INTEGER NOT NULL
);
CREATE INDEX runs_created ON runs (created_at, id);
CREATE INDEX runs_updated ON runs (updated_at, id);
CREATE INDEX runs_of_definition ON runs (definition_id, created_at, id);
CREATE INDEX runs_correlated ON runs (correlation_id) WHERE correlation_id IS NOT NULL;
CREATE INDEX runs_abandoned ON runs (lease_expires_at, id) WHERE sub_status IN (0, 1);
CREATE INDEX runs_leased ON runs (lease_owner) WHERE lease_owner IS NOT NULL;
CREATE INDEX runs_ended ON runs (sub_status, finished_at) WHERE finished_at IS NOT NULL;
CREATE INDEX runs_ended_of_definition ON runs (definition_id, finished_at) WHERE finished_at IS NOT NULL;

CREATE TABLE run_parts (
  run INTEGER NOT NULL,
  key TEXT NOT NULL,
  data BLOB NOT NULL,
  PRIMARY KEY (run, key)
) WITHOUT ROWID;

-- One row for each commit. Its id is the run's key times 2^28 plus the commit's number, so that a run's history lies together and costs one tree.
CREATE TABLE run_history (
  id INTEGER PRIMARY KEY,
  journal_count INTEGER NOT NULL,
  data BLOB NOT NULL
);

CREATE TABLE bookmarks (
  id TEXT PRIMARY KEY,
  run INTEGER NOT NULL,
  name TEXT NOT NULL,
  hash TEXT NOT NULL,
  data BLOB NOT NULL
) WITHOUT ROWID;
CREATE INDEX bookmarks_of_stimulus ON bookmarks (name, hash);
CREATE INDEX bookmarks_of_run ON bookmarks (run);

CREATE TABLE timers (
  run INTEGER NOT NULL,
  id TEXT NOT NULL,
  due_at INTEGER NOT NULL,
  data BLOB NOT NULL,
  PRIMARY KEY (run, id)
) WITHOUT ROWID;
CREATE INDEX timers_due ON timers (due_at, run, id);

CREATE TABLE follow_ups (
  id TEXT PRIMARY KEY,
  kind TEXT NOT NULL,
  payload BLOB NOT NULL,
  created_at INTEGER NOT NULL
) WITHOUT ROWID;
CREATE INDEX follow_ups_created ON follow_ups (created_at, id);

CREATE TABLE deduplication (
  scope TEXT NOT NULL,
  key_hash TEXT NOT NULL,
  run_id TEXT NOT NULL,
  expires_at INTEGER NOT NULL,
  PRIMARY KEY (scope, key_hash)
) WITHOUT ROWID;
CREATE INDEX deduplication_expires ON deduplication (expires_at);

CREATE TABLE schedules (
  id TEXT PRIMARY KEY,
  definition_id TEXT NOT NULL,
  revision TEXT NOT NULL,
  activity_id TEXT NOT NULL,
  due_at INTEGER,
  payload BLOB NOT NULL
) WITHOUT ROWID;
CREATE INDEX schedules_due ON schedules (due_at, id) WHERE due_at IS NOT NULL;
CREATE INDEX schedules_of_definition ON schedules (definition_id, id);

CREATE TABLE nodes (
  id TEXT PRIMARY KEY,
  version TEXT NOT NULL,
  started_at INTEGER NOT NULL,
  last_seen INTEGER NOT NULL,
  is_draining INTEGER NOT NULL
) WITHOUT ROWID;

CREATE TABLE definitions (
  key INTEGER PRIMARY KEY,
  id TEXT NOT NULL UNIQUE,
  definition_id TEXT NOT NULL,
  version INTEGER NOT NULL,
  revision TEXT NOT NULL,
  name TEXT NOT NULL,
  json BLOB NOT NULL,
  is_latest INTEGER NOT NULL,
  is_published INTEGER NOT NULL,
  created_at INTEGER NOT NULL,
  created_by TEXT NOT NULL
);
CREATE INDEX definitions_versions ON definitions (definition_id, version);
CREATE INDEX definitions_revisions ON definitions (definition_id, revision);
CREATE INDEX definitions_latest ON definitions (definition_id) WHERE is_latest = 1;
CREATE INDEX definitions_published ON definitions (definition_id) WHERE is_published = 1;
