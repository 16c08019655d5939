-- Which run started a run. Those of before have none.
ALTER TABLE runs ADD COLUMN parent_id TEXT;
