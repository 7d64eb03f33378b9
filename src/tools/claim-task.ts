import { z } from "zod";
import { LEASE_SECONDS } from "../domain/bounds.ts";
import { type Claimed, claimTask as claim } from "../domain/claim-task.ts";
import { isNextFor, isOpenTo } from "../domain/claimable.ts";
import { quote } from "../domain/clean.ts";
import { TaskError } from "../domain/errors.ts";
import { taskFields } from "../domain/fields.ts";
import { taskRow, unknownTask } from "../domain/task.ts";
import type { ChangeCommand } from "../store/store.ts";
import { requireAgent } from "./caller.ts";
import { deedOf } from "./deed.ts";
import { briefOf } from "./drift.ts";
import { callingAgent } from "./shapes.ts";
import { defineTool, type ToolContext } from "./tool.ts";
import { attemptFor } from "./wait-for.ts";

/** The longest that a call waits, in seconds: clients give up on a call after a minute, as a rule. */
const WAIT_SECONDS = 45;

type Decide = ChangeCommand<Claimed>["decide"];

export const claimTask = defineTool({
  name: "claim_task",
  title: "Claim task",
  description:
    "Take a task up, in one step, and be told all you need to go on. Without task_id: the next one for you, offers first to you alone; with repo_path open work there too. One of several claimants wins.",
  effect: "write",
  input: z.strictObject({
    task_id: taskFields.task_id.optional().describe("Task id; the next one when absent"),
    agent: callingAgent,
    repo_path: taskFields.repo_path.optional().describe("Also open work of this repository, * for all"),
    lease_seconds: z
      .int()
      .min(LEASE_SECONDS.least)
      .max(LEASE_SECONDS.most)
      .optional()
      .describe("How long others keep off after each write"),
    force: z.boolean().default(false).describe("A person's override, with reason"),
    reason: taskFields.reason.optional().describe("Why, for the record"),
    wait_seconds: z.int().min(0).max(WAIT_SECONDS).default(0).describe("Wait for it so long"),
  }),
  output: z.looseObject({
    task: z.looseObject({}).optional(),
    brief: z.string().optional(),
    lease_token: z.string().optional(),
  }),
  async run(context, { task_id, agent, repo_path, lease_seconds, wait_seconds, ...how }) {
    const { store, caller } = context;
    const by = requireAgent(caller, agent, { action: "claim task" });
    if (how.force && task_id === undefined) {
      throw new TaskError("invalid", "Cannot claim the next task by force: force with a task_id is accepted");
    }
    const deed = deedOf(context, "claim_task", { agent: by, lease_seconds });
    const decide: Decide = (view, now) => claim(view, how, deed(now));
    const claimed =
      task_id === undefined
        ? await attemptFor(context, {
            seconds: wait_seconds,
            wanted: (task) => isNextFor(task, by, repo_path),
            attempt: () => store.writeNext({ agent: by, repo_path, decide }),
          })
        : await claimOne(context, task_id, { by, seconds: wait_seconds, decide });
    if (claimed === undefined) {
      const hint = repo_path === undefined ? "; with repo_path, or *, open work is looked at too" : "";
      return { message: `There is no task for ${quote(by)} to take up${hint}` };
    }
    const view = await store.find(claimed.task_id);
    if (view === undefined) {
      throw unknownTask("claim task", claimed.task_id);
    }
    const { lease_token, lease_expires_at, warning } = claimed;
    const { brief, drift } = await briefOf(context, view);
    return { task: taskRow(view.task), ...drift, brief, lease_token, lease_expires_at, warning };
  },
});

/** Claims one task, waiting for whoever has it. Throws, when the time is up, the last refusal: who has it, and until when. */
async function claimOne(
  context: ToolContext,
  task_id: string,
  { by, seconds, decide }: { by: string; seconds: number; decide: Decide },
): Promise<Claimed> {
  let refusal: unknown;
  const claimed = await attemptFor(context, {
    seconds,
    wanted: (task) => task.task_id === task_id && isOpenTo(task, by),
    async attempt() {
      try {
        return await context.store.write({ select: { task_id }, decide });
      } catch (error) {
        if (error instanceof TaskError && (error.code === "not_owner" || error.code === "lease_lost")) {
          refusal = error;
          return undefined;
        }
        throw error;
      }
    },
  });
  if (claimed === undefined) {
    throw refusal;
  }
  return claimed;
}
