import { buildBrief } from "../domain/brief.ts";
import type { DriftReport, RepoState } from "../domain/drift.ts";
import type { TaskView } from "../domain/task.ts";
import type { Tool, ToolContext } from "./tool.ts";

/**
 * The repository of the task that a call reports progress on; nothing where it may not or cannot be looked at. Arguments
 * are not checked yet.
 */
export function repoStateFor(
  { store, repo }: Pick<ToolContext, "store" | "repo">,
  { reports }: Pick<Tool, "reports">,
  { task_id, repo_path, ...args }: Readonly<Record<string, unknown>>,
): Promise<RepoState | undefined> | undefined {
  if (repo === undefined || typeof task_id !== "string" || !reports?.some((name) => name in args)) {
    return undefined;
  }
  const look = async () => {
    const path = typeof repo_path === "string" ? repo_path : (await store.peek(task_id))?.repo_path;
    const state = path === undefined ? undefined : await repo.capture(path);
    return state === undefined || "unavailable" in state ? undefined : state;
  };
  // Where the store does not answer, the call itself will say so.
  return look().catch(() => undefined);
}

/** How the repository has drifted since the newest checkpoint; nothing where there is none to compare, or no permission. */
async function driftSince(
  { repo }: Pick<ToolContext, "repo">,
  { task, checkpoint }: Pick<TaskView, "task" | "checkpoint">,
): Promise<DriftReport | undefined> {
  if (repo === undefined || task.repo_path === undefined || checkpoint === undefined) {
    return undefined;
  }
  return checkpoint.repo_state === undefined
    ? { drift_unavailable: "nothing was captured with the newest checkpoint" }
    : repo.drift(task.repo_path, checkpoint.repo_state);
}

/** The brief of a task, with the drift of its repository; and that drift. */
export async function briefOf(
  context: Pick<ToolContext, "repo">,
  view: TaskView,
  max_tokens?: number,
): Promise<{ brief: string; drift: DriftReport | undefined }> {
  const drift = await driftSince(context, view);
  return { brief: buildBrief({ ...view, drift }, max_tokens), drift };
}
