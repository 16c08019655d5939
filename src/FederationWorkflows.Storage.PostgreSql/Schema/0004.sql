-- Which run started a run. Nodes of the version before store none, and their runs have none.
ALTER TABLE runs ADD COLUMN parent_id text COLLATE "C";

-- The first commit of a run that another one started.
CREATE FUNCTION commit_child_run_1(
  in_parent_id text,
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
  answer text;
BEGIN
  answer := commit_run_1(
    in_is_new, in_releases, in_id, in_definition_id, in_definition_version_id, in_version, in_revision, in_correlation_id, in_started_by,
    in_created_at, in_name, in_status, in_sub_status, in_incident_count, in_updated_at, in_finished_at, in_owner, in_token, in_expires_at,
    in_part_keys, in_part_data, in_removed_parts, in_journal_count, in_history, in_bookmark_ids, in_bookmark_names, in_bookmark_hashes,
    in_bookmark_data, in_removed_bookmarks, in_timer_ids, in_timer_due_at, in_timer_data, in_removed_timers, in_work_ids, in_work_kinds,
    in_work_payloads, in_work_created_at, in_removed_work, in_scope, in_key_hash, in_key_expires_at, in_now, in_schedule_id, in_expected_due_at,
    in_next_due_at, in_signals);
  IF answer = 'stored' THEN
    UPDATE runs SET parent_id = in_parent_id WHERE id = in_id;
  END IF;
  RETURN answer;
END
$$;
