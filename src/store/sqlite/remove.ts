import type { Database } from "bun:sqlite";

/** What hung on a task. */
export interface Removed {
  checkpoints: number;
  events: number;
  artifacts: number;
}

/** Removes a task's row and all rows that hang on it, in the open transaction. Artifacts' bytes stay where they are. */
export function removeRows(db: Database, task: number): Removed {
  const { changes: checkpoints } = db.query("DELETE FROM checkpoints WHERE task = ?").run(task);
  const { changes: events } = db.query("DELETE FROM events WHERE task = ?").run(task);
  const { changes: artifacts } = db.query("DELETE FROM artifacts WHERE task = ?").run(task);
  db.query("DELETE FROM idempotency WHERE task = ?").run(task);
  db.query("DELETE FROM task_tags WHERE task = ?").run(task);
  // The search entry goes with it: trigger search_forgets.
  db.query("DELETE FROM tasks WHERE id = ?").run(task);
  return { checkpoints, events, artifacts };
}
