import { type Acknowledgement, acknowledge, conclude, type Decision } from "./changes.ts";
import { advance, type ProgressUpdate } from "./checkpoint.ts";
import { refuseStaleToken } from "./lease.ts";
import { type AgentDeed, hold } from "./ownership.ts";
import type { TaskView } from "./task.ts";

/**
 * Saves a full snapshot of progress; a field left out keeps its last value, and an identical repeat makes no new
 * checkpoint. A task that nobody owns is claimed by it, an offer to this agent accepted.
 *
 * Throws `not_owner`, `lease_lost`, `illegal_transition` where the work is over, `too_large`.
 */
export function saveCheckpoint(
  view: TaskView,
  update: ProgressUpdate,
  deed: AgentDeed,
): Decision<Acknowledgement & { checkpoint?: number | undefined }> {
  refuseStaleToken(view.task, deed);
  const held = hold(view.task, deed);
  const { task, ...written } = conclude(view, { ...held, progress: advance(view.progress, update) }, deed);
  return { answer: { ...acknowledge(task, deed), checkpoint: task.checkpoint_count || undefined }, ...written };
}
