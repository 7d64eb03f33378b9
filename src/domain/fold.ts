import { shorten } from "./clean.ts";
import type { Comparison } from "./compare.ts";
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

/** How many entries of each list a comparison keeps, and how many characters of each text, where it has too many. */
const COMPARISON_FOLDS = [
  { entries: Number.MAX_SAFE_INTEGER, characters: STEP_CHARACTERS },
  { entries: 60, characters: 120 },
  { entries: 12, characters: 60 },
] as const;

/** A comparison within the bound of an answer: texts shortened, then lists. */
export function foldComparison(comparison: Comparison): Comparison & { truncated?: readonly string[] | undefined } {
  let folded: ReturnType<typeof foldComparison> = comparison;
  for (const { entries, characters } of COMPARISON_FOLDS) {
    if (JSON.stringify(folded).length <= ANSWER_CHARACTERS - 200) {
      break;
    }
    const steps = (all: readonly string[]) => all.slice(0, entries).map((step) => shorten(step, characters));
    const text = (one: string | undefined) => (one === undefined ? undefined : shorten(one, characters));
    folded = {
      ...comparison,
      steps_done: steps(comparison.steps_done),
      steps_added: steps(comparison.steps_added),
      steps_removed: steps(comparison.steps_removed),
      steps_reopened: steps(comparison.steps_reopened),
      tests_changed: comparison.tests_changed
        .slice(0, entries)
        .map((change) => ({ ...change, suite: text(change.suite), command: text(change.command) })),
    };
    const shortened = COMPARED.filter((field) => JSON.stringify(folded[field]) !== JSON.stringify(comparison[field]));
    folded = { ...folded, truncated: shortened };
  }
  return folded;
}

const COMPARED = ["steps_done", "steps_added", "steps_removed", "steps_reopened", "tests_changed"] as const;

function shortStep(step: string): string {
  return shortened(step, JSON.stringify(step).length - STEP_CHARACTERS) ?? "";
}

/** The start of `text`, short by what is too much once it stands in JSON. */
function shortened(text: string | undefined, excess: number): string | undefined {
  return text === undefined
    ? undefined
    : startWithin(text, Math.max(0, JSON.stringify(text).length - 2 - Math.max(0, excess)));
}
