import type { Artifact } from "./artifact.ts";
import type { CheckpointMark, Progress } from "./checkpoint.ts";
import { oneLine, quote } from "./clean.ts";
import { TaskError } from "./errors.ts";
import type { Deadline } from "./instant.ts";
import type { Lease } from "./lease.ts";
import type { Status } from "./lifecycle.ts";
import { bounceWarning, type Trail } from "./trail.ts";

/** The open offer of a task; without `to_agent` it is open to all. */
export interface Handoff {
  from_agent: string;
  to_agent?: string | undefined;
  reason?: string | undefined;
  offered_at: string;
  /** Until when it is the addressee's alone. */
  expires: Deadline;
  /** Whose it was alone until it ran out; it is open to all since. */
  lapsed_for?: string | undefined;
}

/** Why an agent could not go on, and when it could again. */
export interface Exhaustion {
  agent: string;
  reason?: string | undefined;
  resets_at?: string | undefined;
  at: string;
}

/** A piece of work with a goal, owned by at most one agent at a time. Progress and artifacts stand beside it. */
export interface Task extends Trail {
  task_id: string;
  title: string;
  goal: string;
  repo_path?: string | undefined;
  status: Status;
  current_owner?: string | undefined;
  /** Since when `current_owner` has owned it or, for an offer, been addressed. */
  owned_since?: string | undefined;
  lease?: Lease | undefined;
  priority: number;
  tags: readonly string[];
  handoff?: Handoff | undefined;
  exhausted?: Exhaustion | undefined;
  /** Who last set title or goal. */
  described_by?: string | undefined;
  described_at: string;
  checkpoint_count: number;
  /** +1 on every change; the number of its newest event. */
  version: number;
  created_at: string;
  updated_at: string;
}

/** What a decision sees, and what a reader is answered. */
export interface TaskView {
  task: Task;
  /** SHA-256 of what the task was created with; see `create-task.ts`. */
  content_hash: string;
  progress: Progress;
  /** The newest checkpoint, which holds that progress; none at first. */
  checkpoint?: CheckpointMark | undefined;
  /** Oldest first. */
  artifacts: readonly Artifact[];
}

/** An offer as it is answered: of its end the time, not what this machine counts it by. */
export function shownHandoff(handoff: Handoff | undefined) {
  return handoff && { ...handoff, expires: undefined, expires_at: handoff.expires.at };
}

/** A task as `get_task` and `task://<id>` answer it, in the order people read it. */
export function wholeTask({ task, progress, artifacts }: TaskView) {
  const { handoff, exhausted, checkpoint_count, version, created_at, updated_at, ...head } = task;
  const { lease, predecessor, attempts, bounced: _, described_by: __, described_at: ___, ...named } = head;
  return {
    ...named,
    lease_expires_at: lease?.expires.at,
    lease_seconds_left: lease?.left,
    ...progress,
    handoff: shownHandoff(handoff),
    exhausted: exhausted && { ...exhausted },
    predecessor: predecessor && { ...predecessor },
    attempts: attempts.length === 0 ? undefined : attempts.map((attempt) => ({ ...attempt })),
    warning: bounceWarning(task),
    artifacts: artifacts.map((artifact) => ({ ...artifact })),
    checkpoint_count,
    version,
    created_at,
    updated_at,
  };
}

/** A task as one row of a list; `title` on one line. A lease is told by what is left of it, which needs no clock to read. */
export function taskRow(task: Task) {
  const { task_id, title, status, current_owner, lease, version } = task;
  return { task_id, title: oneLine(title), status, current_owner, lease_seconds_left: lease?.left, version };
}

/** The refusal of a task id that the store does not know. */
export function unknownTask(action: string, task_id: string): TaskError {
  return new TaskError(
    "not_found",
    `Cannot ${action} ${quote(task_id)}: there is no such task; list_tasks shows what there is, create_task makes one`,
    { task_id },
  );
}
