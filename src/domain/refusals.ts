import { sameAgent } from "./agent.ts";
import type { Deed } from "./changes.ts";
import { quote } from "./clean.ts";
import { TaskError } from "./errors.ts";
import type { AgentDeed } from "./ownership.ts";
import type { Task } from "./task.ts";

/** The start of an error message about a command: `update task`, `save checkpoint for task`. */
export function phrase({ command }: Pick<Deed, "command">): string {
  const words = command.replaceAll("_", " ").replace("handoff", "hand off");
  return words.endsWith("task") ? words : `${words} for task`;
}

/**
 * The refusal of a write by somebody else than the owner or addressee: whose it is, since and until when, and what
 * succeeds. Who lost the task by a lapsed lease or a person's override, and has not noticed, is told `lease_lost`.
 */
export function notOwner(task: Task, deed: AgentDeed, remedy?: string): TaskError {
  const { task_id, status, current_owner, owned_since, lease, handoff, predecessor } = task;
  const ousted = predecessor?.how === "lapsed" || predecessor?.how === "forced";
  if (status === "in_progress" && ousted && sameAgent(predecessor.agent, deed.agent)) {
    return leaseLost(task, deed);
  }
  const owner = current_owner === undefined ? undefined : quote(current_owner);
  return new TaskError(
    "not_owner",
    `Cannot ${phrase(deed)} ${quote(task_id)} as ${quote(deed.agent)}: ${stateOf(task, owner)}; ` +
      (remedy ?? remedyFor(task, owner, deed)),
    {
      status,
      current_owner,
      owned_since,
      lease_expires_at: status === "in_progress" ? lease?.expires.at : undefined,
      lease_seconds_left: status === "in_progress" ? lease?.left : undefined,
      offer_expires_at: status === "handoff_ready" ? handoff?.expires.at : undefined,
    },
  );
}

function stateOf({ status, owned_since, lease, handoff }: Task, owner: string | undefined): string {
  if (status === "handoff_ready") {
    const until = owner === undefined ? "" : `, until ${handoff?.expires.at}`;
    return `it has been offered to ${owner ?? "all"} by ${quote(handoff?.from_agent ?? "")} since ${handoff?.offered_at}${until}`;
  }
  if (owner === undefined) {
    return `it is ${status} and has no owner`;
  }
  const since = `it has been owned by ${owner} since ${owned_since}`;
  if (status !== "in_progress" || lease === undefined) {
    return since;
  }
  return lease.left === 0
    ? `${since}, and the lease ended at ${lease.expires.at}`
    : `${since}, and the lease ends at ${lease.expires.at}`;
}

function remedyFor({ status, lease }: Task, owner: string | undefined, deed: AgentDeed): string {
  if (owner === undefined) {
    return `claim_task takes it, and so does update_task with current_owner ${quote(deed.agent)}`;
  }
  if (status === "done" || status === "cancelled") {
    return `only ${owner} may change it, once it is reopened (status open); attach_artifact is open to all`;
  }
  if (status === "in_progress" && lease?.left === 0) {
    return "claim_task takes it";
  }
  const person = "claim_task with force and a reason is a person's override";
  return status === "handoff_ready"
    ? `only ${owner} may claim it until then; ${person}`
    : `only ${owner} may until it hands the task off or the lease ends; if that is you, pass it as agent; ${person}`;
}

/** The refusal of a late writer, naming its successor. */
export function leaseLost(task: Task, deed: Deed): TaskError {
  const { task_id, status, current_owner, owned_since, version } = task;
  return new TaskError(
    "lease_lost",
    `Cannot ${phrase(deed)} ${quote(task_id)}: your lease has ended, ${successor(task, deed)}; ` +
      "stop working on it, or take it anew with claim_task where that is accepted",
    { status, current_owner, owned_since, version },
  );
}

function successor({ status, current_owner, owned_since }: Task, { agent }: Deed): string {
  if (current_owner === undefined) {
    return `it is ${status} and has no owner`;
  }
  if (status === "in_progress" && sameAgent(current_owner, agent)) {
    return `another session of ${quote(current_owner)} has claimed it since`;
  }
  return `it has been ${status === "handoff_ready" ? "offered to" : "owned by"} ${quote(current_owner)} since ${owned_since}`;
}

/** The refusal of a deed that needs a name where nobody gave one. */
export function noAgent(action: string): TaskError {
  return new TaskError(
    "invalid",
    `Cannot ${action}: nobody says which agent is calling; pass the agent's name as an argument, or set MCP_TASK_AGENT`,
  );
}

/** The deed as one of somebody known. Throws `invalid` where nobody says who is calling. */
export function named(task: Pick<Task, "task_id">, deed: Deed): AgentDeed {
  const { agent } = deed;
  if (agent === undefined) {
    throw noAgent(`${phrase(deed)} ${quote(task.task_id)}`);
  }
  return { ...deed, agent };
}
