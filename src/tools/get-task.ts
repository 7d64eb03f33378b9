import { z } from "zod";
import type { Event } from "../domain/changes.ts";
import { progressOf } from "../domain/checkpoint.ts";
import { quote } from "../domain/clean.ts";
import { TaskError } from "../domain/errors.ts";
import { foldTask } from "../domain/fold.ts";
import { unknownTask, wholeTask } from "../domain/task.ts";
import type { PageRequest } from "../store/store.ts";
import { fittingPage } from "./page.ts";
import { taskId } from "./shapes.ts";
import { defineTool, type ToolContext } from "./tool.ts";

const HISTORY_PAGE = 20;

export const getTask = defineTool({
  name: "get_task",
  title: "Get task",
  description:
    "Read a task: goal, progress, next action, test results, artifacts, who owns it. Use it before you take a task up. Reading never accepts a handoff. view=history shows what happened.",
  effect: "read",
  input: z.strictObject({
    task_id: taskId,
    view: z.enum(["full", "history"]).default("full").describe("What to show"),
    checkpoint: z.int().min(1).max(Number.MAX_SAFE_INTEGER).optional().describe("Progress as of this checkpoint"),
    cursor: z.string().max(512).optional().describe("next_cursor of the history before"),
  }),
  output: z.looseObject({ task_id: z.string() }),
  async run(context, { view, cursor, checkpoint, task_id }) {
    if (view === "history" ? checkpoint !== undefined : cursor !== undefined) {
      throw new TaskError(
        "invalid",
        `Cannot get task ${quote(task_id)}: cursor goes with view history, checkpoint with view full`,
      );
    }
    return view === "history" ? readHistory(context, task_id, cursor) : readTask(context, task_id, checkpoint);
  },
});

async function readTask({ store }: ToolContext, task_id: string, number: number | undefined) {
  const view = await store.find(task_id);
  if (view === undefined) {
    throw unknownTask("get task", task_id);
  }
  if (number === undefined) {
    return foldTask(wholeTask(view));
  }
  const checkpoint = await store.checkpoint(task_id, number);
  if (checkpoint === undefined) {
    const { checkpoint_count } = view.task;
    const accepted = checkpoint_count === 0 ? "the task has none yet" : `1–${checkpoint_count} are accepted`;
    throw new TaskError(
      "not_found",
      `Cannot get checkpoint ${quote(String(number))} of task ${quote(task_id)}: ${accepted}`,
    );
  }
  return foldTask(wholeTask({ ...view, progress: progressOf(checkpoint) }));
}

async function readHistory({ store }: ToolContext, task_id: string, cursor: string | undefined) {
  const read = (page: PageRequest) => store.history(task_id, page);
  const { entries, next_cursor } = await fittingPage(read, { limit: HISTORY_PAGE, cursor }, shortEvent);
  return { task_id, events: entries, next_cursor };
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
