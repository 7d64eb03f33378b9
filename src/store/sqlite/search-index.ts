import { type Database, SQLiteError } from "bun:sqlite";
import { TaskError } from "../../domain/errors.ts";
import { type Searchable, searchable } from "../../domain/words.ts";
import { immediately } from "./migrate.ts";
import { latestSeq } from "./queries.ts";
import type { CheckpointRow, TaskRow } from "./rows.ts";
import { SCHEMA_VERSION, schemaVersion } from "./schema.ts";
import { isUnsynced } from "./storage-error.ts";

/** How long a transaction of the index goes on taking tasks, in milliseconds: writes of any process wait for it. */
const SLICE_MS = 8;
/** How many events a transaction looks at. */
const SLICE_EVENTS = 4096;
/** How long after a write its task is indexed, in milliseconds, if nobody searches before. */
const IDLE_MS = 250;
/** The pause between two transactions of the index, in milliseconds. */
const PAUSE_MS = 40;
/** How many changes a search looks through itself rather than take the write lock to index them. */
const FEW_EVENTS = 64;

type Step = "done" | "more" | "later";

/** Keeps the index up to date in idle time. */
export interface Indexer {
  /** Something may be there to be indexed. */
  poke(): void;
  /** Before a search: indexes what it would be slow to look through, for a moment at most, and never waits. */
  catchUp(): void;
  close(): void;
}

/** The indexer of one connection; `guard` runs each of its transactions, and refuses when nothing can be kept any more. */
export function createIndexer(db: Database, guard: <T>(write: () => T) => T): Indexer {
  const step = (): Step => {
    try {
      return guard(() => indexSome(db));
    } catch (error) {
      if (error instanceof TaskError) {
        closed = true;
        return "done";
      }
      throw error;
    }
  };
  let timer: ReturnType<typeof setTimeout> | undefined;
  let closed = false;
  const later = (delay: number) => {
    if (closed) {
      return;
    }
    timer ??= setTimeout(() => {
      timer = undefined;
      const reached = step();
      if (reached !== "done") {
        later(reached === "more" ? PAUSE_MS : IDLE_MS);
      }
    }, delay);
    timer.unref();
  };
  return {
    poke: () => later(IDLE_MS),
    catchUp() {
      if (db.inTransaction) {
        return;
      }
      const behind = lag(db);
      if (behind > FEW_EVENTS) {
        step();
      }
      if (behind > 0) {
        later(IDLE_MS);
      }
    },
    close() {
      closed = true;
      clearTimeout(timer);
    },
  };
}

/** The event up to which the index knows all. */
export function indexedUntil(db: Database): number {
  return db.query<{ seq: number }, []>("SELECT seq FROM search_progress").get()?.seq ?? 0;
}

/** A task as it is found. */
export interface Document extends Searchable {
  row: TaskRow & { seq: number };
  /** The length of its texts. */
  characters: number;
}

/** The document of the task whose newest event is `seq`; nothing when that is no task's newest any more. */
export function documentOf(db: Database, seq: number): Document | undefined {
  const row = db
    .query<Document["row"] & Partial<CheckpointRow>, [number]>(
      `SELECT events.seq, tasks.*, checkpoints.completed_steps, checkpoints.remaining_steps, checkpoints.resume_prompt,
         checkpoints.context
       FROM events CROSS JOIN tasks ON tasks.id = events.task AND tasks.version = events.version
         LEFT JOIN checkpoints ON checkpoints.task = tasks.id AND checkpoints.number = tasks.checkpoint_count
       WHERE events.seq = ?`,
    )
    .get(seq);
  if (row === null) {
    return undefined;
  }
  const steps: string[] = [row.completed_steps, row.remaining_steps].flatMap((json) => JSON.parse(json ?? "[]"));
  const text = [row.title, row.goal, ...steps, row.resume_prompt ?? "", row.context ?? ""].join("\n");
  return { row, characters: text.length, ...searchable(text) };
}

/**
 * Indexes some of the tasks that were changed since, the longest ago first, in one transaction: `done` when none are left,
 * `later` when the store could not be written.
 */
export function indexSome(db: Database): Step {
  try {
    if (lag(db) === 0) {
      return "done";
    }
    return immediately(db, () => (schemaVersion(db) === SCHEMA_VERSION ? indexSlice(db) : "done"));
  } catch (error) {
    // Held by another process, full, read-only: a search does without, and what is wrong is told by the next write.
    if (error instanceof SQLiteError && !isUnsynced(error)) {
      return "later";
    }
    throw error;
  }
}

/** Empties the index, for good: no word that was deleted stays in it, as they do until its segments are merged. */
export function clearSearch(db: Database): void {
  immediately(db, () => {
    db.run("INSERT INTO search (search) VALUES ('delete-all')");
    db.run("DELETE FROM search_documents");
    db.run("UPDATE search_progress SET seq = 0");
  });
}

/** Makes the index anew, from nothing, in a database that nobody else has open. */
export function rebuildSearch(db: Database): void {
  clearSearch(db);
  while (indexSome(db) === "more") {
    // Slice by slice, none of which is long.
  }
}

/** How many events the index is behind. */
function lag(db: Database): number {
  return latestSeq(db) - indexedUntil(db);
}

function indexSlice(db: Database): "done" | "more" {
  const from = indexedUntil(db);
  const latest = latestSeq(db);
  const end = Math.min(latest, from + SLICE_EVENTS);
  let reached = end;
  const started = performance.now();
  for (const seq of newestEvents(db, from, end)) {
    indexTask(db, seq);
    if (performance.now() - started > SLICE_MS) {
      reached = seq;
      break;
    }
  }
  db.query("UPDATE search_progress SET seq = ?").run(reached);
  return reached < latest ? "more" : "done";
}

/** The events after `from` that are the newest of their tasks. */
function newestEvents(db: Database, from: number, to: number): number[] {
  return db
    .query<{ seq: number }, [number, number]>(
      `SELECT events.seq FROM events CROSS JOIN tasks ON tasks.id = events.task AND tasks.version = events.version
       WHERE events.seq > +? AND events.seq <= +? ORDER BY events.seq`,
    )
    .all(from, to)
    .map(({ seq }) => seq);
}

function indexTask(db: Database, seq: number): void {
  const document = documentOf(db, seq);
  if (document === undefined) {
    return;
  }
  const { row, words, parts } = document;
  db.query("DELETE FROM search WHERE rowid = (SELECT seq FROM search_documents WHERE task = ?)").run(row.id);
  db.query("INSERT INTO search (rowid, words, parts) VALUES (?, ?, ?)").run(seq, words, parts);
  db.query("INSERT OR REPLACE INTO search_documents (task, seq) VALUES (?, ?)").run(row.id, seq);
}
