import { sameAgent } from "./agent.ts";
import { type Acknowledgement, acknowledge, conclude, type Decision } from "./changes.ts";
import { advance, changedFields, type Progress, type ProgressUpdate } from "./checkpoint.ts";
import { refuseStaleToken } from "./lease.ts";
import { type AgentDeed, hold, isOut } from "./ownership.ts";
import type { Task, TaskView } from "./task.ts";

/**
 * Saves a full snapshot of progress; a field left out keeps its last value, and an identical repeat makes no new
 * checkpoint, and is acknowledged even where the agent has let go of the task since; where another works on it, the late
 * writer has to know. A task that nobody owns is claimed by it, an
 * offer to this agent accepted.
 *
 * Throws `not_owner`, `lease_lost`, `illegal_transition` where the work is over, `too_large`.
 */
export function saveCheckpoint(
  view: TaskView,
  update: ProgressUpdate,
  deed: AgentDeed,
): Decision<Acknowledgement & { checkpoint?: number | undefined }> {
  const progress = advance(view.progress, update);
  if (standsAlready(view, progress, deed) && isOut(view.task, deed)) {
    return { answer: answerOf(view.task, deed) };
  }
  refuseStaleToken(view.task, deed);
  const { task, ...written } = conclude(view, { ...hold(view.task, deed), progress }, deed);
  return { answer: answerOf(task, deed), ...written };
}

/** Whether the newest checkpoint is the agent's own and says the same. */
function standsAlready({ checkpoint, progress }: TaskView, next: Progress, deed: AgentDeed): boolean {
  return sameAgent(checkpoint?.agent, deed.agent) && changedFields(progress, next).length === 0;
}

function answerOf(task: Task, deed: AgentDeed) {
  return { ...acknowledge(task, deed), checkpoint: task.checkpoint_count || undefined };
}
