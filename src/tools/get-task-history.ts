import type { Event } from "../domain/changes.ts";
import type { Checkpoint } from "../domain/checkpoint.ts";
import { quote } from "../domain/clean.ts";
import { compareCheckpoints } from "../domain/compare.ts";
import { TaskError } from "../domain/errors.ts";
import { foldComparison } from "../domain/fold.ts";
import type { Task, TaskView } from "../domain/task.ts";
import type { PageRequest, Store } from "../store/store.ts";
import { fittingPage } from "./page.ts";
import type { ToolContext } from "./tool.ts";

const HISTORY_PAGE = 20;

/** What happened to a task, newest first. Throws `not_found`, `invalid` for a cursor that was never given out. */
export async function readHistory({ store }: ToolContext, task_id: string, cursor: string | undefined) {
  const read = (page: PageRequest) => store.history(task_id, page);
  const { entries, next_cursor } = await fittingPage(read, { limit: HISTORY_PAGE, cursor }, shortEvent);
  return { task_id, events: entries, next_cursor };
}

/** What changed between two checkpoints, whichever way round they are given. Throws `not_found`. */
export async function compare({ store }: ToolContext, { task }: TaskView, one: number, other: number) {
  const [first, second] = [await findCheckpoint(store, task, one), await findCheckpoint(store, task, other)];
  return { task_id: task.task_id, ...foldComparison(compareCheckpoints(first, second)) };
}

/** A checkpoint of a task. Throws `not_found`, saying which there are. */
export async function findCheckpoint(store: Store, task: Task, number: number): Promise<Checkpoint> {
  const { task_id, checkpoint_count } = task;
  const checkpoint = await store.checkpoint(task_id, number);
  if (checkpoint === undefined) {
    const accepted = checkpoint_count === 0 ? "the task has none yet" : `1–${checkpoint_count} are accepted`;
    throw new TaskError(
      "not_found",
      `Cannot get checkpoint ${quote(String(number))} of task ${quote(task_id)}: ${accepted}`,
    );
  }
  return checkpoint;
}

/** How much of a long text an event shows; the task, and older events, hold the rest. */
const EVENT_TEXT = 2000;

/** An event with its long texts cut. */
function shortEvent(event: Event) {
  const cut = (_: string, value: unknown) =>
    typeof value === "string" && value.length > EVENT_TEXT ? `${value.slice(0, EVENT_TEXT).toWellFormed()}…` : value;
  const changes: Event["changes"] = JSON.parse(JSON.stringify(event.changes, cut));
  return { ...event, changes };
}
