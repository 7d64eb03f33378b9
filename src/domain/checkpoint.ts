import type { RepoState } from "./drift.ts";
import { TaskError } from "./errors.ts";
import type { TestRun } from "./fields.ts";

/** How far a task has come: what its newest checkpoint says, or nothing yet. */
export interface Progress {
  completed_steps: readonly string[];
  remaining_steps: readonly string[];
  test_results: readonly TestRun[];
  resume_prompt?: string | undefined;
  context?: string | undefined;
}

/** A part of progress; a field left out keeps its last value. */
export type ProgressUpdate = { [Field in keyof Progress]?: Progress[Field] | undefined };

/** Who wrote a field of a snapshot, and when: a field left out of a checkpoint keeps its value and its author. */
export type Origins = { readonly [Field in keyof Progress]?: { agent?: string | undefined; at: string } | undefined };

/** What is known of a checkpoint beside its progress. */
export interface CheckpointMark {
  /** 1 for a task's first. */
  number: number;
  agent?: string | undefined;
  created_at: string;
  /** Absent in checkpoints of schema 1. */
  origins?: Origins | undefined;
  /** Absent where the repository was not, or could not be, looked at. */
  repo_state?: RepoState | undefined;
}

/** An immutable, numbered snapshot of progress. */
export interface Checkpoint extends Progress, CheckpointMark {}

/** The progress that a checkpoint holds, without its mark. */
export function progressOf(checkpoint: Checkpoint): Progress {
  const { completed_steps, remaining_steps, test_results, resume_prompt, context } = checkpoint;
  return { completed_steps, remaining_steps, test_results, resume_prompt, context };
}

/** A checkpoint without the progress it holds. */
export function markOf({ number, agent, created_at, origins, repo_state }: Checkpoint): CheckpointMark {
  return { number, agent, created_at, origins, repo_state };
}

/** Who wrote each field as of a checkpoint; of one of schema 1, its author all. */
export function originsIn({ agent, created_at: at, origins }: CheckpointMark): Origins {
  return origins ?? Object.fromEntries(FIELDS.map((field) => [field, { agent, at }]));
}

/** The progress of a task without checkpoints. */
export const NO_PROGRESS: Progress = { completed_steps: [], remaining_steps: [], test_results: [] };

const FIELDS = ["completed_steps", "remaining_steps", "test_results", "resume_prompt", "context"] as const;

/** A checkpoint's bound as a whole, in bytes of its JSON. */
const CHECKPOINT_BYTES = 1024 * 1024;

/** The full snapshot that follows `from` when `update` is reported. Throws `too_large` beyond 1 MiB. */
export function advance(from: Progress, update: ProgressUpdate): Progress {
  const next = {
    completed_steps: update.completed_steps ?? from.completed_steps,
    remaining_steps: update.remaining_steps ?? from.remaining_steps,
    test_results: update.test_results ?? from.test_results,
    resume_prompt: update.resume_prompt ?? from.resume_prompt,
    context: update.context ?? from.context,
  };
  const size = Buffer.byteLength(JSON.stringify(next));
  if (size > CHECKPOINT_BYTES) {
    const reason = `it has ${size} bytes; at most ${CHECKPOINT_BYTES} are accepted`;
    throw new TaskError("too_large", `Cannot save checkpoint: ${reason}`, { size, maximum: CHECKPOINT_BYTES });
  }
  return next;
}

/** The fields in which two snapshots differ; none when one is a repeat of the other. */
export function changedFields(one: Progress, other: Progress): readonly (keyof Progress)[] {
  return FIELDS.filter(
    (field) => one[field] !== other[field] && JSON.stringify(one[field]) !== JSON.stringify(other[field]),
  );
}
