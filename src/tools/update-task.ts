import { z } from "zod";
import { agentName, checkpointFields, taskFields } from "../domain/fields.ts";
import { STATUSES } from "../domain/lifecycle.ts";
import { updateTask as update, updater } from "../domain/update-task.ts";
import { agentOf } from "./caller.ts";
import { deedOf } from "./deed.ts";
import { acknowledgement, callingAgent, leaseToken, taskId } from "./shapes.ts";
import { defineTool } from "./tool.ts";

export const updateTask = defineTool({
  name: "update_task",
  title: "Update task",
  description:
    "Change fields of a task: finish it (status done), release it (open), cancel, reopen, take it over (current_owner: your name), edit its texts. What is left out stays.",
  effect: "write",
  reports: ["completed_steps", "remaining_steps", "resume_prompt"],
  input: z.strictObject({
    task_id: taskId,
    title: taskFields.title.optional().describe("New title"),
    goal: taskFields.goal.optional().describe("New goal"),
    repo_path: taskFields.repo_path.optional().describe("New repository path"),
    status: z.enum(STATUSES).optional().describe("New status"),
    current_owner: agentName.optional().describe("Your name to take it, another's to give it away at once"),
    completed_steps: checkpointFields.completed_steps.optional().describe("All steps done"),
    remaining_steps: checkpointFields.remaining_steps.optional().describe("All steps to do"),
    resume_prompt: checkpointFields.resume_prompt.optional().describe("Exact next action"),
    priority: taskFields.priority.optional().describe("0 highest – 4"),
    tags: taskFields.tags.optional().describe("All labels"),
    agent: callingAgent,
    expected_version: z.int().min(1).max(Number.MAX_SAFE_INTEGER).optional().describe("Refuse if the version differs"),
    lease_token: leaseToken,
  }),
  output: z.object(acknowledgement),
  async run(context, { task_id, agent, lease_token, ...changes }) {
    const { caller } = context;
    const known = caller.principal === undefined ? agent : agentOf(caller, agent);
    const deed = deedOf(context, "update_task", { agent: known, lease_token });
    return context.store.write({
      select: { task_id },
      decide(view, now) {
        const by = updater(view, changes, { agent: known, fallback: agentOf(caller, undefined) });
        return update(view, changes, { ...deed(now), agent: by });
      },
    });
  },
});
