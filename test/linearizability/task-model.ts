import type { Model } from "./checker.ts";

/** What an agent does to one task. */
export type Action =
  | { kind: "read" }
  | { kind: "claim"; agent: string; force?: boolean | undefined }
  | { kind: "offer"; agent: string; to?: string | undefined; token?: string | undefined }
  | { kind: "release"; agent: string; token?: string | undefined }
  | { kind: "progress"; agent: string; token?: string | undefined };

/** What it was answered. */
export interface Outcome {
  /** The code of the refusal; absent where the action succeeded. */
  refused?: string | undefined;
  status?: string | undefined;
  owner?: string | undefined;
  version?: number | undefined;
  /** The fencing token of who became the owner by it. */
  token?: string | undefined;
}

/** An action and its outcome; without one nobody knows it. */
export interface Step {
  action: Action;
  outcome?: Outcome | undefined;
}

/** A task, as far as ownership goes. */
export interface TaskState {
  status: "open" | "in_progress" | "handoff_ready";
  /** The owner or, of an offer, its addressee. */
  owner?: string | undefined;
  /** Who offered it. */
  from?: string | undefined;
  version: number;
  /** The token of the present lease. */
  token?: string | undefined;
}

/** What the model is to believe. */
export interface Rules {
  /** Leases may run out, so that anyone's claim may succeed at any time. */
  leasesLapse?: boolean | undefined;
  /** How the task was made; open as a rule. */
  initial?: TaskState | undefined;
  /** Looks at owners and tokens alone, as if answers told no version. */
  ignoresVersions?: boolean | undefined;
}

/** What an action could do: nothing and be refused, or lead to a state, by which its agent may become the owner. */
interface Effect {
  state: TaskState;
  refused?: "stale token" | "not theirs" | undefined;
  became?: boolean | undefined;
}

/** The token of a lease whose owner was killed before it was told: nobody can ever carry it. */
const NEVER_TOLD = "never told";

/** A task whose handling is written down here once more, apart from `src/domain`, in as few words as ownership needs. */
export function taskModel(rules: Rules = {}): Model<TaskState, Step> {
  return {
    initial: rules.initial ?? { status: "open", version: 1 },
    next: (state, { action, outcome }) =>
      effectsOf(state, action, rules).flatMap((effect) => {
        const token = effect.became === true ? (outcome?.token ?? NEVER_TOLD) : effect.state.token;
        const after = { ...effect.state, token };
        if (outcome === undefined) {
          return effect.refused === undefined ? [after] : [];
        }
        return explains(effect, outcome, rules) ? [after] : [];
      }),
    key: ({ status, owner = "", from = "", version, token = "" }) =>
      `${status}|${owner}|${from}|${rules.ignoresVersions === true ? "" : version}|${token}`,
  };
}

function explains({ state, refused, became = false }: Effect, outcome: Outcome, rules: Rules): boolean {
  if ((refused !== undefined) !== (outcome.refused !== undefined)) {
    return false;
  }
  if (refused === "stale token" && outcome.refused !== "lease_lost") {
    return false;
  }
  const told = outcome.status !== undefined;
  const tellsVersion = outcome.version !== undefined && rules.ignoresVersions !== true;
  // An illegal transition names no owner.
  const tellsOwner = told && outcome.refused !== "illegal_transition";
  return (
    became === (outcome.token !== undefined) &&
    (!told || outcome.status === state.status) &&
    (!tellsOwner || outcome.owner === state.owner) &&
    (!tellsVersion || outcome.version === state.version)
  );
}

function effectsOf(state: TaskState, action: Action, rules: Rules): Effect[] {
  switch (action.kind) {
    case "read":
      return [{ state }];
    case "claim":
      return claim(state, action, rules);
    case "offer":
      return [offer(state, action)];
    case "release":
      return [release(state, action)];
    case "progress":
      return [progress(state, action)];
  }
}

function claim(state: TaskState, { agent, force }: { agent: string; force?: boolean | undefined }, rules: Rules) {
  const mine = { state: taken(state, agent), became: true };
  const theirs = state.owner !== undefined && state.owner !== agent && state.from !== agent;
  if (!theirs || force === true) {
    return [mine];
  }
  const refusal: Effect = { state, refused: "not theirs" };
  return rules.leasesLapse === true && state.status === "in_progress" ? [mine, refusal] : [refusal];
}

function offer(
  state: TaskState,
  { agent, to, token }: { agent: string; to?: string | undefined; token?: string | undefined },
): Effect {
  const offered = state.status === "handoff_ready";
  if (isStale(state, token)) {
    return { state, refused: "stale token" };
  }
  if (state.owner !== undefined && state.owner !== agent && !(offered && state.from === agent)) {
    return { state, refused: "not theirs" };
  }
  return { state: { status: "handoff_ready", owner: to, from: agent, version: state.version + 1 } };
}

function release(state: TaskState, { agent, token }: { agent: string; token?: string | undefined }): Effect {
  if (state.status === "open") {
    return { state };
  }
  if (isStale(state, token)) {
    return { state, refused: "stale token" };
  }
  return state.owner === agent
    ? { state: { status: "open", version: state.version + 1 } }
    : { state, refused: "not theirs" };
}

function progress(state: TaskState, { agent, token }: { agent: string; token?: string | undefined }): Effect {
  if (isStale(state, token)) {
    return { state, refused: "stale token" };
  }
  if (state.status === "in_progress" && state.owner === agent) {
    return { state: { ...state, version: state.version + 1 } };
  }
  const letGo = state.status === "handoff_ready" && state.from === agent;
  const free = state.owner === undefined || state.owner === agent;
  return free && !letGo ? { state: taken(state, agent), became: true } : { state, refused: "not theirs" };
}

/** The task in the hands of `agent`, under a lease whose token the outcome tells. */
function taken({ version }: TaskState, agent: string): TaskState {
  return { status: "in_progress", owner: agent, version: version + 1 };
}

function isStale(state: TaskState, token: string | undefined): boolean {
  return token !== undefined && token !== state.token;
}
