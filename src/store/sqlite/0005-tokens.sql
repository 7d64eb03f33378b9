-- Schema 5: tokens, by their SHA-256. A revoked one stays: that there was one is what makes every caller need one.

CREATE TABLE tokens (
  id         INTEGER PRIMARY KEY,
  token_id   TEXT NOT NULL UNIQUE,
  agent      TEXT NOT NULL,
  agent_key  TEXT NOT NULL,
  role       TEXT NOT NULL,
  digest     BLOB NOT NULL,
  created_at TEXT NOT NULL,
  revoked_at TEXT
) STRICT;
CREATE INDEX tokens_by_agent ON tokens (agent_key);
