-- Schema 1. A migration is never edited once released: the next one adds to it.

CREATE TABLE meta (
  key   TEXT PRIMARY KEY,
  value BLOB NOT NULL
) STRICT, WITHOUT ROWID;

-- Signs cursors, so that every process on this database accepts them and none that was tampered with.
INSERT INTO meta (key, value) VALUES ('cursor_key', randomblob(32));

-- Columns for what is filtered, sorted or compared; JSON text for documents.
CREATE TABLE tasks (
  id               INTEGER PRIMARY KEY,
  task_id          TEXT NOT NULL UNIQUE,
  title            TEXT NOT NULL,
  goal             TEXT NOT NULL,
  repo_path        TEXT,
  status           TEXT NOT NULL,
  current_owner    TEXT,
  owner_key        TEXT,
  owned_since      TEXT,
  priority         INTEGER NOT NULL,
  tags             TEXT NOT NULL,
  handoff          TEXT,
  exhausted        TEXT,
  content_hash     TEXT NOT NULL,
  checkpoint_count INTEGER NOT NULL,
  version          INTEGER NOT NULL,
  created_at       TEXT NOT NULL,
  updated_at       TEXT NOT NULL
) STRICT;

-- One index for each filter of list_tasks, each in the order of the list.
CREATE INDEX tasks_by_recency ON tasks (updated_at, id);
CREATE INDEX tasks_by_status ON tasks (status, updated_at, id);
CREATE INDEX tasks_by_owner ON tasks (owner_key, updated_at, id);
CREATE INDEX tasks_by_repo ON tasks (repo_path, updated_at, id);

CREATE TABLE task_tags (
  tag        TEXT NOT NULL,
  updated_at TEXT NOT NULL,
  task       INTEGER NOT NULL REFERENCES tasks (id),
  PRIMARY KEY (tag, updated_at, task)
) STRICT, WITHOUT ROWID;
CREATE INDEX task_tags_by_task ON task_tags (task);

-- Progress lives here alone: a task's present progress is its newest checkpoint.
CREATE TABLE checkpoints (
  id              INTEGER PRIMARY KEY,
  task            INTEGER NOT NULL REFERENCES tasks (id),
  number          INTEGER NOT NULL,
  agent           TEXT,
  created_at      TEXT NOT NULL,
  completed_steps TEXT NOT NULL,
  remaining_steps TEXT NOT NULL,
  test_results    TEXT NOT NULL,
  resume_prompt   TEXT,
  context         TEXT,
  UNIQUE (task, number)
) STRICT;

CREATE TABLE artifacts (
  id          INTEGER PRIMARY KEY,
  artifact_id TEXT NOT NULL UNIQUE,
  task        INTEGER NOT NULL REFERENCES tasks (id),
  name        TEXT NOT NULL,
  kind        TEXT NOT NULL,
  mime_type   TEXT NOT NULL,
  size        INTEGER NOT NULL,
  sha256      TEXT NOT NULL,
  agent       TEXT,
  created_at  TEXT NOT NULL
) STRICT;
CREATE INDEX artifacts_by_task ON artifacts (task, id);
CREATE INDEX artifacts_by_name ON artifacts (task, name, id);
CREATE INDEX artifacts_by_content ON artifacts (sha256);

-- Append-only. seq is the order of commits over all tasks, version that of one task; time orders nothing.
CREATE TABLE events (
  seq     INTEGER PRIMARY KEY AUTOINCREMENT,
  task    INTEGER NOT NULL REFERENCES tasks (id),
  version INTEGER NOT NULL,
  command TEXT NOT NULL,
  agent   TEXT,
  at      TEXT NOT NULL,
  effects TEXT NOT NULL,
  changes TEXT NOT NULL,
  UNIQUE (task, version)
) STRICT;

CREATE TRIGGER events_are_append_only BEFORE UPDATE ON events
BEGIN
  SELECT RAISE(ABORT, 'events are append-only');
END;
CREATE TRIGGER checkpoints_are_immutable BEFORE UPDATE ON checkpoints
BEGIN
  SELECT RAISE(ABORT, 'checkpoints are immutable');
END;
