import { attachArtifact } from "./attach-artifact.ts";
import { claimTask } from "./claim-task.ts";
import { createTask } from "./create-task.ts";
import { getArtifact } from "./get-artifact.ts";
import { getTask } from "./get-task.ts";
import { handoffTask } from "./handoff-task.ts";
import { listTasks } from "./list-tasks.ts";
import { markExhausted } from "./mark-exhausted.ts";
import { saveCheckpoint } from "./save-checkpoint.ts";
import type { Tool } from "./tool.ts";
import { updateTask } from "./update-task.ts";

/** Every tool, in the order clients are shown them. */
export const TOOLS: readonly Tool[] = [
  createTask,
  getTask,
  saveCheckpoint,
  handoffTask,
  claimTask,
  markExhausted,
  attachArtifact,
  getArtifact,
  listTasks,
  updateTask,
];
