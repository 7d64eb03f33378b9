import { TaskError } from "./errors.ts";

/** Every state a task can be in. */
export const STATUSES = ["open", "in_progress", "handoff_ready", "agent_exhausted", "done", "cancelled"] as const;

export type Status = (typeof STATUSES)[number];

/** The whole lifecycle: a status that is not on the right cannot follow. */
export const NEXT: Readonly<Record<Status, readonly Status[]>> = {
  open: ["in_progress", "handoff_ready", "done", "cancelled"],
  in_progress: ["handoff_ready", "agent_exhausted", "open", "done", "cancelled"],
  handoff_ready: ["in_progress", "handoff_ready", "cancelled"],
  agent_exhausted: ["in_progress", "handoff_ready", "cancelled"],
  done: ["open"],
  cancelled: ["open"],
};

/** The status after a move; staying is no move and always allowed. Throws `illegal_transition`, naming what is allowed. */
export function move(from: Status, to: Status): Status {
  if (from === to || NEXT[from].includes(to)) {
    return to;
  }
  const allowed = NEXT[from];
  throw new TaskError(
    "illegal_transition",
    `Cannot set status "${to}": a task that is ${from} may only become ${allowed.join(", ")}`,
    { from, to, allowed },
  );
}
