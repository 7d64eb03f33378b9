import { sameAgent } from "./agent.ts";
import { type Acknowledgement, acknowledge, conclude, type Decision, type Draft } from "./changes.ts";
import { advance } from "./checkpoint.ts";
import { quote } from "./clean.ts";
import { TaskError } from "./errors.ts";
import { timestamp } from "./instant.ts";
import { move } from "./lifecycle.ts";
import { type AgentDeed, acceptOffer, notOwner, unowned } from "./ownership.ts";
import type { Task, TaskView } from "./task.ts";

/** What is offered; without `to_agent` to all. */
export interface Offer {
  to_agent?: string | undefined;
  reason?: string | undefined;
}

/**
 * Offers a task: phase one of a handoff. By its owner; by the addressee of an open offer, who thereby declines it; by
 * the one who offered, who thereby changes the offer; by anyone where nobody owns it. The same offer again changes nothing.
 *
 * Throws `not_owner`, `illegal_transition` where the work is over, `invalid` for an offer to oneself.
 */
export function handOff(view: TaskView, offer: Offer, deed: AgentDeed): Decision<Acknowledgement> {
  const { task } = view;
  if (sameAgent(offer.to_agent, deed.agent)) {
    throw new TaskError(
      "invalid",
      `Cannot hand off task ${quote(task.task_id)}: ${quote(deed.agent)} would offer it to itself; ` +
        "another agent is accepted as to_agent, or none for an offer to all",
    );
  }
  if (isSameOffer(task, offer, deed)) {
    return { answer: acknowledge(task) };
  }
  if (!mayOffer(task, deed)) {
    throw notOwner(task, deed);
  }
  const status = move(task.status, "handoff_ready");
  const at = timestamp(deed.now);
  const declined = task.status === "handoff_ready" && sameAgent(task.handoff?.to_agent, deed.agent);
  const offered: Task = {
    ...unowned(task),
    ...(offer.to_agent === undefined ? {} : { current_owner: offer.to_agent, owned_since: at }),
    status,
    handoff: { from_agent: deed.agent, ...offer, offered_at: at },
    exhausted: undefined,
  };
  const change = conclude(
    view,
    { task: offered, effects: declined ? ["handoff_declined", "handoff_offered"] : ["handoff_offered"] },
    deed,
  );
  return { answer: acknowledge(change?.task ?? task), change };
}

/** Why an agent cannot go on; with what it leaves to its successor. */
export interface Exhaustion {
  reason?: string | undefined;
  /** ISO 8601. */
  resets_at?: string | undefined;
  resume_prompt?: string | undefined;
}

/**
 * Marks that this agent cannot go on, and frees the task for others. The same again changes nothing.
 *
 * Throws `not_owner`, or `illegal_transition` where the task is not in progress.
 */
export function markExhausted(view: TaskView, exhaustion: Exhaustion, deed: AgentDeed): Decision<Acknowledgement> {
  const held = givenUpBy(view.task, deed);
  const { reason, resets_at, resume_prompt } = exhaustion;
  const mark = { agent: deed.agent, reason, resets_at, at: timestamp(deed.now) };
  const known = held.task.exhausted;
  const repeated = known !== undefined && known.reason === reason && known.resets_at === resets_at;
  const draft: Draft = {
    task: {
      ...unowned(held.task),
      status: move(held.task.status, "agent_exhausted"),
      exhausted: repeated ? known : mark,
    },
    effects: repeated ? held.effects : [...held.effects, "exhausted"],
    progress: resume_prompt === undefined ? undefined : advance(view.progress, { resume_prompt }),
  };
  const change = conclude(view, draft, deed);
  return { answer: acknowledge(change?.task ?? view.task), change };
}

function givenUpBy(task: Task, deed: AgentDeed): Draft {
  const arrival = acceptOffer(task, deed);
  const { status, current_owner, exhausted } = arrival.task;
  const own = status === "agent_exhausted" ? exhausted?.agent : current_owner;
  const guarded = status === "in_progress" || status === "handoff_ready" || status === "agent_exhausted";
  if (guarded && !sameAgent(own, deed.agent)) {
    throw notOwner(task, deed);
  }
  return arrival;
}

function isSameOffer(task: Task, offer: Offer, deed: AgentDeed): boolean {
  const { handoff } = task;
  return (
    handoff !== undefined &&
    sameAgent(handoff.from_agent, deed.agent) &&
    (handoff.to_agent === offer.to_agent || sameAgent(handoff.to_agent, offer.to_agent)) &&
    handoff.reason === offer.reason
  );
}

function mayOffer(task: Task, deed: AgentDeed): boolean {
  const offerer = task.status === "handoff_ready" && sameAgent(task.handoff?.from_agent, deed.agent);
  return task.current_owner === undefined || sameAgent(task.current_owner, deed.agent) || offerer;
}
