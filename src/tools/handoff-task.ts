import { z } from "zod";
import { agentName, taskFields } from "../domain/fields.ts";
import { handOff } from "../domain/handoff.ts";
import { requireAgent } from "./caller.ts";
import { acknowledgement, callingAgent, taskId } from "./shapes.ts";
import { defineTool } from "./tool.ts";

export const handoffTask = defineTool({
  name: "handoff_task",
  title: "Hand off task",
  description:
    "Offer a task to another agent, or to all when to_agent is left out. Save a checkpoint first. The addressee's first write accepts. To decline an offer made to you, call it with a reason.",
  effect: "write",
  input: z.strictObject({
    task_id: taskId,
    from_agent: callingAgent,
    to_agent: agentName.optional().describe("Agent to take over; all when absent"),
    reason: taskFields.reason.optional().describe("Why you hand it off"),
  }),
  output: z.object(acknowledgement),
  async run({ store, caller }, { task_id, from_agent, ...offer }) {
    const by = requireAgent(caller, from_agent, "hand off task");
    return store.write({
      select: { task_id },
      decide: (view, now) => handOff(view, offer, { command: "handoff_task", agent: by, now }),
    });
  },
});
