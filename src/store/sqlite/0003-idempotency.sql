-- Schema 3. The answers to keyed writes, each committed together with its effect.

CREATE TABLE idempotency (
  id             INTEGER PRIMARY KEY,
  key            TEXT NOT NULL UNIQUE,
  args_hash      TEXT NOT NULL,
  answer         TEXT NOT NULL CHECK (length(answer) <= 65536),
  task           INTEGER NOT NULL REFERENCES tasks (id) ON DELETE CASCADE,
  expires_at     TEXT NOT NULL,
  expires_uptime REAL NOT NULL,
  boot_id        TEXT
) STRICT;
CREATE INDEX idempotency_by_expiry ON idempotency (expires_at);
CREATE INDEX idempotency_by_task ON idempotency (task);
