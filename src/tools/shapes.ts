import { z } from "zod";
import { agentName, taskFields } from "../domain/fields.ts";

/** Arguments that mean the same in every tool. */
export const taskId = taskFields.task_id.describe("Task id");
export const callingAgent = agentName.optional().describe("Your agent name");
export const leaseToken = z.string().min(1).max(64).optional().describe("Your lease_token");

/** What the answer of every write promises; it holds the status and owner besides. */
export const acknowledgement = {
  task_id: z.string(),
  version: z.number(),
};
