import { z } from "zod";
import { createTask as create } from "../domain/create-task.ts";
import { taskFields } from "../domain/fields.ts";
import { agentOf } from "./caller.ts";
import { acknowledgement, callingAgent } from "./shapes.ts";
import { defineTool } from "./tool.ts";

export const createTask = defineTool({
  name: "create_task",
  title: "Create task",
  description:
    "Register work so that any agent can take it up later: at the start of whatever may outlast your context. The same task again answers the existing one.",
  effect: "write",
  input: z.strictObject({
    task_id: taskFields.task_id.optional().describe("Id of your choice (A-Z a-z 0-9 . _ -); made when absent"),
    title: taskFields.title.describe("Short title"),
    goal: taskFields.goal.describe("What is done when it is done"),
    repo_path: taskFields.repo_path.optional().describe("Absolute path of the repository"),
    priority: taskFields.priority.default(2).describe("0 highest, 2 default"),
    tags: taskFields.tags.default([]).describe("Labels to filter by"),
    agent: callingAgent,
  }),
  output: z.object(acknowledgement),
  run({ store, caller, id }, { agent, task_id = id(), ...content }) {
    const named = { ...content, task_id };
    const by = agentOf(caller, agent);
    return store.create({
      task_id,
      decide: (existing, now) => create(existing, named, { command: "create_task", agent: by, now }),
    });
  },
});
