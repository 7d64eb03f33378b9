import { sameAgent } from "./agent.ts";
import type { Deed } from "./changes.ts";
import { type Deadline, deadlineAfter, differ, type Instant, secondsUntil } from "./instant.ts";
import { leaseLost } from "./refusals.ts";
import type { Task } from "./task.ts";

/** The time for which ownership is protected; renewed by every write of the owner. */
export interface Lease {
  /** The fencing token: new with every change of owner and every new session of the owner's. */
  token: string;
  /** How long it lasts after each write. */
  seconds: number;
  /** The version by which it was granted. */
  version: number;
  expires: Deadline;
  /** Seconds left when the task was read; 0 once it has run out. Not stored. */
  left: number;
}

/** What a command may grant: made before it is decided, as a decision is pure. */
export interface Grant {
  /** A token that no lease has had. */
  token: string;
  lease_seconds: number;
  offer_seconds: number;
}

/** A new lease for whoever becomes the owner by `deed`. */
export function grantLease(task: Task, { grant, now }: Deed): Lease {
  const { token, lease_seconds: seconds } = grant;
  return { token, seconds, version: task.version + 1, expires: deadlineAfter(now, seconds), left: seconds };
}

/** The task with its lease begun anew where `deed` is its owner's; the same object where there is nothing to renew. */
export function renewLease(task: Task, { agent, now }: Pick<Deed, "agent" | "now">): Task {
  const { lease } = task;
  if (lease === undefined || task.status !== "in_progress" || !sameAgent(task.current_owner, agent)) {
    return task;
  }
  const expires = deadlineAfter(now, lease.seconds);
  // Within the resolution of a deadline the one before serves: none passes sooner for it, and its indexes stay as they are.
  return differ(lease.expires, expires) ? { ...task, lease: { ...lease, expires, left: lease.seconds } } : task;
}

/** A stored task as it stands at `now`: leases and offers run out by themselves, and nobody has to write that down. */
export function asOf(task: Task, now: Instant): Task {
  const { lease, handoff } = task;
  if (task.status === "in_progress" && lease !== undefined) {
    const left = Math.min(lease.seconds, secondsUntil(lease.expires, now));
    return { ...task, lease: { ...lease, left } };
  }
  if (task.status === "handoff_ready" && handoff?.to_agent !== undefined && secondsUntil(handoff.expires, now) === 0) {
    const { to_agent: lapsed_for, ...open } = handoff;
    return { ...task, current_owner: undefined, owned_since: undefined, handoff: { ...open, lapsed_for } };
  }
  return task;
}

/** Whether the owner's time has run out, so that anyone may claim the task. */
export function isLapsed({ status, lease }: Task): boolean {
  return status === "in_progress" && lease?.left === 0;
}

/** Refuses a deed that carries another token than the present lease's. Throws `lease_lost`, naming the successor. */
export function refuseStaleToken(task: Task, deed: Deed): void {
  if (isStale(task, deed)) {
    throw leaseLost(task, deed);
  }
}

/** Whether a deed carries a token that is not, or no more, the present lease's. */
export function isStale(task: Task, { lease_token }: Pick<Deed, "lease_token">): boolean {
  return lease_token !== undefined && lease_token !== task.lease?.token;
}
