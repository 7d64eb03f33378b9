import { z } from "zod";
import { checkpointFields, taskFields } from "../domain/fields.ts";
import { markExhausted as mark } from "../domain/handoff.ts";
import { requireAgent } from "./caller.ts";
import { deedOf } from "./deed.ts";
import { acknowledgement, callingAgent, leaseToken, taskId } from "./shapes.ts";
import { defineTool } from "./tool.ts";

export const markExhausted = defineTool({
  name: "mark_exhausted",
  title: "Mark exhausted",
  description:
    "Say that you cannot go on (context, rate limit, quota, error) and free the task for any agent, when you have nobody in mind to hand it to.",
  effect: "write",
  reports: ["resume_prompt"],
  input: z.strictObject({
    task_id: taskId,
    agent: callingAgent,
    reason: taskFields.reason.optional().describe("context_limit, rate_limit, quota, error or your words"),
    resets_at: z.iso
      .datetime({ offset: true, error: "a time such as 2026-11-22T18:30:00Z is accepted" })
      .transform((time) => new Date(time).toISOString())
      .optional()
      .describe("When your limit resets (ISO 8601)"),
    resume_prompt: checkpointFields.resume_prompt.optional().describe("Last words to your successor"),
    lease_token: leaseToken,
  }),
  output: z.object(acknowledgement),
  async run(context, { task_id, agent, lease_token, ...exhaustion }) {
    const by = requireAgent(context.caller, agent, { action: "mark exhausted" });
    const deed = deedOf(context, "mark_exhausted", { agent: by, lease_token });
    return context.store.write({
      select: { task_id },
      decide: (view, now) => mark(view, exhaustion, deed(now)),
    });
  },
});
