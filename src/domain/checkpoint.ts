import { z } from "zod";
import { TaskError } from "./errors.ts";
import { longText, shortText, sizeOf } from "./text.ts";

const KIB = 1024;

const count = z.int().min(0).max(1e9).optional();

/** One run of tests, as an agent reports it. */
export const testRun = z.strictObject({
  command: longText(2 * KIB)
    .optional()
    .describe("Command line"),
  suite: shortText(200).optional().describe("What was tested"),
  status: z.enum(["passed", "failed", "error", "skipped"]).describe("Outcome"),
  passed: count.describe("Tests passed"),
  failed: count.describe("Tests failed"),
  skipped: count.describe("Tests skipped"),
  duration_ms: z.number().min(0).max(1e12).optional().describe("Milliseconds"),
  output: longText(16 * KIB)
    .optional()
    .describe("What matters of the output"),
});

export type TestRun = z.infer<typeof testRun>;

const step = longText(2 * KIB).min(1, "it is empty; a few words are accepted");

/** The limits of a checkpoint's fields. */
export const checkpointFields = {
  completed_steps: z.array(step).max(256),
  remaining_steps: z.array(step).max(256),
  test_results: z.array(testRun).max(100),
  resume_prompt: longText(64 * KIB),
  context: longText(64 * KIB),
};

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

/** An immutable, numbered snapshot of progress. */
export interface Checkpoint extends Progress {
  /** 1 for a task's first. */
  number: number;
  agent?: string | undefined;
  created_at: string;
}

/** The progress of a task without checkpoints. */
export const NO_PROGRESS: Progress = { completed_steps: [], remaining_steps: [], test_results: [] };

const FIELDS = ["completed_steps", "remaining_steps", "test_results", "resume_prompt", "context"] as const;

/** A checkpoint's bound as a whole, in bytes of its JSON. */
const CHECKPOINT_BYTES = KIB * KIB;

/** The full snapshot that follows `from` when `update` is reported. Throws `too_large` beyond 1 MiB. */
export function advance(from: Progress, update: ProgressUpdate): Progress {
  const next = {
    completed_steps: update.completed_steps ?? from.completed_steps,
    remaining_steps: update.remaining_steps ?? from.remaining_steps,
    test_results: update.test_results ?? from.test_results,
    resume_prompt: update.resume_prompt ?? from.resume_prompt,
    context: update.context ?? from.context,
  };
  const size = sizeOf(JSON.stringify(next));
  if (size > CHECKPOINT_BYTES) {
    const reason = `it has ${size} bytes; at most ${CHECKPOINT_BYTES} are accepted`;
    throw new TaskError("too_large", `Cannot save checkpoint: ${reason}`, { size, maximum: CHECKPOINT_BYTES });
  }
  return next;
}

/** The fields in which two snapshots differ; none when one is a repeat of the other. */
export function changedFields(one: Progress, other: Progress): readonly (keyof Progress)[] {
  return FIELDS.filter((field) => JSON.stringify(one[field]) !== JSON.stringify(other[field]));
}
