import { sameAgent } from "./agent.ts";
import type { Artifact } from "./artifact.ts";
import { type Checkpoint, changedFields, type Origins, originsIn, type Progress } from "./checkpoint.ts";
import type { RepoState } from "./drift.ts";
import { type Instant, timestamp } from "./instant.ts";
import { type Grant, renewLease } from "./lease.ts";
import { shownHandoff, type Task, type TaskView } from "./task.ts";
import { bounceWarning } from "./trail.ts";

/** What one accepted command did, in the words of the history. */
export type Effect =
  | "created"
  | "edited"
  | "claimed"
  | "claim_forced"
  | "lease_lapsed"
  | "session_renewed"
  | "handoff_accepted"
  | "handoff_withdrawn"
  | "handoff_declined"
  | "handoff_offered"
  | "handed_over"
  | "released"
  | "reopened"
  | "exhausted"
  | "finished"
  | "cancelled"
  | "checkpoint_saved"
  | "artifact_attached";

/** A field before and after. Of progress it holds the numbers of the checkpoints that hold the values. */
export interface FieldChange {
  old?: unknown;
  new?: unknown;
}

/** One entry of the append-only history: one per accepted command, numbered by the version the task has since. */
export interface Event {
  version: number;
  /** The command, by the name of its tool. */
  command: string;
  agent?: string | undefined;
  at: string;
  effects: readonly Effect[];
  changes: Readonly<Record<string, FieldChange>>;
}

/** What one accepted command does to a task. */
export interface Change {
  task: Task;
  event: Event;
  checkpoint?: Checkpoint | undefined;
  artifact?: Artifact | undefined;
}

/** What is to be written of a decision: a change, or the lease that its owner renewed by changing nothing, or neither. */
export interface Written {
  change?: Change | undefined;
  renewal?: Task | undefined;
}

/** What a command decided: its answer, and what is to be written. */
export interface Decision<Answer> extends Written {
  answer: Answer;
}

/** A command in the middle of its decision. */
export interface Draft {
  task: Task;
  effects: readonly Effect[];
  progress?: Progress | undefined;
  artifact?: Artifact | undefined;
  /** What else the history is to keep, such as a reason. */
  said?: Readonly<Record<string, FieldChange>> | undefined;
}

/** Who does what, when: the frame of every command. */
export interface Frame {
  command: string;
  agent?: string | undefined;
  now: Instant;
  /** The repository as it stands; kept with the checkpoint, if there is one, and no reason for one. */
  repo_state?: RepoState | undefined;
}

/** A command on a task that may have, or get, an owner. */
export interface Deed extends Frame {
  grant: Grant;
  /** The fencing token that the call carries, where it carries one. */
  lease_token?: string | undefined;
}

const TRACKED = [
  "title",
  "goal",
  "repo_path",
  "status",
  "current_owner",
  "priority",
  "tags",
  "handoff",
  "exhausted",
] as const;

/**
 * What turns `view` into `draft`: new version, event, checkpoint; nothing when they do not differ. Whatever its owner
 * does renews the lease. Answers the task as it stands then, too.
 */
export function conclude(view: TaskView, draft: Draft, deed: Frame): Written & { task: Task } {
  const at = timestamp(deed.now);
  const changes: Record<string, FieldChange> = {};
  for (const field of TRACKED) {
    if (view.task[field] !== draft.task[field]) {
      const [before, after] = [shown(view.task, field), shown(draft.task, field)];
      if (JSON.stringify(before) !== JSON.stringify(after)) {
        changes[field] = { old: before, new: after };
      }
    }
  }
  const checkpoint = nextCheckpoint(view, draft, { ...deed, at }, changes);
  const renewed = renewLease(draft.task, deed);
  if (Object.keys(changes).length === 0 && draft.effects.length === 0 && draft.artifact === undefined) {
    return renewed === draft.task ? { task: view.task } : { task: renewed, renewal: renewed };
  }
  const version = view.task.version + 1;
  const effects: Effect[] = [...draft.effects];
  if (checkpoint !== undefined) {
    effects.push("checkpoint_saved");
  }
  const task = {
    ...renewed,
    checkpoint_count: checkpoint?.number ?? view.task.checkpoint_count,
    version,
    updated_at: at,
  };
  const event = {
    version,
    command: deed.command,
    agent: deed.agent,
    at,
    effects,
    changes: { ...changes, ...draft.said },
  };
  return { task, change: { task, event, checkpoint, artifact: draft.artifact } };
}

/** A field as the history tells it. */
function shown(task: Task, field: (typeof TRACKED)[number]): unknown {
  return field === "handoff" ? shownHandoff(task.handoff) : task[field];
}

function nextCheckpoint(
  view: TaskView,
  draft: Draft,
  { agent, at, repo_state }: Omit<Frame, "now"> & { at: string },
  changes: Record<string, FieldChange>,
): Checkpoint | undefined {
  const fields = draft.progress === undefined ? [] : changedFields(view.progress, draft.progress);
  if (draft.progress === undefined || fields.length === 0) {
    return undefined;
  }
  const last = view.task.checkpoint_count;
  const number = last + 1;
  for (const field of fields) {
    changes[field] =
      last === 0 ? { new: { checkpoint: number } } : { old: { checkpoint: last }, new: { checkpoint: number } };
  }
  const origins = originsOf(view, fields, { agent, at });
  return { number, agent, created_at: at, ...draft.progress, origins, repo_state };
}

/** Who wrote each field of a new snapshot: its author what it changed, and whoever did so before the rest. */
function originsOf(
  { checkpoint: before }: TaskView,
  changed: readonly (keyof Progress)[],
  by: { agent: string | undefined; at: string },
): Origins {
  const earlier = before === undefined ? {} : originsIn(before);
  return { ...earlier, ...Object.fromEntries(changed.map((field) => [field, by])) };
}

/** The short answer to a write. */
export interface Acknowledgement {
  task_id: string;
  status: Task["status"];
  current_owner?: string | undefined;
  version: number;
  /** Where the caller became the owner by this write. */
  lease_token?: string | undefined;
  warning?: string | undefined;
}

/**
 * Acknowledges `task` as it stands once the change, if any, is written. The owner is given its token by the write that
 * made it the owner, and by a repeat of that write. A call that carries a token has not made its caller the owner: an
 * older session must not come by the token of the next.
 */
export function acknowledge(task: Task, deed: Pick<Deed, "agent" | "lease_token">): Acknowledgement {
  const { task_id, status, current_owner, version, lease } = task;
  const became = lease?.version === version && sameAgent(current_owner, deed.agent) && deed.lease_token === undefined;
  return {
    task_id,
    status,
    current_owner,
    version,
    lease_token: became ? lease.token : undefined,
    warning: bounceWarning(task),
  };
}
