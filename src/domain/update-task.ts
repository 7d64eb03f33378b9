import { sameAgent } from "./agent.ts";
import { type Acknowledgement, acknowledge, conclude, type Decision, type Deed, type Draft } from "./changes.ts";
import { advance, changedFields, type ProgressUpdate } from "./checkpoint.ts";
import { quote } from "./clean.ts";
import { TaskError } from "./errors.ts";
import { timestamp } from "./instant.ts";
import { refuseStaleToken } from "./lease.ts";
import { move, type Status } from "./lifecycle.ts";
import { acceptOffer, claim, hold, outgoing, owned, unowned } from "./ownership.ts";
import { named, notOwner } from "./refusals.ts";
import type { Task, TaskView } from "./task.ts";

/** A partial update: what is left out stays. */
export interface TaskUpdate extends Pick<ProgressUpdate, "completed_steps" | "remaining_steps" | "resume_prompt"> {
  title?: string | undefined;
  goal?: string | undefined;
  repo_path?: string | undefined;
  priority?: number | undefined;
  tags?: readonly string[] | undefined;
  status?: Status | undefined;
  current_owner?: string | undefined;
  /** Refuses the update unless the task has this version. */
  expected_version?: number | undefined;
}

const EDITABLE = ["title", "goal", "repo_path", "priority", "tags"] as const;
const SETTABLE = [...EDITABLE, "status"] as const;

/** The statuses that only a tool of their own reaches. */
const OWN_TOOL: Partial<Record<Status, string>> = { handoff_ready: "handoff_task", agent_exhausted: "mark_exhausted" };

/**
 * Who updates a task: the `agent` argument; without it the `current_owner` argument when nobody owns the task or it is
 * offered to that name (so an addressee takes over), or when this repeats the call by which it took over; else whoever
 * the connection says.
 */
export function updater(
  view: TaskView,
  update: TaskUpdate,
  caller: { agent?: string | undefined; fallback?: string | undefined },
): string | undefined {
  const { task } = view;
  const { current_owner } = update;
  const free = task.current_owner === undefined;
  const offered = task.status === "handoff_ready" && sameAgent(task.handoff?.to_agent, current_owner);
  const takes = free || offered || hasTakenOver(view, update, caller.fallback);
  return caller.agent ?? (takes ? current_owner : undefined) ?? caller.fallback;
}

/** Whether `current_owner` became the owner just now, all else asked for stands, and it was not `giver` who gave it away. */
function hasTakenOver(view: TaskView, update: TaskUpdate, giver: string | undefined): boolean {
  const { lease, version, predecessor } = view.task;
  const given = predecessor?.how === "handed_over" && sameAgent(predecessor.agent, giver);
  return update.current_owner !== undefined && lease?.version === version && !given && stands(view, update);
}

/**
 * Updates a task. Anyone may edit title, goal, repo_path, priority and tags; status, owner and progress are the
 * owner's or addressee's. Changed progress makes a checkpoint.
 *
 * An update whose effect already stands changes nothing, whatever version or token it carries.
 *
 * Throws `version_mismatch`, `not_owner`, `lease_lost`, `illegal_transition`, `invalid`, `too_large`.
 */
export function updateTask(view: TaskView, update: TaskUpdate, deed: Deed): Decision<Acknowledgement> {
  if (stands(view, update) && acceptOffer(view.task, deed).effects.length === 0) {
    const { task, ...written } = conclude(view, { task: view.task, effects: [] }, deed);
    return { answer: acknowledge(task, deed), ...written };
  }
  refuseOtherVersion(view.task, update);
  refuseStaleToken(view.task, deed);
  let draft = edit(acceptOffer(view.task, deed), update, deed);
  refuseContradiction(draft.task, update, deed);
  draft = report(view, draft, update, deed);
  draft = own(draft, update, deed);
  draft = setStatus(draft, update, deed);
  draft = handOver(draft, update, deed);
  const { task, ...written } = conclude(view, draft, deed);
  return { answer: acknowledge(task, deed), ...written };
}

/** Whether all that is asked for is so already, if only since a later version. */
function stands({ task, progress }: TaskView, update: TaskUpdate): boolean {
  const { expected_version = task.version, completed_steps, remaining_steps, resume_prompt, current_owner } = update;
  const reported = advance(progress, { completed_steps, remaining_steps, resume_prompt });
  return (
    expected_version <= task.version &&
    Object.entries(update).some(([field, value]) => field !== "expected_version" && value !== undefined) &&
    changedFields(progress, reported).length === 0 &&
    (current_owner === undefined || sameAgent(current_owner, task.current_owner)) &&
    SETTABLE.every(
      (field) => update[field] === undefined || JSON.stringify(update[field]) === JSON.stringify(task[field]),
    )
  );
}

function refuseOtherVersion(task: Task, { expected_version }: TaskUpdate): void {
  if (expected_version !== undefined && expected_version !== task.version) {
    throw new TaskError(
      "version_mismatch",
      `Cannot update task ${quote(task.task_id)}: it has version ${task.version}, not ${expected_version}; ` +
        "read it with get_task and update what you find",
      { expected_version, version: task.version },
    );
  }
}

/** A status that leaves nobody at work, and a new owner, cannot both be meant. */
function refuseContradiction(task: Task, { status, current_owner }: TaskUpdate, deed: Deed): void {
  const givesAway = current_owner !== undefined && !sameAgent(current_owner, task.current_owner);
  const leaves = status !== undefined && status !== "in_progress" && status !== task.status;
  if (givesAway && leaves && (status === "open" || !sameAgent(current_owner, deed.agent))) {
    throw new TaskError(
      "invalid",
      `Cannot update task ${quote(task.task_id)}: status ${quote(status)} and a new current_owner exclude each other; ` +
        "leave out one of them",
    );
  }
}

function edit(draft: Draft, update: TaskUpdate, { agent: described_by, now }: Deed): Draft {
  const edits = Object.fromEntries(
    EDITABLE.filter((field) => update[field] !== undefined).map((field) => [field, update[field]]),
  );
  const edited = EDITABLE.some(
    (field) => field in edits && JSON.stringify(edits[field]) !== JSON.stringify(draft.task[field]),
  );
  const described = "title" in edits || "goal" in edits ? { described_by, described_at: timestamp(now) } : {};
  return edited
    ? { ...draft, task: { ...draft.task, ...edits, ...described }, effects: [...draft.effects, "edited"] }
    : draft;
}

function report(view: TaskView, draft: Draft, update: TaskUpdate, deed: Deed): Draft {
  const { completed_steps, remaining_steps, resume_prompt } = update;
  const progress = advance(view.progress, { completed_steps, remaining_steps, resume_prompt });
  if (changedFields(view.progress, progress).length === 0) {
    return draft;
  }
  const takesBack = sameAgent(update.current_owner, deed.agent) || update.status === "in_progress";
  const held = (takesBack ? claim : hold)(draft.task, named(draft.task, deed));
  return { task: held.task, effects: [...draft.effects, ...held.effects], progress };
}

/** The explicit claim: `current_owner` set to oneself, or `status` to in_progress. */
function own(draft: Draft, update: TaskUpdate, deed: Deed): Draft {
  const { task } = draft;
  const starts = update.status === "in_progress" && task.status !== "in_progress";
  const takes = sameAgent(update.current_owner, deed.agent) && !sameAgent(task.current_owner, deed.agent);
  if (!starts && !takes) {
    return draft;
  }
  if (update.status === "open") {
    throw new TaskError(
      "invalid",
      `Cannot update task ${quote(task.task_id)}: an open task has no owner; leave out status or current_owner`,
    );
  }
  const claimed = claim(task, named(task, deed));
  return { ...draft, task: claimed.task, effects: [...draft.effects, ...claimed.effects] };
}

function setStatus(draft: Draft, { status }: TaskUpdate, deed: Deed): Draft {
  const { task } = draft;
  if (status === undefined || status === task.status) {
    return draft;
  }
  const tool = OWN_TOOL[status];
  if (tool !== undefined) {
    throw new TaskError(
      "illegal_transition",
      `Cannot set status ${quote(status)}: only ${tool} leads there; call ${tool} with task_id ${quote(task.task_id)}`,
      { from: task.status, to: status, tool },
    );
  }
  const offerer = task.status === "handoff_ready" && sameAgent(task.handoff?.from_agent, deed.agent);
  if (task.current_owner !== undefined && !sameAgent(task.current_owner, deed.agent) && !offerer) {
    throw notOwner(task, named(task, deed));
  }
  const next = {
    ...task,
    status: move(task.status, status),
    lease: undefined,
    predecessor:
      status === "open" && task.status === "in_progress"
        ? outgoing(task, "released", timestamp(deed.now))
        : task.predecessor,
    handoff: undefined,
    exhausted: undefined,
  };
  const frees = status === "open" || task.status === "handoff_ready";
  return {
    ...draft,
    task: frees ? unowned(next) : next,
    effects: [...draft.effects, effectOf(task.status, status)],
  };
}

function effectOf(from: Status, to: Status) {
  if (to === "open") {
    return from === "in_progress" ? "released" : "reopened";
  }
  return to === "done" ? "finished" : "cancelled";
}

/** The owner who sets `current_owner` to another agent has handed the task over, at once. */
function handOver(draft: Draft, { current_owner }: TaskUpdate, deed: Deed): Draft {
  const { task } = draft;
  if (current_owner === undefined || sameAgent(current_owner, task.current_owner)) {
    return draft;
  }
  const by = named(task, deed);
  if (task.status !== "in_progress" || !sameAgent(task.current_owner, by.agent)) {
    const remedy = `call handoff_task with to_agent ${quote(current_owner)} to offer it`;
    throw notOwner(task, by, task.current_owner === undefined ? remedy : undefined);
  }
  return {
    ...draft,
    task: owned(task, { ...by, agent: current_owner }, outgoing(task, "handed_over", timestamp(deed.now))),
    effects: [...draft.effects, "handed_over"],
  };
}
