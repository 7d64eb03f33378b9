-- Schema 8. When the limits of exhausted agents are reset: they may take their own tasks up again then, and may be waiting for it.

-- The status is there for the planner, which would rather look through all tasks of that status.
CREATE INDEX tasks_by_reset ON tasks (status, exhausted ->> 'resets_at') WHERE status = 'agent_exhausted';
