import type { Database } from "bun:sqlite";
import { quote } from "../../domain/clean.ts";
import { TaskError } from "../../domain/errors.ts";

/** What hung on a task. */
export interface Removed {
  checkpoints: number;
  events: number;
  artifacts: number;
}

/** A task to be removed. */
export interface Removable {
  id: number;
  task_id: string;
}

/** So many rows go in one statement, between two looks at the time; each may have a mebibyte. */
const CHUNK = 20;

const OLDEST = {
  events: `DELETE FROM events WHERE seq IN (SELECT seq FROM events WHERE task = +? ORDER BY version LIMIT ${CHUNK})`,
  checkpoints: `DELETE FROM checkpoints WHERE id IN
    (SELECT id FROM checkpoints WHERE task = +? ORDER BY number LIMIT ${CHUNK})`,
};

/**
 * Removes a task's row and all rows that hang on it, in the open transaction. Artifacts' bytes stay where they are. Where
 * `until` (of `performance.now`) comes before the end, the task stays, without the oldest of its history, noted in `removals`:
 * nothing can be written to it any more, and the next call goes on. Answers what went, and whether the task did.
 */
export function removeRows(db: Database, { id, task_id }: Removable, until: number): Removed & { gone: boolean } {
  const removed = { checkpoints: 0, events: 0, artifacts: 0 };
  for (const table of ["events", "checkpoints"] as const) {
    const oldest = db.query(OLDEST[table]);
    for (let { changes } = oldest.run(id); changes > 0; { changes } = oldest.run(id)) {
      removed[table] += changes;
      if (performance.now() > until) {
        db.query("INSERT OR IGNORE INTO removals (task_id) VALUES (?)").run(task_id);
        return { ...removed, gone: false };
      }
    }
  }
  removed.artifacts = db.query("DELETE FROM artifacts WHERE task = ?").run(id).changes;
  db.query("DELETE FROM idempotency WHERE task = ?").run(id);
  db.query("DELETE FROM task_tags WHERE task = ?").run(id);
  db.query("DELETE FROM removals WHERE task_id = ?").run(task_id);
  // The search entry goes with it: trigger search_forgets.
  db.query("DELETE FROM tasks WHERE id = ?").run(id);
  return { ...removed, gone: true };
}

/** Lets no task be gone on with that has lost a part of its history. Throws `not_found`. */
export function refuseLeaving(db: Database, task_id: string): void {
  if (db.query("SELECT 1 FROM removals WHERE task_id = ?").get(task_id) !== null) {
    const reason = "it is being removed, by `prune` or `forget`; another task_id is accepted";
    throw new TaskError("not_found", `Cannot write to task ${quote(task_id)}: ${reason}`);
  }
}

/** Tasks whose removal was begun, the first of them. */
export function begunRemovals(db: Database, limit: number): Removable[] {
  return db
    .query<Removable, [number]>(
      "SELECT tasks.id, task_id FROM removals CROSS JOIN tasks USING (task_id) ORDER BY task_id LIMIT +?",
    )
    .all(limit);
}

/** Adds what went to a total. */
export function addRemoved(total: Removed, { checkpoints, events, artifacts }: Removed): void {
  total.checkpoints += checkpoints;
  total.events += events;
  total.artifacts += artifacts;
}
