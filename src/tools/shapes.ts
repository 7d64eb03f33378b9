import { z } from "zod";
import { agentName, taskFields } from "../domain/fields.ts";

/** Arguments that mean the same in every tool. */
export const taskId = taskFields.task_id.describe("Task id");
export const callingAgent = agentName.optional().describe("Your agent name");
export const leaseToken = z.string().min(1).max(64).optional().describe("Your lease_token");

/** The answer every write gives, by which a caller sees where the task stands. */
export const acknowledgement = {
  task_id: z.string(),
  status: z.string(),
  current_owner: z.string().optional(),
  version: z.number(),
};
