import { findViolation, type Operation, type Violation } from "./checker.ts";
import type { TaskHistories } from "./history.ts";
import { type Rules, type Step, type TaskState, taskModel } from "./task-model.ts";

/** What a check of recorded histories found. */
export interface Findings {
  /** All operations, those of unknown outcome included. */
  operations: number;
  /** Of them those whose outcome nobody knows: their process was killed. */
  unknown: number;
  tasks: number;
  violations: readonly (Violation<TaskState, Step> & { task: string })[];
  /** How long the check took. */
  seconds: number;
}

/** Checks each task's history. */
export function check(histories: TaskHistories, rules: Rules = {}): Findings {
  const started = performance.now();
  const model = taskModel(rules);
  const all = [...histories.values()].flat();
  const violations = [...histories].flatMap(([task, history]) => {
    const found = findViolation(model, history);
    return found === undefined ? [] : [{ task, ...found }];
  });
  return {
    operations: all.length,
    unknown: all.filter(({ end }) => end === undefined).length,
    tasks: histories.size,
    violations,
    seconds: (performance.now() - started) / 1000,
  };
}

/** How often each action ended how, as `claim refused not_owner 12`, for a reader to see that a run met all cases. */
export function tally(histories: TaskHistories): string {
  const counts = new Map<string, number>();
  for (const { step } of [...histories.values()].flat()) {
    const { action, outcome } = step;
    const stale = "token" in action && action.token !== undefined ? " with token" : "";
    const how = outcome === undefined ? "unknown" : (outcome.refused ?? "done");
    const kind = action.kind === "claim" && action.force === true ? "forced claim" : action.kind;
    const key = `${kind}${stale} ${how}`;
    counts.set(key, (counts.get(key) ?? 0) + 1);
  }
  return [...counts]
    .toSorted()
    .map(([key, count]) => `${key} ${count}`)
    .join(", ");
}

/** The findings in one line, with the first violation where there is one. */
export function summary(name: string, findings: Findings, ran: { seconds: number; busy: number }): string {
  const { operations, unknown, tasks, violations, seconds } = findings;
  const [first] = violations;
  return (
    `${name}: ${operations} operations (${unknown} unknown, ${ran.busy} busy) on ${tasks} tasks in ${ran.seconds.toFixed(1)} s, ` +
    `checked in ${seconds.toFixed(1)} s: ${violations.length} tasks not linearizable` +
    (first === undefined
      ? ""
      : `; first ${first.task}: ${said(first.operation)}, where the task could be ${JSON.stringify(first.possible)}`)
  );
}

function said({ step, start, end }: Operation<Step>): string {
  return `${JSON.stringify(step)} from ${start.toFixed(4)} to ${end?.toFixed(4)} ms`;
}
