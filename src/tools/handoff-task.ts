import { z } from "zod";
import { agentName, taskFields } from "../domain/fields.ts";
import { handOff } from "../domain/handoff.ts";
import { requireAgent } from "./caller.ts";
import { deedOf } from "./deed.ts";
import { acknowledgement, callingAgent, leaseToken, taskId } from "./shapes.ts";
import { defineTool } from "./tool.ts";

export const handoffTask = defineTool({
  name: "handoff_task",
  title: "Hand off task",
  description:
    "Offer a task to another agent, or to all without to_agent. Save a checkpoint first. The addressee's first write accepts. To decline an offer to you, call it with a reason.",
  effect: "write",
  input: z.strictObject({
    task_id: taskId,
    from_agent: callingAgent,
    to_agent: agentName.optional().describe("Agent to take over; all when absent"),
    reason: taskFields.reason.optional().describe("Why you hand it off"),
    lease_token: leaseToken,
  }),
  output: z.object(acknowledgement),
  async run(context, { task_id, from_agent, lease_token, ...offer }) {
    const agent = requireAgent(context.caller, from_agent, { action: "hand off task", name: "from_agent" });
    const deed = deedOf(context, "handoff_task", { agent, lease_token });
    return context.store.write({
      select: { task_id },
      decide: (view, now) => handOff(view, offer, deed(now)),
    });
  },
});
