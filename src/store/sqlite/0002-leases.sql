-- Schema 2: leases, what a task remembers of its owners, and who wrote what.

-- JSON: lease, predecessor, attempts, bounced.
ALTER TABLE tasks ADD COLUMN ownership TEXT NOT NULL DEFAULT '{"attempts":[]}';
-- When the present lease or offer runs out: by the wall clock in milliseconds, and by the uptime of one boot in seconds.
ALTER TABLE tasks ADD COLUMN deadline_at INTEGER;
ALTER TABLE tasks ADD COLUMN deadline_uptime REAL;
ALTER TABLE tasks ADD COLUMN deadline_boot TEXT;
-- Who offered it or was exhausted, as agents are compared.
ALTER TABLE tasks ADD COLUMN let_go_key TEXT;
ALTER TABLE tasks ADD COLUMN described_by TEXT;
ALTER TABLE tasks ADD COLUMN described_at TEXT NOT NULL DEFAULT '';

-- JSON: by field of the progress, who wrote it and when; and the repository as it stood.
ALTER TABLE checkpoints ADD COLUMN origins TEXT;
ALTER TABLE checkpoints ADD COLUMN repo_state TEXT;

UPDATE tasks SET
  described_by = (SELECT agent FROM events WHERE task = tasks.id AND version = 1),
  described_at = created_at,
  let_go_key = lower(coalesce(handoff ->> 'from_agent', exhausted ->> 'agent'));

-- Owners of before have an hour from their last write, offers a day from when they were made.
UPDATE tasks SET
  deadline_at = CAST(unixepoch(updated_at, 'subsec') * 1000 AS INTEGER) + 3600000,
  deadline_uptime = 0,
  ownership = json_object(
    'lease', json_object(
      'token', lower(hex(randomblob(8))), 'seconds', 3600, 'version', 0,
      'expires', json_object('at', strftime('%Y-%m-%dT%H:%M:%fZ', updated_at, '+1 hour'), 'uptime', 0)),
    'attempts', json_array(json_object('agent', current_owner, 'count', 1)))
WHERE status = 'in_progress';
UPDATE tasks SET
  deadline_at = CAST(unixepoch(handoff ->> 'offered_at', 'subsec') * 1000 AS INTEGER) + 86400000,
  deadline_uptime = 0,
  handoff = json_set(handoff, '$.expires',
    json_object('at', strftime('%Y-%m-%dT%H:%M:%fZ', handoff ->> 'offered_at', '+1 day'), 'uptime', 0))
WHERE status = 'handoff_ready';

-- The next task for an agent: by priority, then age, among those of one state; and those whose time runs out first.
CREATE INDEX tasks_to_claim ON tasks (status, owner_key, priority, id);
CREATE INDEX tasks_to_claim_in_repo ON tasks (repo_path, status, owner_key, priority, id);
CREATE INDEX tasks_by_deadline ON tasks (status, deadline_boot, deadline_uptime) WHERE deadline_at IS NOT NULL;
