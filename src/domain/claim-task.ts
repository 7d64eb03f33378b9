import { sameAgent } from "./agent.ts";
import { type Acknowledgement, acknowledge, conclude, type Decision, type Draft } from "./changes.ts";
import { quote } from "./clean.ts";
import { TaskError } from "./errors.ts";
import { timestamp } from "./instant.ts";
import { grantLease } from "./lease.ts";
import { type AgentDeed, claim, outgoing, owned } from "./ownership.ts";
import type { TaskView } from "./task.ts";

/** How a task is claimed. */
export interface Claim {
  /** A person's override: takes the task whoever has it, with a `reason` on record. */
  force?: boolean | undefined;
  reason?: string | undefined;
}

/** What becoming the owner brings beside the acknowledgement. */
export interface Claimed extends Acknowledgement {
  lease_token: string;
  lease_expires_at: string;
}

/**
 * Claims a task: unowned, offered to this agent or to all, its own offer (thereby withdrawn), or one whose lease has run
 * out. Of any number of agents one succeeds. A claim by the present owner is a new session of it: a new token, and the
 * older one is stale.
 *
 * Throws `not_owner`, `lease_lost`, `illegal_transition` where the work is over, `invalid` for force without a reason.
 */
export function claimTask(view: TaskView, { force = false, reason }: Claim, deed: AgentDeed): Decision<Claimed> {
  const { task } = view;
  if (force && reason === undefined) {
    throw new TaskError(
      "invalid",
      `Cannot claim task ${quote(task.task_id)} by force: an override stands on record with its reason; ` +
        "force with a reason is accepted",
    );
  }
  const draft = taken(view, force, reason, deed);
  const said = reason === undefined ? {} : { reason: { new: reason } };
  const { task: after, ...written } = conclude(view, { ...draft, said }, deed);
  const { token: lease_token, expires } = after.lease ?? grantLease(task, deed);
  return { answer: { ...acknowledge(after, deed), lease_token, lease_expires_at: expires.at }, ...written };
}

function taken({ task }: TaskView, force: boolean, reason: string | undefined, deed: AgentDeed): Draft {
  if (sameAgent(task.current_owner, deed.agent) && task.status === "in_progress") {
    return { task: { ...task, lease: grantLease(task, deed) }, effects: ["session_renewed"] };
  }
  const { handoff } = task;
  const guarded =
    task.status === "in_progress" || (handoff?.to_agent !== undefined && !sameAgent(handoff.to_agent, deed.agent));
  return force && guarded
    ? { task: owned(task, deed, outgoing(task, "forced", timestamp(deed.now), reason)), effects: ["claim_forced"] }
    : claim(task, deed);
}
