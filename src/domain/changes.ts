import type { Artifact } from "./artifact.ts";
import { type Checkpoint, changedFields, type Progress } from "./checkpoint.ts";
import { type Instant, timestamp } from "./instant.ts";
import type { Task, TaskView } from "./task.ts";

/** What one accepted command did, in the words of the history. */
export type Effect =
  | "created"
  | "edited"
  | "claimed"
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

/** What a command decided: its answer, and the change to be written, if anything changes at all. */
export interface Decision<Answer> {
  answer: Answer;
  change?: Change | undefined;
}

/** A command in the middle of its decision. */
export interface Draft {
  task: Task;
  effects: readonly Effect[];
  progress?: Progress | undefined;
  artifact?: Artifact | undefined;
}

/** Who does what, when: the frame of every command. */
export interface Deed {
  command: string;
  agent?: string | undefined;
  now: Instant;
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

/** The change that turns `view` into `draft`: new version, event, checkpoint. Nothing when they do not differ. */
export function conclude(view: TaskView, draft: Draft, deed: Deed): Change | undefined {
  const at = timestamp(deed.now);
  const changes: Record<string, FieldChange> = {};
  for (const field of TRACKED) {
    if (JSON.stringify(view.task[field]) !== JSON.stringify(draft.task[field])) {
      changes[field] = { old: view.task[field], new: draft.task[field] };
    }
  }
  const checkpoint = nextCheckpoint(view, draft, { agent: deed.agent, created_at: at }, changes);
  if (Object.keys(changes).length === 0 && draft.artifact === undefined) {
    return undefined;
  }
  const version = view.task.version + 1;
  const effects: Effect[] = [...draft.effects];
  if (checkpoint !== undefined) {
    effects.push("checkpoint_saved");
  }
  return {
    task: {
      ...draft.task,
      checkpoint_count: checkpoint?.number ?? view.task.checkpoint_count,
      version,
      updated_at: at,
    },
    event: { version, command: deed.command, agent: deed.agent, at, effects, changes },
    checkpoint,
    artifact: draft.artifact,
  };
}

function nextCheckpoint(
  view: TaskView,
  draft: Draft,
  by: { agent: string | undefined; created_at: string },
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
  return { number, ...by, ...draft.progress };
}

/** The short answer to a write. */
export interface Acknowledgement {
  task_id: string;
  status: Task["status"];
  current_owner?: string | undefined;
  version: number;
}

/** Acknowledges `task` as it stands once the change, if any, is written. */
export function acknowledge(task: Task): Acknowledgement {
  const { task_id, status, current_owner, version } = task;
  return { task_id, status, current_owner, version };
}
