import type { Database } from "bun:sqlite";
import type { ArtifactFolder } from "../artifacts.ts";
import { immediately } from "./migrate.ts";
import { type Removed, removeRows } from "./remove.ts";
import { patiently } from "./retry.ts";

/** What to prune. */
export interface Pruning {
  /** Finished tasks last updated before this time, ISO 8601. */
  before: string;
  /** Removes nothing, and tells what would be removed. */
  dryRun: boolean;
  /** Bytes kept after this time, in milliseconds since the epoch, may be about to be referenced: they stay. */
  keptBefore: number;
}

/** What was removed. */
export interface Pruned extends Removed {
  tasks: number;
  /** Files of artifacts that no task has any more, and their bytes. */
  files: number;
  bytes: number;
  /** Files that no task has either, but that are too young to be sure. */
  young: number;
}

/** The states in which a task is over. */
const FINISHED = ["done", "cancelled"];
/** How long a transaction goes on taking tasks, in milliseconds: writes of every process wait for it. */
const SLICE_MS = 8;
/** The pause between two transactions, in milliseconds, in which others write. */
const PAUSE_MS = 20;
const PAGE = 100;

/** Removes finished tasks with all that hangs on them, and then the artifacts' bytes that nothing references. */
export async function prune(db: Database, artifacts: ArtifactFolder, pruning: Pruning): Promise<Pruned> {
  const rows = pruning.dryRun ? countRows(db, pruning.before) : await removeFinished(db, pruning.before);
  return { ...rows, ...(await sweep(db, artifacts, pruning)) };
}

async function removeFinished(db: Database, before: string): Promise<Removed & { tasks: number }> {
  const total = { tasks: 0, checkpoints: 0, events: 0, artifacts: 0 };
  for (const status of FINISHED) {
    for (;;) {
      const slice = await patiently(() => immediately(db, () => removeSlice(db, status, before)));
      if (slice.length === 0) {
        break;
      }
      total.tasks += slice.length;
      for (const removed of slice) {
        add(total, removed);
      }
      await Bun.sleep(PAUSE_MS);
    }
  }
  return total;
}

/** Removes the first tasks of a state, as many as the time allows; the select is inside: none that was reopened goes. */
function removeSlice(db: Database, status: string, before: string): Removed[] {
  const started = performance.now();
  const removed: Removed[] = [];
  const rows = db
    .query<{ id: number }, [string, string, number]>(
      "SELECT id FROM tasks WHERE status = +? AND updated_at < +? ORDER BY updated_at, id LIMIT +?",
    )
    .all(status, before, PAGE);
  for (const { id } of rows) {
    removed.push(removeRows(db, id));
    if (performance.now() - started > SLICE_MS) {
      break;
    }
  }
  return removed;
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
        add(total, row);
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

function add(total: Removed, { checkpoints, events, artifacts }: Removed): void {
  total.checkpoints += checkpoints;
  total.events += events;
  total.artifacts += artifacts;
}

/** Removes the bytes that no task has, whoever left them; for a dry run those count that only tasks have which would go. */
async function sweep(db: Database, artifacts: ArtifactFolder, { before, dryRun, keptBefore }: Pruning) {
  const total = { files: 0, bytes: 0, young: 0 };
  const stays = db.query<object, [string, string, string, string]>(
    `SELECT 1 FROM artifacts JOIN tasks ON tasks.id = artifacts.task
     WHERE artifacts.sha256 = ? AND NOT (tasks.status IN (?, ?) AND tasks.updated_at < ?) LIMIT 1`,
  );
  const has = db.query<object, [string]>("SELECT 1 FROM artifacts WHERE sha256 = ? LIMIT 1");
  const [done = "", cancelled = ""] = FINISHED;
  for (const { sha256 } of await artifacts.list()) {
    const used = (hash: string) => (dryRun ? stays.get(hash, done, cancelled, before) : has.get(hash)) !== null;
    if (sha256 !== undefined && !(await patiently(() => used(sha256)))) {
      const found = await artifacts.discard(sha256, keptBefore, dryRun);
      total.young += found === "young" ? 1 : 0;
      total.files += typeof found === "number" ? 1 : 0;
      total.bytes += typeof found === "number" ? found : 0;
    }
  }
  return total;
}
