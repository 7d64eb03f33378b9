-- Schema 9. Tasks with too much history to be removed in one short transaction: what hangs on them goes first, little by little.
-- What has lost a part of its history is written to no more; a trigger would cost each write 16 µs, the look for a row here costs 1.

CREATE TABLE removals (
  task_id TEXT PRIMARY KEY REFERENCES tasks (task_id)
) STRICT, WITHOUT ROWID;
