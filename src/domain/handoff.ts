import { sameAgent } from "./agent.ts";
import { type Acknowledgement, acknowledge, conclude, type Decision, type Draft } from "./changes.ts";
import { advance, changedFields, type Progress } from "./checkpoint.ts";
import { quote } from "./clean.ts";
import { TaskError } from "./errors.ts";
import { deadlineAfter, timestamp } from "./instant.ts";
import { refuseStaleToken } from "./lease.ts";
import { move } from "./lifecycle.ts";
import { type AgentDeed, acceptOffer, hasPassedOn, unowned } from "./ownership.ts";
import { notOwner } from "./refusals.ts";
import type { Task, TaskView } from "./task.ts";

/** What is offered; without `to_agent` to all. */
export interface Offer {
  to_agent?: string | undefined;
  reason?: string | undefined;
}

/**
 * Offers a task: phase one of a handoff. By its owner; by the addressee of an open offer, who thereby declines it; by
 * the one who offered, who thereby changes the offer; by anyone where nobody owns it. The same offer again changes
 * nothing, even if it has been accepted meanwhile.
 *
 * Throws `not_owner`, `lease_lost`, `illegal_transition` where the work is over, `invalid` for an offer to oneself.
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
  if (isSameOffer(task, offer, deed) || hasPassedOn(task, "handoff", offer, deed)) {
    return { answer: acknowledge(task, deed) };
  }
  refuseStaleToken(task, deed);
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
    handoff: {
      from_agent: deed.agent,
      ...offer,
      offered_at: at,
      expires: deadlineAfter(deed.now, deed.grant.offer_seconds),
    },
    exhausted: undefined,
  };
  const effects: Draft["effects"] = declined ? ["handoff_declined", "handoff_offered"] : ["handoff_offered"];
  const { task: after, ...written } = conclude(view, { task: offered, effects }, deed);
  return { answer: acknowledge(after, deed), ...written };
}

/** Why an agent cannot go on; with what it leaves to its successor. */
export interface Exhaustion {
  reason?: string | undefined;
  /** ISO 8601. */
  resets_at?: string | undefined;
  resume_prompt?: string | undefined;
}

/**
 * Marks that this agent cannot go on, and frees the task for others. The same again changes nothing, even if
 * another agent has taken the task meanwhile.
 *
 * Throws `not_owner`, `lease_lost`, or `illegal_transition` where the task is not in progress.
 */
export function markExhausted(view: TaskView, exhaustion: Exhaustion, deed: AgentDeed): Decision<Acknowledgement> {
  const { reason, resets_at, resume_prompt } = exhaustion;
  const progress = resume_prompt === undefined ? view.progress : advance(view.progress, { resume_prompt });
  if (standsAlready(view, exhaustion, progress, deed) || hasPassedOn(view.task, "exhausted", { reason }, deed)) {
    return { answer: acknowledge(view.task, deed) };
  }
  refuseStaleToken(view.task, deed);
  const held = givenUpBy(view.task, deed);
  const mark = { agent: deed.agent, reason, resets_at, at: timestamp(deed.now) };
  const draft: Draft = {
    task: { ...unowned(held.task), status: move(held.task.status, "agent_exhausted"), exhausted: mark },
    effects: [...held.effects, "exhausted"],
    progress,
  };
  const { task, ...written } = conclude(view, draft, deed);
  return { answer: acknowledge(task, deed), ...written };
}

/** Whether the agent has said so before, with the same last words. */
function standsAlready(view: TaskView, exhaustion: Exhaustion, progress: Progress, deed: AgentDeed): boolean {
  const { status, exhausted: known } = view.task;
  return (
    status === "agent_exhausted" &&
    sameAgent(known?.agent, deed.agent) &&
    known?.reason === exhaustion.reason &&
    known?.resets_at === exhaustion.resets_at &&
    changedFields(view.progress, progress).length === 0
  );
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
