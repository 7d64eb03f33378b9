import type { Artifact } from "./artifact.ts";
import { oneLine, plainLines, shorten } from "./clean.ts";
import type { Drift, DriftReport } from "./drift.ts";
import type { TestRun } from "./fields.ts";
import type { TaskView } from "./task.ts";

/** What a brief is made of. */
export interface BriefInput extends Pick<TaskView, "task" | "progress" | "checkpoint" | "artifacts"> {
  /** How the repository differs from the newest checkpoint's capture, or why nobody knows. */
  drift?: DriftReport | undefined;
}

/** A list that may be shown in part. */
export interface Items {
  /** What could be shown at all, cleaned, in the order of the text. */
  items: readonly string[];
  total: number;
  /** Which end of `items` stays when there is too little room. */
  keep: "first" | "last";
}

/** A task's texts and lists, cleaned once, however often they are cut. */
export interface Material {
  input: BriefInput;
  texts: Record<"title" | "goal" | "repository" | "reason" | "prompt", string>;
  lists: Record<"completed" | "tests" | "remaining" | "artifacts" | "drift", Items>;
}

/** How much of the end of a failed run's output a brief quotes, in characters. */
const OUTPUT_CHARACTERS = 240;
/** How much of a path or branch, in characters. */
const DETAIL_CHARACTERS = 120;

/** The material of a brief of at most `room` characters, in which long entries of lists may be cut to `entry`. */
export function gather(input: BriefInput, room: number, entry: number): Material {
  const { task, progress, artifacts, drift } = input;
  const { completed_steps, remaining_steps, test_results, resume_prompt = "" } = progress;
  const reason = (task.handoff ?? task.exhausted ?? task.predecessor)?.reason ?? "";
  const itemsOf = <T>(all: readonly T[], keep: Items["keep"], show: (one: T) => string) =>
    itemsWithin(room, entry, all, keep, show);
  return {
    input,
    texts: {
      title: oneLine(task.title).trim(),
      goal: plainLines(task.goal).trim(),
      repository: oneLine(task.repo_path ?? ""),
      reason: plainLines(reason).trim(),
      prompt: plainLines(resume_prompt).trim(),
    },
    lists: {
      completed: itemsOf(completed_steps, "last", stepItem("[x] ")),
      remaining: itemsOf(remaining_steps, "first", stepItem("[ ] ")),
      tests: itemsOf(badFirst(test_results), "first", testItem),
      artifacts: itemsOf(artifacts, "last", artifactItem),
      drift: itemsOf(drift !== undefined && "drift" in drift ? drift.drift : [], "first", driftItem),
    },
  };
}

/** As many of `all` as could ever fit into `room` characters: beyond that, nothing has to be cleaned or measured. */
function itemsWithin<T>(
  room: number,
  entry: number,
  all: readonly T[],
  keep: Items["keep"],
  show: (one: T) => string,
): Items {
  const items: string[] = [];
  let characters = 0;
  for (const one of keep === "first" ? all : all.toReversed()) {
    if (characters > room) {
      break;
    }
    const item = show(one);
    items.push(item);
    characters += Math.min(item.length, entry);
  }
  return { items: keep === "first" ? items : items.reverse(), total: all.length, keep };
}

/** The items that stay where there is room for `count`. */
export function kept<T>(items: readonly T[], keep: Items["keep"], count: number): readonly T[] {
  return keep === "first" ? items.slice(0, count) : items.slice(Math.max(0, items.length - count));
}

/** A step's further lines stay in its item. */
function stepItem(mark: string): (step: string) => string {
  return (step) => `- ${mark}${indented(plainLines(step).trim())}`;
}

function testItem({ status, suite, command, passed, failed, skipped, output }: TestRun): string {
  const what = [suite, command].flatMap((part) => (part ? [oneLine(part)] : []));
  const counts = Object.entries({ passed, failed, skipped }).flatMap(([name, n]) => (n ? [`${n} ${name}`] : []));
  const said = isBad(status) && output !== undefined ? plainLines(output).trim() : "";
  const end = said.length > OUTPUT_CHARACTERS ? `…${wellFormedEnd(said, OUTPUT_CHARACTERS)}` : said;
  const head = [status, ...what].join(": ");
  return `- ${head}${counts.length === 0 ? "" : ` (${counts.join(", ")})`}${end === "" ? "" : `\n  ${indented(end)}`}`;
}

/** What did not pass matters most. */
function badFirst(runs: readonly TestRun[]): readonly TestRun[] {
  return [...runs.filter(({ status }) => isBad(status)), ...runs.filter(({ status }) => !isBad(status))];
}

function isBad(status: TestRun["status"]): boolean {
  return status === "failed" || status === "error";
}

function artifactItem({ name, kind, size, artifact_id }: Artifact): string {
  return `- ${oneLine(name)} (${kind}, ${size} bytes, ${artifact_id})`;
}

/** The kind of a difference and what it says: both sides where it has sides. Of a hash the start is enough. */
function driftItem({ kind, ...details }: Drift): string {
  const show = (value: unknown) =>
    shorten(oneLine(String(value ?? "none")).replace(/\b([0-9a-f]{10})[0-9a-f]{22,}\b/g, "$1"), DETAIL_CHARACTERS);
  const { old, new: now, ...others }: Readonly<Record<string, unknown>> = details;
  const sides = old === undefined && now === undefined ? [] : [`${show(old)} → ${show(now)}`];
  const said = Object.values(others).filter((value) => typeof value === "string" || typeof value === "number");
  const told = [...sides, ...said.map(show)].join(", ");
  return `- ${oneLine(kind)}${told === "" ? "" : `: ${told}`}`;
}

function indented(text: string): string {
  return text.replaceAll("\n", "\n  ");
}

function wellFormedEnd(text: string, characters: number): string {
  const end = text.slice(-characters);
  return end.isWellFormed() ? end : end.slice(1);
}
