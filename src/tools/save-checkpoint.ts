import { z } from "zod";
import { checkpointFields } from "../domain/fields.ts";
import { saveCheckpoint as save } from "../domain/save-checkpoint.ts";
import { requireAgent } from "./caller.ts";
import { deedOf } from "./deed.ts";
import { acknowledgement, callingAgent, leaseToken, taskId } from "./shapes.ts";
import { defineTool } from "./tool.ts";

export const saveCheckpoint = defineTool({
  name: "save_checkpoint",
  title: "Save checkpoint",
  description:
    "Save how far you are, so that any agent could go on: after each finished step, and before your context or rate limit. Claims an unowned task. Fields left out keep their value.",
  effect: "write",
  reports: ["completed_steps", "remaining_steps", "test_results", "resume_prompt", "context"],
  input: z.strictObject({
    task_id: taskId,
    agent: callingAgent,
    completed_steps: checkpointFields.completed_steps.optional().describe("All steps done"),
    remaining_steps: checkpointFields.remaining_steps.optional().describe("All steps to do"),
    test_results: checkpointFields.test_results.optional().describe("Latest test runs"),
    resume_prompt: checkpointFields.resume_prompt.optional().describe("Exact next action"),
    context: checkpointFields.context.optional().describe("Decisions, dead ends, facts (Markdown)"),
    lease_token: leaseToken,
  }),
  output: z.object({ ...acknowledgement, checkpoint: z.number().optional() }),
  async run(context, { task_id, agent, lease_token, ...update }) {
    const by = requireAgent(context.caller, agent, { action: "save checkpoint" });
    const deed = deedOf(context, "save_checkpoint", { agent: by, lease_token });
    return context.store.write({
      select: { task_id },
      decide: (view, now) => save(view, update, deed(now)),
    });
  },
});
