import type { Database } from "bun:sqlite";
import { agentKey } from "../../domain/agent.ts";
import { NO_PROGRESS } from "../../domain/checkpoint.ts";
import type { TaskView } from "../../domain/task.ts";
import type { TaskFilter } from "../store.ts";
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

/** A task's row by its id. */
export function taskRow(db: Database, task_id: string): TaskRow | undefined {
  return db.query<TaskRow, [string]>("SELECT * FROM tasks WHERE task_id = ?").get(task_id) ?? undefined;
}

/** A row with its newest progress and its artifacts. */
export function viewOf(db: Database, row: TaskRow): TaskView {
  const newest = row.checkpoint_count === 0 ? undefined : checkpointRow(db, row.id, row.checkpoint_count);
  const {
    number: _,
    agent: __,
    created_at: ___,
    ...progress
  } = newest === undefined ? { number: 0, agent: "", created_at: "", ...NO_PROGRESS } : toCheckpoint(newest);
  const artifacts = db
    .query<ArtifactRow, [number]>(
      "SELECT artifact_id, name, kind, mime_type, size, sha256, agent, created_at FROM artifacts WHERE task = ? ORDER BY id",
    )
    .all(row.id)
    .map(toArtifact);
  return { task: toTask(row), content_hash: row.content_hash, progress, artifacts };
}

/** A checkpoint's row by its number. */
export function checkpointRow(db: Database, task: number, number: number): CheckpointRow | undefined {
  const query = db.query<CheckpointRow, [number, number]>(
    `SELECT number, agent, created_at, completed_steps, remaining_steps, test_results, resume_prompt, context
     FROM checkpoints WHERE task = ? AND number = ?`,
  );
  return query.get(task, number) ?? undefined;
}

/** An artifact's row by its id or else, the newest, by its name. */
export function artifactRow(db: Database, task: number, id_or_name: string): ArtifactRow | undefined {
  const columns = "SELECT artifact_id, name, kind, mime_type, size, sha256, agent, created_at FROM artifacts";
  const byId = db.query<ArtifactRow, [number, string]>(`${columns} WHERE task = ? AND artifact_id = ?`);
  const byName = db.query<ArtifactRow, [number, string]>(
    `${columns} WHERE task = ? AND name = ? ORDER BY id DESC LIMIT 1`,
  );
  return byId.get(task, id_or_name) ?? byName.get(task, id_or_name) ?? undefined;
}

/** A task's events below a version, newest first. */
export function eventRows(db: Database, task: number, below: number, limit: number): EventRow[] {
  return db
    .query<EventRow, [number, number, number]>(
      `SELECT version, command, agent, at, effects, changes FROM events
       WHERE task = ? AND version < ? ORDER BY version DESC LIMIT ?`,
    )
    .all(task, below, limit);
}

/** Tasks after a place, the last updated first. The conditions are constants; values are always bound. */
export function listRows(db: Database, filter: TaskFilter, after: Place | undefined, limit: number): TaskRow[] {
  const { tag } = filter;
  const from = tag === undefined ? "tasks" : "task_tags JOIN tasks ON tasks.id = task_tags.task";
  const key = tag === undefined ? "tasks.updated_at, tasks.id" : "task_tags.updated_at, task_tags.task";
  const order = key.replaceAll(/,|$/g, " DESC$&");
  const conditions: string[] = [];
  const values: (string | number)[] = [];
  const where = (condition: string, ...bound: (string | number)[]) => {
    conditions.push(condition);
    values.push(...bound);
  };
  if (tag !== undefined) {
    where("task_tags.tag = ?", tag);
  }
  if (filter.status !== undefined) {
    where("status = ?", filter.status);
  }
  if (filter.owner !== undefined) {
    where("owner_key = ?", agentKey(filter.owner));
  }
  if (filter.repo_path !== undefined) {
    where("repo_path = ?", filter.repo_path);
  }
  if (filter.updated_since !== undefined) {
    where(`${key.split(",")[0]} >= ?`, filter.updated_since);
  }
  if (after !== undefined) {
    where(`(${key}) < (?, ?)`, ...after);
  }
  const condition = conditions.length === 0 ? "" : `WHERE ${conditions.join(" AND ")}`;
  const sql = `SELECT tasks.* FROM ${from} ${condition} ORDER BY ${order} LIMIT ?`;
  return db.query<TaskRow, (string | number)[]>(sql).all(...values, limit);
}
