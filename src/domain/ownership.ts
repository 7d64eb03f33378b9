import { sameAgent } from "./agent.ts";
import type { Deed, Draft } from "./changes.ts";
import { quote } from "./clean.ts";
import { TaskError } from "./errors.ts";
import { timestamp } from "./instant.ts";
import { move } from "./lifecycle.ts";
import type { Task } from "./task.ts";

/** A deed of somebody known. */
export interface AgentDeed extends Deed {
  agent: string;
}

/**
 * The task as the deed's agent finds it once an offer addressed to it is accepted: an addressee's first write, whatever
 * it is, accepts. Everybody else finds the task as it is.
 */
export function acceptOffer(task: Task, deed: Deed): Draft {
  return task.status === "handoff_ready" && sameAgent(task.handoff?.to_agent, deed.agent)
    ? { task: owned(task, deed), effects: ["handoff_accepted"] }
    : { task, effects: [] };
}

/**
 * The task as its owner writes progress to it: the agent's own already, or unowned and thereby claimed. Who let go of a
 * task (offered it, or was exhausted) takes it back by `claim` alone, so a late write never undoes a handoff.
 *
 * Throws `not_owner`, or `illegal_transition` where the work is over.
 */
export function hold(task: Task, deed: AgentDeed): Draft {
  if (sameAgent(letGoBy(task), deed.agent) && !sameAgent(task.current_owner, deed.agent)) {
    throw notOwner(task, deed, `to take it back, call update_task with current_owner ${quote(deed.agent)}`);
  }
  return claim(task, deed);
}

/**
 * The task as the deed's agent owns it: its own already, unowned, offered to it or to all, or its own offer withdrawn.
 *
 * Throws `not_owner`, or `illegal_transition` where the work is over.
 */
export function claim(task: Task, deed: AgentDeed): Draft {
  switch (task.status) {
    case "in_progress":
      if (!sameAgent(task.current_owner, deed.agent)) {
        throw notOwner(task, deed);
      }
      return { task, effects: [] };
    case "handoff_ready":
      if (task.handoff?.to_agent === undefined || sameAgent(task.handoff.to_agent, deed.agent)) {
        const withdrawn = sameAgent(task.handoff?.from_agent, deed.agent);
        return { task: owned(task, deed), effects: [withdrawn ? "handoff_withdrawn" : "handoff_accepted"] };
      }
      if (sameAgent(task.handoff.from_agent, deed.agent)) {
        return { task: owned(task, deed), effects: ["handoff_withdrawn"] };
      }
      throw notOwner(task, deed);
    default:
      return { task: owned(task, deed), effects: ["claimed"] };
  }
}

/** The task with nobody in charge of it. */
export function unowned(task: Task): Task {
  return { ...task, current_owner: undefined, owned_since: undefined };
}

/** The refusal of a write by somebody else than the owner or addressee. */
export function notOwner(task: Task, deed: AgentDeed, remedy?: string): TaskError {
  const { task_id, status, current_owner, owned_since, handoff } = task;
  const offered = status === "handoff_ready";
  const owner = current_owner === undefined ? undefined : quote(current_owner);
  const state = offered
    ? `it has been offered to ${owner ?? "all"} by ${quote(handoff?.from_agent ?? "")} since ${handoff?.offered_at}`
    : owner === undefined
      ? `it is ${status} and has no owner`
      : `it has been owned by ${owner} since ${owned_since}`;
  const accepted = remedy ?? remedyFor(task, owner, deed);
  return new TaskError(
    "not_owner",
    `Cannot ${phrase(deed)} ${quote(task_id)} as ${quote(deed.agent)}: ${state}; ${accepted}`,
    {
      status,
      current_owner,
      owned_since,
    },
  );
}

function remedyFor({ status }: Task, owner: string | undefined, deed: AgentDeed): string {
  if (owner === undefined) {
    return `save_checkpoint, or update_task with current_owner ${quote(deed.agent)}, takes it`;
  }
  const over = status === "done" || status === "cancelled";
  const until = over ? "may change it, once it is reopened (status open)" : "may, until it calls handoff_task";
  return `only ${owner} ${until}; if that is you, pass it as agent; attach_artifact is open to all`;
}

/** The start of an error message about a command: `update task`, `save checkpoint for task`. */
export function phrase(deed: Deed): string {
  const words = deed.command.replaceAll("_", " ").replace("handoff", "hand off");
  return words.endsWith("task") ? words : `${words} for task`;
}

function owned(task: Task, deed: Deed): Task {
  return {
    ...task,
    status: move(task.status, "in_progress"),
    current_owner: deed.agent,
    owned_since: timestamp(deed.now),
    handoff: undefined,
    exhausted: undefined,
  };
}

/** Who gave the task out of its hands last, while nobody has taken it since. */
function letGoBy(task: Task): string | undefined {
  return task.status === "handoff_ready" ? task.handoff?.from_agent : task.exhausted?.agent;
}
