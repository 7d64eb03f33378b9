import type { Database } from "bun:sqlite";
import type { ArtifactFolder } from "../artifacts.ts";
import { addRemoved, begunRemovals, type Removable, type Removed, removeRows } from "./remove.ts";
import { inSlices, sliceEnd } from "./slices.ts";
import { isReferenced, type Sweeping, type Swept, sweepBytes } from "./sweep.ts";

/** What to prune. */
export interface Pruning extends Sweeping {
  /** Finished tasks last updated before this time, ISO 8601. */
  before: string;
}

/** What was removed. */
export interface Pruned extends Removed, Swept {
  tasks: number;
}

/** The states in which a task is over. */
const FINISHED = ["done", "cancelled"];
const PAGE = 100;

/** Removes finished tasks with all that hangs on them, and then the artifacts' bytes that nothing references. */
export async function prune(db: Database, artifacts: ArtifactFolder, pruning: Pruning): Promise<Pruned> {
  const rows = pruning.dryRun ? countRows(db, pruning.before) : await removeFinished(db, pruning.before);
  return { ...rows, ...(await sweepBytes(artifacts, usedIn(db, pruning), pruning)) };
}

/** Also what an earlier run has begun to remove, and not come to the end of. */
async function removeFinished(db: Database, before: string): Promise<Removed & { tasks: number }> {
  const total = { tasks: 0, checkpoints: 0, events: 0, artifacts: 0 };
  await inSlices(db, () => removeSlice(db, () => begunRemovals(db, PAGE), total));
  const finished = db.query<Removable, [string, string, number]>(
    "SELECT id, task_id FROM tasks WHERE status = +? AND updated_at < +? ORDER BY updated_at, id LIMIT +?",
  );
  for (const status of FINISHED) {
    await inSlices(db, () => removeSlice(db, () => finished.all(status, before, PAGE), total));
  }
  return total;
}

/** Removes the first tasks, as many as the time allows; the select is inside: none that was reopened goes. */
function removeSlice(db: Database, first: () => Removable[], total: Removed & { tasks: number }): "done" | "more" {
  const end = sliceEnd();
  const tasks = first();
  for (const task of tasks) {
    // Each has time enough to go at once, unless it is a long one.
    const removed = removeRows(db, task, sliceEnd());
    addRemoved(total, removed);
    total.tasks += removed.gone ? 1 : 0;
    if (performance.now() > end) {
      break;
    }
  }
  return tasks.length === 0 ? "done" : "more";
}

function countRows(db: Database, before: string): Removed & { tasks: number } {
  const total = { tasks: 0, checkpoints: 0, events: 0, artifacts: 0 };
  // Each version of a task has its event.
  const query = db.query<Removed & { id: number; updated_at: string }, [string, string, string, number, number]>(
    `SELECT id, updated_at, checkpoint_count AS checkpoints, version AS events,
       (SELECT count(*) FROM artifacts WHERE task = tasks.id) AS artifacts
     FROM tasks WHERE status = +? AND updated_at < +? AND (updated_at, id) > (+?, +?) ORDER BY updated_at, id LIMIT +?`,
  );
  for (const status of FINISHED) {
    for (let after: [string, number] = ["", 0]; ; ) {
      const rows = query.all(status, before, ...after, PAGE);
      for (const row of rows) {
        total.tasks++;
        addRemoved(total, row);
      }
      const last = rows.at(-1);
      if (last === undefined) {
        break;
      }
      after = [last.updated_at, last.id];
    }
  }
  return total;
}

/** Which bytes some task has; for a dry run one that would stay. */
function usedIn(db: Database, { before, dryRun }: Pruning): (sha256: string) => boolean {
  const stays = db.query<object, [string, string, string, string]>(
    `SELECT 1 FROM artifacts JOIN tasks ON tasks.id = artifacts.task
     WHERE artifacts.sha256 = ? AND NOT (tasks.status IN (?, ?) AND tasks.updated_at < ?) LIMIT 1`,
  );
  const [done = "", cancelled = ""] = FINISHED;
  return dryRun ? (sha256) => stays.get(sha256, done, cancelled, before) !== null : isReferenced(db);
}
