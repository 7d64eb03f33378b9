import type { wholeTask } from "./task.ts";
import { startWithin } from "./text.ts";

type WholeTask = ReturnType<typeof wholeTask>;

/** A whole task, and which of its fields were shortened. */
export type FoldedTask = WholeTask & { truncated?: readonly string[] | undefined };

/** How many characters of JSON an answer may have; clients drop or spill what is longer. */
const ANSWER_CHARACTERS = 50_000;
const KEPT_STEPS = 20;
/** What is left of a step where twenty whole ones are still too much. */
const STEP_CHARACTERS = 400;
const KEPT_ARTIFACTS = 50;

/** From the least missed to the most: test output, old steps, context, and only then what the agent needs first. */
const FOLDS: readonly [field: string, fold: (task: WholeTask, excess: number) => WholeTask][] = [
  ["test_results", (task) => ({ ...task, test_results: task.test_results.map(({ output: _, ...run }) => run) })],
  ["completed_steps", (task) => ({ ...task, completed_steps: task.completed_steps.slice(-KEPT_STEPS) })],
  ["context", (task, excess) => ({ ...task, context: shortened(task.context, excess) })],
  ["artifacts", (task) => ({ ...task, artifacts: task.artifacts.slice(-KEPT_ARTIFACTS) })],
  ["goal", (task, excess) => ({ ...task, goal: shortened(task.goal, excess) ?? "" })],
  ["remaining_steps", (task) => ({ ...task, remaining_steps: task.remaining_steps.slice(0, KEPT_STEPS) })],
  ["test_results", (task) => ({ ...task, test_results: task.test_results.slice(-KEPT_STEPS) })],
  ["resume_prompt", (task, excess) => ({ ...task, resume_prompt: shortened(task.resume_prompt, excess) })],
  ["completed_steps", (task) => ({ ...task, completed_steps: task.completed_steps.map(shortStep) })],
  ["remaining_steps", (task) => ({ ...task, remaining_steps: task.remaining_steps.map(shortStep) })],
  ["tags", (task) => ({ ...task, tags: [] })],
];

/** A task within the bound of an answer: folded field by field, in the order of `FOLDS`, until it fits. */
export function foldTask(task: WholeTask): FoldedTask {
  let folded: FoldedTask = task;
  const truncated: string[] = [];
  for (const [field, fold] of FOLDS) {
    const excess = JSON.stringify(folded).length - ANSWER_CHARACTERS;
    if (excess <= 0) {
      break;
    }
    const next = fold(folded, excess + 200);
    if (JSON.stringify(next) !== JSON.stringify(folded)) {
      truncated.push(...(truncated.includes(field) ? [] : [field]));
      folded = { ...next, truncated };
    }
  }
  return folded;
}

function shortStep(step: string): string {
  return shortened(step, JSON.stringify(step).length - STEP_CHARACTERS) ?? "";
}

/** The start of `text`, short by what is too much once it stands in JSON. */
function shortened(text: string | undefined, excess: number): string | undefined {
  return text === undefined
    ? undefined
    : startWithin(text, Math.max(0, JSON.stringify(text).length - 2 - Math.max(0, excess)));
}
