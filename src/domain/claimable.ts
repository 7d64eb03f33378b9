import { sameAgent } from "./agent.ts";
import { isLapsed } from "./lease.ts";
import type { Task } from "./task.ts";

/** Whether a claim of the task by `agent` may succeed, or is refused for good: anything but another's present right to it. */
export function isOpenTo(task: Task, agent: string): boolean {
  const { status, current_owner, handoff } = task;
  switch (status) {
    case "in_progress":
      return isLapsed(task) || sameAgent(current_owner, agent);
    case "handoff_ready":
      return (
        handoff?.to_agent === undefined || sameAgent(handoff.to_agent, agent) || sameAgent(handoff.from_agent, agent)
      );
    default:
      return true;
  }
}

/**
 * Whether the task may be the next one for `agent`: the rule of `Store.writeNext`, but for a limit that is yet to be
 * reset, which needs a clock. `repo_path` as there.
 */
export function isNextFor(task: Task, agent: string, repo_path: string | undefined): boolean {
  const { status, handoff, exhausted } = task;
  if (status === "handoff_ready" && handoff?.to_agent !== undefined) {
    return sameAgent(handoff.to_agent, agent);
  }
  if (repo_path === undefined || (repo_path !== "*" && repo_path !== task.repo_path)) {
    return false;
  }
  switch (status) {
    case "open":
      return true;
    case "in_progress":
      return isLapsed(task);
    case "handoff_ready":
      return !sameAgent(handoff?.from_agent, agent);
    case "agent_exhausted":
      return !sameAgent(exhausted?.agent, agent) || exhausted?.resets_at !== undefined;
    default:
      return false;
  }
}
