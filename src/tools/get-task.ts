import { z } from "zod";
import { BRIEF_TOKENS } from "../domain/brief.ts";
import { progressOf } from "../domain/checkpoint.ts";
import { quote } from "../domain/clean.ts";
import { TaskError } from "../domain/errors.ts";
import { foldTask } from "../domain/fold.ts";
import { type TaskView, unknownTask, wholeTask } from "../domain/task.ts";
import { briefOf } from "./drift.ts";
import { compare, findCheckpoint, readHistory } from "./get-task-history.ts";
import { taskId } from "./shapes.ts";
import { defineTool, type ToolContext } from "./tool.ts";

export const getTask = defineTool({
  name: "get_task",
  title: "Get task",
  description:
    "Read a task: goal, progress, next action, test results, artifacts, who owns it. Use it before you take a task up. Reading never accepts a handoff. view=brief is the short text to resume from, view=history what happened.",
  effect: "read",
  input: z.strictObject({
    task_id: taskId,
    view: z.enum(["full", "brief", "history"]).default("full").describe("What to show"),
    checkpoint: z.int().min(1).max(Number.MAX_SAFE_INTEGER).optional().describe("Progress as of this checkpoint"),
    compare_to: z.int().min(1).max(Number.MAX_SAFE_INTEGER).optional().describe("What changed between it and this"),
    cursor: z.string().max(512).optional().describe("next_cursor of the history before"),
    max_tokens: z
      .int()
      .min(BRIEF_TOKENS.least)
      .max(BRIEF_TOKENS.most)
      .optional()
      .describe(`Bound of the brief (${BRIEF_TOKENS.usual})`),
  }),
  output: z.looseObject({ task_id: z.string() }),
  async run(context, { view, task_id, ...asked }) {
    const { cursor, checkpoint, compare_to, max_tokens } = asked;
    const meant = { full: { checkpoint, compare_to }, brief: { max_tokens }, history: { cursor } };
    if (Object.entries(asked).some(([name, value]) => value !== undefined && !(name in meant[view]))) {
      throw new TaskError(
        "invalid",
        `Cannot get task ${quote(task_id)}: cursor goes with view history, max_tokens with view brief, ` +
          "checkpoint and compare_to with view full",
      );
    }
    if (view === "history") {
      return readHistory(context, task_id, cursor);
    }
    const task = await context.store.find(task_id);
    if (task === undefined) {
      throw unknownTask("get task", task_id);
    }
    if (view === "brief") {
      return { task_id, version: task.task.version, brief: (await briefOf(context, task, max_tokens)).brief };
    }
    return compare_to === undefined
      ? readTask(context, task, checkpoint)
      : compare(context, task, checkpoint ?? task.task.checkpoint_count, compare_to);
  },
});

async function readTask({ store }: ToolContext, view: TaskView, number: number | undefined) {
  const checkpoint = number === undefined ? undefined : await findCheckpoint(store, view.task, number);
  return foldTask(wholeTask(checkpoint === undefined ? view : { ...view, progress: progressOf(checkpoint) }));
}
