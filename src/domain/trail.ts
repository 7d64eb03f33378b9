import { sameAgent } from "./agent.ts";
import { quote } from "./clean.ts";
import type { Task } from "./task.ts";

/** How a task came from one agent to the next. */
export type Passage = "handoff" | "exhausted" | "lapsed" | "forced" | "handed_over" | "released";

/** Who had a task before its present owner, and why it changed hands. */
export interface Predecessor {
  agent: string;
  how: Passage;
  reason?: string | undefined;
  /** When it was let go of, or taken. */
  at: string;
}

/** How often an agent has become the owner. */
export interface Attempt {
  agent: string;
  count: number;
}

/** How often in a row a task has gone from one of two agents to the other. */
export interface Bounces {
  between: readonly [string, string];
  times: number;
}

/** What a task remembers of its owners. */
export interface Trail {
  predecessor?: Predecessor | undefined;
  /** The latest owner last; at most 64 agents. */
  attempts: readonly Attempt[];
  bounced?: Bounces | undefined;
}

const REMEMBERED = 64;

/** More passages between two agents than this are worth a word to whoever has the task. */
const BOUNCES = 4;

/** The trail of a task that `agent` becomes the owner of, coming from `predecessor`. */
export function follow({ attempts, bounced }: Trail, agent: string, predecessor: Predecessor | undefined): Trail {
  const count = attempts.find((known) => sameAgent(known.agent, agent))?.count ?? 0;
  const others = attempts.filter((known) => !sameAgent(known.agent, agent));
  const last = attempts.at(-1)?.agent;
  return {
    predecessor,
    attempts: [...others, { agent, count: count + 1 }].slice(-REMEMBERED),
    bounced: last === undefined || sameAgent(last, agent) ? bounced : bounce(bounced, last, agent),
  };
}

function bounce(bounced: Bounces | undefined, from: string, to: string): Bounces {
  const { between = [], times = 0 } = bounced ?? {};
  const again = [from, to].every((agent) => between.some((known) => sameAgent(known, agent)));
  return { between: [from, to], times: again ? times + 1 : 1 };
}

/** What the answers about a task say that two agents keep passing to each other; nothing as a rule. */
export function bounceWarning({ bounced }: Pick<Task, "bounced">): string | undefined {
  if (bounced === undefined || bounced.times <= BOUNCES) {
    return undefined;
  }
  const [one, other] = bounced.between;
  return `passed between ${quote(one)} and ${quote(other)} ${bounced.times} times in a row: say what blocks it, split it, or ask a person`;
}
