import type { Database } from "bun:sqlite";
import type { Artifact } from "../../domain/artifact.ts";
import type { Change } from "../../domain/changes.ts";
import type { Task } from "../../domain/task.ts";
import { rowHash, sealed } from "./hashes.ts";
import { refuseLeaving } from "./remove.ts";
import {
  fromCheckpoint,
  fromTask,
  leaseColumns,
  type StoredCheckpoint,
  type StoredEvent,
  type TaskRow,
} from "./rows.ts";

/** Writes a change into the open transaction and answers the task's row id; `before` is its row, or nothing for a new task. */
export function apply(db: Database, change: Change, before: TaskRow | undefined, content_hash: string): number {
  const task = before === undefined ? insertTask(db, change.task, content_hash) : updateTask(db, change, before);
  indexTags(db, change.task, before, task);
  const { checkpoint, artifact, event } = change;
  if (checkpoint !== undefined) {
    insertCheckpoint(db, task, checkpoint);
  }
  if (artifact !== undefined) {
    insertArtifact(db, task, artifact);
  }
  insertEvent(db, task, event);
  return task;
}

/** Adds a checkpoint to the task of a row id. */
export function insertCheckpoint(db: Database, task: number, checkpoint: StoredCheckpoint): void {
  db.query(
    `INSERT INTO checkpoints (task, number, agent, created_at, completed_steps, remaining_steps, test_results,
       resume_prompt, context, origins, repo_state, row_hash)
     VALUES ($task, $number, $agent, $created_at, $completed_steps, $remaining_steps, $test_results,
       $resume_prompt, $context, $origins, $repo_state, $row_hash)`,
  ).run(sealed("checkpoints", { task, ...fromCheckpoint(checkpoint) }));
}

/** Adds an artifact to the task of a row id. */
export function insertArtifact(db: Database, task: number, artifact: Artifact): void {
  db.query(
    `INSERT INTO artifacts (artifact_id, task, name, kind, mime_type, size, sha256, agent, created_at, row_hash)
     VALUES ($artifact_id, $task, $name, $kind, $mime_type, $size, $sha256, $agent, $created_at, $row_hash)`,
  ).run(sealed("artifacts", { task, ...artifact, agent: artifact.agent ?? null }));
}

/** Adds an event to the task of a row id. */
export function insertEvent(db: Database, task: number, event: StoredEvent): void {
  const { version, command, agent = null, at, effects, changes } = event;
  const row = { task, version, command, agent, at, effects: JSON.stringify(effects), changes: JSON.stringify(changes) };
  db.query(
    `INSERT INTO events (task, version, command, agent, at, effects, changes, row_hash)
     VALUES ($task, $version, $command, $agent, $at, $effects, $changes, $row_hash)`,
  ).run(sealed("events", row));
}

/** Writes a lease that its owner renewed without changing anything: no new version, no event. */
export function renew(db: Database, renewed: Task, before: TaskRow): void {
  refuseLeaving(db, before.task_id);
  const columns = leaseColumns(renewed);
  db.query(
    `UPDATE tasks SET ownership = $ownership, deadline_at = $deadline_at, deadline_uptime = $deadline_uptime,
       deadline_boot = $deadline_boot, row_hash = $row_hash
     WHERE id = $id`,
  ).run({ ...columns, row_hash: rowHash("tasks", { ...before, ...columns }), id: before.id });
}

/** Adds a task, without its labels, and answers its row id. */
export function insertTask(db: Database, task: Task, content_hash: string): number {
  const { lastInsertRowid } = db
    .query(
      `INSERT INTO tasks (task_id, title, goal, repo_path, status, current_owner, owner_key, owned_since, priority,
         tags, handoff, exhausted, ownership, deadline_at, deadline_uptime, deadline_boot, let_go_key, described_by, described_at,
         content_hash, checkpoint_count, version, created_at, updated_at, row_hash)
       VALUES ($task_id, $title, $goal, $repo_path, $status, $current_owner, $owner_key, $owned_since, $priority,
         $tags, $handoff, $exhausted, $ownership, $deadline_at, $deadline_uptime, $deadline_boot, $let_go_key, $described_by,
         $described_at, $content_hash, $checkpoint_count, $version, $created_at, $updated_at, $row_hash)`,
    )
    .run(sealed("tasks", { ...fromTask(task), content_hash }));
  return Number(lastInsertRowid);
}

/** Writes what has changed alone: SQLite writes every index anew that has a column which is set, to whatever value. */
function updateTask(db: Database, { task }: Change, before: TaskRow): number {
  refuseLeaving(db, before.task_id);
  const after = { ...before, ...fromTask(task) };
  const changed = Object.entries(after).filter(([column, value]) => value !== Reflect.get(before, column));
  const columns = changed.map(([column]) => `${column} = ?`).join(", ");
  const values = changed.map(([, value]) => value);
  db.query(`UPDATE tasks SET ${columns}, row_hash = ? WHERE id = ?`).run(...values, rowHash("tasks", after), before.id);
  return before.id;
}

/** Makes a task found by its labels. */
export function indexTags(db: Database, task: Task, before: TaskRow | undefined, id: number): void {
  if (before !== undefined && before.tags !== "[]") {
    db.query("DELETE FROM task_tags WHERE task = ?").run(id);
  }
  const insert = db.query("INSERT INTO task_tags (tag, updated_at, task, status) VALUES (?, ?, ?, ?)");
  for (const tag of new Set(task.tags)) {
    insert.run(tag, task.updated_at, id, task.status);
  }
}
