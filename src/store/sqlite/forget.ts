import type { Database } from "bun:sqlite";
import type { ArtifactFolder } from "../artifacts.ts";
import { latestSeq } from "./queries.ts";
import { addRemoved, type Removable, removeRows } from "./remove.ts";
import { patiently } from "./retry.ts";
import { clearSearch, indexedUntil, indexSome } from "./search-index.ts";
import { inSlices, PAUSE_MS, sliceEnd } from "./slices.ts";
import { discardUnused, isReferenced, sweepBytes, YOUNG_MS } from "./sweep.ts";

/** What was forgotten. */
export interface Forgotten {
  /** Whether there was such a task. */
  found: boolean;
  checkpoints: number;
  events: number;
  /** Artifacts whose bytes are gone: no other task has them. */
  artifacts: number;
  /** Artifacts of it whose bytes are still there: somebody keeps them again and again, and may be about to attach them. */
  held: number;
  /** Files of other artifacts that no task has, and that are too young to be sure. */
  young: number;
  /** Whether nothing of it is left in the files: not so while another process reads an old state of the database. */
  swept: boolean;
}

/** How long to wait for the readers of old states, in milliseconds. */
const PATIENCE_MS = 5000;
/** How long to make the index anew, and how soon to try again where another process writes, in milliseconds. */
const INDEX_MS = { all: 10_000, again: 2 };
/** Within so long after it kept its bytes an attach writes their row, or is refused: twice as long as a call waits for the store. */
const ATTACH_MS = 10_000;
/** How long to wait for bytes that are kept again and again, in milliseconds, and between two looks at them. */
const BYTES_MS = { patience: 3 * ATTACH_MS, look: 100 };

/**
 * Removes a task with all that hangs on it, and every trace of it from the database, its log and the artifacts folder,
 * while servers run: little by little, but for the compaction, which takes the store for as long as SQLite needs. What
 * earlier deletions and changes left in free pages goes with it, so a run that was cut short is completed by the next,
 * whatever task it is for. `now` is the wall clock, in milliseconds.
 */
export async function forget(
  db: Database,
  artifacts: ArtifactFolder,
  task_id: string,
  now: () => number,
): Promise<Forgotten> {
  db.run("PRAGMA secure_delete = ON");
  // The copy that VACUUM makes may be larger than the memory; nothing of the task is in it.
  db.run("PRAGMA temp_store = DEFAULT");
  const { content, ...removed } = await removeTask(db, task_id);
  // Before the compaction, which has less to do then.
  await patiently(() => clearSearch(db));
  await patiently(() => db.run("VACUUM"));
  const swept = await emptyLog(db);
  const found = await Promise.all(content.map((sha256) => removeBytes(db, artifacts, sha256, now)));
  const { young } = await sweepBytes(artifacts, isReferenced(db), { keptBefore: now() - YOUNG_MS, dryRun: false });
  await indexAll(db);
  const held = found.filter((one) => one === "young").length;
  return {
    ...removed,
    artifacts: found.filter((one) => typeof one === "number").length,
    held,
    young: young - held,
    swept,
  };
}

async function removeTask(db: Database, task_id: string) {
  const total = { found: false, checkpoints: 0, events: 0, artifacts: 0 };
  const content = new Set<string>();
  await inSlices(db, () => {
    const task = db.query<Removable, [string]>("SELECT id, task_id FROM tasks WHERE task_id = ?").get(task_id);
    if (task === null) {
      return "done";
    }
    total.found = true;
    const attached = db.query<{ sha256: string }, [number]>("SELECT DISTINCT sha256 FROM artifacts WHERE task = ?");
    for (const { sha256 } of attached.all(task.id)) {
      content.add(sha256);
    }
    const removed = removeRows(db, task, sliceEnd());
    addRemoved(total, removed);
    return removed.gone ? "done" : "more";
  });
  return { ...total, content: [...content] };
}

/** Removes the task's bytes unless another has them, once nobody can be about to attach them: whoever is has kept them lately. */
async function removeBytes(db: Database, artifacts: ArtifactFolder, sha256: string, now: () => number) {
  const until = now() + BYTES_MS.patience;
  for (;;) {
    const sweeping = { keptBefore: now() - ATTACH_MS, dryRun: false };
    const found = await discardUnused(artifacts, sha256, isReferenced(db), sweeping);
    if (found !== "young" || now() > until) {
      return found;
    }
    await Bun.sleep(BYTES_MS.look);
  }
}

/** Brings the index up to the present change, others writing in between; what takes too long is for servers, in idle time. */
async function indexAll(db: Database): Promise<void> {
  const end = latestSeq(db);
  const until = performance.now() + INDEX_MS.all;
  while (indexedUntil(db) < end && performance.now() < until) {
    await Bun.sleep(indexSome(db) === "more" ? PAUSE_MS : INDEX_MS.again);
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
