import type { Database } from "bun:sqlite";
import type { ArtifactFolder } from "../artifacts.ts";
import { immediately } from "./migrate.ts";
import { removeRows } from "./remove.ts";
import { patiently } from "./retry.ts";
import { rebuildSearch } from "./search-index.ts";

/** What was forgotten. */
export interface Forgotten {
  /** Whether there was such a task. */
  found: boolean;
  checkpoints: number;
  events: number;
  /** Artifacts whose bytes are gone: no other task has them. */
  artifacts: number;
  /** Whether nothing of it is left in the files: not so while another process reads an old state of the database. */
  swept: boolean;
}

/** How long to wait for the readers of old states, in milliseconds. */
const PATIENCE_MS = 5000;

/**
 * Removes a task with all that hangs on it, and every trace of it from the database, its log and the artifacts folder,
 * while servers run. What earlier deletions and changes left in free pages goes with it, so a run that was cut short is
 * completed by the next, whatever task it is for.
 */
export async function forget(db: Database, artifacts: ArtifactFolder, task_id: string): Promise<Forgotten> {
  db.run("PRAGMA secure_delete = ON");
  // The copy that VACUUM makes may be larger than the memory; nothing of the task is in it.
  db.run("PRAGMA temp_store = DEFAULT");
  const removed = await patiently(() => immediately(db, () => removeTask(db, task_id)));
  // Deleted words stay in the segments of the index until it is merged: it is made anew.
  await patiently(() => rebuildSearch(db));
  await patiently(() => db.run("VACUUM"));
  const swept = await emptyLog(db);
  let gone = 0;
  for (const sha256 of removed.content) {
    gone += await removeBytes(db, artifacts, sha256);
  }
  return { ...removed, artifacts: gone, swept };
}

function removeTask(db: Database, task_id: string) {
  const task = db.query<{ id: number }, [string]>("SELECT id FROM tasks WHERE task_id = ?").get(task_id)?.id;
  if (task === undefined) {
    return { found: false, content: [], checkpoints: 0, events: 0 };
  }
  const content = db
    .query<{ sha256: string }, [number]>("SELECT DISTINCT sha256 FROM artifacts WHERE task = ?")
    .all(task)
    .map(({ sha256 }) => sha256);
  const { checkpoints, events } = removeRows(db, { id: task, task_id }, Number.POSITIVE_INFINITY);
  return { found: true, content, checkpoints, events };
}

/** Removes bytes that no task has any more, inside a transaction that keeps others from attaching them meanwhile. */
async function removeBytes(db: Database, artifacts: ArtifactFolder, sha256: string): Promise<number> {
  await patiently(() => db.run("BEGIN IMMEDIATE"));
  try {
    const used = db.query("SELECT 1 FROM artifacts WHERE sha256 = ? LIMIT 1").get(sha256) !== null;
    if (!used) {
      await artifacts.remove(sha256);
    }
    return used ? 0 : 1;
  } finally {
    db.run("ROLLBACK");
  }
}

/** Moves the log into the database and empties it, as soon as nobody reads what is only there. */
async function emptyLog(db: Database): Promise<boolean> {
  const until = performance.now() + PATIENCE_MS;
  const truncate = db.query<{ busy: number }, []>("PRAGMA wal_checkpoint(TRUNCATE)");
  for (;;) {
    const busy = await patiently(() => truncate.get()?.busy);
    if (busy === 0) {
      return true;
    }
    if (performance.now() > until) {
      return false;
    }
    await Bun.sleep(20);
  }
}
