import { agentKey } from "../../domain/agent.ts";
import type { Artifact, ArtifactKind } from "../../domain/artifact.ts";
import type { Event } from "../../domain/changes.ts";
import type { Checkpoint } from "../../domain/checkpoint.ts";
import type { Instant } from "../../domain/instant.ts";
import { asOf } from "../../domain/lease.ts";
import type { Status } from "../../domain/lifecycle.ts";
import type { Task } from "../../domain/task.ts";

/** A row of `tasks` as SQLite gives it. */
export interface TaskRow {
  id: number;
  task_id: string;
  title: string;
  goal: string;
  repo_path: string | null;
  status: Status;
  current_owner: string | null;
  owned_since: string | null;
  priority: number;
  tags: string;
  handoff: string | null;
  exhausted: string | null;
  ownership: string;
  described_by: string | null;
  described_at: string;
  content_hash: string;
  checkpoint_count: number;
  version: number;
  created_at: string;
  updated_at: string;
}

/** A row of `checkpoints`. */
export interface CheckpointRow {
  number: number;
  agent: string | null;
  created_at: string;
  completed_steps: string;
  remaining_steps: string;
  test_results: string;
  resume_prompt: string | null;
  context: string | null;
  origins: string | null;
  repo_state: string | null;
}

/** A row of `artifacts`. */
export interface ArtifactRow {
  artifact_id: string;
  name: string;
  kind: ArtifactKind;
  mime_type: string;
  size: number;
  sha256: string;
  agent: string | null;
  created_at: string;
}

/** A row of `events`. */
export interface EventRow {
  version: number;
  command: string;
  agent: string | null;
  at: string;
  effects: string;
  changes: string;
}

/** A row as a task, as it stands at `now`. */
export function toTask(row: TaskRow, now: Instant): Task {
  const task: Task = {
    task_id: row.task_id,
    title: row.title,
    goal: row.goal,
    repo_path: row.repo_path ?? undefined,
    status: row.status,
    current_owner: row.current_owner ?? undefined,
    owned_since: row.owned_since ?? undefined,
    priority: row.priority,
    tags: JSON.parse(row.tags),
    handoff: row.handoff === null ? undefined : JSON.parse(row.handoff),
    exhausted: row.exhausted === null ? undefined : JSON.parse(row.exhausted),
    ...JSON.parse(row.ownership),
    described_by: row.described_by ?? undefined,
    described_at: row.described_at,
    checkpoint_count: row.checkpoint_count,
    version: row.version,
    created_at: row.created_at,
    updated_at: row.updated_at,
  };
  return asOf(task, now);
}

/** A task as the named parameters of its row. */
export function fromTask(task: Task) {
  const { lease: _, predecessor: __, attempts: ___, bounced: ____, ...columns } = task;
  const letGo = task.handoff?.from_agent ?? task.exhausted?.agent;
  return {
    ...columns,
    repo_path: task.repo_path ?? null,
    current_owner: task.current_owner ?? null,
    owner_key: task.current_owner === undefined ? null : agentKey(task.current_owner),
    owned_since: task.owned_since ?? null,
    tags: JSON.stringify(task.tags),
    handoff: task.handoff === undefined ? null : JSON.stringify(task.handoff),
    exhausted: task.exhausted === undefined ? null : JSON.stringify(task.exhausted),
    let_go_key: letGo === undefined ? null : agentKey(letGo),
    described_by: task.described_by ?? null,
    ...leaseColumns(task),
  };
}

/** What a renewed lease changes of a task's row. */
export function leaseColumns({ lease, handoff, predecessor, attempts, bounced }: Task) {
  const deadline = lease?.expires ?? (handoff?.to_agent === undefined ? undefined : handoff.expires);
  const kept = lease && { ...lease, left: undefined };
  return {
    ownership: JSON.stringify({ lease: kept, predecessor, attempts, bounced }),
    deadline_at: deadline === undefined ? null : Date.parse(deadline.at),
    deadline_uptime: deadline?.uptime ?? null,
    deadline_boot: deadline?.boot_id ?? null,
  };
}

/** A row as a checkpoint. */
export function toCheckpoint(row: CheckpointRow): Checkpoint {
  return {
    number: row.number,
    agent: row.agent ?? undefined,
    created_at: row.created_at,
    completed_steps: JSON.parse(row.completed_steps),
    remaining_steps: JSON.parse(row.remaining_steps),
    test_results: JSON.parse(row.test_results),
    resume_prompt: row.resume_prompt ?? undefined,
    context: row.context ?? undefined,
    origins: row.origins === null ? undefined : JSON.parse(row.origins),
    repo_state: row.repo_state === null ? undefined : JSON.parse(row.repo_state),
  };
}

/** A checkpoint as it is stored, by whichever version it was written. */
export type StoredCheckpoint = Omit<Checkpoint, "origins"> & { origins?: object | undefined };

/** An event as it is stored, by whichever version it was written. */
export type StoredEvent = Omit<Event, "effects" | "changes"> & { effects: readonly string[]; changes: object };

/** A checkpoint as the named parameters of its row. */
export function fromCheckpoint(checkpoint: StoredCheckpoint) {
  return {
    ...checkpoint,
    agent: checkpoint.agent ?? null,
    completed_steps: JSON.stringify(checkpoint.completed_steps),
    remaining_steps: JSON.stringify(checkpoint.remaining_steps),
    test_results: JSON.stringify(checkpoint.test_results),
    resume_prompt: checkpoint.resume_prompt ?? null,
    context: checkpoint.context ?? null,
    origins: JSON.stringify(checkpoint.origins),
    repo_state: checkpoint.repo_state === undefined ? null : JSON.stringify(checkpoint.repo_state),
  };
}

/** A row as an artifact. */
export function toArtifact(row: ArtifactRow): Artifact {
  const { artifact_id, name, kind, mime_type, size, sha256, agent, created_at } = row;
  return { artifact_id, name, kind, mime_type, size, sha256, agent: agent ?? undefined, created_at };
}

/** A row as an event. */
export function toEvent(row: EventRow): Event {
  const { version, command, agent, at, effects, changes } = row;
  return {
    version,
    command,
    agent: agent ?? undefined,
    at,
    effects: JSON.parse(effects),
    changes: JSON.parse(changes),
  };
}
