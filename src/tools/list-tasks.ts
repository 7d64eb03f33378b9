import { z } from "zod";
import { agentName, taskFields } from "../domain/fields.ts";
import { STATUSES } from "../domain/lifecycle.ts";
import { taskRow } from "../domain/task.ts";
import { shortText } from "../domain/text.ts";
import type { PageRequest } from "../store/store.ts";
import { filledPage, fittingPage } from "./page.ts";
import { defineTool } from "./tool.ts";

export const listTasks = defineTool({
  name: "list_tasks",
  title: "List tasks",
  description:
    "Find tasks, the last updated first: offered to you (owner: your name), free to take (status open, handoff_ready or agent_exhausted), of a repository, or with the words of query.",
  effect: "read",
  input: z.strictObject({
    status: z.enum(STATUSES).optional().describe("Only this status"),
    owner: agentName.optional().describe("Only of, or offered to, this agent"),
    repo_path: taskFields.repo_path.optional().describe("Only this repository"),
    tag: z.string().trim().min(1).max(64).optional().describe("Only this label"),
    updated_since: z.iso
      .datetime({ offset: true, error: "a time such as 2026-11-22T18:30:00Z is accepted" })
      .transform((time) => new Date(time).toISOString())
      .optional()
      .describe("Changed since (ISO 8601)"),
    query: shortText(1000).optional().describe("Words in title, goal, steps, prompt, context"),
    limit: z.int().min(1).max(200).default(20).describe("Tasks an answer"),
    cursor: z.string().max(512).optional().describe("next_cursor of the answer before"),
  }),
  output: z.object({
    tasks: z.array(z.looseObject({})),
    next_cursor: z.string().optional(),
  }),
  async run({ store }, { limit, cursor, ...filter }) {
    const read = (page: PageRequest) => filledPage((from) => store.list(filter, from), page);
    const { entries, next_cursor } = await fittingPage(read, { limit, cursor }, taskRow);
    return { tasks: entries, next_cursor };
  },
});
