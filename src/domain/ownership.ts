import { sameAgent } from "./agent.ts";
import type { Deed, Draft, Effect } from "./changes.ts";
import { quote } from "./clean.ts";
import { timestamp } from "./instant.ts";
import { grantLease, isLapsed, isStale } from "./lease.ts";
import { move } from "./lifecycle.ts";
import { notOwner } from "./refusals.ts";
import type { Task } from "./task.ts";
import { follow, type Passage, type Predecessor } from "./trail.ts";

/** What an agent says that lets go of a task. */
interface Said {
  to_agent?: string | undefined;
  reason?: string | undefined;
}

/** A deed of somebody known. */
export interface AgentDeed extends Deed {
  agent: string;
}

/**
 * The task as the deed's agent finds it once an offer addressed to it is accepted: an addressee's first write, whatever
 * it is, accepts. Everybody else finds the task as it is.
 */
export function acceptOffer(task: Task, deed: Deed): Draft {
  const { agent } = deed;
  return agent !== undefined && task.status === "handoff_ready" && sameAgent(task.handoff?.to_agent, agent)
    ? { task: owned(task, { ...deed, agent }, offerer(task)), effects: ["handoff_accepted"] }
    : { task, effects: [] };
}

/**
 * The task as its owner writes progress to it: the agent's own already, or unowned and thereby claimed. Who let go of a
 * task (offered it, or was exhausted) takes it back by `claim` alone, so a late write never undoes a handoff; nor does
 * one end a lease that has run out.
 *
 * Throws `not_owner`, `lease_lost`, or `illegal_transition` where the work is over.
 */
export function hold(task: Task, deed: AgentDeed): Draft {
  const own = sameAgent(task.current_owner, deed.agent);
  if (sameAgent(letGoBy(task), deed.agent) && !own) {
    const remedy = `to take it back, call claim_task, or update_task with current_owner ${quote(deed.agent)}`;
    throw notOwner(task, deed, remedy);
  }
  if (task.status === "in_progress" && !own) {
    throw notOwner(task, deed);
  }
  return claim(task, deed);
}

/**
 * The task as the deed's agent owns it: its own already, unowned, offered to it or to all, its own offer withdrawn, or
 * one whose lease has run out.
 *
 * Throws `not_owner`, `lease_lost`, or `illegal_transition` where the work is over.
 */
export function claim(task: Task, deed: AgentDeed): Draft {
  switch (task.status) {
    case "in_progress":
      return claimAtWork(task, deed);
    case "handoff_ready":
      return claimOffered(task, deed);
    default:
      return { task: owned(task, deed, exhaustedOne(task)), effects: ["claimed"] };
  }
}

function claimAtWork(task: Task, deed: AgentDeed): Draft {
  if (sameAgent(task.current_owner, deed.agent)) {
    return { task, effects: [] };
  }
  if (!isLapsed(task)) {
    throw notOwner(task, deed);
  }
  const at = task.lease?.expires.at ?? timestamp(deed.now);
  return { task: owned(task, deed, outgoing(task, "lapsed", at)), effects: ["lease_lapsed", "claimed"] };
}

function claimOffered(task: Task, deed: AgentDeed): Draft {
  const { handoff } = task;
  const withdrawn = sameAgent(handoff?.from_agent, deed.agent);
  if (!withdrawn && handoff?.to_agent !== undefined && !sameAgent(handoff.to_agent, deed.agent)) {
    throw notOwner(task, deed);
  }
  const effect: Effect = withdrawn ? "handoff_withdrawn" : "handoff_accepted";
  return { task: owned(task, deed, withdrawn ? task.predecessor : offerer(task)), effects: [effect] };
}

/** The task in the hands of the deed's agent, under a new lease. Throws `illegal_transition` where the work is over. */
export function owned(task: Task, deed: AgentDeed, predecessor: Predecessor | undefined): Task {
  return {
    ...task,
    ...follow(task, deed.agent, predecessor),
    status: move(task.status, "in_progress"),
    current_owner: deed.agent,
    owned_since: timestamp(deed.now),
    lease: grantLease(task, deed),
    handoff: undefined,
    exhausted: undefined,
  };
}

/** The task with nobody in charge of it. */
export function unowned(task: Task): Task {
  return { ...task, current_owner: undefined, owned_since: undefined, lease: undefined };
}

/** The present owner as the one before the next. */
export function outgoing(
  task: Task,
  how: "lapsed" | "forced" | "handed_over" | "released",
  at: string,
  reason?: string,
) {
  const { current_owner: agent } = task;
  return agent === undefined ? task.predecessor : { agent, how, reason, at };
}

function offerer({ handoff, predecessor }: Task): Predecessor | undefined {
  return handoff === undefined
    ? predecessor
    : { agent: handoff.from_agent, how: "handoff", reason: handoff.reason, at: handoff.offered_at };
}

function exhaustedOne({ exhausted, predecessor }: Task): Predecessor | undefined {
  return exhausted === undefined
    ? predecessor
    : { agent: exhausted.agent, how: "exhausted", reason: exhausted.reason, at: exhausted.at };
}

/**
 * Whether nobody works on the task, and the agent, which had it or might have, may not write progress to it either: it is
 * over, offered to another, or let go of by the agent itself.
 */
export function isOut(task: Task, deed: AgentDeed): boolean {
  if (task.status === "in_progress") {
    return false;
  }
  const own = sameAgent(task.current_owner, deed.agent);
  const over = task.status === "done" || task.status === "cancelled";
  return (
    over || isStale(task, deed) || (!own && (task.current_owner !== undefined || sameAgent(letGoBy(task), deed.agent)))
  );
}

/** Whether the present owner has the task because the deed's agent let go of it in this way, for this reason. */
export function hasPassedOn(
  { status, current_owner, predecessor }: Task,
  how: Passage,
  said: Said,
  { agent }: AgentDeed,
) {
  return (
    (status === "in_progress" || status === "done") &&
    !sameAgent(current_owner, agent) &&
    (said.to_agent === undefined || sameAgent(said.to_agent, current_owner)) &&
    predecessor?.how === how &&
    sameAgent(predecessor.agent, agent) &&
    predecessor.reason === said.reason
  );
}

/** Who gave the task out of its hands last, while nobody has taken it since. */
function letGoBy(task: Task): string | undefined {
  return task.status === "handoff_ready" ? task.handoff?.from_agent : task.exhausted?.agent;
}
