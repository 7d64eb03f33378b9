import type { Database } from "bun:sqlite";
import { agentKey } from "../../domain/agent.ts";
import { markOf, NO_PROGRESS, progressOf } from "../../domain/checkpoint.ts";
import type { Instant } from "../../domain/instant.ts";
import type { TaskView } from "../../domain/task.ts";
import type { TaskChange, TaskFilter } from "../store.ts";
import { sound } from "./hashes.ts";
import {
  type ArtifactRow,
  type CheckpointRow,
  type EventRow,
  type TaskRow,
  toArtifact,
  toCheckpoint,
  toTask,
} from "./rows.ts";

type Place = readonly [string, number];

/** Whether a row's lease or offer has run out; see `secondsUntil` in domain/instant.ts. */
export const PASSED = "(CASE WHEN deadline_boot = +? THEN deadline_uptime + 1 <= +? ELSE deadline_at + 1000 <= +? END)";

/** The values of `PASSED`. */
export function passedBy({ boot_id = "", uptime, wall }: Instant): [string, number, number] {
  return [boot_id, uptime, wall];
}

/** A task's row by its id. */
export function taskRow(db: Database, task_id: string): TaskRow | undefined {
  const row = db.query<TaskRow, [string]>("SELECT * FROM tasks WHERE task_id = ?").get(task_id);
  return row === null ? undefined : sound("tasks", row);
}

/** A row with its newest progress and its artifacts. */
export function viewOf(db: Database, row: TaskRow, now: Instant): TaskView {
  const newest = row.checkpoint_count === 0 ? undefined : checkpointRow(db, row.id, row.checkpoint_count);
  const checkpoint = newest === undefined ? undefined : toCheckpoint(newest);
  const progress = checkpoint === undefined ? NO_PROGRESS : progressOf(checkpoint);
  const artifacts = db
    .query<ArtifactRow, [number]>("SELECT * FROM artifacts WHERE task = +? ORDER BY id")
    .all(row.id)
    .map((found) => toArtifact(sound("artifacts", found)));
  const mark = checkpoint === undefined ? undefined : markOf(checkpoint);
  return { task: toTask(row, now), content_hash: row.content_hash, progress, checkpoint: mark, artifacts };
}

/** A checkpoint's row by its number. */
export function checkpointRow(db: Database, task: number, number: number): CheckpointRow | undefined {
  const query = db.query<CheckpointRow, [number, number]>("SELECT * FROM checkpoints WHERE task = ? AND number = ?");
  const row = query.get(task, number);
  return row === null ? undefined : sound("checkpoints", row);
}

/** An artifact's row by its id or else, the newest, by its name. */
export function artifactRow(db: Database, task: number, id_or_name: string): ArtifactRow | undefined {
  const byId = db.query<ArtifactRow, [number, string]>("SELECT * FROM artifacts WHERE task = ? AND artifact_id = ?");
  const byName = db.query<ArtifactRow, [number, string]>(
    "SELECT * FROM artifacts WHERE task = +? AND name = +? ORDER BY id DESC LIMIT 1",
  );
  const row = byId.get(task, id_or_name) ?? byName.get(task, id_or_name);
  return row === null ? undefined : sound("artifacts", row);
}

/** A task's events below a version, newest first. */
export function eventRows(db: Database, task: number, below: number, limit: number): EventRow[] {
  return db
    .query<EventRow, [number, number, number]>(
      "SELECT * FROM events WHERE task = +? AND version < +? ORDER BY version DESC LIMIT +?",
    )
    .all(task, below, limit)
    .map((row) => sound("events", row));
}

/** The first events of all tasks after `seq`, oldest first. */
export function changeRows(db: Database, seq: number, limit: number): Omit<TaskChange, "created">[] {
  return db
    .query<Omit<TaskChange, "created">, [number, number]>(
      `SELECT events.seq, tasks.task_id, events.version FROM events JOIN tasks ON tasks.id = events.task
       WHERE events.seq > +? ORDER BY events.seq LIMIT +?`,
    )
    .all(seq, limit);
}

/** The newest event's `seq`, or 0. */
export function latestSeq(db: Database): number {
  return db.query<{ seq: number | null }, []>("SELECT max(seq) AS seq FROM events").get()?.seq ?? 0;
}

/** Whether there is an event after `seq`. */
export function isNewer(db: Database, seq: number): boolean {
  return db.query<{ seq: number }, [number]>("SELECT seq FROM events WHERE seq > ? LIMIT 1").get(seq) !== null;
}

/** Conditions of a query, which are constants, and the values bound to them. */
export interface Conditions {
  conditions: string[];
  values: (string | number)[];
}

/** What columns of `tasks` without an order of their own decide of a filter. */
export function conditionsOf(filter: TaskFilter, now: Instant): Conditions {
  const conditions: string[] = [];
  const values: (string | number)[] = [];
  if (filter.status !== undefined) {
    conditions.push("tasks.status = +?");
    values.push(filter.status);
  }
  if (filter.owner !== undefined) {
    // An offer that its addressee let lapse is nobody's.
    conditions.push("owner_key = +?", `NOT (tasks.status = 'handoff_ready' AND ${PASSED})`);
    values.push(agentKey(filter.owner), ...passedBy(now));
  }
  if (filter.repo_path !== undefined) {
    conditions.push("repo_path = +?");
    values.push(filter.repo_path);
  }
  return { conditions, values };
}

/** Tasks after a place, the last updated first. */
export function listRows(
  db: Database,
  filter: TaskFilter,
  { after, limit, now }: { after: Place | undefined; limit: number; now: Instant },
): TaskRow[] {
  const { tag } = filter;
  const from = tag === undefined ? "tasks" : "task_tags JOIN tasks ON tasks.id = task_tags.task";
  const key = tag === undefined ? "tasks.updated_at, tasks.id" : "task_tags.updated_at, task_tags.task";
  const order = key.replaceAll(/,|$/g, " DESC$&");
  const { conditions, values } = conditionsOf(filter, now);
  const where = (condition: string, ...bound: (string | number)[]) => {
    conditions.push(condition);
    values.push(...bound);
  };
  if (tag !== undefined) {
    where("task_tags.tag = +?", tag);
    if (filter.status !== undefined) {
      where("task_tags.status = +?", filter.status);
    }
  }
  if (filter.updated_since !== undefined) {
    where(`${key.split(",")[0]} >= +?`, filter.updated_since);
  }
  if (after !== undefined) {
    where(`(${key}) < (+?, +?)`, ...after);
  }
  const condition = conditions.length === 0 ? "" : `WHERE ${conditions.join(" AND ")}`;
  const sql = `SELECT tasks.* FROM ${from} ${condition} ORDER BY ${order} LIMIT +?`;
  return db
    .query<TaskRow, (string | number)[]>(sql)
    .all(...values, limit)
    .map((row) => sound("tasks", row));
}

/** The end of the texts that begin with `prefix`, in SQLite's order of bytes. */
const beyond = (prefix: string) => `${prefix}\u{10ffff}`;

/** Ids that begin with `prefix`. */
export function taskIdsLike(db: Database, prefix: string, limit: number): string[] {
  return db
    .query<{ task_id: string }, [string, string, number]>(
      "SELECT task_id FROM tasks WHERE task_id >= +? AND task_id < +? ORDER BY task_id LIMIT +?",
    )
    .all(prefix, beyond(prefix), limit)
    .map(({ task_id }) => task_id);
}

/** Owners that begin with `prefix`, from one to the next by their index, however many tasks each has. */
export function agentsLike(db: Database, prefix: string, limit: number): string[] {
  const next = db.query<{ owner_key: string; current_owner: string }, [string, string]>(
    "SELECT owner_key, current_owner FROM tasks WHERE owner_key > +? AND owner_key < +? ORDER BY owner_key LIMIT 1",
  );
  const key = agentKey(prefix);
  const names: string[] = [];
  let row = db
    .query<{ owner_key: string; current_owner: string }, [string, string]>(
      "SELECT owner_key, current_owner FROM tasks WHERE owner_key >= +? AND owner_key < +? ORDER BY owner_key LIMIT 1",
    )
    .get(key, beyond(key));
  while (row !== null && names.length < limit) {
    names.push(row.current_owner);
    row = next.get(row.owner_key, beyond(key));
  }
  return names;
}
