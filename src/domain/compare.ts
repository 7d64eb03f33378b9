import type { Checkpoint, Progress } from "./checkpoint.ts";
import type { TestRun } from "./fields.ts";

/** A test, and its state before and after; one of the two is absent where only one checkpoint has it. */
export interface TestChange {
  suite?: string | undefined;
  command?: string | undefined;
  was?: TestRun["status"] | undefined;
  now?: TestRun["status"] | undefined;
}

/** What changed between two checkpoints of a task. Steps are told apart by their text. */
export interface Comparison {
  /** The older checkpoint's number. */
  from: number;
  /** The newer one's. */
  to: number;
  /** Completed since, planned before or not. */
  steps_done: readonly string[];
  /** Unknown before, completed or not. */
  steps_added: readonly string[];
  /** In neither list any more. */
  steps_removed: readonly string[];
  /** Completed before, remaining now. */
  steps_reopened: readonly string[];
  tests_changed: readonly TestChange[];
  /** Which of the texts differ. */
  texts_changed: readonly string[];
}

const TEXTS = ["resume_prompt", "context"] as const;

/** What changed from the older of two checkpoints to the newer, whichever way round they are given. */
export function compareCheckpoints(one: Checkpoint, other: Checkpoint): Comparison {
  const [older, newer] = one.number <= other.number ? [one, other] : [other, one];
  const [before, after] = [stepsOf(older), stepsOf(newer)];
  return {
    from: older.number,
    to: newer.number,
    steps_done: without(after.completed, before.completed),
    steps_added: without(after.all, before.all),
    steps_removed: without(before.all, after.all),
    steps_reopened: [...before.completed].filter((step) => after.remaining.has(step) && !after.completed.has(step)),
    tests_changed: changedTests(older.test_results, newer.test_results),
    texts_changed: TEXTS.filter((field) => older[field] !== newer[field]),
  };
}

function stepsOf({ completed_steps, remaining_steps }: Progress) {
  const completed = new Set(completed_steps);
  const remaining = new Set(remaining_steps);
  return { completed, remaining, all: new Set([...completed, ...remaining]) };
}

function without(some: ReadonlySet<string>, others: ReadonlySet<string>): string[] {
  return [...some].filter((step) => !others.has(step));
}

function changedTests(older: readonly TestRun[], newer: readonly TestRun[]): TestChange[] {
  const [before, after] = [byTest(older), byTest(newer)];
  return [...new Set([...after.keys(), ...before.keys()])].flatMap((key) => {
    const [was, now] = [before.get(key), after.get(key)];
    const { suite, command } = now ?? was ?? {};
    return was?.status === now?.status ? [] : [{ suite, command, was: was?.status, now: now?.status }];
  });
}

/** Runs by what was run; of several of one test the last counts. */
function byTest(runs: readonly TestRun[]): Map<string, TestRun> {
  return new Map(runs.map((run) => [JSON.stringify([run.suite, run.command]), run]));
}
