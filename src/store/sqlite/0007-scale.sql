-- Schema 7. What is asked for most: a state's tasks of one owner, repository or tag, each in the order of the list. With
-- one of the two in the index alone, a page of a million tasks looked through a hundred thousand.

CREATE INDEX tasks_by_owner_and_status ON tasks (owner_key, status, updated_at, id);
CREATE INDEX tasks_by_repo_and_status ON tasks (repo_path, status, updated_at, id);

ALTER TABLE task_tags ADD COLUMN status TEXT NOT NULL DEFAULT '';
UPDATE task_tags SET status = (SELECT status FROM tasks WHERE id = task_tags.task);
CREATE INDEX task_tags_by_status ON task_tags (tag, status, updated_at, task);

-- What has run out in one repository, without a look at what has elsewhere; all that decides stands in the index.
CREATE INDEX tasks_by_deadline_in_repo
  ON tasks (repo_path, status, deadline_boot, deadline_uptime, deadline_at, let_go_key, priority)
  WHERE deadline_at IS NOT NULL;
